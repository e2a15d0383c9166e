//! Code that runs only for one value of a flag: `def get_client(sync=False): if sync: ...`.
//!
//! A caller that leaves the flag at its default, or passes a constant, does not reach what the other value guards.

use super::MethodKind;
use super::Names;
use super::graph::Site;
use super::ids::FnId;
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, Op, Role};

/// A parameter that must be true (or false) for a site to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// Its index among the function's parameters.
    pub param: u16,
    /// The truth it must have.
    pub truthy: bool,
}

/// The innermost flag around a node, if a parameter with a constant default is one.
#[must_use]
pub(super) fn guard_of(facts: &FileFacts, function: LocalFn, node: NodeId) -> Option<Guard> {
    let of = facts.function(function);
    if of.params.iter().all(|it| it.default.is_none()) {
        return None;
    }
    let mut below = node;
    for around in facts.ancestors(node) {
        if around == of.node {
            return None;
        }
        if matches!(facts.kind(around), Kind::If | Kind::IfExp) {
            let in_body = match facts.node(below).role {
                Role::Body => Some(true),
                Role::Orelse => Some(false),
                _ => None,
            };
            if let Some(in_body) = in_body
                && let Some(test) = facts.child(around, Role::Test)
                && let Some(guard) = flag(facts, function, test, in_body)
            {
                return Some(guard);
            }
        }
        below = around;
    }
    None
}

/// What a test says of a parameter when its outcome is `outcome`.
fn flag(facts: &FileFacts, function: LocalFn, test: NodeId, outcome: bool) -> Option<Guard> {
    match facts.kind(test) {
        Kind::Name => {
            let place = facts.name_place(test)?;
            let [only] = facts.definitions_of(place) else {
                return None;
            };
            let How::Param(index) = only.how else { return None };
            let param = facts.function(function).params.get(index as usize)?;
            truth(facts, param.default?)?;
            (param.place == place).then_some(Guard {
                param: u16::try_from(index).ok()?,
                truthy: outcome,
            })
        }
        Kind::UnaryOp if facts.node(test).payload == Op::Not as u32 => {
            flag(facts, function, facts.child(test, Role::Value)?, !outcome)
        }
        Kind::BoolOp if outcome && facts.node(test).payload == Op::And as u32 => {
            facts.children(test).find_map(|it| flag(facts, function, it, true))
        }
        Kind::BoolOp if !outcome && facts.node(test).payload == Op::Or as u32 => {
            facts.children(test).find_map(|it| flag(facts, function, it, false))
        }
        Kind::Compare => {
            let none = facts
                .child(test, Role::Right)
                .is_some_and(|it| facts.kind(it) == Kind::None);
            let op = facts.node(test).payload;
            let left = facts.child(test, Role::Left)?;
            if none && op == Op::IsNot as u32 {
                flag(facts, function, left, outcome)
            } else if none && op == Op::Is as u32 {
                flag(facts, function, left, !outcome)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// The truth of a constant.
fn truth(facts: &FileFacts, node: NodeId) -> Option<bool> {
    match facts.kind(node) {
        Kind::True => Some(true),
        Kind::False | Kind::None => Some(false),
        Kind::Str => facts.payload_text(node).map(|it| !it.is_empty()),
        Kind::Number => facts.number(node).map(|it| it != 0.0),
        _ => None,
    }
}

/// Whether a call of `callee` can make the guard hold.
#[must_use]
pub(super) fn may_hold(names: &Names, site: &Site, callee: FnId, guard: Guard) -> bool {
    let facts = names.facts(site.at.module);
    if facts.kind(site.at.node) != Kind::Call {
        return true;
    }
    let of = names.function(callee);
    let index = guard.param as usize;
    let Some(param) = of.params.get(index) else { return true };
    let callee_facts = names.facts(callee.module);
    let bound = of.class.is_some() && names.method_kind(callee) != MethodKind::Static;
    let position = if bound { index.checked_sub(1) } else { Some(index) };
    let passed = facts
        .keyword(site.at.node, callee_facts.text(param.name))
        .or_else(|| position.and_then(|it| facts.arg(site.at.node, it)));
    let known = match passed {
        Some(value) => truth(facts, value),
        None if has_star(facts, site.at.node) => None,
        None => param.default.and_then(|it| truth(callee_facts, it)),
    };
    known.is_none_or(|it| it == guard.truthy)
}

fn has_star(facts: &FileFacts, call: NodeId) -> bool {
    facts.has_double_star(call)
        || facts
            .children_as(call, Role::Arg)
            .any(|it| facts.kind(it) == Kind::Starred)
}
