//! Who shares a client: the calls of a loop or a fan-out, or only one caller.

use super::Making;
use crate::catalog::Act;
use crate::facts::{FileFacts, Kind, NodeId, PlaceId, Role};
use crate::project::{Callee, FnId};
use crate::rules::Context;

/// A getter that sets the attribute whatever it holds, and returns it.
pub(in crate::rules) fn gives(facts: &FileFacts, function: FnId, attribute: NodeId) -> bool {
    let text = crate::rules::text::expr_text(facts, attribute, 4);
    facts.body_nodes(function.local).any(|it| {
        facts.kind(it) == Kind::Return
            && facts
                .child(it, Role::Value)
                .is_some_and(|value| crate::rules::text::expr_text(facts, value, 4) == text)
    })
}

/// A memoized function makes its client once; a generator lends it until it is closed; a class enters with it.
pub(in crate::rules) fn is_kept_by_its_function(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.facts();
    let it = facts.function(function.local);
    let mut lends = it.is_generator && yields_nothing(facts, function);
    let mut memoized = false;
    for decorator in cx.project.decorators.of(function) {
        let act = decorator
            .entry
            .and_then(|entry| cx.project.names.catalog.entry(entry).act);
        let text = crate::rules::text::expr_text(facts, decorator.node, 4);
        memoized |= act == Some(Act::Memoize) || text.contains("cache") || text.contains("fixture");
        lends |= text.contains("contextmanager");
    }
    let name = facts.text(it.name);
    memoized
        || lends
        || matches!(
            name,
            "__init__" | "__aenter__" | "__enter__" | "__post_init__" | "lifespan"
        )
}

/// A bare `yield` waits for whoever entered; one with a value hands over an answer, after which the client is used again.
fn yields_nothing(facts: &FileFacts, function: FnId) -> bool {
    let mut yields = facts
        .body_nodes(function.local)
        .filter(|&it| facts.kind(it) == Kind::Yield);
    yields.any(|it| facts.child(it, Role::Value).is_none())
}

/// A loop or a fan-out uses it, so that one client serves them all.
pub(in crate::rules) fn serves_many(cx: &Context<'_>, making: &Making, place: PlaceId) -> bool {
    let facts = cx.facts();
    let root = facts.function(making.function.local).node;
    let uses: Vec<NodeId> = super::reads(facts, place).collect();
    let repeats = |&read: &NodeId| {
        let around = facts.ancestors(read).take_while(|&it| it != root && it.0 > 0);
        around
            .filter(|&it| !facts.contains(it, making.node))
            .any(|it| is_comprehension(facts.kind(it)) || facts.kind(it).is_loop() && !polls(cx, making.function, it))
    };
    let fans_out = cx.project.fan_outs.of(cx.module).iter();
    uses.iter().any(repeats)
        || fans_out
            .filter(|it| it.orchestrator == making.function)
            .any(|it| uses.iter().any(|&read| facts.contains(it.at.node, read)) || it.at.node > making.node)
}

/// `while True: try: async with ClientSession() ... except: ...`: another one after the last has broken, not per item.
pub(in crate::rules) fn is_reconnect(facts: &FileFacts, making: &Making) -> bool {
    let mut guarded = false;
    for around in facts.ancestors(making.node) {
        match facts.kind(around) {
            Kind::Try => guarded = true,
            Kind::While => return guarded,
            Kind::For | Kind::AsyncFor | Kind::FunctionDef | Kind::Lambda => return false,
            _ => {}
        }
    }
    false
}

/// `while not done: await sleep(1); await client.get(job)` asks for one answer, however often.
fn polls(cx: &Context<'_>, function: FnId, around: NodeId) -> bool {
    let facts = cx.facts();
    let sleeps = |entry| cx.project.names.catalog.entry(entry).act == Some(Act::AsyncSleep);
    facts.kind(around) == Kind::While
        && cx.project.graph.sites_in(function).any(|(_, site)| match site.callee {
            Callee::Library(entry) => sleeps(entry) && facts.contains(around, site.at.node),
            _ => false,
        })
}

fn is_comprehension(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp
    )
}

/// Keywords that say whose connection it is.
const IDENTITY: [&str; 19] = [
    "api_key",
    "token",
    "auth",
    "auth_token",
    "access_token",
    "cookies",
    "proxy",
    "proxies",
    "cert",
    "credentials",
    "credential",
    "base_url",
    "host",
    "url",
    "endpoint",
    "server_url",
    "dsn",
    "verify",
    "event_hooks",
];

/// Made for credentials, a proxy or an address that the caller brings: one for all would not do.
pub(in crate::rules) fn depends_on_the_caller(facts: &FileFacts, making: &Making) -> bool {
    let params = &facts.function(making.function.local).params;
    let is_param = |node: NodeId| {
        facts.name_place(node).is_some_and(|place| {
            let receiver = params
                .first()
                .is_some_and(|it| it.place == place && matches!(facts.text(it.name), "self" | "cls"));
            !receiver && params.iter().any(|it| it.place == place)
        })
    };
    let root = facts.function(making.function.local).node;
    IDENTITY
        .iter()
        .filter_map(|it| facts.keyword(making.node, it))
        .any(|value| {
            // `verify = tls_of(auth)` is the caller's as much as `auth` is.
            let roots = facts.slice(root, value).roots;
            roots.into_iter().any(|it| facts.subtree(it).any(is_param))
        })
}
