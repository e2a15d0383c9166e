//! What the statements before a call in its blocks say: that it never runs, runs once, or runs only where no loop does.
//!
//! A block is looked at once, however many calls stand in it: only the first statement that says so matters.

use super::circumstances::{assigns, keep};
use super::classes::written;
use super::dual_mode::is_async_return;
use super::graph::Flags;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Op, Role};
use rustc_hash::FxHashMap;

/// The blocks of a module that were looked at.
#[derive(Default)]
pub(super) struct Earlier {
    ends: FxHashMap<(NodeId, Role), Option<NodeId>>,
    /// By function and block: a lambda is a function too, and what it stores is its own.
    returns: FxHashMap<(NodeId, NodeId), Returns>,
}

/// The first statements of a block after which something holds.
#[derive(Clone, Copy, Default)]
struct Returns {
    /// `if asynchronous: return future`: what follows is for callers without a loop.
    to_async: Option<NodeId>,
    /// `if self._x is not None: return self._x`, with a store in the function: what follows runs once.
    from_cache: Option<NodeId>,
    /// `try: return load() except ImportError: ...`: what follows runs after an error.
    if_all_is_well: Option<NodeId>,
}

impl Earlier {
    /// What the statements before this one in its blocks say of it.
    pub(super) fn flags(&mut self, facts: &FileFacts, function: LocalFn, statement: NodeId) -> Flags {
        let mut flags = Flags::default();
        let block = (NodeId(facts.node(statement).parent), facts.node(statement).role);
        let end = self.ends.entry(block).or_insert_with(|| first_end(facts, block));
        if end.is_some_and(|it| it < statement) {
            flags = flags.with(Flags::OFF_LOOP);
        }
        let root = facts.function(function).node;
        let mut below = statement;
        while below != root {
            let parent = NodeId(facts.node(below).parent);
            let known = self.returns.entry((root, parent));
            let returns = *known.or_insert_with(|| first_returns(facts, root, parent));
            if returns.to_async.is_some_and(|it| it < below) {
                flags = flags.with(Flags::OFF_LOOP);
            }
            if returns.from_cache.is_some_and(|it| it < below) {
                flags = flags.with(Flags::ONCE);
            }
            let same_block = |it: &NodeId| facts.node(*it).role == facts.node(below).role;
            if returns.if_all_is_well.filter(same_block).is_some_and(|it| it < below) {
                flags = flags.with(Flags::ERROR_PATH);
            }
            if parent == below {
                break;
            }
            below = parent;
        }
        flags
    }
}

/// The first `return` or `raise` of a block, or `os._exit`, `os.kill`, `sys.exit`: what comes later does not run,
/// or the process is going away.
fn first_end(facts: &FileFacts, (parent, role): (NodeId, Role)) -> Option<NodeId> {
    facts.children_as(parent, role).find(|&it| match facts.kind(it) {
        Kind::Return | Kind::Raise | Kind::Continue | Kind::Break => true,
        Kind::ExprStmt => {
            let value = facts.child(it, Role::Value);
            value.and_then(|it| facts.child(it, Role::Func)).is_some_and(|func| {
                matches!(
                    written(facts, func).as_str(),
                    "os._exit" | "os.kill" | "sys.exit" | "os.abort" | "os.killpg"
                )
            })
        }
        _ => false,
    })
}

fn first_returns(facts: &FileFacts, root: NodeId, parent: NodeId) -> Returns {
    let mut found = Returns {
        if_all_is_well: first_trial(facts, root, parent),
        ..Returns::default()
    };
    for it in facts.children(parent).filter(|&it| facts.kind(it) == Kind::If) {
        if found.to_async.is_none() && is_async_return(facts, it) {
            found.to_async = Some(it);
        }
        if found.from_cache.is_none()
            && let Some(target) = early_return_target(facts, it)
            && assigns(facts, root, &target)
        {
            found.from_cache = Some(it);
        }
    }
    found
}

/// The first `try` of a block whose body ends in a `return`. In a loop it is one try of several.
fn first_trial(facts: &FileFacts, root: NodeId, parent: NodeId) -> Option<NodeId> {
    let mut tries = facts.children(parent).filter(|&it| facts.kind(it) == Kind::Try);
    let found = tries.find(|&it| {
        let last = facts.children_as(it, Role::Body).last();
        last.is_some_and(|it| facts.kind(it) == Kind::Return) && facts.child(it, Role::Handler).is_some()
    })?;
    let mut around = facts.ancestors(found).take_while(|&it| it != root);
    let loops = around.any(|it| matches!(facts.kind(it), Kind::For | Kind::AsyncFor | Kind::While));
    (!loops).then_some(found)
}

fn early_return_target(facts: &FileFacts, guard: NodeId) -> Option<String> {
    let mut body = facts.children_as(guard, Role::Body);
    let (Some(only), None) = (body.next(), body.next()) else {
        return None;
    };
    if facts.kind(only) != Kind::Return {
        return None;
    }
    remembered(facts, facts.child(guard, Role::Test)?)
}

/// What `if self._x`, `if self._x is not None`, `if key in cache` and `if self._x and not self._x.is_closed` find there.
fn remembered(facts: &FileFacts, test: NodeId) -> Option<String> {
    match facts.kind(test) {
        Kind::BoolOp if facts.node(test).payload == Op::And as u32 => {
            facts.children(test).find_map(|it| remembered(facts, it))
        }
        Kind::Compare => {
            let op = facts.node(test).payload;
            let left = facts.child(test, Role::Left)?;
            let right = facts.child(test, Role::Right)?;
            if op == Op::IsNot as u32 && facts.kind(right) == Kind::None {
                return keep(written(facts, left));
            }
            (op == Op::In as u32).then(|| written(facts, right)).and_then(keep)
        }
        Kind::Name | Kind::Attribute => keep(written(facts, test)),
        _ => None,
    }
}
