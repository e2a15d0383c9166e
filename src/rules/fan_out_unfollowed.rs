//! Workers that wait for something of which nothing is known: what they reach can only be guessed.

use super::fan_out_named::waits_for;
use super::fan_out_reach::is_run_by_a_limiter;
use super::fan_out_text as text;
use crate::facts::{Kind, NodeId, Role};
use crate::project::{At, Eval, FanOut, FnId, Ty, Worker};
use crate::rules::Context;

/// The worker's call, or the first that it awaits itself, if nobody knows where it goes.
pub(super) fn unfollowed(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Option<String> {
    let called = cx.call_text(text::at(cx, worker.node));
    if text::says_limit(&called) || is_run_by_a_limiter(cx, worker) || !worker.wrapped.is_empty() {
        return None;
    }
    let mut sites = cx.project.graph.sites_at(fan_out.orchestrator, worker.node).peekable();
    if sites.peek().is_none() {
        return is_unknown(cx, fan_out.orchestrator, worker.node).then_some(called);
    }
    let (function, node) = sites.find_map(|(_, site)| waits_for(cx, site, is_unknown))?;
    let module = function.module;
    Some(cx.call_text(At { module, node }))
}

/// What gives something that is there, and starts nothing: `futures.get(key)` in a dictionary.
const KEPT: [&str; 5] = ["get", "partial", "pop", "popleft", "setdefault"];

/// A call of something that is neither of this project nor of a library that is known.
fn is_unknown(cx: &Context<'_>, function: FnId, call: NodeId) -> bool {
    let facts = cx.project.names.facts(function.module);
    let Some(func) = facts.child(call, Role::Func).filter(|_| facts.kind(call) == Kind::Call) else {
        return false;
    };
    // A name alone, or a method; what is called there by an index or a call has no name to tell.
    if !matches!(facts.kind(func), Kind::Name | Kind::Attribute) {
        return false;
    }
    let last = facts
        .payload_text(func)
        .or_else(|| facts.name_text(func))
        .unwrap_or_default();
    if KEPT.contains(&last) {
        return false;
    }
    let written = crate::rules::text::expr_text(facts, func, 6);
    let ty = Eval::new(&cx.project.names, &cx.project.types, function.module).expr(func);
    cx.project.graph.sites_at(function, call).next().is_none()
        && matches!(ty, Ty::Unknown | Ty::Foreign)
        && !text::says_limit(&written)
}
