//! How long a client waits for an answer that does not come.

use super::Shared;
use crate::catalog::Deadline;
use crate::facts::Kind;
use crate::project::{At, Callee, has_bound};
use crate::rules::Context;

/// From this default on a client's own timeout is no deadline that a user would wait for, in seconds.
const MINUTES: f64 = 120.0;

/// How long the client waits by default, where neither it nor the call is given a timeout: `Some(None)` for ever.
pub(in crate::rules) fn patience(cx: &Context<'_>, shared: &Shared) -> Option<Option<f64>> {
    let project = cx.project;
    let class = project.names.catalog.class_entry(shared.pool.client.class);
    let made = project.names.facts(shared.pool.made.module);
    if made.keyword(shared.pool.made.node, "timeout").is_some() || made.has_double_star(shared.pool.made.node) {
        return None;
    }
    if is_given_a_timeout(cx, shared.used) || project.deadlines.covers(shared.used) {
        return None;
    }
    match class.timeout? {
        Deadline::Never(_) => Some(None),
        Deadline::Seconds(seconds) if seconds >= MINUTES => Some(Some(seconds)),
        Deadline::Seconds(_) => None,
    }
}

fn is_given_a_timeout(cx: &Context<'_>, used: At) -> bool {
    let facts = cx.project.names.facts(used.module);
    let caller = crate::project::FnId {
        module: used.module,
        local: facts.function_of(used.node),
    };
    let mut sites = cx.project.graph.sites_at(caller, used.node);
    facts.kind(used.node) == Kind::Call
        && sites.any(|(_, site)| match site.callee {
            Callee::Library(entry) => has_bound(facts, used.node, cx.project.names.catalog.entry(entry)),
            _ => false,
        })
}
