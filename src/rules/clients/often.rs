//! Whether a client made in a function would be used again soon: only then is the connection that it throws away worth
//! keeping.

use super::Making;
use super::seldom::is_seldom;
use crate::catalog::{Act, Is};
use crate::diagnostic::Exposure;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, Role};
use crate::project::{Callee, ClassId, FnId, PerItem, Site, has_word, per_item};
use crate::rules::Context;

/// Whether the function makes its client often, beside calls that are as fast as the handshake is slow.
pub(in crate::rules) fn is_often(cx: &Context<'_>, making: &Making, site: &Site, exposure: Exposure) -> bool {
    let facts = cx.facts();
    let local = making.function.local;
    if exposure == Exposure::Solitary || is_seldom(facts, local) || is_set_up(cx) {
        return false;
    }
    // Who makes an engine or a pool makes many connections, each of them a process of the database.
    let per_item = per_item(cx.project, making.function);
    if is_pool(cx, site) || per_item == Some(PerItem::Beside) {
        return true;
    }
    // One whole file, or an answer that takes seconds, dwarfs the handshake before it.
    if carries_much(facts, local) || awaits_long(facts, making) || is_for_want(facts, local) || logs_in(cx, making) {
        return false;
    }
    per_item.is_some()
        || exposure == Exposure::Hot && serves_requests(cx, making.function)
        || is_of_a_client(cx, making.function)
}

/// Further away from the request than this, the call is one step of something that takes longer.
const MAX_HOPS: usize = 4;

/// Whether a handler of requests or events is near among those that call the function.
fn serves_requests(cx: &Context<'_>, function: FnId) -> bool {
    let project = cx.project;
    let mut level = vec![function];
    for _ in 0..=MAX_HOPS {
        if level.iter().any(|&it| handles(cx, it)) {
            return true;
        }
        let callers = level.iter().flat_map(|&it| project.graph.callers(it));
        let mut next: Vec<FnId> = callers.map(|(_, site)| site.caller).collect();
        next.sort_unstable();
        next.dedup();
        level = next;
    }
    false
}

fn handles(cx: &Context<'_>, function: FnId) -> bool {
    let project = cx.project;
    let by_base = project.names.function(function).class.is_some_and(|local| {
        let class = ClassId {
            module: function.module,
            local,
        };
        let mut bases = project.names.classes.external_bases(class);
        bases.any(|it| project.names.catalog.is(it, Is::HandlerBase))
    });
    by_base || project.decorators.act(function) == Some(Act::Handler)
}

/// `if client is None: async with AsyncClient() as client`: whoever calls often can bring one.
fn is_for_want(facts: &FileFacts, local: LocalFn) -> bool {
    const BROUGHT: [&str; 3] = ["client", "session", "http"];
    let tests = facts.body_nodes(local).filter(|&it| facts.kind(it) == Kind::If);
    tests.filter_map(|it| facts.child(it, Role::Test)).any(|test| {
        let asks_for_none = facts.subtree(test).any(|it| facts.kind(it) == Kind::None);
        asks_for_none && facts.subtree(test).any(|it| brought(facts, it, &BROUGHT))
    })
}

fn brought(facts: &FileFacts, node: NodeId, words: &[&str]) -> bool {
    let name = match facts.kind(node) {
        Kind::Name => facts.name_text(node),
        Kind::Attribute => facts.payload_text(node),
        _ => None,
    };
    name.is_some_and(|it| has_word(it, words))
}

/// A token is good for an hour.
fn logs_in(cx: &Context<'_>, making: &Making) -> bool {
    has_word(
        &cx.qualname(making.function),
        &["token", "oauth", "oauth2", "credentials", "refresh"],
    )
}

/// `create_async_engine(...)`, `create_pool(...)`: a function that makes it, not the class of a client.
fn is_pool(cx: &Context<'_>, site: &Site) -> bool {
    matches!(site.callee, Callee::Library(entry)
        if !cx.project.names.catalog.entry_name(entry).ends_with(".__init__"))
}

/// Modules of what somebody does once by hand.
fn is_set_up(cx: &Context<'_>) -> bool {
    const PARTS: [&str; 8] = [
        "setup",
        "install",
        "installer",
        "onboarding",
        "config",
        "configure",
        "wizard",
        "login",
    ];
    let module = &cx.project.names.modules[cx.module.0 as usize].name;
    has_word(module.rsplit('.').next().unwrap_or_default(), &PARTS)
}

/// Names of what moves whole files.
fn carries_much(facts: &FileFacts, local: LocalFn) -> bool {
    const WORDS: [&str; 18] = [
        "upload",
        "aupload",
        "download",
        "adownload",
        "media",
        "file",
        "files",
        "document",
        "documents",
        "bytes",
        "blob",
        "load",
        "aload",
        "attachment",
        "attachments",
        "archive",
        "backup",
        "export",
    ];
    has_word(facts.text(facts.function(local).name), &WORDS)
}

/// So many seconds are given to what is known to be slow: a model, an agent, a report.
const LONG: f64 = 60.0;

/// The client is given minutes for its answer.
fn awaits_long(facts: &FileFacts, making: &Making) -> bool {
    let given = facts.keyword(making.node, "timeout");
    given.and_then(|it| facts.number(it)).is_some_and(|it| it > LONG)
}

/// Whether the object by its name stands for a service: then the program asks it as often as it likes.
fn is_of_a_client(cx: &Context<'_>, function: FnId) -> bool {
    const NAMES: [&str; 14] = [
        "client",
        "api",
        "rpc",
        "sdk",
        "daemon",
        "connector",
        "provider",
        "service",
        "gateway",
        "adapter",
        "backend",
        "store",
        "repository",
        "manager",
    ];
    let name = cx.qualname(function);
    let class = name.rsplit('.').nth(1).unwrap_or_default();
    // `APIClient` is a client too.
    has_word(class, &NAMES) || NAMES.iter().any(|it| class.to_ascii_lowercase().ends_with(it))
}
