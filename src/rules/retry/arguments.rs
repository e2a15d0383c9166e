//! Policies whose arguments have names of their own: what the catalog says of them, read from a call.

use super::policies::Policy;
use super::{Errors, Form, Growth, Limit};
use crate::catalog::{RetryPolicy, Waits};
use crate::facts::{FileFacts, Kind, NodeId};
use crate::project::{At, Steadiness, constant, written};
use crate::rules::Context;

/// What a call says, by the catalog's description of its arguments.
pub(super) fn read(cx: &Context<'_>, call: NodeId, described: &RetryPolicy, library: &str) -> Option<Policy> {
    let facts = cx.facts();
    let form = match library {
        "backoff" => Form::Backoff,
        "stamina" => Form::Stamina,
        "urllib3" | "requests" => Form::Urllib3,
        "aiohttp_retry" => Form::AiohttpRetry,
        _ => Form::RetryDecorator,
    };
    let (growth, waits, wait) = waits(cx, call, described, form);
    let errors = if described.polls {
        Errors::Results
    } else {
        errors(cx, call, form)
    };
    Some(Policy {
        form,
        limit: limit(cx, call, described),
        growth: if facts.has_double_star(call) && growth == Growth::Immediate {
            Growth::Unknown
        } else {
            growth
        },
        waits,
        wait,
        errors,
    })
}

fn given(facts: &FileFacts, call: NodeId, names: &[String]) -> Option<NodeId> {
    names.iter().find_map(|it| facts.keyword(call, it))
}

fn limit(cx: &Context<'_>, call: NodeId, described: &RetryPolicy) -> Limit {
    let facts = cx.facts();
    let position = described.attempts_position.map(|it| it as usize);
    let count = given(facts, call, &described.attempts).or_else(|| facts.arg(call, position?));
    let attempts = match count {
        Some(it) if facts.kind(it) == Kind::None || facts.number(it).is_some_and(|it| it < 0.0) => Limit::Never,
        Some(node) => {
            let at = At {
                module: cx.module,
                node,
            };
            let number = constant(&cx.project.names, &cx.project.graph, at);
            number.map_or(Limit::Bounded, |it| {
                Limit::Attempts(it + u64::from(described.counts_retries))
            })
        }
        None if facts.has_double_star(call) => Limit::Unknown,
        None => described
            .default_attempts
            .map_or(Limit::Never, |it| Limit::Attempts(u64::from(it))),
    };
    let time = match given(facts, call, &described.time) {
        Some(it) if facts.kind(it) == Kind::None => Limit::Never,
        Some(_) => Limit::Bounded,
        None if described.default_time.is_some() => Limit::Bounded,
        None => Limit::Never,
    };
    attempts.first(time)
}

/// A number that is 0, `None` or `False`: nothing is meant.
fn is_off(facts: &FileFacts, node: NodeId) -> bool {
    matches!(facts.kind(node), Kind::None | Kind::False) || facts.number(node) == Some(0.0)
}

fn waits(cx: &Context<'_>, call: NodeId, described: &RetryPolicy, form: Form) -> (Growth, Steadiness, String) {
    let facts = cx.facts();
    let on = |names: &[String]| {
        let mut them = names.iter().filter(|it| {
            let value = facts.keyword(call, it);
            value.is_some_and(|it| !is_off(facts, it))
        });
        them.next().cloned()
    };
    let jitter = described.jitter.as_deref();
    let jitters_not = jitter.filter(|it| facts.keyword(call, it).is_some_and(|it| is_off(facts, it)));
    let random = if let Some(name) = on(&described.jitters_by) {
        return (Growth::Grows, Steadiness::Random, name);
    } else if jitters_not.is_some() {
        false
    } else {
        jitter.is_some() || described.waits == Waits::Random
    };
    let steadiness = if random { Steadiness::Random } else { Steadiness::Fixed };
    let kept = jitters_not.map(|it| match form {
        Form::Backoff => format!("{it}=None"),
        _ => format!("{it}=0"),
    });
    let named = |name: Option<String>| kept.clone().or(name).unwrap_or_default();
    if described.waits == Waits::ByArguments {
        return (generator(cx, call, form), steadiness, named(None));
    }
    if !described.waits_by.is_empty() && on(&described.waits_by).is_none() {
        return (Growth::Immediate, Steadiness::Fixed, String::new());
    }
    if let Some(name) = on(&described.grows_by) {
        return (Growth::Grows, steadiness, named(Some(name)));
    }
    if let Some(name) = on(&described.constant_by) {
        return (Growth::Constant, steadiness, named(Some(name)));
    }
    let growth = match described.waits {
        Waits::None => Growth::Immediate,
        Waits::Constant => Growth::Constant,
        Waits::Growing | Waits::Random => Growth::Grows,
        Waits::ByArguments => Growth::Unknown,
    };
    (growth, steadiness, named(on(&described.waits_by)))
}

/// `backoff.expo`, `backoff.constant`: the generator that is the first argument.
fn generator(cx: &Context<'_>, call: NodeId, form: Form) -> Growth {
    let facts = cx.facts();
    let Some(first) = facts.arg(call, 0).filter(|_| form == Form::Backoff) else {
        return Growth::Unknown;
    };
    let text = written(facts, first);
    match text.rsplit('.').next() {
        Some("expo" | "fibo") => Growth::Grows,
        Some("constant") if facts.keyword(call, "interval").is_some_and(|it| is_off(facts, it)) => Growth::Immediate,
        Some("constant") => Growth::Constant,
        _ => Growth::Unknown,
    }
}

fn errors(cx: &Context<'_>, call: NodeId, form: Form) -> Errors {
    const NAMES: [&str; 7] = [
        "on",
        "exception",
        "exceptions",
        "retry_on_exceptions",
        "retry_on_exception",
        "retry_if_exception_type",
        "predicate",
    ];
    let facts = cx.facts();
    let position = usize::from(form == Form::Backoff);
    let named = NAMES.iter().find_map(|it| facts.keyword(call, it));
    let by_position = || {
        facts
            .arg(call, position)
            .filter(|_| matches!(form, Form::Backoff | Form::RetryDecorator))
    };
    if facts.keyword(call, "retry_on_result").is_some() && named.is_none() {
        return Errors::Results;
    }
    named
        .or_else(by_position)
        .map_or(Errors::Any, |it| Errors::in_expression(cx, it))
}
