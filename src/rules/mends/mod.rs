//! The mends of findings: which edits a rule may propose, and what they need from the module around them.
//!
//! Takes facts, gives [`Fix`]es in the words of the file's library. Nothing here sees the text: whether the result parses
//! is asked before a mend is shown or written.

mod imports;
mod tasks;
mod threads;
mod waits;

use crate::diagnostic::{Fix, Safety};
use crate::facts::{FileFacts, FnKind, Kind, LocalFn, NodeId, Role};
use crate::rules::{Context, Library};
use crate::source::Location;
pub(super) use tasks::keep;
pub(super) use threads::{awaited_sleep, in_thread};
pub(super) use waits::{backoff, slept, stamina, tenacity};

/// A replacement in the module that is checked.
type Edit = (Location, String);

/// Puts `await` before a call; `None` where Python allows none, or where it would turn a generator into an async one.
pub(super) fn awaited(cx: &Context<'_>, call: NodeId, safety: Safety) -> Option<Fix> {
    let function = cx.facts().function_of(call);
    may_await(cx.facts(), function, call).then(|| Fix {
        title: "await it".to_owned(),
        safety,
        edits: vec![before(cx, call, "await ".to_owned())],
    })
}

/// Whether `await` may stand at a node: in an async function, and in no class body or generator expression of it.
fn may_await(facts: &FileFacts, function: LocalFn, node: NodeId) -> bool {
    let root = facts.function(function).node;
    facts.function(function).kind == FnKind::Async
        && facts
            .ancestors(node)
            .take_while(|&it| it != root)
            .all(|it| !matches!(facts.kind(it), Kind::ClassDef | Kind::GeneratorExp))
}

/// Whether a `with` stands around a node, or a lock is taken by hand in its function: a pause may then hold others up.
fn may_hold_a_lock(facts: &FileFacts, function: LocalFn, node: NodeId) -> bool {
    let root = facts.function(function).node;
    let in_with = facts
        .ancestors(node)
        .take_while(|&it| it != root)
        .any(|it| facts.kind(it) == Kind::With);
    let acquires = |it: NodeId| {
        facts.kind(it) == Kind::Attribute
            && facts.payload_text(it) == Some("acquire")
            && facts.node(it).role == Role::Func
            && !facts.is_awaited(NodeId(facts.node(it).parent))
    };
    in_with || facts.body_nodes(function).any(acquires)
}

/// Whether nothing says that the module may run under another library than the one that it seems to speak.
fn library_is_certain(cx: &Context<'_>) -> bool {
    let imports = |facts: &FileFacts, wanted: &[&str]| {
        facts.imports.iter().any(|it| {
            let top = facts.text(it.module).split('.').next().unwrap_or_default();
            it.level == 0 && wanted.contains(&top)
        })
    };
    let facts = cx.facts();
    let others: &[&str] = match cx.library() {
        Library::Asyncio => &["trio", "anyio"],
        Library::Anyio => return true,
        Library::Trio => &["asyncio", "anyio"],
    };
    if imports(facts, &["asyncio", "trio", "anyio"]) {
        return !imports(facts, others);
    }
    let mut modules = cx.project.names.modules.iter();
    !modules.any(|it| imports(&it.facts, others))
}

fn before(cx: &Context<'_>, node: NodeId, text: String) -> Edit {
    let start = cx.facts().span(node).start;
    (between(cx, start, start), text)
}

fn after(cx: &Context<'_>, node: NodeId, text: String) -> Edit {
    let end = cx.facts().span(node).end;
    (between(cx, end, end), text)
}

fn replace(cx: &Context<'_>, node: NodeId, text: String) -> Edit {
    (cx.here(node), text)
}

/// A range of the module's text.
fn between(cx: &Context<'_>, start: u32, end: u32) -> Location {
    Location {
        file: cx.project.names.modules[cx.module.0 as usize].file,
        start,
        end,
        line: cx.facts().line_at(start),
    }
}

/// The start of the line below a statement that is alone on its lines; `None` at the end of the file.
fn line_below(facts: &FileFacts, statement: NodeId) -> Option<u32> {
    let last = facts.line_at(facts.span(statement).end.saturating_sub(1));
    let next = NodeId(facts.node(statement).end);
    let is_shared = (next.0 as usize) < facts.nodes.len() && facts.line(next) == last;
    if is_shared {
        return None;
    }
    facts.line_starts.get(last as usize).copied()
}
