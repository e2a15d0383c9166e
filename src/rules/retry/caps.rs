//! How often a loop of attempts tries: what its head counts, and what its body checks.

use super::Limit;
use super::attempts::{Attempts, is_attempt_name, is_clock};
use crate::facts::{FileFacts, How, Kind, NodeId, Op, PlaceId, Role};
use crate::project::{At, constant, origin, written};
use crate::rules::Context;

/// How often it is tried.
pub(super) fn limit(cx: &Context<'_>, it: &Attempts) -> Limit {
    let facts = cx.facts();
    let head = match facts.kind(it.of) {
        Kind::For => counted(cx, it.of),
        Kind::While => asked(cx, it),
        Kind::FunctionDef => Limit::Never,
        _ => Limit::Unknown,
    };
    if head != Limit::Never {
        return head;
    }
    if is_checked(facts, it) {
        Limit::Bounded
    } else if hands_on_the_count(facts, it) {
        Limit::Unknown
    } else {
        Limit::Never
    }
}

/// `for attempt in range(5)`.
fn counted(cx: &Context<'_>, of: NodeId) -> Limit {
    let facts = cx.facts();
    let Some(iter) = facts.child(of, Role::Iter).filter(|&it| facts.kind(it) == Kind::Call) else {
        return Limit::Bounded;
    };
    let text = facts
        .child(iter, Role::Func)
        .map(|it| written(facts, it))
        .unwrap_or_default();
    let number = |index: usize| number(cx, facts.arg(iter, index)?);
    match text.rsplit('.').next() {
        Some("range") => match (number(0), facts.arg(iter, 1).is_some()) {
            (Some(n), false) => Limit::Attempts(n),
            (Some(first), true) => number(1).map_or(Limit::Bounded, |it| Limit::Attempts(it.saturating_sub(first))),
            _ => Limit::Bounded,
        },
        Some("count") => Limit::Never,
        Some("repeat") if facts.arg(iter, 1).is_none() => Limit::Never,
        _ => Limit::Bounded,
    }
}

/// A constant, or the sum of two: `range(retries + 1)`.
fn number(cx: &Context<'_>, node: NodeId) -> Option<u64> {
    let facts = cx.facts();
    if facts.kind(node) == Kind::BinOp && facts.node(node).payload == Op::Add as u32 {
        let side = |role: Role| number(cx, facts.child(node, role)?);
        return Some(side(Role::Left)? + side(Role::Right)?);
    }
    let at = At {
        module: cx.module,
        node,
    };
    constant(&cx.project.names, &cx.project.graph, at)
}

/// How often a loop usually tries, where its limit is a parameter or an attribute that a parameter fills: what that is by
/// default.
pub(super) fn usual(cx: &Context<'_>, of: NodeId) -> Option<u64> {
    let facts = cx.facts();
    match facts.kind(of) {
        Kind::For => {
            let iter = facts.child(of, Role::Iter).filter(|&it| facts.kind(it) == Kind::Call)?;
            let first = facts.arg(iter, 0)?;
            match facts.arg(iter, 1) {
                Some(end) => Some(by_default(cx, end)?.saturating_sub(by_default(cx, first)?)),
                None => by_default(cx, first),
            }
        }
        Kind::While => {
            let test = facts
                .child(of, Role::Test)
                .filter(|&it| facts.kind(it) == Kind::Compare)?;
            by_default(cx, facts.child(test, Role::Right)?)
        }
        _ => None,
    }
}

fn by_default(cx: &Context<'_>, node: NodeId) -> Option<u64> {
    let facts = cx.facts();
    if facts.kind(node) == Kind::BinOp && facts.node(node).payload == Op::Add as u32 {
        let side = |role: Role| by_default(cx, facts.child(node, role)?);
        return Some(side(Role::Left)? + side(Role::Right)?);
    }
    let module = cx.module;
    number(cx, node).or_else(|| {
        let set = origin(&cx.project.names, &cx.project.graph, At { module, node });
        let theirs = cx.project.names.facts(set.module);
        // `5 if patient else 1`.
        if theirs.kind(set.node) == Kind::IfExp {
            let arm = |role: Role| {
                let at = At {
                    node: theirs.child(set.node, role)?,
                    module: set.module,
                };
                constant(&cx.project.names, &cx.project.graph, at)
            };
            return Some(arm(Role::Body)?.max(arm(Role::Orelse)?));
        }
        let place = theirs.name_place(set.node)?;
        let owner = theirs.function(theirs.place(place).owner);
        let default = owner.params.iter().find(|it| it.place == place)?.default?;
        let at = At {
            node: default,
            module: set.module,
        };
        constant(&cx.project.names, &cx.project.graph, at)
    })
}

