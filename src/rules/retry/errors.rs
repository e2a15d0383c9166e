//! After which errors something is tried again.

use crate::facts::{FileFacts, Kind, NodeId, Role};
use crate::project::{At, origin, written};
use crate::rules::Context;

/// What leads to another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Errors {
    /// Errors that only what is far away can raise.
    Remote,
    /// Whatever goes wrong.
    Any,
    /// Errors of data and of files: nobody else is hurt by trying again.
    Local,
    /// No error, but an answer that is not yet the right one.
    Results,
    /// Nobody can tell from here.
    Unknown,
}

impl Errors {
    /// What the classes in an expression say; names are followed to the tuple that they stand for.
    pub(super) fn in_expression(cx: &Context<'_>, node: NodeId) -> Self {
        let mut names = Vec::new();
        let facts = cx.facts();
        for it in (node.0..facts.node(node).end).map(NodeId) {
            let at = At {
                module: cx.module,
                node: it,
            };
            match facts.kind(it) {
                Kind::Name => {
                    let made = origin(&cx.project.names, &cx.project.graph, at);
                    let theirs = cx.project.names.facts(made.module);
                    if made != at && theirs.kind(made.node) == Kind::Tuple {
                        names.extend(classes(theirs, made.node));
                    }
                    names.extend(class(facts, it));
                }
                Kind::Attribute => names.extend(class(facts, it)),
                _ => {}
            }
        }
        Self::of(&names)
    }

    /// What the handlers of a `try` catch.
    pub(super) fn caught(facts: &FileFacts, tried: NodeId) -> Self {
        let mut names = Vec::new();
        let handlers = || facts.children_as(tried, Role::Handler);
        // Handlers that leave lead to no other attempt.
        let goes_on = |it: &NodeId| {
            let last = facts.children_as(*it, Role::Body).last();
            last.is_none_or(|it| !matches!(facts.kind(it), Kind::Raise | Kind::Return | Kind::Break))
        };
        let all_leave = !handlers().any(|it| goes_on(&it));
        for handler in handlers().filter(|it| all_leave || goes_on(it)) {
            match facts.child(handler, Role::Type) {
                Some(types) => names.extend(classes(facts, types)),
                None => return Self::Any,
            }
        }
        Self::of(&names)
    }

    fn of(names: &[String]) -> Self {
        if names.is_empty() {
            Self::Unknown
        } else if names.iter().any(|it| says_remote(it)) {
            Self::Remote
        } else if names.iter().all(|it| is_local(it)) {
            Self::Local
        } else {
            Self::Any
        }
    }
}

fn classes(facts: &FileFacts, node: NodeId) -> Vec<String> {
    let inside = (node.0..facts.node(node).end).map(NodeId);
    inside.filter_map(|it| class(facts, it)).collect()
}

/// The name of a class: `httpx.HTTPError`, not the module before it.
fn class(facts: &FileFacts, node: NodeId) -> Option<String> {
    let text = written(facts, node);
    let last = text.rsplit('.').next()?;
    last.starts_with(|it: char| it.is_ascii_uppercase())
        .then(|| last.to_owned())
}

/// Errors that only what is far away can raise.
pub(super) fn says_remote(error: &str) -> bool {
    const WORDS: [&str; 12] = [
        "HTTP",
        "Http",
        "Connect",
        "Network",
        "RateLimit",
        "Throttl",
        "APIError",
        "API",
        "Transport",
        "Request",
        "ServerError",
        "ServiceUnavailable",
    ];
    WORDS.iter().any(|it| error.contains(it))
}

/// Errors of data and of files.
fn is_local(error: &str) -> bool {
    const LOCAL: [&str; 18] = [
        "ValueError",
        "KeyError",
        "IndexError",
        "TypeError",
        "AttributeError",
        "AssertionError",
        "JSONDecodeError",
        "ValidationError",
        "ParseError",
        "UnicodeDecodeError",
        "IntegrityError",
        "FileNotFoundError",
        "FileExistsError",
        "PermissionError",
        "QueueEmpty",
        "Empty",
        "Full",
        "BlockingIOError",
    ];
    // Another key is tried at once after a collision, and is right to be.
    const COLLISIONS: [&str; 5] = ["Conflict", "Duplicate", "AlreadyExists", "Collision", "NotUnique"];
    LOCAL.contains(&error) || COLLISIONS.iter().any(|it| error.contains(it))
}

/// What is tried also reads the answer: `json.loads(...)`, `Model.model_validate(...)`.
pub(super) fn reads_the_answer(facts: &FileFacts, tried: impl Iterator<Item = NodeId>) -> bool {
    const WORDS: [&str; 8] = [
        "loads", "json", "validate", "parse", "extract", "decode", "eval", "convert",
    ];
    let mut calls = tried
        .flat_map(|it| it.0..facts.node(it).end)
        .map(NodeId)
        .filter(|&it| facts.kind(it) == Kind::Call);
    calls.any(|call| {
        let text = facts
            .child(call, Role::Func)
            .map(|it| written(facts, it))
            .unwrap_or_default();
        let last = text.rsplit('.').next().unwrap_or_default();
        WORDS.iter().any(|it| last.contains(it))
    })
}
