//! What a call says of the flags of its callee: given, left at their defaults, handed on.

use super::MethodKind;
use super::Names;
use super::constructed::begins_without;
use super::graph::Site;
use super::guards::{Flag, Guard, Guards, flag, hash, is_self, only_param, owner, truth};
use super::ids::FnId;
use super::unset::never_set;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Role};

/// What of a callee's guards is left to its caller: `None` if this call can't make them hold.
#[must_use]
pub(super) fn crossed(names: &Names, site: &Site, callee: FnId, guards: Guards) -> Option<Guards> {
    let mut left = site.guards();
    for guard in guards.iter() {
        let asked = match guard.flag {
            Flag::Param(_) | Flag::Text(..) => passed(names, site, callee, guard)?,
            Flag::Keyword(name) => among_the_rest(names, site, name, guard.truthy)?,
            Flag::Attribute(_) if calls_on_self(names, site) => Some(guard),
            Flag::Attribute(name) if guard.truthy && never_set(names, site, name) => return None,
            Flag::Attribute(name) if guard.truthy && begins_without(names, site, callee, name) => return None,
            Flag::Attribute(_) => None,
        };
        if let Some(asked) = asked {
            if site.guards().forbids(asked) {
                return None;
            }
            left.add(asked);
        }
    }
    Some(left)
}

/// What a call says of a keyword argument that the callee takes out of its `**kwargs`.
fn among_the_rest(names: &Names, site: &Site, name: u32, wanted: bool) -> Option<Option<Guard>> {
    let facts = names.facts(site.at.module);
    if facts.kind(site.at.node) != Kind::Call {
        return Some(None);
    }
    let mut given = facts.children_as(site.at.node, Role::Keyword);
    let value = given
        .find(|&it| facts.payload_text(it).is_some_and(|it| hash(it) == name))
        .and_then(|it| facts.child(it, Role::Value));
    let known = match value {
        Some(value) => truth(facts, value),
        None if facts.has_double_star(site.at.node) => None,
        None => Some(false),
    };
    known.is_none_or(|it| it == wanted).then_some(None)
}

/// Whether a site calls a method, or reads a property, of its own object.
pub(super) fn calls_on_self(names: &Names, site: &Site) -> bool {
    let facts = names.facts(site.at.module);
    let func = match facts.kind(site.at.node) {
        Kind::Call => facts.child(site.at.node, Role::Func),
        Kind::Attribute => Some(site.at.node),
        _ => None,
    };
    func.and_then(|it| facts.child(it, Role::Value))
        .is_some_and(|it| is_self(facts, site.caller.local, it))
}

/// What a call says of a callee's flag: `None` if it has the other value, `Some(None)` if nothing is known,
/// a guard of the caller where the caller hands its own flag on.
fn passed(names: &Names, site: &Site, callee: FnId, guard: Guard) -> Option<Option<Guard>> {
    let facts = names.facts(site.at.module);
    if facts.kind(site.at.node) != Kind::Call {
        return Some(None);
    }
    let (Flag::Param(index) | Flag::Text(index, _)) = guard.flag else {
        return Some(None);
    };
    let of = names.function(callee);
    let index = index as usize;
    let Some(param) = of.params.get(index) else {
        return Some(None);
    };
    let callee_facts = names.facts(callee.module);
    let bound = of.class.is_some() && names.method_kind(callee) != MethodKind::Static;
    let position = if bound { index.checked_sub(1) } else { Some(index) };
    let value = facts
        .keyword(site.at.node, callee_facts.text(param.name))
        .or_else(|| position.and_then(|it| facts.arg(site.at.node, it)));
    let known = match value {
        Some(value) => match holds(facts, value, guard.flag) {
            None => {
                let own = handed_on(facts, site.caller.local, value, guard.flag);
                return Some(own.map(|flag| Guard { flag, ..guard }));
            }
            known => known,
        },
        None if has_star(facts, site.at.node) => None,
        None => param.default.and_then(|it| holds(callee_facts, it, guard.flag)),
    };
    match known {
        Some(known) if known != guard.truthy => None,
        _ => Some(None),
    }
}

/// Whether a constant makes a flag hold.
fn holds(facts: &FileFacts, value: NodeId, flag: Flag) -> Option<bool> {
    match flag {
        Flag::Text(_, wanted) => match facts.kind(value) {
            Kind::Str => Some(hash(facts.payload_text(value).unwrap_or("")) == wanted),
            Kind::None | Kind::True | Kind::False | Kind::Number => Some(false),
            _ => None,
        },
        _ => truth(facts, value),
    }
}

/// The caller's own flag that a value is.
fn handed_on(facts: &FileFacts, caller: LocalFn, value: NodeId, asked: Flag) -> Option<Flag> {
    match asked {
        Flag::Text(_, wanted) => only_param(facts, value)
            .filter(|_| owner(facts, value) == Some(caller))
            .map(|index| Flag::Text(index, wanted)),
        _ => flag(facts, caller, value),
    }
}

pub(super) fn has_star(facts: &FileFacts, call: NodeId) -> bool {
    facts.has_double_star(call)
        || facts
            .children_as(call, Role::Arg)
            .any(|it| facts.kind(it) == Kind::Starred)
}
