//! Tasks that the loop's own timers keep alive.

use crate::catalog::Act;
use crate::project::{Callee, FnId, Site};
use crate::rules::Context;
use crate::rules::swallowed_cancellation::is_in_endless_loop;

/// What the task runs is an endless loop that sleeps in every turn: the loop's timer holds the task, and it ends with the
/// process.
pub(super) fn is_held_by_timers(cx: &Context<'_>, site: &Site) -> bool {
    let graph = &cx.project.graph;
    let Some(arg) = cx.facts().arg(site.at.node, 0) else {
        return false;
    };
    let mut run = graph
        .sites_at(site.caller, arg)
        .flat_map(|(_, it)| it.targets())
        .peekable();
    run.peek().is_some() && run.all(|it| sleeps_for_ever(cx, *it))
}

fn sleeps_for_ever(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.project.names.facts(function.module);
    cx.project.graph.sites_in(function).any(|(_, it)| {
        let sleeps = matches!(it.callee, Callee::Library(entry)
            if cx.project.names.catalog.entry(entry).act == Some(Act::AsyncSleep));
        sleeps && is_in_endless_loop(facts, function.local, it.at.node)
    })
}
