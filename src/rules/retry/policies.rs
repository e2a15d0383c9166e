//! Retries by a library's policy.

use super::{Form, Retry};
use crate::catalog::Act;
use crate::diagnostic::Confidence;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, Site, Steadiness, Ty, written};
use crate::rules::Context;

/// The policies that a module makes and that wait between attempts.
pub(super) fn find(cx: &Context<'_>) -> Vec<Retry> {
    let mut found = Vec::new();
    for (local, _) in cx.facts().all_functions() {
        for (_, site) in cx.project.graph.sites_in(cx.function(local)) {
            if let Callee::Library(entry) = site.callee
                && cx.project.names.catalog.entry(entry).act == Some(Act::Retry)
                && let Some(policy) = policy(cx, site)
            {
                found.push(place(cx, local, site.at.node, policy));
            }
        }
    }
    found
}

struct Policy {
    form: Form,
    waits: Steadiness,
    wait: String,
}

/// The function that a policy's call retries: the one it decorates, else the one in which it stands.
fn place(cx: &Context<'_>, local: LocalFn, node: NodeId, policy: Policy) -> Retry {
    let facts = cx.facts();
    let parent = NodeId(facts.node(node).parent);
    let decorates = facts.node(node).role == Role::Decorator && facts.kind(parent) == Kind::FunctionDef;
    let function = if decorates {
        LocalFn(facts.node(parent).payload)
    } else {
        local
    };
    let project = cx.project;
    let reaches = project.remote_callers.reaches(&project.graph, cx.function(function));
    Retry {
        at: node,
        function,
        form: policy.form,
        waits: policy.waits,
        wait: policy.wait,
        remote: if reaches { Confidence::High } else { Confidence::Medium },
        is_minor: false,
    }
}

fn policy(cx: &Context<'_>, site: &Site) -> Option<Policy> {
    let facts = cx.facts();
    let call = site.at.node;
    if facts.kind(call) != Kind::Call {
        return None;
    }
    let Ty::Name(name) = cx.eval().expr(facts.child(call, Role::Func)?) else {
        return None;
    };
    let name = cx.project.names.catalog.dotted(name);
    let (library, last) = (name.split('.').next()?, name.rsplit('.').next()?);
    match (library, last) {
        ("tenacity", "retry" | "Retrying" | "AsyncRetrying") => tenacity(cx, call),
        ("backoff", "on_exception" | "on_predicate") => backoff(facts, call),
        ("stamina", "retry" | "retry_context") => stamina(facts, call),
        ("aiohttp_retry", "ExponentialRetry" | "FibonacciRetry" | "ListRetry") => Some(Policy {
            form: Form::AiohttpRetry,
            waits: Steadiness::Fixed,
            wait: last.to_owned(),
        }),
        ("urllib3" | "requests", "Retry") => urllib3(facts, call),
        ("retry" | "retrying", "retry") => retry_decorator(facts, call),
        _ => None,
    }
}

fn tenacity(cx: &Context<'_>, call: NodeId) -> Option<Policy> {
    let facts = cx.facts();
    let wait = facts.keyword(call, "wait").or_else(|| facts.arg(call, 2))?;
    let text = cx.node_text(wait);
    let none = facts.kind(wait) == Kind::None || text.ends_with("wait_none");
    let once = facts.keyword(call, "stop").is_some_and(|it| {
        cx.node_text(it).ends_with("stop_after_attempt")
            && facts.arg(it, 0).and_then(|it| facts.number(it)) == Some(1.0)
    });
    // `retry_if_result` waits for a state, not for a crowd to pass.
    let polls = facts.keyword(call, "retry").is_some_and(|it| {
        let mut inside = (it.0..facts.node(it).end).map(NodeId);
        inside.any(|it| written(facts, it).contains("_result")) && !cx.node_text(it).contains("exception")
    });
    if none || once || polls {
        return None;
    }
    let waits = cx.project.steadiness(At {
        module: cx.module,
        node: wait,
    });
    Some(Policy {
        form: Form::Tenacity,
        waits,
        wait: text,
    })
}

/// Jitters unless told not to; `on_predicate` polls.
fn backoff(facts: &FileFacts, call: NodeId) -> Option<Policy> {
    let jitter = facts.keyword(call, "jitter")?;
    let once = facts.keyword(call, "max_tries").and_then(|it| facts.number(it)) == Some(1.0);
    (facts.kind(jitter) == Kind::None && !once).then(|| Policy {
        form: Form::Backoff,
        waits: Steadiness::Fixed,
        wait: "jitter=None".to_owned(),
    })
}

fn stamina(facts: &FileFacts, call: NodeId) -> Option<Policy> {
    let jitter = facts.keyword(call, "wait_jitter")?;
    (facts.number(jitter) == Some(0.0)).then(|| Policy {
        form: Form::Stamina,
        waits: Steadiness::Fixed,
        wait: "wait_jitter=0".to_owned(),
    })
}

fn urllib3(facts: &FileFacts, call: NodeId) -> Option<Policy> {
    let factor = facts.keyword(call, "backoff_factor")?;
    let jitters = facts.keyword(call, "backoff_jitter").is_some() || facts.has_double_star(call);
    (!jitters && facts.number(factor) != Some(0.0)).then(|| Policy {
        form: Form::Urllib3,
        waits: Steadiness::Fixed,
        wait: "backoff_factor".to_owned(),
    })
}

/// `retry.retry(delay=, jitter=)` and `retrying.retry(wait_fixed=)`.
fn retry_decorator(facts: &FileFacts, call: NodeId) -> Option<Policy> {
    const WAITS: [&str; 4] = [
        "delay",
        "wait_fixed",
        "wait_exponential_multiplier",
        "wait_incrementing_start",
    ];
    const CHANCE: [&str; 4] = ["jitter", "wait_jitter_max", "wait_random_min", "wait_random_max"];
    let wait = WAITS.into_iter().find(|it| facts.keyword(call, it).is_some())?;
    let jitters = CHANCE.into_iter().any(|it| facts.keyword(call, it).is_some()) || facts.has_double_star(call);
    (!jitters).then(|| Policy {
        form: Form::RetryDecorator,
        waits: Steadiness::Fixed,
        wait: wait.to_owned(),
    })
}
