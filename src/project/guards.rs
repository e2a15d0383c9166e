//! Code that runs only for one value of a flag: `def get_client(sync=False): if sync: ...`, or of an attribute:
//! `if self.content: return self.content`.
//!
//! A caller that leaves a flag at its default, or has itself asked for the opposite, does not reach what is guarded.

use super::Names;
use super::classes::{Base, written};
use super::graph::Site;
use super::ids::ClassId;
use crate::facts::{FileFacts, How, Kind, LocalClass, LocalFn, NodeId, Op, ParamKind, Role};

/// What a guard asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// The function's parameter with this index.
    Param(u32),
    /// The attribute of `self` whose name has this hash.
    Attribute(u32),
    /// Whether the parameter with this index is the text with this hash: `if client_type == "async"`.
    Text(u32, u32),
    /// The keyword argument whose name has this hash, taken out of `**kwargs` and off if absent.
    Keyword(u32),
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

    pub(super) fn add(&mut self, guard: Guard) {
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

    pub(super) fn forbids(&self, guard: Guard) -> bool {
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
            let truthy = match op {
                _ if op == Op::IsNot as u32 => outcome,
                _ if op == Op::Is as u32 => !outcome,
                _ => return,
            };
            match asked_for(facts, function, left) {
                Some(flag) => guards.add(Guard { flag, truthy }),
                None => flags(facts, function, left, truthy, guards),
            }
        }
        _ => {}
    }
}

/// A parameter without a default that is compared with `None`: who hands `None` over knows what then happens.
fn asked_for(facts: &FileFacts, function: LocalFn, name: NodeId) -> Option<Flag> {
    let index = only_param(facts, name)?;
    let param = facts.function(function).params.get(index as usize)?;
    (param.default.is_none() && Some(param.place) == facts.name_place(name)).then_some(Flag::Param(index))
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

pub(super) fn flag(facts: &FileFacts, function: LocalFn, node: NodeId) -> Option<Flag> {
    if facts.kind(node) == Kind::Attribute {
        let owner = facts.child(node, Role::Value)?;
        return is_self(facts, function, owner).then(|| Flag::Attribute(hash(facts.payload_text(node).unwrap_or(""))));
    }
    let Some(index) = only_param(facts, node) else {
        return taken_from_the_rest(facts, function, node);
    };
    let param = facts.function(function).params.get(index as usize)?;
    truth(facts, param.default?)?;
    (Some(param.place) == facts.name_place(node)).then_some(Flag::Param(index))
}

/// `dry_run = kwargs.get("dry_run")`, where nothing else is ever assigned to it.
fn taken_from_the_rest(facts: &FileFacts, function: LocalFn, node: NodeId) -> Option<Flag> {
    let [only] = facts.definitions_of(facts.name_place(node)?) else {
        return None;
    };
    let How::Assign { value: call, .. } = only.how else {
        return None;
    };
    let func = facts.child(call, Role::Func).filter(|_| only.function == function)?;
    let rest = facts.child(func, Role::Value).and_then(|it| only_param(facts, it))?;
    let takes = matches!(facts.payload_text(func)?, "get" | "pop");
    let is_rest = facts.function(function).params.get(rest as usize)?.kind == ParamKind::VarKeywords;
    let off = facts.arg(call, 1).is_none_or(|it| truth(facts, it) == Some(false));
    let name = facts.arg(call, 0).filter(|&it| facts.kind(it) == Kind::Str)?;
    (takes && is_rest && off).then(|| Flag::Keyword(hash(facts.payload_text(name).unwrap_or(""))))
}

/// The parameter that a name is, where nothing else is ever assigned to it.
pub(super) fn only_param(facts: &FileFacts, node: NodeId) -> Option<u32> {
    match facts.definitions_of(facts.name_place(node)?) {
        [only] => match only.how {
            How::Param(index) => Some(index),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn is_self(facts: &FileFacts, function: LocalFn, node: NodeId) -> bool {
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
pub(super) fn truth(facts: &FileFacts, node: NodeId) -> Option<bool> {
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
        Flag::Keyword(_) | Flag::Text(..) => false,
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
    let is_off = |value: NodeId| truth(facts, field_default(facts, value).unwrap_or(value)) == Some(false);
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

/// `Field(default=None)`, `PrivateAttr(None)`
fn field_default(facts: &FileFacts, value: NodeId) -> Option<NodeId> {
    let call = Some(value).filter(|&it| facts.kind(it) == Kind::Call)?;
    let func = written(facts, facts.child(call, Role::Func)?).to_ascii_lowercase();
    if !(func.ends_with("field") || func.ends_with("attr")) {
        return None;
    }
    facts.keyword(call, "default").or_else(|| facts.arg(call, 0))
}

/// The default of the parameter that a name is.
pub(super) fn default_of(facts: &FileFacts, name: NodeId) -> Option<NodeId> {
    let index = only_param(facts, name)?;
    facts.function(owner(facts, name)?).params.get(index as usize)?.default
}

pub(super) fn owner(facts: &FileFacts, name: NodeId) -> Option<LocalFn> {
    facts.name_place(name).map(|it| facts.place(it).owner)
}
