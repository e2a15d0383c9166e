//! Futures that a function makes, hands to whoever receives the answers, and awaits after it has asked.

use super::waits;
use crate::diagnostic::{Confidence, Diagnostic, RuleInfo};
use crate::facts::{FileFacts, FnKind, How, Kind, LocalFn, NodeId, Role};
use crate::project::{At, Bound, FnId};
use crate::rules::Context;

/// An answer that is waited for.
pub(super) struct Answer {
    function: FnId,
    /// The name of the future, where it is awaited.
    node: NodeId,
    bound: Bound,
}

/// The futures of this module that are awaited after a request, without a deadline on every way.
pub(super) fn awaited(cx: &Context<'_>) -> Vec<Answer> {
    let facts = cx.facts();
    let functions = facts.all_functions().filter(|(_, it)| it.kind == FnKind::Async);
    let waits = functions.flat_map(|(local, _)| {
        let nodes = facts.body_nodes(local).filter(|&it| facts.kind(it) == Kind::Await);
        nodes.filter_map(move |it| Some((local, facts.child(it, Role::Value)?)))
    });
    waits
        .filter(|&(local, node)| is_answer(facts, local, node))
        .map(|(local, node)| {
            let function = cx.function(local);
            let at = At {
                module: cx.module,
                node,
            };
            Answer {
                function,
                node,
                bound: cx.project.deadlines.at(&cx.project.graph, function, at),
            }
        })
        .filter(|it| it.bound != Bound::Always)
        .collect()
}

/// `answer = loop.create_future(); self.pending[key] = answer; await socket.send(...); await answer`.
fn is_answer(facts: &FileFacts, local: LocalFn, node: NodeId) -> bool {
    let Some(place) = facts.name_place(node) else {
        return false;
    };
    let [only] = facts.definitions_of(place) else {
        return false;
    };
    let How::Assign { value, .. } = only.how else {
        return false;
    };
    let between = || facts.body_nodes(local).filter(|&it| value < it && it < node);
    makes_future(facts, value)
        && between().any(|it| waits::sends(facts, it))
        && between()
            .filter(|&it| facts.name_place(it) == Some(place))
            .filter_map(|it| keeper(facts, it))
            .any(|it| !are_failed(facts, it))
}

fn makes_future(facts: &FileFacts, call: NodeId) -> bool {
    let func = facts.child(call, Role::Func).filter(|_| facts.kind(call) == Kind::Call);
    let text = func.map(|it| super::text::expr_text(facts, it, 4)).unwrap_or_default();
    text == "asyncio.Future" || text.ends_with(".create_future")
}

/// What keeps the future where somebody else can answer it: `pending` in `self.pending[key] = answer`.
fn keeper(facts: &FileFacts, read: NodeId) -> Option<&str> {
    let statement = facts.statement_of(read);
    let target = facts
        .child(statement, Role::Target)
        .filter(|_| facts.kind(statement) == Kind::Assign)?;
    let kept = match facts.kind(target) {
        Kind::Attribute => target,
        Kind::Subscript => facts.child(target, Role::Value)?,
        _ => return None,
    };
    facts.payload_text(kept).or_else(|| facts.name_text(kept))
}

/// Whether a loop over what is kept fails or cancels all, as one does when the connection is lost.
fn are_failed(facts: &FileFacts, keeper: &str) -> bool {
    let n = u32::try_from(facts.nodes.len()).unwrap_or(0);
    let mut loops = (0..n).map(NodeId).filter(|&it| facts.kind(it) == Kind::For);
    loops.any(|around| {
        let named = |it: NodeId| facts.payload_text(it) == Some(keeper) || facts.name_text(it) == Some(keeper);
        let over = facts.child(around, Role::Iter);
        let ends = |it: NodeId| {
            facts.kind(it) == Kind::Attribute && matches!(facts.payload_text(it), Some("set_exception" | "cancel"))
        };
        over.is_some_and(|it| facts.subtree(it).any(named)) && facts.descendants(around).any(ends)
    })
}

/// The finding.
pub(super) fn report(cx: &Context<'_>, rule: &'static RuleInfo, answer: Answer) -> Diagnostic {
    let name = super::text::expr_text(cx.facts(), answer.node, 4);
    let message = format!("`{name}` waits for the answer to what was sent, and for ever if none comes");
    let mut diagnostic = cx.diagnostic(rule, answer.function, answer.node, message);
    "a peer that is silent, or a connection that is lost unseen, holds every caller without an error"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = waits::help(cx, &name);
    let elsewhere = cx.project.deadlines.sets(&cx.project.names, answer.function);
    diagnostic.confidence = if answer.bound == Bound::Sometimes || elsewhere {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    diagnostic.anchor.clone_from(&name);
    diagnostic.group = name;
    diagnostic
}
