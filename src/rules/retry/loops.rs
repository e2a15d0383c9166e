//! Retries by hand: a loop, a `try`, and a sleep before the next attempt.

use super::attempts::{Attempts, around};
use super::{Form, Retry};
use crate::catalog::{Act, Blocks};
use crate::diagnostic::Confidence;
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, Flags, Site, written};
use crate::rules::Context;

/// The retries by hand of a function.
pub(super) fn find(cx: &Context<'_>, local: LocalFn) -> Vec<Retry> {
    let function = cx.function(local);
    let sites = cx.project.graph.sites_in(function);
    sites.filter_map(|(_, site)| retry(cx, local, site)).collect()
}

fn retry(cx: &Context<'_>, local: LocalFn, site: &Site) -> Option<Retry> {
    let facts = cx.facts();
    let delay = slept(cx, site)?;
    if facts.number(delay).is_some_and(|it| it <= 0.0) {
        return None;
    }
    let attempts = around(facts, site.at.node)?;
    let remote = remote(cx, local, &attempts)?;
    let waits = cx.project.steadiness(At {
        module: cx.module,
        node: delay,
    });
    Some(Retry {
        at: site.at.node,
        function: local,
        form: Form::Loop,
        waits,
        wait: super::super::text::expr_text(facts, delay, 6),
        remote,
        is_start_up: is_start_up(cx, local),
    })
}

/// How long the site sleeps, if it does.
fn slept(cx: &Context<'_>, site: &Site) -> Option<NodeId> {
    let Callee::Library(entry) = site.callee else {
        return None;
    };
    let entry = cx.project.names.catalog.entry(entry);
    let sleeps = entry.act == Some(Act::AsyncSleep) || entry.blocks == Some(Blocks::Sleep);
    let facts = cx.facts();
    (sleeps && facts.kind(site.at.node) == Kind::Call && !site.flags.has(Flags::OFF_LOOP))
        .then(|| facts.arg(site.at.node, 0))?
}

/// How sure it is that what is tried reaches others; `None` where nothing says so.
fn remote(cx: &Context<'_>, local: LocalFn, attempts: &Attempts) -> Option<Confidence> {
    let facts = cx.facts();
    let calls: Vec<NodeId> = facts
        .children_as(attempts.tried, Role::Body)
        .flat_map(|it| it.0..facts.node(it).end)
        .map(NodeId)
        .filter(|&it| matches!(facts.kind(it), Kind::Call | Kind::WithItem))
        .collect();
    let function = cx.function(local);
    let known = calls.iter().any(|&call| {
        let mut sites = cx.project.graph.sites_at(function, call);
        sites.any(|(id, _)| cx.project.remote_callers.from(&cx.project.graph, id).is_some())
    });
    if known {
        return Some(Confidence::High);
    }
    let handlers = facts.children_as(attempts.tried, Role::Handler);
    let mut types = handlers.filter_map(|it| facts.child(it, Role::Type));
    let caught = types.any(|it| (it.0..facts.node(it).end).any(|at| says_remote(&written(facts, NodeId(at)))));
    let waits = calls.iter().any(|&it| facts.is_awaited(it));
    let called = calls.iter().any(|&it| says_client(&cx.node_text(it)));
    match (caught, called, waits) {
        (true, ..) | (_, true, true) => Some(Confidence::Medium),
        (_, _, true) => Some(Confidence::Low),
        _ => None,
    }
}

/// Errors that only what is far away can raise.
fn says_remote(error: &str) -> bool {
    const WORDS: [&str; 12] = [
        "HTTP",
        "Http",
        "Connect",
        "Network",
        "RateLimit",
        "Throttl",
        "APIError",
        "API",
        "Transport",
        "Request",
        "ServerError",
        "ServiceUnavailable",
    ];
    WORDS.iter().any(|it| error.contains(it))
}

/// Names that people give to what talks to a service.
fn says_client(called: &str) -> bool {
    const WORDS: [&str; 14] = [
        "client", "session", "api", "http", "fetch", "request", "llm", "model", "conn", "complet", "embed", "query",
        "redis", "upload",
    ];
    let called = called.to_ascii_lowercase();
    WORDS.iter().any(|it| called.contains(it))
}

/// Waits for a service to come up: by its name, or because nothing else runs yet.
fn is_start_up(cx: &Context<'_>, local: LocalFn) -> bool {
    let function = cx.facts().function(local);
    let name = cx.facts().text(function.name);
    let waits = [
        "wait_for",
        "wait_until",
        "wait_till",
        "await_",
        "_ready",
        "is_up",
        "health",
    ];
    function.kind == FnKind::Module || waits.iter().any(|it| name.contains(it))
}
