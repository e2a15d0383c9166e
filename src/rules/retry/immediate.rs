//! Loops that try again at once: a `try` in a loop, and nothing that waits.

use super::attempts::{Attempts, is_attempts};
use super::errors::reads_the_answer;
use super::loops::{connects, is_start_up, remote};
use super::{Errors, Form, Growth, Limit, Retry, Tried, caps};
use crate::catalog::{Act, Blocks};
use crate::diagnostic::Confidence;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Role};
use crate::project::{Callee, Flags, FnId, Site, Steadiness, written};
use crate::rules::Context;

/// The loops of a function that try again without a wait.
pub(super) fn find(cx: &Context<'_>, local: LocalFn) -> Vec<Retry> {
    let facts = cx.facts();
    let tries = facts.body_nodes(local).filter(|&it| facts.kind(it) == Kind::Try);
    tries.filter_map(|tried| retry(cx, local, tried)).collect()
}

fn retry(cx: &Context<'_>, local: LocalFn, tried: NodeId) -> Option<Retry> {
    let facts = cx.facts();
    let of = loop_around(facts, tried)?;
    let attempts = Attempts { of, tried };
    let handler = facts.children_as(tried, Role::Handler).find(|&it| goes_on(facts, it))?;
    if waits(cx, local, of) || !is_attempts(facts, &attempts, None) || differs(facts, &attempts) {
        return None;
    }
    let errors = Errors::caught(facts, tried);
    let mut remote = remote(cx, local, &attempts).filter(|_| errors != Errors::Local)?;
    // Whatever goes wrong may be an answer of the wrong form, for which there is nothing to wait.
    if errors != Errors::Remote {
        remote = remote.min(if reads_the_answer(facts, facts.children_as(tried, Role::Body)) {
            Confidence::Low
        } else {
            Confidence::Medium
        });
    }
    let limit = caps::limit(cx, &attempts);
    Some(Retry {
        at: facts.child(handler, Role::Type).unwrap_or(handler),
        function: local,
        form: Form::Loop,
        tried: Tried::Block(tried),
        limit,
        growth: Growth::Immediate,
        waits: Steadiness::Fixed,
        wait: String::new(),
        errors,
        remote,
        is_minor: is_start_up(cx, local)
            || connects(cx, &attempts)
            || limit == Limit::Attempts(2)
            || mends(facts, handler),
    })
}

/// The loop in whose body the `try` stands.
fn loop_around(facts: &FileFacts, tried: NodeId) -> Option<NodeId> {
    let mut below = tried;
    for around in facts.ancestors(tried) {
        match facts.kind(around) {
            Kind::For | Kind::While if facts.node(below).role == Role::Body => return Some(around),
            Kind::With | Kind::AsyncWith | Kind::If => {}
            _ => return None,
        }
        below = around;
    }
    None
}

/// Whether the next attempt follows a handler.
fn goes_on(facts: &FileFacts, handler: NodeId) -> bool {
    let last = facts.children_as(handler, Role::Body).last();
    last.is_some_and(|it| !matches!(facts.kind(it), Kind::Raise | Kind::Return | Kind::Break))
}

/// Whether anything in the loop waits, here or in a function that it calls.
fn waits(cx: &Context<'_>, local: LocalFn, of: NodeId) -> bool {
    const WORDS: [&str; 8] = [
        "sleep", "wait", "backoff", "delay", "pause", "throttle", "poll", "acquire",
    ];
    let facts = cx.facts();
    let says = |call: NodeId| {
        let text = facts
            .child(call, Role::Func)
            .map(|it| written(facts, it))
            .unwrap_or_default();
        let last = text.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        WORDS.iter().any(|it| last.contains(it))
    };
    let mut sites = cx.project.graph.sites_in(cx.function(local));
    let waits_below = |function: &FnId| {
        let mut theirs = cx.project.graph.sites_in(*function);
        theirs.any(|(_, site)| sleeps(cx, site))
    };
    let by_graph = sites.any(|(_, site)| {
        // What is spawned sleeps beside the loop, not in it.
        let here = facts.contains(of, site.at.node) && !site.flags.has(Flags::SPAWNED);
        here && (sleeps(cx, site) || site.targets().iter().any(waits_below))
    });
    by_graph || facts.descendants(of).any(|it| facts.kind(it) == Kind::Call && says(it))
}

fn sleeps(cx: &Context<'_>, site: &Site) -> bool {
    let Callee::Library(entry) = site.callee else {
        return false;
    };
    let entry = cx.project.names.catalog.entry(entry);
    entry.act == Some(Act::AsyncSleep) || entry.blocks == Some(Blocks::Sleep)
}

/// Whether another attempt is another one: something that is tried with changes between them.
fn differs(facts: &FileFacts, it: &Attempts) -> bool {
    let body = || {
        let body = facts.children_as(it.tried, Role::Body);
        body.flat_map(|it| it.0..facts.node(it).end).map(NodeId)
    };
    let counter = facts.child(it.of, Role::Target).and_then(|it| facts.name_place(it));
    let read = |node: NodeId| {
        let place = facts.name_place(node)?;
        (facts.node(node).role != Role::Target && Some(place) != counter).then_some(place)
    };
    let tried = facts.node(it.tried);
    let in_body = |node: NodeId| {
        body().next().is_some_and(|first| first <= node) && node.0 < tried.end && {
            let mut handlers = facts.children_as(it.tried, Role::Handler);
            !handlers.any(|at| facts.contains(at, node))
        }
    };
    body().filter_map(read).any(|place| {
        let mut set = facts.definitions_of(place).iter();
        let is_set = set.any(|at| facts.contains(it.of, at.node) && at.node != it.of && !in_body(at.node));
        let is_fed = || {
            facts.descendants(it.of).any(|node| {
                let parent = NodeId(facts.node(node).parent);
                let called = facts.kind(NodeId(facts.node(parent).parent)) == Kind::Call;
                facts.name_place(node) == Some(place)
                    && !in_body(node)
                    && (facts.kind(parent) == Kind::Subscript && facts.node(parent).role == Role::Target
                        || facts.kind(parent) == Kind::Attribute && called && feeds(facts, parent))
            })
        };
        is_set || is_fed()
    })
}

fn feeds(facts: &FileFacts, method: NodeId) -> bool {
    matches!(
        facts.payload_text(method),
        Some("append" | "extend" | "update" | "insert" | "add" | "pop" | "remove")
    )
}

/// A handler that does something about the failure: it logs in again, reconnects, drops what is broken.
fn mends(facts: &FileFacts, handler: NodeId) -> bool {
    facts.descendants(handler).any(|it| {
        let sets = facts.kind(it) == Kind::Attribute && facts.node(it).role == Role::Target;
        sets || facts.kind(it) == Kind::Await
    })
}
