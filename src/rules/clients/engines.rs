//! Database engines that serve requests with the few connections that the library gives them by default.

use super::{Keeping, Making, makings};
use crate::catalog::{Deadline, ExtType};
use crate::diagnostic::Exposure;
use crate::facts::{FileFacts, How, Kind, MODULE_FN, NodeId, PlaceKind, Role};
use crate::project::{At, Callee, FnId, ModuleId, Site};
use crate::rules::Context;

/// An engine that outlives the call that made it, with the library's own small pool.
#[derive(Debug)]
pub(in crate::rules) struct Unsized {
    /// Where it is made.
    pub(in crate::rules) making: Making,
    /// How many connections it has.
    pub(in crate::rules) size: u32,
    /// After how many seconds a wait for one of them fails.
    pub(in crate::rules) gives_up: f64,
    /// A call per request or item that needs one.
    pub(in crate::rules) used: At,
    /// Who uses this code may bring an engine, or an address, of its own.
    pub(in crate::rules) is_replaceable: bool,
}

/// Pools larger than this were chosen by their library for many calls at once.
const SMALL: u32 = 20;

/// Arguments that choose a pool.
const CHOSEN: [&str; 5] = ["pool_size", "max_overflow", "poolclass", "pool", "creator"];

/// The engines of a module whose pool nobody chose, where requests use the database.
pub(in crate::rules) fn unsized_engines(cx: &Context<'_>) -> Vec<Unsized> {
    let facts = cx.facts();
    let made = makings(cx).into_iter().filter_map(|(making, _)| {
        let entry = cx.project.names.catalog.class_entry(making.class);
        let size = entry.pool.filter(|&it| it <= SMALL)?;
        let Some(Deadline::Seconds(gives_up)) = entry.pool_timeout else {
            return None;
        };
        let chosen = CHOSEN.iter().any(|it| facts.keyword(making.node, it).is_some());
        let ours =
            !chosen && lives_on(cx, &making) && !is_local_file(facts, &making) && spreads_no_pool(facts, &making);
        ours.then_some((making, size, gives_up))
    });
    let made: Vec<_> = made.collect();
    // Asking the whole program who uses a database is only worth it where there is such an engine.
    let used = if made.is_empty() { None } else { used_per_request(cx) };
    let Some(used) = used else { return Vec::new() };
    made.into_iter()
        .map(|(making, size, gives_up)| Unsized {
            making,
            size,
            gives_up,
            used,
            is_replaceable: is_replaceable(facts, &making),
        })
        .collect()
}

/// Kept by the module, by an object, or by the function itself.
fn lives_on(cx: &Context<'_>, making: &Making) -> bool {
    let kept = matches!(
        super::keeping(cx.facts(), making.node),
        Keeping::Kept | Keeping::Attribute(_)
    );
    kept || making.function.local == MODULE_FN || super::is_kept_by_its_function(cx, making.function)
}

/// `engine or create_async_engine(url)`, and an address that a parameter brings.
fn is_replaceable(facts: &FileFacts, making: &Making) -> bool {
    let it = facts.function(making.function.local);
    let around = facts.ancestors(making.node).take_while(|&up| up != it.node);
    let is_param = |node: NodeId| {
        facts.name_place(node).is_some_and(|place| {
            let mut named = it
                .params
                .iter()
                .filter(|param| !matches!(facts.text(param.name), "self" | "cls"));
            named.any(|param| param.place == place)
        })
    };
    let given = || {
        let url = facts.arg(making.node, 0);
        url.is_some_and(|url| facts.subtree(url).any(is_param))
    };
    around.into_iter().any(|up| facts.kind(up) == Kind::BoolOp) || given()
}

/// A file on this disk has no pool that could run out.
fn is_local_file(facts: &FileFacts, making: &Making) -> bool {
    let root = facts.function(making.function.local).node;
    let Some(url) = facts.arg(making.node, 0) else {
        return false;
    };
    let says = |node: NodeId| {
        let text = facts.name_text(node).or_else(|| facts.payload_text(node));
        text.is_some_and(|it| it.to_ascii_lowercase().contains("sqlite"))
    };
    facts
        .slice(root, url)
        .roots
        .into_iter()
        .any(|it| facts.subtree(it).any(says))
}

/// Nothing is spread into the call, or only a dict that this function fills with other things.
fn spreads_no_pool(facts: &FileFacts, making: &Making) -> bool {
    if !facts.has_double_star(making.node) {
        return true;
    }
    let spread = facts
        .children_as(making.node, Role::Keyword)
        .filter(|&it| facts.payload_text(it).is_none())
        .filter_map(|it| facts.child(it, Role::Value));
    let is_ours = |value: NodeId| {
        facts.name_place(value).is_some_and(|place| {
            let it = facts.place(place);
            let here = it.kind == PlaceKind::Local && it.owner == making.function.local;
            let empty = |how: How| match how {
                How::Assign { value, .. } => {
                    facts.kind(value) == Kind::Dict
                        || facts.kind(value) == Kind::Call && facts.children_as(value, Role::Arg).next().is_none()
                }
                _ => false,
            };
            here && facts.definitions_of(place).iter().all(|it| empty(it.how))
        })
    };
    let root = facts.function(making.function.local).node;
    let mut texts = facts.descendants(root).filter_map(|it| facts.payload_text(it));
    spread.into_iter().all(is_ours) && !texts.any(|it| CHOSEN.contains(&it))
}

/// An awaited call on the database that runs per request or item, or a generator that lends a session to each of them.
fn used_per_request(cx: &Context<'_>) -> Option<At> {
    let graph = &cx.project.graph;
    let catalog = &cx.project.names.catalog;
    let is_use = |site: &Site| {
        let Callee::Library(entry) = site.callee else {
            return false;
        };
        let owner = catalog.owner(entry);
        catalog.entry(entry).scarce.as_deref() == Some("database")
            && owner.is_some_and(|it| catalog.class_entry(it).r#async)
    };
    let lends = |site: &Site| {
        let made = match site.callee {
            Callee::Construct(name) => catalog.class(name),
            Callee::Library(entry) => catalog.returns(entry).and_then(|it| match it {
                ExtType::Instance(class) => Some(class),
                _ => None,
            }),
            _ => None,
        };
        made.is_some_and(|it| catalog.class_name(it) == SESSION)
    };
    let modules = &cx.project.names.modules;
    let top = |module: ModuleId| modules[module.0 as usize].name.split('.').next().unwrap_or_default();
    let is_flat = |module: ModuleId| !modules[module.0 as usize].name.contains('.');
    // Packages that lie side by side may be programs of their own.
    let together = |it: FnId| top(it.module) == top(cx.module) || is_flat(it.module) && is_flat(cx.module);
    (0..graph.n_functions())
        .map(|it| graph.function(it))
        .filter(|&it| together(it))
        .filter_map(|it| match cx.exposure(it) {
            Exposure::Hot => graph.sites_in(it).find(|(_, site)| is_use(site)),
            Exposure::Open if cx.project.names.function(it).is_generator => {
                graph.sites_in(it).find(|(_, site)| lends(site))
            }
            _ => None,
        })
        .map(|(_, site)| site.at)
        .next()
}

/// What a dependency lends to each request.
const SESSION: &str = "sqlalchemy.ext.asyncio.AsyncSession";
