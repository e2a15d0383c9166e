//! Waits for a peer that can last for ever, and what they wait for.

use crate::catalog::{Act, Entry};
use crate::facts::{FileFacts, How, Kind, NodeId, Role};
use crate::project::{At, Callee, Flags, Site, SiteId, has_bound, origin, waits_for_ever};
use crate::rules::Context;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A service that answers when it likes.
    Service,
    /// Another process on this machine.
    Process,
    /// A connection that is being opened.
    Connection,
    /// A message that somebody else has to send.
    Message,
}

/// A call that waits without a bound of its own.
pub(super) struct Wait<'a> {
    pub(super) id: SiteId,
    pub(super) site: &'a Site,
    /// The library's name of it.
    pub(super) what: &'a str,
    pub(super) peer: Peer,
}

/// The awaited calls of this module that by default wait for ever on somebody else.
pub(super) fn endless<'a>(cx: &Context<'a>) -> Vec<Wait<'a>> {
    let functions = cx.facts().all_functions();
    functions
        .flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)))
        .filter_map(|(id, site)| wait(cx, id, site))
        .collect()
}

fn wait<'a>(cx: &Context<'a>, id: SiteId, site: &'a Site) -> Option<Wait<'a>> {
    let Callee::Library(entry_id) = site.callee else {
        return None;
    };
    let catalog = &cx.project.names.catalog;
    let entry = catalog.entry(entry_id);
    let facts = cx.facts();
    if !site.flags.has(Flags::AWAITED)
        || entry.usually_quick
        || !waits_for_ever(entry)
        || has_bound(facts, site.at.node, entry)
    {
        return None;
    }
    let what = catalog.entry_name(entry_id);
    let peer = peer(what, entry)?;
    let keeps = match peer {
        // What a process that is killed or has closed its output still does is short.
        Peer::Process if what.ends_with(".wait") => !asks(facts, site, &["terminate", "send_signal"]),
        Peer::Process => asks(facts, site, &["kill"]) && !asks(facts, site, &["terminate", "send_signal"]),
        // `sock=` is connected already, and a session that was given a timeout keeps it at every request.
        Peer::Connection => facts.keyword(site.at.node, "sock").is_some(),
        Peer::Service => is_given_a_timeout(facts, site),
        // A loop that receives is what such a program is for.
        Peer::Message => {
            site.flags.has(Flags::IN_LOOP)
                || !(follows_a_request(facts, site) || what.ends_with("Event.wait") && follows_a_spawn(cx, site))
        }
    };
    (!keeps).then_some(Wait { id, site, what, peer })
}

/// Whom a call waits for, by what the catalog says of it and by the class that it belongs to.
fn peer(what: &str, entry: &Entry) -> Option<Peer> {
    let (owner, last) = what.rsplit_once('.')?;
    let class = owner.rsplit('.').next().unwrap_or_default();
    match (class, last) {
        ("Process", "wait" | "communicate") => Some(Peer::Process),
        (_, "open_connection" | "open_unix_connection" | "create_connection") => Some(Peer::Connection),
        ("Queue" | "Event", "get" | "wait") | ("StreamReader", _) => Some(Peer::Message),
        _ if last.starts_with("recv") || last.starts_with("receive") || last.starts_with("read_") => {
            Some(Peer::Message)
        }
        // These wait for a buffer, not for an answer.
        (_, "drain" | "wait_closed" | "start_tls" | "flush") => None,
        _ if entry.scarce.as_deref() == Some("network") && !last.starts_with("send") => Some(Peer::Service),
        _ => None,
    }
}

/// Whether the function has started a task before, which sets what it waits for unless it fails first.
fn follows_a_spawn(cx: &Context<'_>, site: &Site) -> bool {
    let sites = || cx.project.graph.sites_in(site.caller).map(|(_, it)| it);
    let is_spawn = |it: &&Site| match it.callee {
        Callee::Library(entry) => cx.project.names.catalog.entry(entry).act == Some(Act::Spawn),
        _ => false,
    };
    let spawns = sites().filter(|it| it.at.node < site.at.node).filter(is_spawn);
    let spawned = spawns.flat_map(|spawn| sites().filter(|it| cx.facts().contains(spawn.at.node, it.at.node)));
    let mut targets = spawned.flat_map(|it| it.targets().iter().copied()).peekable();
    let event = event(cx.facts(), site);
    targets.peek().is_some() && !targets.any(|it| sets_at_its_end(cx, it, event))
}

/// The last name of the event that a call waits for.
fn event<'a>(facts: &'a FileFacts, site: &Site) -> Option<&'a str> {
    let func = facts.child(site.at.node, Role::Func)?;
    let value = facts.child(func, Role::Value)?;
    facts.name_text(value).or_else(|| facts.payload_text(value))
}

