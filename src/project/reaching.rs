//! Which definitions of a local name a use can see.

use crate::facts::{Definition, FileFacts, How, Kind, NodeId, Role};

/// Indices of the definitions that may reach a use, in source order: the last one that must have run before it,
/// those after it that may have, and those that a loop around both carries back.
#[must_use]
pub(super) fn reaching(facts: &FileFacts, all: &[Definition], usage: NodeId) -> Vec<usize> {
    let here = facts.function_of(usage);
    if all
        .iter()
        .any(|it| it.function != here && !matches!(it.how, How::Param(_)))
    {
        return (0..all.len()).collect();
    }
    let before = |it: &Definition| match it.how {
        How::Param(_) => true,
        _ => effect_point(facts, it.node) <= usage.0,
    };
    let dominating = (0..all.len())
        .rev()
        .find(|&it| before(&all[it]) && dominates(facts, &all[it], usage));
    let first = dominating.unwrap_or(0);
    let mut found: Vec<usize> = Vec::new();
    for (index, definition) in all.iter().enumerate().skip(first) {
        let sees = if before(definition) {
            Some(index) == dominating || !exclusive(facts, definition.node, usage)
        } else {
            in_common_loop(facts, definition.node, usage)
        };
        if sees {
            found.push(index);
        }
    }
    if found.is_empty() {
        (0..all.len()).collect()
    } else {
        found
    }
}

/// Where the definition takes effect: after its statement's own expressions (`x = f(x)` reads the old `x`).
fn effect_point(facts: &FileFacts, node: NodeId) -> u32 {
    let statement = facts.statement_of(node);
    match facts.kind(statement) {
        Kind::Assign | Kind::AnnAssign | Kind::AugAssign => facts.node(statement).end,
        _ => node.0,
    }
}

/// Whether the definition's block encloses the use: it must have run, if the use runs.
fn dominates(facts: &FileFacts, definition: &Definition, usage: NodeId) -> bool {
    if matches!(definition.how, How::Param(_)) {
        return true;
    }
    let statement = facts.statement_of(definition.node);
    match facts.kind(statement) {
        // The target of a loop or `with` is bound inside its body.
        Kind::For | Kind::AsyncFor | Kind::With | Kind::AsyncWith if facts.contains(statement, usage) => true,
        Kind::For | Kind::AsyncFor => false,
        _ => {
            let block = facts.node(statement).parent;
            let block = NodeId(block);
            facts.contains(block, usage) && same_branch(facts, block, statement, usage)
        }
    }
}

fn same_branch(facts: &FileFacts, block: NodeId, statement: NodeId, usage: NodeId) -> bool {
    let role = facts.node(statement).role;
    facts
        .children(block)
        .any(|it| facts.contains(it, usage) && facts.node(it).role == role)
}

/// Whether the two stand in different arms of one `if`, `match` or `try`/`except`.
fn exclusive(facts: &FileFacts, a: NodeId, b: NodeId) -> bool {
    let mut below = a;
    for around in facts.ancestors(a) {
        if facts.contains(around, b) {
            let arm = |it: NodeId| facts.children(around).find(|&child| facts.contains(child, it));
            let (Some(x), Some(y)) = (Some(below), arm(b)) else {
                return false;
            };
            let roles = (facts.node(x).role, facts.node(y).role);
            return match facts.kind(around) {
                Kind::If | Kind::IfExp => roles.0 != roles.1 && roles.0 != Role::Test,
                Kind::Match => x != y && roles.0 == Role::Case && roles.1 == Role::Case,
                Kind::Try => x != y && roles.0 == Role::Handler && roles.1 == Role::Handler,
                _ => false,
            };
        }
        below = around;
    }
    false
}

fn in_common_loop(facts: &FileFacts, a: NodeId, b: NodeId) -> bool {
    facts
        .ancestors(a)
        .any(|it| facts.kind(it).is_loop() && facts.contains(it, b))
}
