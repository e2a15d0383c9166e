//! Tasks that something keeps although nobody keeps their handle: the loop's own timers, or an object that the function
//! waits for.

use crate::catalog::Act;
use crate::facts::{Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, FnId, Site};
use crate::rules::Context;
use crate::rules::swallowed_cancellation::is_in_endless_loop;

/// What the task runs is an endless loop that sleeps in every turn, or waits only under time-outs: the loop's timer holds
/// the task while it waits.
pub(super) fn is_held_by_timers(cx: &Context<'_>, site: &Site) -> bool {
    let graph = &cx.project.graph;
    let Some(arg) = cx.facts().arg(site.at.node, 0) else {
        return false;
    };
    let mut run = graph
        .sites_at(site.caller, arg)
        .flat_map(|(_, it)| it.targets())
        .peekable();
    run.peek().is_some() && run.all(|it| sleeps_for_ever(cx, *it) || waits_under_timers(cx, *it))
}

fn sleeps_for_ever(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.project.names.facts(function.module);
    cx.project.graph.sites_in(function).any(|(_, it)| {
        let sleeps = matches!(it.callee, Callee::Library(entry)
            if cx.project.names.catalog.entry(entry).act == Some(Act::AsyncSleep));
        sleeps && is_in_endless_loop(facts, function.local, it.at.node)
    })
}

/// Every `await` of the function stands under a time-out or is a sleep.
fn waits_under_timers(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.project.names.facts(function.module);
    let mut waits = facts
        .body_nodes(function.local)
        .filter(|&it| matches!(facts.kind(it), Kind::Await | Kind::AsyncFor))
        .peekable();
    waits.peek().is_some()
        && waits.all(|node| {
            let at = At {
                module: function.module,
                node,
            };
            cx.project.deadlines.covers(at)
        })
}

/// `create_task(link.run())`, and `await link.connected()` after it: the function waits for what the task does, on the
/// object that holds the task's connection.
pub(super) fn is_waited_for(cx: &Context<'_>, local: LocalFn, site: &Site) -> bool {
    let facts = cx.facts();
    let Some(owner) = owner_of(cx, facts.arg(site.at.node, 0)).filter(|it| it != "self") else {
        return false;
    };
    let after = facts
        .body_nodes(local)
        .filter(|&it| it > site.at.node && facts.kind(it) == Kind::Await);
    after
        .filter_map(|it| facts.child(it, Role::Value))
        .any(|it| owner_of(cx, Some(it)).as_ref() == Some(&owner))
}

/// The object whose method a call calls, as it is written.
fn owner_of(cx: &Context<'_>, call: Option<NodeId>) -> Option<String> {
    let call = call.filter(|&it| cx.facts().kind(it) == Kind::Call)?;
    let text = cx.node_text(call);
    text.rsplit_once('.').map(|(owner, _)| owner.to_owned())
}
