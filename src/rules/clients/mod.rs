//! Clients that own a pool of connections: where they are made, and how long they live.

mod engines;
mod keeping;
mod often;
mod owners;
mod patience;
mod pool;
mod seldom;
mod sharing;

pub(super) use engines::{Unsized, unsized_engines};
pub(super) use keeping::{Keeping, keeping, reads};
pub(super) use often::is_often;
pub(super) use owners::{Owner, owners};
pub(super) use patience::patience;
pub(super) use pool::{Shared, exceeds, shared};
pub(super) use seldom::{asks_to_close, fills_a_cache, is_seldom};
pub(super) use sharing::{depends_on_the_caller, gives, is_kept_by_its_function, is_reconnect, serves_many};

use crate::catalog::{Catalog, ClassEntry, EntryId, ExtClass, ExtType, Is};
use crate::facts::{How, Kind, NodeId, PlaceKind, Role};
use crate::project::{Callee, FnId, ModuleId, Project, Site};
use crate::rules::Context;

/// A place where a client is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making {
    /// The construction.
    pub(super) node: NodeId,
    /// The function in which it stands.
    pub(super) function: FnId,
    /// What is made.
    pub(super) class: ExtClass,
}

/// The clients that a module makes, in source order, each with its call site.
pub(super) fn makings<'a>(cx: &Context<'a>) -> Vec<(Making, &'a Site)> {
    let project = cx.project;
    let functions = cx.facts().all_functions();
    functions
        .flat_map(|(local, _)| project.graph.sites_in(cx.function(local)))
        .filter_map(|(_, site)| Some((making(project, site)?, site)))
        .collect()
}

/// The client that a site makes, if it makes one that brings its own pool.
pub(super) fn making(project: &Project, site: &Site) -> Option<Making> {
    let catalog = &project.names.catalog;
    let class = match site.callee {
        Callee::Construct(name) => catalog.class(name)?,
        Callee::Library(entry) if catalog.entry_name(entry).ends_with(".__init__") => catalog.owner(entry)?,
        Callee::Library(entry) => factory(catalog, entry)?,
        _ => return None,
    };
    let facts = project.names.facts(site.at.module);
    let is_call = facts.kind(site.at.node) == Kind::Call;
    (is_call && owns_pool(project, class) && !is_borrowed(project, site.at.module, site.at.node)).then_some(Making {
        node: site.at.node,
        function: site.caller,
        class,
    })
}

/// `create_async_engine(...)`, `create_pool(...)`, `from_url(...)`: functions whose name says that they make what they give.
fn factory(catalog: &Catalog, entry: EntryId) -> Option<ExtClass> {
    let name = catalog.entry_name(entry);
    let last = name.rsplit('.').next().unwrap_or_default();
    let makes = last.starts_with("create_") || last.ends_with("from_url") || last.ends_with("from_config");
    match catalog.returns(entry)? {
        ExtType::Instance(class) if makes && (catalog.owner(entry).is_none() || last == "from_url") => Some(class),
        _ => None,
    }
}

/// Async clients for which the catalog knows a pool, or retries, which mostly only clients of a pool have; a pool of 0 keeps
/// no connection between two calls, so that nothing is lost with it.
fn owns_pool(project: &Project, class: ExtClass) -> bool {
    let catalog = &project.names.catalog;
    let line = || catalog.lineage(class).into_iter().map(|it| catalog.class_entry(it));
    let keeps = |it: &ClassEntry| it.r#async && (it.pool.is_some() || it.retries.is_some());
    catalog.is(class, Is::Client) && line().any(keeps) && !line().any(|it| it.pool == Some(0))
}

/// Arguments that bring the connections from elsewhere, or need none.
const BORROWED: [&str; 11] = [
    "async_creator",
    "creator",
    "poolclass",
    "transport",
    "mounts",
    "app",
    "http_client",
    "http_options",
    "connector",
    "connection_pool",
    "session",
];

fn is_borrowed(project: &Project, module: ModuleId, call: NodeId) -> bool {
    let facts = project.names.facts(module);
    BORROWED.iter().any(|name| {
        facts
            .keyword(call, name)
            .is_some_and(|value| !is_made_here(project, module, value))
    }) || facts.has_double_star(call) && spreads_a_pool(project, module, call)
}

/// What brings a pool of its own.
const MADE: [&str; 4] = ["Connector", "AsyncHTTPTransport", "AsyncClient", "ClientSession"];

/// `connector=TCPConnector(...)` is as new as the client around it, and so is one that the same function made before.
fn is_made_here(project: &Project, module: ModuleId, value: NodeId) -> bool {
    let facts = project.names.facts(module);
    let value = facts.name_place(value).map_or(value, |place| {
        let own = facts.place(place).owner == facts.function_of(value) && facts.place(place).kind == PlaceKind::Local;
        match facts.definitions_of(place) {
            [only] if own => match only.how {
                How::Assign { value: made, .. } => made,
                _ => value,
            },
            _ => value,
        }
    });
    let func = facts.child(value, Role::Func);
    let text = func
        .map(|it| crate::rules::text::expr_text(facts, it, 4))
        .unwrap_or_default();
    facts.kind(value) == Kind::Call && MADE.iter().any(|it| text.ends_with(it)) || facts.kind(value) == Kind::None
}

/// `Client(**kwargs)` where the function puts somebody else's pool into `kwargs`, and never one that it makes.
fn spreads_a_pool(project: &Project, module: ModuleId, call: NodeId) -> bool {
    let facts = project.names.facts(module);
    let function = facts.function(facts.function_of(call)).node;
    let is_key = |it: NodeId| {
        let text = facts.payload_text(it);
        facts.kind(it) == Kind::Str && text.is_some_and(|text| BORROWED.contains(&text))
    };
    let before = facts.descendants(function).take_while(|&it| it < call);
    let values: Vec<NodeId> = before
        .filter(|&it| is_key(it))
        .filter_map(|key| facts.child(facts.statement_of(key), Role::Value))
        .collect();
    !values.is_empty() && !values.iter().any(|&it| is_made_here(project, module, it))
}
