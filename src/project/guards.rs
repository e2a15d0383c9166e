//! Code that runs only for one value of a flag: `def get_client(sync=False): if sync: ...`, or of an attribute:
//! `if self.content: return self.content`.
//!
//! A caller that leaves a flag at its default, or has itself asked for the opposite, does not reach what is guarded.

use super::MethodKind;
use super::Names;
use super::classes::Base;
use super::graph::Site;
use super::ids::{ClassId, FnId};
use super::unset::never_set;
use crate::facts::{FileFacts, How, Kind, LocalClass, LocalFn, NodeId, Op, Role};

/// What a guard asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// The function's parameter with this index.
    Param(u32),
    /// The attribute of `self` whose name has this hash.
    Attribute(u32),
    /// Whether the parameter with this index is the text with this hash: `if client_type == "async"`.
    Text(u32, u32),
}

/// A flag that must be true (or false) for a site to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// The flag.
    pub flag: Flag,
    /// The truth it must have.
    pub truthy: bool,
}

/// The guards of a site or a way, innermost first; more than these are forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guards([Option<Guard>; 3]);

impl Guards {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The guards.
    pub fn iter(&self) -> impl Iterator<Item = Guard> + '_ {
        self.0.iter().flatten().copied()
    }

    fn add(&mut self, guard: Guard) {
        if self.iter().any(|it| it == guard) {
            return;
        }
        if let Some(free) = self.0.iter_mut().find(|it| it.is_none()) {
            *free = Some(guard);
        }
    }

    /// These, then those of `outer` that fit.
    pub(super) fn and(mut self, outer: Self) -> Self {
        outer.iter().for_each(|it| self.add(it));
        self
    }

    fn forbids(&self, guard: Guard) -> bool {
        self.iter().any(|it| match (it.flag, guard.flag) {
            // A parameter can't be two texts at once.
            (Flag::Text(index, text), Flag::Text(other, wanted)) if index == other && text != wanted => {
                it.truthy && guard.truthy
            }
            (one, other) => one == other && it.truthy != guard.truthy,
        })
    }
}

/// The flags around a node: the tests of the `if`s it stands in, and those after which the function has returned.
#[must_use]
pub(super) fn guards_of(facts: &FileFacts, function: LocalFn, node: NodeId) -> Guards {
    let of = facts.function(function);
    let mut guards = Guards::default();
    let mut below = node;
    for around in facts.ancestors(node) {
        let role = facts.node(below).role;
        guards_of_step(facts, function, around, below, &mut guards);
        if facts.kind(below).is_statement() {
            for earlier in facts.children_as(around, role).take_while(|&it| it < below) {
                returned(facts, function, earlier, &mut guards);
            }
        }
        if around == of.node {
            break;
        }
        below = around;
    }
    guards
}

/// The flags that one node around another tests.
pub(super) fn guards_of_step(facts: &FileFacts, function: LocalFn, around: NodeId, below: NodeId, guards: &mut Guards) {
    let role = facts.node(below).role;
    if matches!(facts.kind(around), Kind::If | Kind::IfExp)
        && matches!(role, Role::Body | Role::Orelse)
        && let Some(test) = facts.child(around, Role::Test)
    {
        flags(facts, function, test, role == Role::Body, guards);
    }
}

/// `if flag: return` before the node.
fn returned(facts: &FileFacts, function: LocalFn, earlier: NodeId, guards: &mut Guards) {
    let leaves = facts.kind(earlier) == Kind::If
        && facts
            .children_as(earlier, Role::Body)
            .last()
            .is_some_and(|it| matches!(facts.kind(it), Kind::Return | Kind::Raise | Kind::Continue));
    if leaves && let Some(test) = facts.child(earlier, Role::Test) {
        flags(facts, function, test, false, guards);
    }
}

/// What a test says of flags when its outcome is `outcome`.
fn flags(facts: &FileFacts, function: LocalFn, test: NodeId, outcome: bool, guards: &mut Guards) {
    match facts.kind(test) {
        Kind::Name | Kind::Attribute => {
            if let Some(flag) = flag(facts, function, test) {
                guards.add(Guard { flag, truthy: outcome });
            }
        }
        Kind::UnaryOp if facts.node(test).payload == Op::Not as u32 => {
            if let Some(value) = facts.child(test, Role::Value) {
                flags(facts, function, value, !outcome, guards);
            }
        }
        Kind::BoolOp => {
            let holds_for_all = if outcome { Op::And } else { Op::Or };
            if facts.node(test).payload == holds_for_all as u32 {
                facts
                    .children(test)
                    .for_each(|it| flags(facts, function, it, outcome, guards));
            }
        }
        Kind::Compare => {
            let none = facts
                .child(test, Role::Right)
                .is_some_and(|it| facts.kind(it) == Kind::None);
            let op = facts.node(test).payload;
            if let Some((left, truthy)) = compared_with_a_truth(facts, test) {
                return flags(facts, function, left, outcome == truthy, guards);
            }
            if let Some((flag, same)) = compared_with_a_text(facts, function, test) {
                return guards.add(Guard {
                    flag,
                    truthy: outcome == same,
                });
            }
            let Some(left) = facts.child(test, Role::Left).filter(|_| none) else {
                return;
            };
            if op == Op::IsNot as u32 {
                flags(facts, function, left, outcome, guards);
            } else if op == Op::Is as u32 {
                flags(facts, function, left, !outcome, guards);
            }
        }
        _ => {}
    }
}

