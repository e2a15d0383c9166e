//! Under what circumstances a call runs, from the code around it alone.

use super::classes::{last_written, written};
use super::dual_mode::dual_mode;
use super::earlier::Earlier;
use super::graph::Flags;
use super::guards::{Guards, guards_of, guards_of_step};
use super::platforms::platform;
use crate::facts::{FileFacts, FnKind, Kind, LocalFn, NodeId, Op, Role};
use rustc_hash::FxHashMap;

/// The circumstances of a module's calls; what a statement stands in is found once for all the calls in it.
#[derive(Default)]
pub(super) struct Surroundings {
    statements: FxHashMap<NodeId, (Flags, Guards)>,
    /// What an `if` or a handler says of one of its branches.
    branches: FxHashMap<(NodeId, Role), Flags>,
    earlier: Earlier,
    /// A call that is several sites is asked for as often.
    last: Option<(NodeId, (Flags, Guards))>,
}

impl Surroundings {
    /// The circumstances and guards of a call in a function.
    pub(super) fn of(&mut self, facts: &FileFacts, function: LocalFn, call: NodeId) -> (Flags, Guards) {
        match self.last {
            Some((node, known)) if node == call => known,
            _ => {
                let found = self.around(facts, function, call);
                self.last = Some((call, found));
                found
            }
        }
    }

    fn around(&mut self, facts: &FileFacts, function: LocalFn, call: NodeId) -> (Flags, Guards) {
        let statement = facts.statement_of(call);
        let (outer, inherited) = match self.statements.get(&statement) {
            Some(known) => *known,
            None => {
                let owner = owner(facts, function);
                let found = (
                    self.statement_flags(facts, owner, statement),
                    guards_of(facts, owner, statement),
                );
                self.statements.insert(statement, found);
                found
            }
        };
        let mut flags = outer;
        if awaits(facts, call) {
            flags = flags.with(Flags::AWAITED);
        }
        let mut guards = Guards::default();
        let mut below = call;
        for around in facts.ancestors(call).take_while(|_| call != statement) {
            flags = flags.with(step_flags(facts, around, below));
            guards_of_step(facts, function, around, below, &mut guards);
            if around == statement {
                break;
            }
            below = around;
        }
        (flags, guards.and(inherited))
    }

    /// What the blocks around a statement say.
    fn statement_flags(&mut self, facts: &FileFacts, function: LocalFn, statement: NodeId) -> Flags {
        let mut flags = self.earlier.flags(facts, function, statement);
        let root = facts.function(function).node;
        let mut below = statement;
        for around in facts.ancestors(statement) {
            if around == root {
                break;
            }
            flags = flags.with(match facts.kind(around) {
                Kind::If | Kind::Handler => {
                    let branch = (around, facts.node(below).role);
                    let known = self.branches.entry(branch);
                    *known.or_insert_with(|| step_flags(facts, around, below))
                }
                _ => step_flags(facts, around, below),
            });
            below = around;
        }
        flags
    }
}

/// The function to which the statements around a lambda belong.
fn owner(facts: &FileFacts, mut function: LocalFn) -> LocalFn {
    while facts.function(function).kind == FnKind::Lambda {
        function = facts.function(function).parent;
    }
    function
}

/// Whether a call is awaited where it stands.
pub(super) fn awaits(facts: &FileFacts, call: NodeId) -> bool {
    facts.is_awaited(call) || is_entered_by_async_with(facts, call)
}

/// `async with connect():` only takes what can be awaited.
fn is_entered_by_async_with(facts: &FileFacts, call: NodeId) -> bool {
    let item = NodeId(facts.node(call).parent);
    facts.kind(item) == Kind::WithItem && facts.kind(NodeId(facts.node(item).parent)) == Kind::AsyncWith
}

