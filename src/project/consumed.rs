//! Whether what a call makes is used up where it stands.

use crate::facts::{FileFacts, Kind, NodeId, Role};

/// Whether the generator made by this call is consumed where it stands.
pub(super) fn is_consumed(facts: &FileFacts, call: NodeId) -> bool {
    let parent = NodeId(facts.node(call).parent);
    match facts.node(call).role {
        Role::Iter | Role::Context => true,
        Role::Arg => facts
            .child(parent, Role::Func)
            .and_then(|it| facts.name_text(it).or_else(|| facts.payload_text(it)))
            .is_some_and(|it| {
                matches!(
                    it,
                    "list"
                        | "tuple"
                        | "set"
                        | "sorted"
                        | "sum"
                        | "any"
                        | "all"
                        | "min"
                        | "max"
                        | "dict"
                        | "join"
                        | "next"
                        | "extend"
                        | "enumerate"
                        | "zip"
                        | "frozenset"
                        | "deque"
                )
            }),
        Role::Value => matches!(facts.kind(parent), Kind::Starred | Kind::YieldFrom),
        _ => false,
    }
}
