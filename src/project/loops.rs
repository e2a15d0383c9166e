//! Which sync functions start an event loop on the thread that calls them.

use super::Names;
use super::chains::{Chains, Search};
use super::graph::{CallGraph, Callee, Flags, Site};
use super::ids::FnId;
use super::written;
use crate::catalog::Act;
use crate::facts::{FileFacts, FnKind, Kind, NodeId, Role};

/// Who starts a loop. A function that asks whether a loop runs serves both worlds, and starts none where one runs.
#[must_use]
pub(super) fn loop_starters(names: &Names, graph: &CallGraph) -> Chains {
    let is_end = |site: &Site| {
        let Callee::Library(entry) = site.callee else {
            return false;
        };
        names.catalog.entry(entry).act == Some(Act::RunLoop)
            // This one only lets loops be entered twice.
            && names.catalog.entry_name(entry) != "nest_asyncio.apply" && !is_tried(names.facts(site.at.module), site.at.node)
    };
    let follows =
        |site: &Site| !site.flags.has(Flags::ELSEWHERE) && !asks_for_loop(names.facts(site.caller.module), site.caller);
    let enters = |function: FnId| names.function(function).kind != FnKind::Async;
    Chains::new(
        graph,
        &Search {
            is_end: &is_end,
            follows: &follows,
            enters: &enters,
        },
    )
}

/// Whether a function, or one around it, asks if a loop is running.
fn asks_for_loop(facts: &FileFacts, function: FnId) -> bool {
    const QUESTIONS: [&str; 5] = [
        "get_running_loop",
        "_get_running_loop",
        "is_running",
        "current_async_library",
        "in_async_context",
    ];
    let mut local = function.local;
    loop {
        let of = facts.function(local);
        // An async function always runs on a loop, and asks for other reasons.
        if of.kind == FnKind::Async {
            return false;
        }
        let asks = of.kind != FnKind::Module
            && facts.descendants(of.node).any(|it| {
                facts.kind(it) == Kind::Call
                    && facts
                        .child(it, Role::Func)
                        .is_some_and(|func| QUESTIONS.contains(&last_part(facts, func)))
            });
        if asks {
            return true;
        }
        if of.parent == local {
            return false;
        }
        local = of.parent;
    }
}

fn last_part(facts: &FileFacts, func: NodeId) -> &str {
    facts
        .name_text(func)
        .or_else(|| facts.payload_text(func).filter(|_| facts.kind(func) == Kind::Attribute))
        .unwrap_or_default()
}

/// `try: asyncio.run(...) except RuntimeError: ...` handles the loop that runs already.
fn is_tried(facts: &FileFacts, node: NodeId) -> bool {
    let mut below = node;
    for around in facts.ancestors(node) {
        if matches!(facts.kind(around), Kind::FunctionDef | Kind::Lambda) {
            return false;
        }
        if facts.kind(around) == Kind::Try && facts.node(below).role == Role::Body {
            let handlers = facts.children_as(around, Role::Handler);
            let mut types = handlers.filter_map(|it| facts.child(it, Role::Type));
            let names_it =
                |it: NodeId| (it.0..facts.node(it).end).any(|at| written(facts, NodeId(at)).ends_with("RuntimeError"));
            if types.any(names_it) {
                return true;
            }
        }
        below = around;
    }
    false
}