/// What one node around another says of it.
fn step_flags(facts: &FileFacts, around: NodeId, below: NodeId) -> Flags {
    let role = facts.node(below).role;
    match facts.kind(around) {
        Kind::For | Kind::AsyncFor if role == Role::Body => Flags::IN_LOOP,
        Kind::While if role != Role::Orelse => Flags::IN_LOOP,
        // The first iterable of a comprehension is computed once, those within it for each of its items.
        Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp
            if facts.children_as(around, Role::Generator).next() != Some(below) =>
        {
            Flags::IN_LOOP
        }
        Kind::Handler if role == Role::Body => handler_flags(facts, around),
        Kind::If | Kind::IfExp if matches!(role, Role::Body | Role::Orelse) => {
            let in_body = role == Role::Body;
            let asked = dual_mode(facts, around, in_body).with(platform(facts, around, in_body));
            if in_body && facts.kind(around) == Kind::If {
                asked.with(guard_flags(facts, around))
            } else {
                asked
            }
        }
        _ => Flags::default(),
    }
}

/// `except ImportError` bodies run once; `except RuntimeError` around `get_running_loop()` means that no loop runs.
fn handler_flags(facts: &FileFacts, handler: NodeId) -> Flags {
    let tried = NodeId(facts.node(handler).parent);
    if calls_running_loop(facts, tried) {
        Flags::OFF_LOOP
    } else {
        Flags::ERROR_PATH
    }
}

fn calls_running_loop(facts: &FileFacts, tried: NodeId) -> bool {
    facts.children_as(tried, Role::Body).any(|statement| {
        (statement.0..facts.node(statement).end).map(NodeId).any(|it| {
            facts.kind(it) == Kind::Call
                && facts
                    .child(it, Role::Func)
                    .is_some_and(|func| matches!(last_written(facts, func), "get_running_loop" | "get_event_loop"))
        })
    })
}

fn guard_flags(facts: &FileFacts, guard: NodeId) -> Flags {
    let Some(test) = facts.child(guard, Role::Test) else {
        return Flags::default();
    };
    if last_written(facts, test) == "TYPE_CHECKING" || is_never(facts, test) {
        return Flags::OFF_LOOP;
    }
    if is_main_test(facts, test) {
        return Flags::MAIN;
    }
    if looks_for_package(facts, test) {
        return Flags::ONCE;
    }
    match guarded_target(facts, test) {
        Some(target) if from_cache(facts, test, &target) && assigns_local(facts, guard, &target) => Flags::ONCE,
        Some(target) if assigns(facts, guard, &target) || calls_assigner(facts, guard, &target) => Flags::ONCE,
        _ => Flags::default(),
    }
}

/// `if not find_spec("lxml"):` installs what is missing, once a machine.
fn looks_for_package(facts: &FileFacts, test: NodeId) -> bool {
    (test.0..facts.node(test).end).map(NodeId).any(|it| {
        facts.kind(it) == Kind::Call
            && facts
                .child(it, Role::Func)
                .is_some_and(|func| written(facts, func).rsplit('.').next() == Some("find_spec"))
    })
}

/// `if False and ...`: code that somebody has switched off.
fn is_never(facts: &FileFacts, test: NodeId) -> bool {
    match facts.kind(test) {
        Kind::False => true,
        Kind::BoolOp if facts.node(test).payload == Op::And as u32 => {
            facts.children(test).any(|it| facts.kind(it) == Kind::False)
        }
        _ => false,
    }
}

fn is_main_test(facts: &FileFacts, test: NodeId) -> bool {
    facts.kind(test) == Kind::Compare
        && facts.children(test).any(|it| facts.name_text(it) == Some("__name__"))
        && facts
            .children(test)
            .any(|it| facts.kind(it) == Kind::Str && facts.payload_text(it) == Some("__main__"))
}

