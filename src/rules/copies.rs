//! Deep copies: how they are written, and what is copied.

use crate::catalog::Copies;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, PlaceKind, Role};
use crate::project::{At, Callee, origin};
use crate::rules::Context;

/// A deep copy.
pub(super) struct Copied {
    /// What is copied.
    pub(super) what: NodeId,
    /// How a copy of the first level is written.
    pub(super) shallow: &'static str,
}

/// What a call copies deeply, if it does.
pub(super) fn copied(cx: &Context<'_>, local: LocalFn, call: NodeId) -> Option<Copied> {
    let facts = cx.facts();
    let func = facts.child(call, Role::Func)?;
    let receiver = || {
        facts
            .child(func, Role::Value)
            .filter(|_| facts.kind(func) == Kind::Attribute)
    };
    match entry_copies(cx, local, call) {
        Some(Copies::Argument) => Some(Copied {
            what: facts.arg(call, 0)?,
            shallow: "`copy.copy(...)`",
        }),
        Some(Copies::Receiver) => Some(Copied {
            what: receiver()?,
            shallow: "a shallow copy",
        }),
        // `loads(dumps(x))`.
        Some(Copies::RoundTrip) => {
            let inner = facts.arg(call, 0).filter(|&it| facts.kind(it) == Kind::Call)?;
            (entry_copies(cx, local, inner)? == Copies::HalfTrip).then_some(())?;
            Some(Copied {
                what: facts.arg(inner, 0)?,
                shallow: "a shallow copy",
            })
        }
        Some(Copies::HalfTrip | Copies::Parts) => None,
        // `model_copy(deep=True)` says itself what it does, whoever has it.
        None => {
            let is_copy = matches!(facts.payload_text(func), Some("model_copy" | "copy"));
            let deep = facts.keyword(call, "deep")?;
            (is_copy && facts.kind(deep) == Kind::True).then_some(())?;
            Some(Copied {
                what: receiver()?,
                shallow: "`model_copy()` without `deep`",
            })
        }
    }
}

/// What the catalog says that a call copies.
pub(super) fn entry_copies(cx: &Context<'_>, local: LocalFn, call: NodeId) -> Option<Copies> {
    let mut sites = cx.project.graph.sites_at(cx.function(local), call);
    sites.find_map(|(_, site)| match site.callee {
        Callee::Library(entry) => cx.project.names.catalog.entry(entry).copies,
        _ => None,
    })
}

/// Constants of the program and values that are written out are as small as they look.
pub(super) fn is_small(cx: &Context<'_>, what: NodeId) -> bool {
    let facts = cx.facts();
    if is_display(facts, what) {
        return true;
    }
    let place = facts.name_place(what);
    let is_constant = facts
        .name_text(what)
        .or_else(|| facts.payload_text(what))
        .is_some_and(|name| name.len() > 1 && !name.chars().any(char::is_lowercase));
    let module_level = place.is_some_and(|it| matches!(facts.place(it).kind, PlaceKind::Module));
    let made = origin(
        &cx.project.names,
        &cx.project.graph,
        At {
            module: cx.module,
            node: what,
        },
    );
    is_constant || module_level || is_display(cx.project.names.facts(made.module), made.node)
}

fn is_display(facts: &FileFacts, node: NodeId) -> bool {
    matches!(
        facts.kind(node),
        Kind::Dict | Kind::List | Kind::Set | Kind::Tuple | Kind::Str | Kind::Number
    )
}

/// What lives longer than the call: an attribute of the object.
pub(super) fn is_state(cx: &Context<'_>, what: NodeId) -> bool {
    let facts = cx.facts();
    let mut at = what;
    while matches!(facts.kind(at), Kind::Attribute | Kind::Subscript) {
        match facts.child(at, Role::Value) {
            Some(value) => at = value,
            None => return false,
        }
    }
    at != what && facts.is_receiver(at)
}

/// `original = deepcopy(state)`: a snapshot is kept because somebody else is about to change the original.
pub(super) fn is_snapshot(cx: &Context<'_>, call: NodeId) -> bool {
    const SNAPSHOT: [&str; 9] = [
        "original", "orig", "snapshot", "before", "backup", "saved", "previous", "prev", "old",
    ];
    let facts = cx.facts();
    let targets = facts.children_as(facts.parent(call), Role::Target);
    targets
        .into_iter()
        .filter_map(|it| facts.name_text(it).or_else(|| facts.payload_text(it)))
        .any(|name| crate::project::has_word(name, &SNAPSHOT))
}
