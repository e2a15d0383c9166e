//! The algebra of tenacity's policies: stops joined by `|` and `&`, waits joined by `+`, and what names stand for.

use super::errors::Errors;
use super::policies::Policy;
use super::{Form, Growth, Limit};
use crate::facts::{Kind, NodeId, Op, Role};
use crate::project::{At, Steadiness, constant, origin, written};
use crate::rules::Context;

/// Policies are joined at most so deep.
const FUEL: u32 = 12;

/// What a call of `retry`, `Retrying` or `AsyncRetrying` says. Their first arguments are `sleep`, `stop`, `wait`, `retry`.
pub(super) fn read(cx: &Context<'_>, call: NodeId) -> Option<Policy> {
    let facts = cx.facts();
    let given = |name: &str, position: usize| facts.keyword(call, name).or_else(|| facts.arg(call, position));
    let at = |node: NodeId| At {
        module: cx.module,
        node,
    };
    let hidden = facts.has_double_star(call);
    let limit = match given("stop", 1) {
        Some(stop) => limit(cx, at(stop), FUEL),
        None if hidden => Limit::Unknown,
        None => Limit::Never,
    };
    let (growth, waits, text) = match given("wait", 2) {
        Some(wait) => (
            growth(cx, at(wait), FUEL),
            cx.project.steadiness(at(wait)),
            cx.node_text(wait),
        ),
        None if hidden => (Growth::Unknown, Steadiness::Unknown, String::new()),
        None => (Growth::Immediate, Steadiness::Fixed, String::new()),
    };
    let errors = match given("retry", 3) {
        Some(retry) => predicate(cx, retry),
        None if hidden => Errors::Unknown,
        None => Errors::Any,
    };
    Some(Policy {
        form: Form::Tenacity,
        limit,
        growth,
        waits,
        wait: text,
        errors,
    })
}

/// `@retry` without arguments: for ever, at once.
pub(super) fn bare() -> Policy {
    Policy {
        form: Form::Tenacity,
        limit: Limit::Never,
        growth: Growth::Immediate,
        waits: Steadiness::Fixed,
        wait: String::new(),
        errors: Errors::Any,
    }
}

/// `retry_if_result` waits for a state, not for a crowd to pass.
fn predicate(cx: &Context<'_>, retry: NodeId) -> Errors {
    let facts = cx.facts();
    let mut inside = (retry.0..facts.node(retry).end).map(NodeId);
    let polls = inside.any(|it| written(facts, it).contains("_result"));
    if polls && !cx.node_text(retry).contains("exception") {
        return Errors::Results;
    }
    Errors::in_expression(cx, retry)
}

/// The part of a policy that an expression makes, after names are followed to where it is made.
fn made(cx: &Context<'_>, at: At) -> (At, Kind, String) {
    let at = origin(&cx.project.names, &cx.project.graph, at);
    let facts = cx.project.names.facts(at.module);
    let callee = match facts.kind(at.node) {
        Kind::Call => facts.child(at.node, Role::Func),
        _ => Some(at.node),
    };
    let text = callee.map(|it| written(facts, it)).unwrap_or_default();
    let last = text.rsplit('.').next().unwrap_or_default().to_owned();
    (at, facts.kind(at.node), last)
}

fn limit(cx: &Context<'_>, at: At, fuel: u32) -> Limit {
    let Some(fuel) = fuel.checked_sub(1) else {
        return Limit::Unknown;
    };
    let (at, kind, name) = made(cx, at);
    let facts = cx.project.names.facts(at.module);
    let each = || {
        let parts = facts
            .children(at.node)
            .filter(|&it| matches!(facts.node(it).role, Role::Arg | Role::Left | Role::Right));
        parts.map(|node| limit(cx, At { node, ..at }, fuel))
    };
    match (kind, name.as_str()) {
        (Kind::BinOp, _) if facts.node(at.node).payload == Op::BitOr as u32 => join(each(), Limit::first),
        (Kind::BinOp, _) if facts.node(at.node).payload == Op::BitAnd as u32 => join(each(), Limit::last),
        (Kind::Call, "stop_any") => join(each(), Limit::first),
        (Kind::Call, "stop_all") => join(each(), Limit::last),
        (Kind::Call, "stop_after_attempt") => {
            let given = facts
                .arg(at.node, 0)
                .or_else(|| facts.keyword(at.node, "max_attempt_number"));
            let number = given.and_then(|node| constant(&cx.project.names, &cx.project.graph, At { node, ..at }));
            number.map_or(Limit::Bounded, Limit::Attempts)
        }
        (Kind::Call, "stop_after_delay" | "stop_before_delay") => Limit::Bounded,
        (Kind::Call | Kind::Name | Kind::Attribute, "stop_never") => Limit::Never,
        (Kind::None, _) => Limit::Never,
        _ => Limit::Unknown,
    }
}

fn join(each: impl Iterator<Item = Limit>, how: fn(Limit, Limit) -> Limit) -> Limit {
    each.reduce(how).unwrap_or(Limit::Unknown)
}

fn growth(cx: &Context<'_>, at: At, fuel: u32) -> Growth {
    let Some(fuel) = fuel.checked_sub(1) else {
        return Growth::Unknown;
    };
    let (at, kind, name) = made(cx, at);
    let facts = cx.project.names.facts(at.module);
    let zero = || facts.arg(at.node, 0).and_then(|it| facts.number(it)) == Some(0.0);
    let most = || {
        let parts = facts
            .children(at.node)
            .filter(|&it| matches!(facts.node(it).role, Role::Arg | Role::Left | Role::Right));
        let each = parts.map(|node| growth(cx, At { node, ..at }, fuel));
        each.max().unwrap_or(Growth::Unknown)
    };
    match (kind, name.as_str()) {
        (Kind::BinOp, _) if facts.node(at.node).payload == Op::Add as u32 => most(),
        (Kind::Call, "wait_combine") => most(),
        (Kind::None, _) | (Kind::Call, "wait_none") => Growth::Immediate,
        (Kind::Name | Kind::Attribute, "wait_none") => Growth::Immediate,
        (Kind::Call, "wait_fixed") if zero() => Growth::Immediate,
        (Kind::Call, "wait_fixed" | "wait_random") => Growth::Constant,
        (
            Kind::Call,
            "wait_exponential"
            | "wait_random_exponential"
            | "wait_full_jitter"
            | "wait_exponential_jitter"
            | "wait_incrementing"
            | "wait_chain",
        ) => Growth::Grows,
        _ => Growth::Unknown,
    }
}
