//! How a file uses its limiters.

use crate::facts::{NodeId, PlaceKind, Role};
use crate::project::Hold;
use crate::rules::Context;

/// A module's limiter that no other place of the file names.
pub(super) fn is_entered_once(cx: &Context<'_>, hold: &Hold) -> bool {
    let facts = cx.facts();
    let Some(place) = facts.name_place(hold.subject) else {
        return false;
    };
    let uses = (0..facts.nodes.len()).filter(|&it| {
        let node = NodeId(u32::try_from(it).unwrap_or(u32::MAX));
        facts.name_place(node) == Some(place) && facts.node(node).role != Role::Target
    });
    facts.place(place).kind == PlaceKind::Module && uses.count() == 1
}