/// `while attempt < 5`, `while True`, `while not done` where only success sets it.
fn asked(cx: &Context<'_>, it: &Attempts) -> Limit {
    let facts = cx.facts();
    let Some(test) = facts.child(it.of, Role::Test) else {
        return Limit::Unknown;
    };
    match facts.kind(test) {
        Kind::True => Limit::Never,
        Kind::Number => Limit::Never,
        Kind::Compare => {
            let limit = facts.child(test, Role::Right).and_then(|it| number(cx, it));
            limit.filter(|&it| it > 0).map_or(Limit::Bounded, Limit::Attempts)
        }
        Kind::UnaryOp => {
            let place = facts.child(test, Role::Value).and_then(|it| facts.name_place(it));
            let only_by_success = place.is_some_and(|place| {
                let inside = |node: NodeId| facts.contains(it.of, node);
                let handled = |node: NodeId| {
                    facts
                        .children_as(it.tried, Role::Handler)
                        .any(|at| facts.contains(at, node))
                };
                let set = facts.definitions_of(place).iter().filter(|at| inside(at.node));
                set.clone().next().is_some() && !set.into_iter().any(|at| handled(at.node))
            });
            if only_by_success { Limit::Never } else { Limit::Unknown }
        }
        _ => Limit::Unknown,
    }
}

/// A condition on the number of attempts or on the time that leaves: `if attempt == 5: raise`.
fn is_checked(facts: &FileFacts, it: &Attempts) -> bool {
    facts.descendants(it.of).any(|node| {
        let asks = matches!(facts.kind(node), Kind::If | Kind::IfExp)
            && facts
                .child(node, Role::Test)
                .is_some_and(|test| speaks(facts, it, test));
        asks && (leaves(facts, node) || facts.kind(it.of) == Kind::FunctionDef)
    })
}

fn leaves(facts: &FileFacts, guard: NodeId) -> bool {
    facts
        .descendants(guard)
        .any(|it| matches!(facts.kind(it), Kind::Raise | Kind::Return | Kind::Break))
}

/// Whether a test asks about the count or the time.
fn speaks(facts: &FileFacts, it: &Attempts, test: NodeId) -> bool {
    let stepped = |place: PlaceId| {
        let mut steps = facts.definitions_of(place).iter();
        steps.any(|at| {
            let is_count = matches!(at.how, How::Augment { .. } | How::Iterate { .. } | How::Param(_));
            is_count && facts.contains(it.of, at.node)
        })
    };
    let ordered = |node: NodeId| {
        facts.kind(node) == Kind::Compare
            && [Op::Lt, Op::LtE, Op::Gt, Op::GtE]
                .iter()
                .any(|op| facts.node(node).payload == *op as u32)
    };
    (test.0..facts.node(test).end).map(NodeId).any(|node| {
        let name = facts.name_text(node).or_else(|| facts.payload_text(node));
        let named = matches!(facts.kind(node), Kind::Name | Kind::Attribute) && name.is_some_and(is_attempt_name);
        named || is_clock(facts, node) || facts.name_place(node).is_some_and(stepped) || ordered(node)
    })
}

/// A handler gives the count to a function, which may raise: `self.check(attempt, error)`.
fn hands_on_the_count(facts: &FileFacts, it: &Attempts) -> bool {
    const KNOWN: [&str; 16] = [
        "sleep",
        "log",
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "print",
        "min",
        "max",
        "pow",
        "uniform",
        "format",
        "int",
        "float",
    ];
    let counts = |call: NodeId| {
        let mut inside = facts.descendants(call);
        inside.any(|at| facts.name_text(at).is_some_and(is_attempt_name))
    };
    let handlers = facts.children_as(it.tried, Role::Handler);
    let mut calls = handlers
        .flat_map(|it| it.0..facts.node(it).end)
        .map(NodeId)
        .filter(|&it| facts.kind(it) == Kind::Call);
    calls.any(|call| {
        let func = facts.child(call, Role::Func);
        let text = func.map(|it| written(facts, it)).unwrap_or_default();
        let last = text.rsplit('.').next().unwrap_or_default();
        !KNOWN.contains(&last) && !last.contains("delay") && !last.contains("backoff") && counts(call)
    })
}
