//! How the wait of a loop changes from one attempt to the next.

use super::Growth;
use crate::facts::{FileFacts, Kind, NodeId, Role};
use crate::project::written;

/// Whether something in a delay changes inside the loop.
pub(super) fn growth(facts: &FileFacts, of: NodeId, delay: NodeId) -> Growth {
    let inside = || (delay.0..facts.node(delay).end).map(NodeId);
    if inside().any(|it| changes(facts, of, it)) {
        return Growth::Grows;
    }
    // What a function computes may depend on what only it knows.
    if inside().any(|it| matches!(facts.kind(it), Kind::Call | Kind::Lambda | Kind::Opaque)) {
        return Growth::Unknown;
    }
    match facts.number(delay) {
        Some(seconds) if seconds <= 0.0 => Growth::Immediate,
        _ => Growth::Constant,
    }
}

fn changes(facts: &FileFacts, of: NodeId, node: NodeId) -> bool {
    match facts.kind(node) {
        Kind::Name => facts.name_place(node).is_some_and(|place| {
            let mut set = facts.definitions_of(place).iter();
            set.any(|it| facts.contains(of, it.node))
        }),
        Kind::Attribute => {
            let text = written(facts, node);
            facts.descendants(of).any(|it| {
                facts.kind(it) == Kind::Attribute && facts.node(it).role == Role::Target && written(facts, it) == text
            })
        }
        _ => false,
    }
}
