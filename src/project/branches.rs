//! What runs only if some condition holds.

use super::Project;
use super::ids::FnId;
use crate::facts::{Kind, NodeId, Role};

/// Whether a node stands in one arm of a condition of its function.
#[must_use]
pub fn is_conditional(project: &Project, function: FnId, node: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let root = facts.function(function.local).node;
    let mut below = node;
    for around in facts.ancestors(node).take_while(|&it| it != root) {
        let role = facts.node(below).role;
        if matches!(facts.kind(around), Kind::If | Kind::IfExp) && matches!(role, Role::Body | Role::Orelse) {
            return true;
        }
        below = around;
    }
    false
}
