//! What the decorators and the bodies of functions say by themselves.

use super::classes::{last_written, written};
use crate::facts::{FileFacts, FnKind, Function, How, Kind, NodeId, Role};

/// What a function's decorators say by their names alone.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Marks {
    pub(super) property: bool,
    pub(super) class_method: bool,
    pub(super) static_method: bool,
    pub(super) offload: bool,
    pub(super) is_abstract: bool,
    pub(super) memoized: bool,
    /// Its name says that it stands in for something real.
    pub(super) stands_in: bool,
}

/// The marks of a file's functions.
pub(super) fn marks(facts: &FileFacts) -> Vec<Marks> {
    facts
        .all_functions()
        .map(|(_, function)| function_marks(facts, function))
        .collect()
}

fn function_marks(facts: &FileFacts, function: &Function) -> Marks {
    let mut marks = Marks::default();
    for decorator in facts.children_as(function.node, Role::Decorator) {
        let callee = if facts.kind(decorator) == Kind::Call {
            facts.child(decorator, Role::Func)
        } else {
            None
        };
        let last = last_written(facts, callee.unwrap_or(decorator));
        marks.memoized |= matches!(
            last,
            "lru_cache" | "cache" | "cached" | "cached_property" | "alru_cache" | "memoize" | "reify" | "singleton"
        );
        match last {
            "property"
            | "cached_property"
            | "abstractproperty"
            | "hybrid_property"
            | "under_cached_property"
            | "reify" => {
                marks.property = true;
            }
            "classmethod" => marks.class_method = true,
            "staticmethod" => marks.static_method = true,
            "abstractmethod" => marks.is_abstract = true,
            last => marks.offload |= runs_elsewhere(last) || dispatches(facts, function, decorator),
        }
    }
    let name = facts.text(function.name);
    let bare = name.trim_start_matches('_');
    marks.stands_in = bare.starts_with("mock_") || bare.starts_with("fake_");
    marks.class_method |= matches!(name, "__init_subclass__" | "__class_getitem__");
    marks.static_method |= name == "__new__" && function.params.is_empty();
    marks.is_abstract |= is_declaration(facts, function);
    marks
}

/// `@async_dispatch(aload)` on a sync function: where a loop runs, the async one that it is given runs instead.
fn dispatches(facts: &FileFacts, function: &Function, decorator: NodeId) -> bool {
    let is_async = |it: NodeId| {
        facts.name_place(it).is_some_and(|place| {
            let made = facts.definitions_of(place).iter();
            made.into_iter()
                .any(|it| matches!(it.how, How::Function(local) if facts.is_async(local)))
        })
    };
    function.kind == FnKind::Sync
        && facts.kind(decorator) == Kind::Call
        && facts.children_as(decorator, Role::Arg).any(is_async)
}

/// Decorators whose name says that the function runs in a thread or process.
fn runs_elsewhere(decorator: &str) -> bool {
    const SAID: [&str; 9] = [
        "sync_to_async",
        "asyncify",
        "database_sync_to_async",
        "run_in_executor",
        "run_in_thread",
        "run_in_threadpool",
        "threaded",
        "to_thread",
        "in_thread",
    ];
    SAID.contains(&decorator)
}

/// A body of `...`, `pass` or `raise NotImplementedError`.
fn is_declaration(facts: &FileFacts, function: &Function) -> bool {
    let mut body = facts.children_as(function.node, Role::Body);
    let (Some(first), None) = (body.next(), body.next()) else {
        return false;
    };
    match facts.kind(first) {
        Kind::Pass => function.class.is_some(),
        Kind::ExprStmt => facts
            .child(first, Role::Value)
            .is_some_and(|it| facts.kind(it) == Kind::Ellipsis),
        Kind::Raise => facts.child(first, Role::Value).is_some_and(|it| {
            let callee = if facts.kind(it) == Kind::Call {
                facts.child(it, Role::Func)
            } else {
                None
            };
            written(facts, callee.unwrap_or(it)) == "NotImplementedError"
        }),
        _ => false,
    }
}
