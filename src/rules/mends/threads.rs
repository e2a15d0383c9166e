//! Calls that block, moved off the event loop's thread.

use super::imports::member;
use super::{before, between, library_is_certain, may_await, may_hold_a_lock, replace};
use crate::catalog::{Blocks, Cost, EntryId};
use crate::diagnostic::{Fix, Safety};
use crate::facts::{Kind, NodeId, Role};
use crate::rules::{Context, Library};

/// `time.sleep(x)` as a statement of an async function becomes the library's own sleep.
pub(in crate::rules) fn awaited_sleep(cx: &Context<'_>, call: NodeId, entry: EntryId) -> Option<Fix> {
    let facts = cx.facts();
    let is_sleep = cx.project.names.catalog.entry_name(entry) == "time.sleep";
    let is_statement = facts.kind(NodeId(facts.node(call).parent)) == Kind::ExprStmt;
    let one_argument = facts.arg(call, 0).is_some()
        && facts.arg(call, 1).is_none()
        && facts.children_as(call, Role::Keyword).next().is_none();
    let function = facts.function_of(call);
    let is_plain = is_sleep && is_statement && one_argument && may_await(facts, function, call);
    if !is_plain || may_hold_a_lock(facts, function, call) {
        return None;
    }
    let sleep = member(cx, cx.library().name(), "sleep", call)?;
    let mut edits = vec![replace(
        cx,
        facts.child(call, Role::Func)?,
        format!("await {}", sleep.text),
    )];
    edits.extend(sleep.import);
    Some(Fix {
        title: format!("sleep with `{}`", sleep.text),
        safety: if library_is_certain(cx) {
            Safety::Safe
        } else {
            Safety::Unsafe
        },
        edits,
    })
}

/// The first Python whose asyncio has `to_thread`.
const HAS_TO_THREAD: (u8, u8) = (3, 9);

/// A call that may move to a thread as it is, where its statement takes the result as a whole.
pub(in crate::rules) fn in_thread(cx: &Context<'_>, call: NodeId, entry: EntryId) -> Option<Fix> {
    let facts = cx.facts();
    let function = facts.function_of(call);
    let parent = NodeId(facts.node(call).parent);
    let is_whole = matches!(
        facts.kind(parent),
        Kind::ExprStmt | Kind::Assign | Kind::AnnAssign | Kind::Return
    ) && facts.kind(call) == Kind::Call;
    let entry = cx.project.names.catalog.entry(entry);
    // A thread costs tens of microseconds by itself, and one that only sleeps is a waste of it.
    let is_short = entry.cost == Some(Cost::Micro) || entry.blocks == Some(Blocks::Sleep);
    let is_safe = entry.thread_safe && !is_short;
    if !is_whole || !is_safe || !may_await(facts, function, call) || may_hold_a_lock(facts, function, call) {
        return None;
    }
    let (start, import) = starter(cx, call)?;
    let func = facts.span(facts.child(call, Role::Func)?);
    let has_arguments = facts.children(call).nth(1).is_some();
    // What stands between the callee and its first argument is the parenthesis.
    let parenthesis = (
        between(cx, func.end, func.end + 1),
        if has_arguments { ", " } else { "" }.to_owned(),
    );
    let mut edits = vec![before(cx, call, format!("await {start}")), parenthesis];
    edits.extend(import);
    Some(Fix {
        title: "run it in a thread".to_owned(),
        safety: Safety::Unsafe,
        edits,
    })
}

/// The call that runs a function in a thread, up to where the function stands.
fn starter(cx: &Context<'_>, call: NodeId) -> Option<(String, Option<super::Edit>)> {
    let takes_keywords = cx.facts().children_as(call, Role::Keyword).next().is_none();
    let is_old = cx.python.is_some_and(|it| it < HAS_TO_THREAD);
    match cx.library() {
        Library::Asyncio if is_old => {
            let running = takes_keywords.then(|| member(cx, "asyncio", "get_running_loop", call))??;
            let text = format!("{}().run_in_executor(None, ", running.text);
            Some((text, running.import))
        }
        Library::Asyncio => {
            let thread = member(cx, "asyncio", "to_thread", call)?;
            Some((format!("{}(", thread.text), thread.import))
        }
        it => {
            let run = takes_keywords.then(|| member(cx, it.name(), "to_thread.run_sync", call))??;
            Some((format!("{}(", run.text), run.import))
        }
    }
}
