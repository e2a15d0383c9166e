//! What becomes of a value that a call makes: kept for later calls, returned, or gone at the end of the function.

use crate::facts::{FileFacts, Kind, NodeId, PlaceId, PlaceKind, Role};

/// How long a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Keeping {
    /// Stored in what outlives the function, yielded, or handed to somebody who may store it.
    Kept,
    /// Returned to the caller.
    Returned,
    /// Stored in an attribute: the target.
    Attribute(NodeId),
    /// Gone with the function; the place that holds it, where it has a name.
    Local(Option<PlaceId>),
}

/// Chains of expressions and names are followed this far.
const FUEL: u32 = 8;

/// What becomes of the value of an expression.
pub(in crate::rules) fn keeping(facts: &FileFacts, node: NodeId) -> Keeping {
    follow(facts, node, FUEL)
}

fn follow(facts: &FileFacts, node: NodeId, fuel: u32) -> Keeping {
    let Some(fuel) = fuel.checked_sub(1) else {
        return Keeping::Kept;
    };
    let parent = NodeId(facts.node(node).parent);
    let role = facts.node(node).role;
    match (facts.kind(parent), role) {
        (Kind::Return, _) => Keeping::Returned,
        (Kind::Lambda, Role::Body) => Keeping::Returned,
        (Kind::Await | Kind::BoolOp | Kind::NamedExpr, _) => follow(facts, parent, fuel),
        (Kind::IfExp, Role::Body | Role::Orelse) => follow(facts, parent, fuel),
        (Kind::Assign | Kind::AnnAssign, Role::Value) => stored(facts, parent, fuel),
        (Kind::WithItem, Role::Context) => match facts.child(parent, Role::Target) {
            Some(target) => held(facts, target, fuel),
            None => Keeping::Local(None),
        },
        (Kind::Attribute, Role::Value) if is_called(facts, parent) => chained(facts, parent, fuel),
        (Kind::Attribute, _) | (Kind::ExprStmt, _) => Keeping::Local(None),
        _ => Keeping::Kept,
    }
}

fn is_called(facts: &FileFacts, attribute: NodeId) -> bool {
    let call = NodeId(facts.node(attribute).parent);
    facts.kind(call) == Kind::Call && facts.node(attribute).role == Role::Func
}

/// `Client().with_options()` and `Client().__aenter__()` are the client still; `Client().get(url)` is a use.
fn chained(facts: &FileFacts, attribute: NodeId, fuel: u32) -> Keeping {
    let name = facts.payload_text(attribute).unwrap_or_default();
    if name.starts_with("with_") || name.starts_with("__") {
        follow(facts, NodeId(facts.node(attribute).parent), fuel)
    } else {
        Keeping::Local(None)
    }
}

fn stored(facts: &FileFacts, statement: NodeId, fuel: u32) -> Keeping {
    let mut targets = facts.children_as(statement, Role::Target);
    match (targets.next(), targets.next()) {
        (Some(only), None) => held(facts, only, fuel),
        _ => Keeping::Kept,
    }
}

/// What becomes of the value that a target takes.
fn held(facts: &FileFacts, target: NodeId, fuel: u32) -> Keeping {
    if facts.kind(target) == Kind::Attribute {
        return Keeping::Attribute(target);
    }
    let Some(place) = facts.name_place(target) else {
        return Keeping::Kept;
    };
    if facts.place(place).kind != PlaceKind::Local {
        return Keeping::Kept;
    }
    let owner = facts.place(place).owner;
    let mut life = Keeping::Local(Some(place));
    for read in reads(facts, place) {
        // A function inside may be called long after.
        if facts.function_of(read) != owner {
            return Keeping::Kept;
        }
        match read_as(facts, read, fuel) {
            Keeping::Kept | Keeping::Attribute(_) => return Keeping::Kept,
            Keeping::Returned => life = Keeping::Returned,
            Keeping::Local(_) => {}
        }
    }
    life
}

fn read_as(facts: &FileFacts, read: NodeId, fuel: u32) -> Keeping {
    let parent = NodeId(facts.node(read).parent);
    match facts.kind(parent) {
        Kind::Call | Kind::Keyword => argument(facts, read, fuel),
        Kind::WithItem if facts.child(parent, Role::Target).is_none() => Keeping::Local(None),
        Kind::If | Kind::Compare | Kind::UnaryOp | Kind::Assert => Keeping::Local(None),
        _ => follow(facts, read, fuel),
    }
}

/// Handed to a function it is used there; handed to a class it lives as long as the object; what stores it keeps it.
fn argument(facts: &FileFacts, read: NodeId, fuel: u32) -> Keeping {
    let call = facts.ancestors(read).find(|&it| facts.kind(it) == Kind::Call);
    let name = call
        .and_then(|it| facts.child(it, Role::Func))
        .map(|it| crate::rules::text::expr_text(facts, it, 4))
        .unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    let makes = last.trim_start_matches('_').starts_with(char::is_uppercase);
    let stores = last.starts_with("enter_")
        || [
            "append",
            "add",
            "set",
            "setattr",
            "put",
            "setdefault",
            "push",
            "partial",
        ]
        .contains(&last);
    if let Some(call) = call.filter(|_| makes) {
        follow(facts, call, fuel)
    } else if stores || name.is_empty() {
        Keeping::Kept
    } else {
        Keeping::Local(None)
    }
}

/// The expressions that read a local name.
pub(in crate::rules) fn reads(facts: &FileFacts, place: PlaceId) -> impl Iterator<Item = NodeId> + '_ {
    let owner = facts.function(facts.place(place).owner).node;
    facts
        .descendants(owner)
        .filter(move |&it| facts.name_place(it) == Some(place) && facts.node(it).role != Role::Target)
}
