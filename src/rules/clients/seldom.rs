//! Functions that make a client and run seldom, as the code itself shows.

use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Role};
use crate::project::has_word;

/// What is done once: a set-up, a check of what somebody has just configured, an end of everything.
const ONCE: [&str; 20] = [
    "setup",
    "install",
    "uninstall",
    "register",
    "unregister",
    "deregister",
    "login",
    "logout",
    "onboard",
    "provision",
    "migrate",
    "init",
    "initialize",
    "bootstrap",
    "drop",
    "validate",
    "ping",
    "health",
    "healthcheck",
    "diagnose",
];

/// Whether a function by its name is called a few times in the life of the program.
pub(in crate::rules) fn is_seldom(facts: &FileFacts, function: LocalFn) -> bool {
    has_word(facts.text(facts.function(function).name), &ONCE)
}

/// Whether a function stores what it fetched in what it calls a cache: then only a miss makes a client.
pub(in crate::rules) fn fills_a_cache(facts: &FileFacts, function: LocalFn) -> bool {
    let mut stored = facts
        .body_nodes(function)
        .filter(|&it| facts.node(it).role == Role::Target && facts.kind(it) == Kind::Subscript);
    stored.any(|it| names_a_cache(facts, it))
}

fn names_a_cache(facts: &FileFacts, target: NodeId) -> bool {
    let text = crate::rules::text::expr_text(facts, target, 4).to_lowercase();
    text.split('[').next().is_some_and(|it| it.contains("cache"))
}

/// Whether the function asks the server to close the connection after each answer: a pool would keep nothing.
pub(in crate::rules) fn asks_to_close(facts: &FileFacts, function: LocalFn) -> bool {
    let mut texts = facts.body_nodes(function).filter(|&it| facts.kind(it) == Kind::Str);
    let is = |it: NodeId, wanted: &str| facts.payload_text(it).is_some_and(|it| it.eq_ignore_ascii_case(wanted));
    let mut names = texts.by_ref().filter(|&it| is(it, "connection"));
    names.any(|it| {
        let holder = facts.parent(it);
        facts.children_as(holder, Role::Value).any(|value| is(value, "close"))
    })
}