/// The variable, attribute or registry that `if x is None`, `if not x`, `if key not in registry`, `if not hasattr(..)` asks about.
fn guarded_target(facts: &FileFacts, test: NodeId) -> Option<String> {
    match facts.kind(test) {
        Kind::Compare => {
            let op = facts.node(test).payload;
            let left = facts.child(test, Role::Left)?;
            let right = facts.child(test, Role::Right)?;
            if op == Op::Is as u32 && facts.kind(right) == Kind::None {
                return keep(written(facts, left));
            }
            if op == Op::Eq as u32 && facts.kind(right) == Kind::None {
                return keep(written(facts, left));
            }
            if op == Op::NotIn as u32 {
                return keep(written(facts, right));
            }
            None
        }
        Kind::UnaryOp if facts.node(test).payload == Op::Not as u32 => {
            let value = facts.child(test, Role::Value)?;
            if facts.kind(value) == Kind::Call {
                let func = facts.child(value, Role::Func)?;
                if facts.name_text(func) == Some("hasattr") {
                    let object = written(facts, facts.arg(value, 0)?);
                    let name = facts.payload_text(facts.arg(value, 1)?)?;
                    return keep(format!("{object}.{name}"));
                }
                return None;
            }
            keep(written(facts, value))
        }
        Kind::BoolOp => facts.children(test).find_map(|it| guarded_target(facts, it)),
        _ => None,
    }
}

pub(super) fn keep(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Whether the guarded body stores into what the guard asks about, in something that outlives the function.
pub(super) fn assigns(facts: &FileFacts, guard: NodeId, target: &str) -> bool {
    facts.descendants(guard).any(|it| {
        let node = facts.node(it);
        if node.role != Role::Target {
            return false;
        }
        match node.kind {
            Kind::Attribute => written(facts, it) == target,
            Kind::Subscript => facts
                .child(it, Role::Value)
                .is_some_and(|value| written(facts, value) == target),
            Kind::Name => {
                facts.name_text(it) == Some(target)
                    && facts
                        .name_place(it)
                        .is_some_and(|place| facts.place(place).owner != facts.function_of(it))
            }
            _ => false,
        }
    })
}

/// `x = self._instances.get(key)` before `if x is None`: the local is what a store remembers.
fn from_cache(facts: &FileFacts, test: NodeId, target: &str) -> bool {
    let named = (test.0..facts.node(test).end)
        .map(NodeId)
        .find(|&it| facts.name_text(it) == Some(target));
    let Some(place) = named.and_then(|it| facts.name_place(it)) else {
        return false;
    };
    facts.definitions_of(place).iter().any(|it| match it.how {
        crate::facts::How::Assign { value, .. } => {
            let call = if facts.kind(value) == Kind::Call {
                facts.child(value, Role::Func)
            } else {
                Some(value)
            };
            let text = call.map(|it| written(facts, it)).unwrap_or_default();
            let looks_up = text.ends_with(".get") || facts.kind(value) == Kind::Subscript;
            looks_up && remembers(&text)
        }
        _ => false,
    })
}

/// Names of what remembers: `_cache`, `_instances`, `registry`.
fn remembers(text: &str) -> bool {
    text.split(['.', '_']).any(|word| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "cache" | "cached" | "caches" | "instances" | "registry" | "memo" | "loaded" | "clients" | "singletons"
        )
    })
}

fn assigns_local(facts: &FileFacts, guard: NodeId, target: &str) -> bool {
    facts
        .descendants(guard)
        .any(|it| facts.node(it).role == Role::Target && facts.name_text(it) == Some(target))
}

/// `if self._x is None: self.start()`, where `start` is a method that assigns `self._x`.
fn calls_assigner(facts: &FileFacts, guard: NodeId, target: &str) -> bool {
    let Some((receiver, attribute)) = target.split_once('.') else {
        return false;
    };
    facts
        .descendants(guard)
        .filter(|&it| facts.kind(it) == Kind::Call)
        .any(|call| {
            let Some(func) = facts.child(call, Role::Func) else {
                return false;
            };
            let text = written(facts, func);
            let Some((owner, method)) = text.split_once('.') else {
                return false;
            };
            owner == receiver
                && facts.classes.iter().flat_map(|it| &it.attributes).any(|it| {
                    facts.text(it.name) == attribute && facts.text(facts.function(it.function).name) == method
                })
        })
}