/// `finally: event.set()` comes whatever happens before.
fn sets_at_its_end(cx: &Context<'_>, function: crate::project::FnId, name: Option<&str>) -> bool {
    let facts = cx.project.names.facts(function.module);
    let mut sets = facts
        .body_nodes(function.local)
        .filter(|&it| facts.kind(it) == Kind::Attribute && facts.payload_text(it) == Some("set"));
    sets.any(|it| {
        let value = facts.child(it, Role::Value);
        if value.and_then(|it| facts.name_text(it).or_else(|| facts.payload_text(it))) != name {
            return false;
        }
        let mut around = std::iter::once(it).chain(facts.ancestors(it));
        around.any(|it| matches!(facts.node(it).role, Role::Finally | Role::Handler))
    })
}

/// Whether the object that is asked was made with a timeout, where the function itself makes it.
fn is_given_a_timeout(facts: &FileFacts, site: &Site) -> bool {
    let receiver = facts
        .child(site.at.node, Role::Func)
        .and_then(|it| facts.child(it, Role::Value));
    let Some(receiver) = receiver else { return false };
    let root = facts.function(site.caller.local).node;
    let made = facts.slice(root, receiver).roots.into_iter();
    made.chain(entered_as(facts, site.at.node, receiver))
        .filter(|&it| facts.kind(it) == Kind::Call)
        .any(|call| {
            facts.children_as(call, Role::Keyword).any(|it| {
                let is_timeout = facts.payload_text(it).is_some_and(|it| it.contains("timeout"));
                is_timeout
                    && facts
                        .child(it, Role::Value)
                        .is_some_and(|it| facts.kind(it) != Kind::None)
            })
        })
}

/// What stands before `as` in the `with` around a node that binds this name.
fn entered_as(facts: &FileFacts, node: NodeId, name: NodeId) -> Option<NodeId> {
    let wanted = facts.name_text(name)?;
    let withs = facts
        .ancestors(node)
        .filter(|&it| matches!(facts.kind(it), Kind::With | Kind::AsyncWith));
    let mut items = withs.flat_map(|it| facts.children(it).filter(|&it| facts.kind(it) == Kind::WithItem));
    items.find_map(|item| {
        let target = facts.child(item, Role::Target)?;
        (facts.name_text(target) == Some(wanted)).then(|| facts.child(item, Role::Context))?
    })
}

/// Whether the function calls one of these before: a signal may be ignored, a kill may not.
fn asks(facts: &FileFacts, site: &Site, signals: &[&str]) -> bool {
    let before = facts.body_nodes(site.caller.local).take_while(|&it| it < site.at.node);
    let mut named = before
        .filter(|&it| facts.kind(it) == Kind::Attribute)
        .filter_map(|it| facts.payload_text(it));
    named.any(|name| signals.contains(&name))
}

/// Whether the function has sent something before: then it waits for the answer to it.
fn follows_a_request(facts: &FileFacts, site: &Site) -> bool {
    let before = facts.body_nodes(site.caller.local).take_while(|&it| it < site.at.node);
    before.into_iter().any(|it| sends(facts, it))
}

/// Whether a node is a call that sends something.
pub(super) fn sends(facts: &FileFacts, call: NodeId) -> bool {
    let func = facts
        .child(call, Role::Func)
        .filter(|&it| facts.kind(call) == Kind::Call && facts.kind(it) == Kind::Attribute);
    let name = func.and_then(|it| facts.payload_text(it)).unwrap_or_default();
    let plain = name.trim_start_matches('_');
    matches!(plain, "write" | "send" | "sendall" | "drain") || plain.starts_with("send_")
}

/// Whether the service is spoken to through a parameter: whoever made that may have given it a time-out.
pub(super) fn is_lent(cx: &Context<'_>, wait: &Wait<'_>) -> bool {
    let at = wait.site.at;
    let facts = cx.project.names.facts(at.module);
    let receiver = facts
        .child(at.node, Role::Func)
        .and_then(|it| facts.child(it, Role::Value));
    receiver.is_some_and(|node| {
        let made = origin(&cx.project.names, &cx.project.graph, At { node, ..at });
        let facts = cx.project.names.facts(made.module);
        let defined = facts.name_place(made.node).map(|it| facts.definitions_of(it));
        matches!(defined, Some([only]) if matches!(only.how, How::Param(_)))
    })
}

/// How to set a deadline in the words of the file's library.
pub(super) fn help(cx: &Context<'_>, awaited: &str) -> String {
    match cx.library() {
        crate::rules::Library::Asyncio => {
            format!("put it under `async with asyncio.timeout(...)`, or `await asyncio.wait_for({awaited}, ...)`")
        }
        other => format!("put it under `with {}.fail_after(...)`", other.name()),
    }
}
