//! Code that serves callers with and without a running loop, and asks which it has.

use super::classes::written;
use super::graph::Flags;
use crate::facts::{FileFacts, How, Kind, NodeId, Op, Role};

/// `if asynchronous: ... else: <here>`: the branch for callers without a loop.
pub(super) fn dual_mode(facts: &FileFacts, guard: NodeId, in_body: bool) -> Flags {
    match facts
        .child(guard, Role::Test)
        .and_then(|test| asks_for_loop(facts, test))
    {
        Some(when_async) if when_async != in_body => Flags::OFF_LOOP,
        _ => Flags::default(),
    }
}

/// Whether a test asks if a loop runs here: `Some(true)` if it holds where one does.
fn asks_for_loop(facts: &FileFacts, test: NodeId) -> Option<bool> {
    match facts.kind(test) {
        Kind::Compare if speaks_of_threads(facts, test) => is_same_thread(facts, test),
        Kind::UnaryOp if facts.node(test).payload == Op::Not as u32 => {
            asks_for_loop(facts, facts.child(test, Role::Value)?).map(|it| !it)
        }
        Kind::Name if is_running_loop(facts, test) => Some(true),
        Kind::Name | Kind::Attribute => says_async(&written(facts, test)).then_some(true),
        // `if loop and loop.is_running()`
        Kind::BoolOp if facts.node(test).payload == Op::And as u32 => facts
            .children(test)
            .all(|it| asks_for_loop(facts, it) == Some(true))
            .then_some(true),
        Kind::Compare => compares_loops(facts, test),
        Kind::Call => {
            let func = written(facts, facts.child(test, Role::Func)?);
            let last = func.rsplit('.').next().unwrap_or_default();
            (says_async(&func) || last == "is_running").then_some(true)
        }
        _ => None,
    }
}

/// A comparison with the thread that runs now: `loop_thread_id != threading.get_ident()`.
fn speaks_of_threads(facts: &FileFacts, test: NodeId) -> bool {
    facts.children(test).any(|side| {
        let func = facts.child(side, Role::Func).map(|it| written(facts, it));
        let last = func.as_deref().and_then(|it| it.rsplit('.').next());
        matches!(last, Some("get_ident" | "get_native_id" | "current_thread"))
    })
}

/// Whether such a comparison holds on the thread that it names, which is the loop's in code that has one.
fn is_same_thread(facts: &FileFacts, test: NodeId) -> Option<bool> {
    let op = facts.node(test).payload;
    let is = |wanted: Op| op == wanted as u32;
    if is(Op::Eq) || is(Op::Is) {
        return Some(true);
    }
    (is(Op::NotEq) || is(Op::IsNot)).then_some(false)
}

/// `if get_running_loop() is not None`
fn compares_loops(facts: &FileFacts, test: NodeId) -> Option<bool> {
    let none = facts.child(test, Role::Right).map(|it| facts.kind(it)) == Some(Kind::None);
    let is_loop = is_running_loop(facts, facts.child(test, Role::Left)?);
    let op = facts.node(test).payload;
    let (same, other) = (op == Op::Is as u32, op == Op::IsNot as u32);
    (none && is_loop && (same || other)).then_some(other)
}

/// `get_running_loop()`, or a name that holds what it has given, or `None`.
fn is_running_loop(facts: &FileFacts, node: NodeId) -> bool {
    let gives_it = |node: NodeId| {
        let func = facts.child(node, Role::Func).filter(|_| facts.kind(node) == Kind::Call);
        let name = func.map(|it| written(facts, it)).unwrap_or_default();
        matches!(name.rsplit('.').next(), Some("get_running_loop" | "_get_running_loop"))
    };
    let made = facts
        .name_place(node)
        .map(|it| facts.definitions_of(it))
        .unwrap_or_default();
    gives_it(node)
        || made
            .iter()
            .any(|it| matches!(it.how, How::Assign { value, .. } if gives_it(value)))
            && made.iter().all(
                |it| matches!(it.how, How::Assign { value, .. } if gives_it(value) || facts.kind(value) == Kind::None),
            )
}

/// Names by which dual-mode code asks.
fn says_async(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default().trim_start_matches('_');
    matches!(
        last,
        "asynchronous"
            | "is_async"
            | "in_async"
            | "async_mode"
            | "is_asynchronous"
            | "in_async_context"
            | "use_async"
            | "run_async"
            | "in_event_loop"
            | "is_event_loop_running"
            | "is_loop_running"
            | "has_running_loop"
            | "in_async_main_thread"
            | "event_loop_is_running"
    )
}

/// `if asynchronous: return future`: what follows is for callers without a loop.
pub(super) fn is_async_return(facts: &FileFacts, guard: NodeId) -> bool {
    let last = facts.children_as(guard, Role::Body).last();
    let returns = last.is_some_and(|it| facts.kind(it) == Kind::Return);
    returns
        && facts
            .child(guard, Role::Test)
            .and_then(|test| asks_for_loop(facts, test))
            == Some(true)
}
