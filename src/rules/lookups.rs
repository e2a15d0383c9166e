//! Awaited look-ups in a service or a database: what gives an answer, and by its name changes nothing.

use crate::facts::{FileFacts, Kind, NodeId, Role};
use crate::project::{Flags, FnId, Project, Resource};

/// Whether an awaited call looks something up outside of the process, and the value is used.
pub(super) fn asks(project: &Project, function: FnId, call: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let is_used = |wait: NodeId| facts.kind(wait) == Kind::Await && facts.kind(facts.parent(wait)) != Kind::ExprStmt;
    if !is_used(facts.parent(call)) || !looks_up(facts, call) {
        return false;
    }
    let mut sites = project.graph.sites_at(function, call);
    sites.any(|(_, site)| {
        let mut targets = site.targets().iter().peekable();
        site.flags.has(Flags::AWAITED)
            && targets.peek().is_some()
            && targets.all(|&it| {
                let used = project.scarce.of(&project.graph, it);
                used.is_some_and(|it| matches!(it.resource, Resource::Network | Resource::Database))
                    && !project.names.is_memoized(it)
            })
    })
}

/// `get_agent(...)`, `_load_config(...)`.
fn looks_up(facts: &FileFacts, call: NodeId) -> bool {
    let name = called(facts, call);
    let plain = name.trim_start_matches('_');
    begins_as_lookup(name)
        && plain.contains('_')
        && !crate::project::has_word(name, &["next", "new", "random", "status", "state"])
}

/// `get_or_create` gives what is there, as far as anybody can see.
fn begins_as_lookup(name: &str) -> bool {
    const VERBS: [&str; 9] = [
        "get", "load", "fetch", "find", "list", "lookup", "read", "resolve", "retrieve",
    ];
    let plain = name.trim_start_matches('_');
    VERBS.contains(&plain.split('_').next().unwrap_or_default())
}

/// The last name of what is called.
fn called(facts: &FileFacts, call: NodeId) -> &str {
    let func = facts.child(call, Role::Func);
    func.and_then(|it| facts.name_text(it).or_else(|| facts.payload_text(it)))
        .unwrap_or_default()
}

/// Whether a region awaits nothing but look-ups, so that what one gives is the same in the next turn.
pub(super) fn only_looks(facts: &FileFacts, region: NodeId) -> bool {
    let mut waits = facts.descendants(region).filter(|&it| facts.kind(it) == Kind::Await);
    waits.all(|it| {
        let value = facts.child(it, Role::Value);
        value.is_some_and(|it| facts.kind(it) == Kind::Call && !writes(called(facts, it)))
    })
}

/// Whether a name says that it changes what could be looked up.
fn writes(name: &str) -> bool {
    const WRITES: [&str; 30] = [
        "add", "append", "attach", "clear", "commit", "create", "delete", "detach", "edit", "execute", "insert",
        "modify", "move", "patch", "post", "put", "rebuild", "refresh", "register", "remove", "rename", "replace",
        "reset", "save", "set", "store", "switch", "update", "upsert", "write",
    ];
    !begins_as_lookup(name) && crate::project::has_word(name, &WRITES)
}
