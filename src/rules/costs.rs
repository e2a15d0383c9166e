//! Expressions that are costly to compute: what a library says of itself, text that is joined, and helpers that do such things.

use crate::catalog::{Blocks, Copies, Cost};
use crate::facts::{FileFacts, FnKind, How, Kind, LocalFn, NodeId, PlaceKind, Role};
use crate::project::{At, Callee, FnId, Project, Repeat, Width, is_conditional, repeat, usual_cost, width};

/// What a call does each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Computes, serializes, renders, tokenizes.
    Computes,
    /// Reads a file.
    Reads,
    /// Joins a collection to one text.
    Joins,
    /// A function of the project that does one of these with its arguments.
    Helps(At),
    /// Asks a service or a database.
    Asks,
}

/// The work of a call whose result is large or slow to make.
pub(super) fn work(project: &Project, function: FnId, call: NodeId) -> Option<Work> {
    library(project, function, call)
        .or_else(|| helper(project, function, call))
        .or_else(|| super::lookups::asks(project, function, call).then_some(Work::Asks))
}

fn library(project: &Project, function: FnId, call: NodeId) -> Option<Work> {
    let facts = project.names.facts(function.module);
    if joins(project, function, call) {
        return Some(Work::Joins);
    }
    let mut sites = project.graph.sites_at(function, call);
    sites.find_map(|(_, site)| {
        let Callee::Library(id) = site.callee else { return None };
        let entry = project.names.catalog.entry(id);
        let is_copy = matches!(
            entry.copies,
            Some(Copies::Argument | Copies::Receiver | Copies::Parts | Copies::RoundTrip)
        );
        let kind = entry.blocks?;
        let cost = entry.cost.unwrap_or_else(|| usual_cost(kind));
        let name = project.names.catalog.entry_name(id);
        match kind {
            Blocks::Cpu if cost > Cost::Micro && !is_copy && !remembers(name) && takes_data(facts, call) => {
                Some(Work::Computes)
            }
            Blocks::File if cost > Cost::Micro && reads(name) => Some(Work::Reads),
            _ => None,
        }
    })
}

/// What is written for other ears: a pattern is compiled once whatever the code says, and a hash is short.
fn remembers(name: &str) -> bool {
    name.starts_with("re.") || name.starts_with("hashlib.") || name.starts_with("hmac.")
}

fn reads(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(last, "read_text" | "read_bytes" | "load" | "read_csv" | "read_json")
}

/// Whether something is computed from a name, not from what is written out.
fn takes_data(facts: &FileFacts, call: NodeId) -> bool {
    let values = facts.descendants(call).filter(|&it| {
        facts.name_place(it).is_some_and(|place| {
            matches!(facts.place(place).kind, PlaceKind::Local | PlaceKind::Comprehension) && !is_code(facts, it)
        })
    });
    values.into_iter().any(|it| !is_short(facts, it))
}

/// Names of what is a word or a number.
fn is_short(facts: &FileFacts, name: NodeId) -> bool {
    const SHORT: [&str; 14] = [
        "id", "ids", "key", "name", "kind", "type", "mode", "url", "path", "size", "index", "count", "flag", "encoding",
    ];
    let top = facts.top(name);
    let text = facts.payload_text(top).filter(|_| facts.kind(top) == Kind::Attribute);
    let last = text.or_else(|| facts.name_text(name)).unwrap_or_default();
    crate::project::has_word(last.rsplit('_').next().unwrap_or_default(), &SHORT)
}

fn is_code(facts: &FileFacts, name: NodeId) -> bool {
    let place = facts.name_place(name);
    let made = place.map(|it| facts.definitions_of(it)).unwrap_or_default();
    made.iter()
        .any(|it| matches!(it.how, How::Function(_) | How::Class(_) | How::Import(_)))
}

/// `"\n".join(documents)`: lines or paragraphs of data. A list with commas is for a message.
fn joins(project: &Project, function: FnId, call: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let Some(func) = facts.child(call, Role::Func) else {
        return false;
    };
    let between = facts.child(func, Role::Value);
    let is_text = between.is_some_and(|it| {
        facts.kind(it) == Kind::Str
            && facts
                .payload_text(it)
                .is_some_and(|text| text.is_empty() || text.contains('\n'))
    });
    facts.payload_text(func) == Some("join")
        && is_text
        && facts
            .arg(call, 0)
            .is_some_and(|it| width(&project.names, function.module, it) == Width::Data)
        && takes_data(facts, call)
}

/// A sync function of the project that works on what it is given.
fn helper(project: &Project, function: FnId, call: NodeId) -> Option<Work> {
    let mut sites = project.graph.sites_at(function, call);
    let (_, site) = sites.next()?;
    let [target] = site.targets() else { return None };
    let it = project.names.function(*target);
    if sites.next().is_some() || it.kind != FnKind::Sync || it.is_generator || project.names.is_memoized(*target) {
        return None;
    }
    let facts = project.names.facts(target.module);
    if acts(facts, target.local) {
        return None;
    }
    let mut calls = facts
        .body_nodes(target.local)
        .filter(|&it| facts.kind(it) == Kind::Call);
    let inner = calls.find(|&it| {
        library(project, *target, it).is_some()
            && !is_conditional(project, *target, it)
            && is_given(facts, target.local, it)
    })?;
    Some(Work::Helps(At {
        module: target.module,
        node: inner,
    }))
}

/// Whether all that a helper does is the same for every item, so that its calls are what to report.
pub(super) fn is_said_by_callers(project: &Project, function: FnId) -> bool {
    project.graph.callers(function).any(|(_, site)| {
        helper(project, site.caller, site.at.node).is_some() && repeat(project, site.caller, site.at.node).is_some()
    })
}

/// A helper that does something besides giving a value is called for that.
fn acts(facts: &FileFacts, local: LocalFn) -> bool {
    let mut returns = false;
    for it in facts.body_nodes(local) {
        match facts.kind(it) {
            Kind::ExprStmt
                if facts
                    .child(it, Role::Value)
                    .is_some_and(|it| facts.kind(it) == Kind::Call) =>
            {
                return true;
            }
            Kind::With if !opens(facts, it) => return true,
            Kind::Return => returns |= facts.child(it, Role::Value).is_some(),
            _ => {}
        }
    }
    !returns
}

/// `with open(path) as file`, which is how a file is read.
fn opens(facts: &FileFacts, with: NodeId) -> bool {
    let mut items = facts.children(with).filter(|&it| facts.kind(it) == Kind::WithItem);
    items.all(|it| facts.child(it, Role::Context).is_some_and(|it| facts.opens(it)))
}

/// Whether a call in a helper works on the helper's parameters.
fn is_given(facts: &FileFacts, local: LocalFn, call: NodeId) -> bool {
    let root = facts.function(local).node;
    let slice = facts.slice(root, call);
    let params = &facts.function(local).params;
    params.iter().any(|it| slice.places.contains(&it.place))
}

/// Whether a loop awaits the worker before it takes the next item.
pub(super) fn in_turn(project: &Project, repeated: &Repeat) -> bool {
    let facts = project.names.facts(repeated.at.module);
    let is_awaited = facts.kind(facts.parent(repeated.at.node)) == Kind::Await;
    repeated.in_worker && is_awaited
}
