#![doc = include_str!("../../rules/swallowed-cancellation.md")]

use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FileFacts, FnKind, Kind, LocalFn, NodeId, Role};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "swallowed-cancellation",
        summary: "a loop that catches its own cancellation and goes on",
        pattern: Pattern::LostWork,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/swallowed-cancellation.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let facts = cx.facts();
    for (local, function) in facts.all_functions() {
        if function.kind != FnKind::Async {
            continue;
        }
        let handlers = facts.body_nodes(local).filter(|&it| facts.kind(it) == Kind::Handler);
        found.extend(handlers.filter_map(|it| report(cx, local, it)));
    }
}

fn report(cx: &Context<'_>, local: LocalFn, handler: NodeId) -> Option<Diagnostic> {
    let facts = cx.facts();
    let caught = caught(facts, handler)?;
    let tried = NodeId(facts.node(handler).parent);
    let goes_on = is_in_endless_loop(facts, local, tried) && !leaves(facts, handler);
    if !goes_on || !awaits_work(facts, tried) || is_let_through(facts, tried, handler) {
        return None;
    }
    let message = format!("{caught} also catches the cancellation of this task, and the loop goes on");
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), handler, message);
    "the task can't be stopped: shutdown, deadlines and task groups wait for it for ever"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = match cx.library() {
        crate::rules::Library::Asyncio => {
            "catch `Exception`, or add `except asyncio.CancelledError: raise` before it".to_owned()
        }
        _ => "catch `Exception`, which leaves cancellation alone".to_owned(),
    };
    diagnostic.confidence = Confidence::High;
    diagnostic.anchor = caught;
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    Some(diagnostic)
}

/// How a handler that catches cancellation is written.
fn caught(facts: &FileFacts, handler: NodeId) -> Option<String> {
    let Some(kind) = facts.child(handler, Role::Type) else {
        return Some("a bare `except`".to_owned());
    };
    let names = if facts.kind(kind) == Kind::Tuple {
        facts.children(kind).collect()
    } else {
        vec![kind]
    };
    let written = names.iter().map(|&it| super::text::expr_text(facts, it, 4));
    written.into_iter().find_map(|name| {
        let last = name.rsplit('.').next().unwrap_or_default();
        // `concurrent.futures.CancelledError` is another one.
        let catches = last == "BaseException" || (last == "CancelledError" && !name.contains("futures"));
        catches.then(|| format!("`except {name}`"))
    })
}

/// `while True`, or a loop over what never ends: a `while` whose condition the handler does not change.
pub(super) fn is_in_endless_loop(facts: &FileFacts, local: LocalFn, node: NodeId) -> bool {
    let root = facts.function(local).node;
    let mut around = facts.ancestors(node).take_while(|&it| it != root);
    around.any(|it| {
        facts.kind(it) == Kind::While
            && facts.child(it, Role::Test).is_some_and(|test| {
                facts.kind(test) == Kind::True || facts.number(test).is_some_and(|number| number != 0.0)
            })
    })
}

/// Whether the handler raises, returns, breaks, or ends the process.
fn leaves(facts: &FileFacts, handler: NodeId) -> bool {
    facts.descendants(handler).any(|it| match facts.kind(it) {
        Kind::Raise | Kind::Return | Kind::Break => true,
        Kind::Call => {
            let func = facts.child(it, Role::Func);
            let text = func.map(|it| super::text::expr_text(facts, it, 4)).unwrap_or_default();
            matches!(text.as_str(), "sys.exit" | "os._exit" | "exit" | "uncancel")
                || text.ends_with(".uncancel")
                || text.ends_with(".cancelling")
        }
        _ => false,
    })
}

/// Whether the tried statements await something that they call; `await task` alone may be a task that was cancelled here.
fn awaits_work(facts: &FileFacts, tried: NodeId) -> bool {
    let body = facts.children_as(tried, Role::Body);
    body.into_iter().any(|statement| {
        let nodes = (statement.0..facts.node(statement).end).map(NodeId);
        let mut waits = nodes.filter(|&it| match facts.kind(it) {
            Kind::Await => facts
                .child(it, Role::Value)
                .is_some_and(|value| facts.kind(value) == Kind::Call),
            Kind::AsyncFor | Kind::AsyncWith => true,
            _ => false,
        });
        waits.next().is_some()
    })
}

/// An earlier handler of the same `try` re-raises it.
fn is_let_through(facts: &FileFacts, tried: NodeId, handler: NodeId) -> bool {
    let earlier = facts.children_as(tried, Role::Handler).take_while(|&it| it < handler);
    earlier
        .into_iter()
        .any(|it| caught(facts, it).is_some() && leaves(facts, it))
}
