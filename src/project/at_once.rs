//! Calls that by their arguments do not wait.

use crate::catalog::{Blocks, Entry};
use crate::facts::{FileFacts, Kind, NodeId};

/// Arguments that make a call return at once: `get(block=False)`, `acquire(False)`, `join(timeout=0)`.
pub(super) fn never_blocks_here(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    if facts.kind(call) != Kind::Call {
        return false;
    }
    let unless = entry.unless.iter().any(|(keyword, value)| {
        facts.keyword(call, keyword).is_some_and(|it| match facts.kind(it) {
            Kind::False => value == "False",
            Kind::True => value == "True",
            Kind::None => value == "None",
            Kind::Number | Kind::Str => facts.payload_text(it) == Some(value),
            _ => false,
        })
    });
    let first_is_false = entry.unless.contains_key("blocking") || entry.unless.contains_key("block");
    let only_if = entry.only_if.as_deref().is_some_and(|it| {
        facts
            .keyword(call, it)
            .is_none_or(|value| facts.kind(value) == Kind::False)
            && !facts.has_double_star(call)
    });
    // `sleep(0)` only lets other threads run.
    let no_time =
        entry.blocks == Some(Blocks::Sleep) && facts.arg(call, 0).and_then(|it| facts.number(it)) == Some(0.0);
    unless
        || only_if
        || no_time
        || (first_is_false && facts.arg(call, 0).is_some_and(|it| facts.kind(it) == Kind::False))
}
