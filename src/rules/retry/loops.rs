//! Retries by hand: a loop, a `try`, and a sleep before the next attempt.

use super::attempts::{Attempts, around};
use super::errors::says_remote;
use super::{Errors, Form, Retry, Tried, caps, growth};
use crate::catalog::{Act, Blocks, Is};
use crate::diagnostic::Confidence;
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, ClassId, Flags, FnId, Site, Steadiness, written};
use crate::rules::Context;
use crate::rules::text::expr_text;

/// The retries by hand of a function.
pub(super) fn find(cx: &Context<'_>, local: LocalFn) -> Vec<Retry> {
    let function = cx.function(local);
    let mut found: Vec<(NodeId, Retry)> = Vec::new();
    for (_, site) in cx.project.graph.sites_in(function) {
        if let Some((attempts, retry)) = retry(cx, local, site)
            && !found.iter().any(|(of, it)| *of == attempts && it.waits == retry.waits)
        {
            found.push((attempts, retry));
        }
    }
    // Who adds chance to one wait of a loop meant it for all of them.
    let spread: Vec<NodeId> = found
        .iter()
        .filter(|it| it.1.waits == Steadiness::Random)
        .map(|it| it.0)
        .collect();
    for (of, retry) in &mut found {
        retry.is_minor |= retry.waits == Steadiness::Given && !spread.contains(of);
    }
    found.into_iter().map(|(_, retry)| retry).collect()
}

/// The loop in which the site sleeps before another attempt, and the retry that it makes.
fn retry(cx: &Context<'_>, local: LocalFn, site: &Site) -> Option<(NodeId, Retry)> {
    let facts = cx.facts();
    let delay = slept(cx, site)?;
    if facts.number(delay).is_some_and(|it| it <= 0.0) {
        return None;
    }
    let attempts = around(facts, site.at.node).or_else(|| recursion(cx, site))?;
    let remote = remote(cx, local, &attempts)?;
    let waits = cx.project.steadiness(At {
        module: cx.module,
        node: delay,
    });
    let retry = Retry {
        at: site.at.node,
        function: local,
        form: Form::Loop,
        tried: Tried::Block(attempts.tried),
        limit: caps::limit(cx, &attempts),
        growth: growth::growth(facts, attempts.of, delay),
        waits,
        wait: expr_text(facts, delay, 6),
        errors: Errors::caught(facts, attempts.tried),
        remote,
        is_minor: is_start_up(cx, local) || connects(cx, &attempts),
    };
    Some((attempts.of, retry))
}

/// A function that calls itself again in the handler in which it has slept.
fn recursion(cx: &Context<'_>, site: &Site) -> Option<Attempts> {
    let facts = cx.facts();
    let handler = facts
        .ancestors(site.at.node)
        .find(|&it| facts.kind(it) == Kind::Handler)?;
    let mut calls = cx.project.graph.callers(site.caller);
    let again = calls.any(|(_, it)| it.caller == site.caller && facts.contains(handler, it.at.node));
    let of = facts.function(site.caller.local).node;
    (again && facts.contains(of, handler)).then(|| Attempts {
        of,
        tried: NodeId(facts.node(handler).parent),
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
pub(super) fn remote(cx: &Context<'_>, local: LocalFn, attempts: &Attempts) -> Option<Confidence> {
    let facts = cx.facts();
    let calls: Vec<NodeId> = tried_calls(cx, attempts).collect();
    let function = cx.function(local);
    let known = calls.iter().any(|&call| {
        let mut sites = cx.project.graph.sites_at(function, call);
        sites.any(|(id, _)| cx.project.remote_callers.from(&cx.project.graph, id).is_some())
    });
    if known || is_of_a_client(cx, function) && calls.iter().any(|&it| facts.is_awaited(it)) {
        return Some(Confidence::High);
    }
    let handlers = facts.children_as(attempts.tried, Role::Handler);
    let mut types = handlers.filter_map(|it| facts.child(it, Role::Type));
    let caught = types.any(|it| (it.0..facts.node(it).end).any(|at| says_remote(&written(facts, NodeId(at)))));
    let mut awaited = calls.iter().filter(|&&it| facts.is_awaited(it)).peekable();
    let waits = awaited.peek().is_some();
    if caught || awaited.any(|&it| says_client(&cx.node_text(it))) || is_for_all(cx, local) {
        return Some(Confidence::Medium);
    }
    waits.then_some(Confidence::Low)
}

/// A method of the project's own kind of HTTP client: what it is given to try is a request.
fn is_of_a_client(cx: &Context<'_>, function: FnId) -> bool {
    let names = &cx.project.names;
    let Some(local) = names.function(function).class else {
        return false;
    };
    let class = ClassId {
        module: function.module,
        local,
    };
    let mut bases = names.classes.external_bases(class);
    is_for_all(cx, function.local) && bases.any(|it| names.catalog.is(it, Is::Client))
}

/// A function that retries whatever it is given, by its name.
fn is_for_all(cx: &Context<'_>, local: LocalFn) -> bool {
    let name = cx.facts().text(cx.facts().function(local).name);
    name.contains("retr") || name.contains("backoff")
}

fn tried_calls<'a>(cx: &Context<'a>, attempts: &Attempts) -> impl Iterator<Item = NodeId> + use<'a> {
    let facts = cx.facts();
    facts
        .children_as(attempts.tried, Role::Body)
        .flat_map(|it| it.0..facts.node(it).end)
        .map(NodeId)
        .filter(|&it| matches!(facts.kind(it), Kind::Call | Kind::WithItem))
}

/// What is tried is to connect: one long-lived client that comes back, not one of many requests.
pub(super) fn connects(cx: &Context<'_>, attempts: &Attempts) -> bool {
    tried_calls(cx, attempts).any(|it| {
        let called = cx.node_text(it);
        called
            .rsplit('.')
            .next()
            .is_some_and(|last| last.contains("connect") && !last.contains("get_conn"))
    })
}

/// Names that people give to what talks to a service.
fn says_client(called: &str) -> bool {
    const WORDS: [&str; 11] = [
        "client", "session", "api", "http", "fetch", "request", "llm", "model", "complet", "embed", "upload",
    ];
    let called = called.to_ascii_lowercase();
    WORDS.iter().any(|it| called.contains(it))
}

/// Waits for a service to come up: by its name, or because nothing else runs yet.
pub(super) fn is_start_up(cx: &Context<'_>, local: LocalFn) -> bool {
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