/// `x is False`, `x == True`: what is compared, and the truth it must have.
fn compared_with_a_truth(facts: &FileFacts, test: NodeId) -> Option<(NodeId, bool)> {
    let truthy = match facts.kind(facts.child(test, Role::Right)?) {
        Kind::True => true,
        Kind::False => false,
        _ => return None,
    };
    let op = facts.node(test).payload;
    let same = op == Op::Is as u32 || op == Op::Eq as u32;
    let other = op == Op::IsNot as u32 || op == Op::NotEq as u32;
    (same || other).then_some((facts.child(test, Role::Left)?, truthy == same))
}

/// `kind == "async"`: the flag, and whether it must hold.
fn compared_with_a_text(facts: &FileFacts, function: LocalFn, test: NodeId) -> Option<(Flag, bool)> {
    let right = facts
        .child(test, Role::Right)
        .filter(|&it| facts.kind(it) == Kind::Str)?;
    let left = facts.child(test, Role::Left)?;
    let index = only_param(facts, left).filter(|_| owner(facts, left) == Some(function))?;
    let op = facts.node(test).payload;
    let (same, other) = (op == Op::Eq as u32, op == Op::NotEq as u32);
    (same || other).then(|| (Flag::Text(index, hash(facts.payload_text(right).unwrap_or(""))), same))
}

fn flag(facts: &FileFacts, function: LocalFn, node: NodeId) -> Option<Flag> {
    if facts.kind(node) == Kind::Attribute {
        let owner = facts.child(node, Role::Value)?;
        return is_self(facts, function, owner).then(|| Flag::Attribute(hash(facts.payload_text(node).unwrap_or(""))));
    }
    let index = only_param(facts, node)?;
    let param = facts.function(function).params.get(index as usize)?;
    truth(facts, param.default?)?;
    (Some(param.place) == facts.name_place(node)).then_some(Flag::Param(index))
}

/// The parameter that a name is, where nothing else is ever assigned to it.
fn only_param(facts: &FileFacts, node: NodeId) -> Option<u32> {
    match facts.definitions_of(facts.name_place(node)?) {
        [only] => match only.how {
            How::Param(index) => Some(index),
            _ => None,
        },
        _ => None,
    }
}

fn is_self(facts: &FileFacts, function: LocalFn, node: NodeId) -> bool {
    let of = facts.function(function);
    of.class.is_some()
        && of
            .params
            .first()
            .is_some_and(|it| facts.name_place(node) == Some(it.place))
}

pub(super) fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
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

/// Whether a site only runs for who has turned on what is off by default: `if self.cache_dir is not None`.
#[must_use]
pub fn is_opted_in(names: &Names, site: &Site) -> bool {
    let facts = names.facts(site.caller.module);
    let function = facts.function(site.caller.local);
    site.guards().iter().filter(|it| it.truthy).any(|it| match it.flag {
        Flag::Param(index) => {
            let default = function.params.get(index as usize).and_then(|it| it.default);
            default.and_then(|it| truth(facts, it)) == Some(false)
        }
        Flag::Attribute(name) => function.class.is_some_and(|local| {
            let module = site.caller.module;
            names.off_by_default(ClassId { module, local }, name)
        }),
        Flag::Text(..) => false,
    })
}

impl Names {
    /// Whether an attribute begins as `False` or `None`, unless who makes the object says otherwise.
    fn off_by_default(&self, class: ClassId, attribute: u32) -> bool {
        self.classes.get(class).lineage.iter().any(|it| match it {
            Base::Own(id) => begins_off(self.facts(id.module), id.local, attribute),
            _ => false,
        })
    }
}

fn begins_off(facts: &FileFacts, class: LocalClass, attribute: u32) -> bool {
    let class = &facts.classes[class.0 as usize];
    let is_off = |value: NodeId| truth(facts, value) == Some(false);
    let declared = class.members.iter().filter(|it| hash(facts.text(it.0)) == attribute);
    let in_body = declared
        .flat_map(|&(_, place)| facts.definitions_of(place))
        .any(|it| matches!(it.how, How::Assign { value, .. } if is_off(value)));
    let assigned = class
        .attributes
        .iter()
        .filter(|it| hash(facts.text(it.name)) == attribute);
    in_body
        || assigned
            .filter(|it| facts.text(facts.function(it.function).name) == "__init__")
            .any(|it| match it.how {
                How::Assign { value, .. } => is_off(value) || default_of(facts, value).is_some_and(is_off),
                _ => false,
            })
}

/// The default of the parameter that a name is.
fn default_of(facts: &FileFacts, name: NodeId) -> Option<NodeId> {
    let index = only_param(facts, name)?;
    facts.function(owner(facts, name)?).params.get(index as usize)?.default
}

/// What of a callee's guards is left to its caller: `None` if this call can't make them hold.
#[must_use]
pub(super) fn crossed(names: &Names, site: &Site, callee: FnId, guards: Guards) -> Option<Guards> {
    let mut left = site.guards();
    for guard in guards.iter() {
        let asked = match guard.flag {
            Flag::Param(_) | Flag::Text(..) => passed(names, site, callee, guard)?,
            Flag::Attribute(_) if calls_on_self(names, site) => Some(guard),
            Flag::Attribute(name) if guard.truthy && never_set(names, site, name) => return None,
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

fn calls_on_self(names: &Names, site: &Site) -> bool {
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

fn owner(facts: &FileFacts, name: NodeId) -> Option<LocalFn> {
    facts.name_place(name).map(|it| facts.place(it).owner)
}

fn has_star(facts: &FileFacts, call: NodeId) -> bool {
    facts.has_double_star(call)
        || facts
            .children_as(call, Role::Arg)
            .any(|it| facts.kind(it) == Kind::Starred)
}
