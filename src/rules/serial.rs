//! Awaited calls that ask a remote service for something, each for itself: what could as well run beside its like.

use super::fan_out_text as text;
use crate::catalog::{Act, EntryId, Is};
use crate::facts::{Fate, FileFacts, Kind, NodeId, Role};
use crate::project::{At, Callee, Flags, FnId, Reached, Resource, Site, SiteId, has_word};
use crate::rules::Context;

/// Words of calls that change something elsewhere: their order can be seen.
const WRITES: [&str; 30] = [
    "put", "delete", "patch", "send", "upload", "publish", "insert", "update", "write", "upsert", "remove", "set",
    "add", "push", "notify", "register", "save", "store", "submit", "start", "stop", "close", "connect", "login",
    "move", "copy", "apply", "execute", "run", "step",
];

/// Words of receivers that keep a state between calls: a page, a conversation, a connection.
const KEEPS_STATE: [&str; 22] = [
    "page",
    "browser",
    "tab",
    "driver",
    "conversation",
    "chat",
    "agent",
    "websocket",
    "ws",
    "stream",
    "reader",
    "writer",
    "channel",
    "connection",
    "conn",
    "cursor",
    "transaction",
    "db",
    "database",
    "pubsub",
    "game",
    "env",
];

/// An awaited call that could run beside its like.
pub(super) struct Asked {
    pub(super) call: NodeId,
    /// The way to the service; `None` where it is not known what the call waits for.
    pub(super) reached: Option<Reached>,
}

/// What the await at `node` asks for, if it is such a call.
pub(super) fn asked(cx: &Context<'_>, function: FnId, node: NodeId) -> Option<Asked> {
    let facts = cx.facts();
    let call = awaited_call(facts, node)?;
    let project = cx.project;
    let (id, site) = only_site(cx, function, call)?;
    let names = &project.names;
    let reached = project.scarce.unlimited(names, &project.graph, &project.limiters, id)?;
    let limited = reached.some_limited || project.limiters.limits(&project.graph, id);
    if reached.resource != Resource::Network || reached.duck || limited || site.flags.has(Flags::ERROR_PATH) {
        return None;
    }
    let steps = reached.chain.iter().map(|&it| project.graph.site(it));
    let plain = steps.clone().all(|it| is_plain(cx, it)) && is_shared(cx, reached.entry);
    plain.then_some(Asked {
        call,
        reached: Some(reached),
    })
}

/// A call of a coroutine of the project that waits for something nobody knows: a guess, for whom a log can tell more.
pub(super) fn guessed(cx: &Context<'_>, function: FnId, node: NodeId) -> Option<Asked> {
    let call = awaited_call(cx.facts(), node)?;
    let project = cx.project;
    let (_, site) = only_site(cx, function, call)?;
    let [target] = site.targets() else { return None };
    let known = project.scarce.of(&project.graph, *target);
    let free = known.is_none_or(|it| it.resource == Resource::Network);
    (free && is_plain(cx, site) && !site.flags.has(Flags::ERROR_PATH)).then_some(Asked { call, reached: None })
}

/// The call that an `await`, or an `async with`, waits for.
fn awaited_call(facts: &FileFacts, node: NodeId) -> Option<NodeId> {
    let value = match facts.kind(node) {
        Kind::Await => facts.child(node, Role::Value),
        Kind::WithItem => facts.child(node, Role::Context),
        _ => None,
    };
    value.filter(|&it| facts.kind(it) == Kind::Call)
}

fn only_site<'a>(cx: &Context<'a>, function: FnId, call: NodeId) -> Option<(SiteId, &'a Site)> {
    let mut sites = cx
        .project
        .graph
        .sites_at(function, call)
        .filter(|(_, site)| site.flags.has(Flags::AWAITED) && !site.flags.has(Flags::PASSED));
    let (first, None) = (sites.next()?, sites.next()) else {
        return None;
    };
    Some(first)
}

/// A step that neither writes by its name nor belongs to something that keeps a state, in a function that sets none.
fn is_plain(cx: &Context<'_>, site: &Site) -> bool {
    let said = cx.call_text(site.at);
    let (receiver, method) = said.rsplit_once('.').unwrap_or(("", &said));
    let sets = |function: FnId| {
        let theirs = cx.project.names.facts(function.module);
        theirs
            .classes
            .iter()
            .any(|it| it.attributes.iter().any(|it| it.function == function.local))
    };
    !has_word(method, &WRITES) && !has_word(receiver, &KEEPS_STATE) && !site.targets().iter().any(|&it| sets(it))
}

/// Whether tasks may call it at the same time: a client, not a connection, a stream or the body of one answer.
fn is_shared(cx: &Context<'_>, entry: EntryId) -> bool {
    let catalog = &cx.project.names.catalog;
    let name = catalog.entry_name(entry);
    let of = name.rsplit_once('.').map_or("", |it| it.0);
    let class = of.rsplit('.').next().unwrap_or_default();
    let is_client = catalog.owner(entry).is_some_and(|it| catalog.is(it, Is::Client));
    is_client || !(has_word(class, &KEEPS_STATE) || has_word(class, &["socket", "session", "request", "response"]))
}

/// Whether an await in a loop's body belongs to what a call of the same turn has given (`await response.json()`), or
/// asks by itself.
pub(super) fn is_of_its_own(cx: &Context<'_>, function: FnId, around: NodeId, node: NodeId) -> bool {
    if asked(cx, function, node).is_some_and(|it| is_kept(cx, it.call)) {
        return true;
    }
    let facts = cx.facts();
    let is_statement = facts.kind(NodeId(facts.node(node).parent)) == Kind::ExprStmt;
    let Some(call) = awaited_call(facts, node).filter(|_| !is_statement) else {
        return false;
    };
    let receiver = facts
        .child(call, Role::Func)
        .filter(|&it| facts.kind(it) == Kind::Attribute)
        .and_then(|it| facts.child(it, Role::Value))
        .and_then(|it| facts.name_place(it));
    receiver.is_some_and(|place| {
        let made = facts.definitions_of(place);
        let is_target = facts
            .child(around, Role::Target)
            .is_some_and(|it| made.iter().any(|made| facts.contains(it, made.node)));
        !made.is_empty() && !is_target && made.iter().all(|it| facts.contains(around, it.node))
    })
}

/// Whether the call's arguments, or what it is called on, come from the turn's item.
pub(super) fn is_about_the_item(cx: &Context<'_>, around: NodeId, call: NodeId) -> bool {
    let facts = cx.facts();
    let of_turn = |it: NodeId| {
        facts.name_place(it).is_some_and(|place| {
            facts
                .definitions_of(place)
                .iter()
                .any(|it| facts.contains(around, it.node))
        })
    };
    facts.descendants(call).any(of_turn)
}

/// Whether something is done with the answer: a call whose answer nobody wants is made for what it does.
pub(super) fn is_kept(cx: &Context<'_>, call: NodeId) -> bool {
    let facts = cx.facts();
    let parent = NodeId(facts.node(call).parent);
    match facts.kind(parent) {
        Kind::Await => matches!(facts.fate(parent), Fate::Taken | Fate::Compared),
        Kind::WithItem => facts.child(parent, Role::Target).is_some(),
        _ => false,
    }
}

/// Whether something around a node makes its calls wait for each other: a limiter or lock, or a block that nobody
/// knows to be shared.
pub(super) fn is_held(cx: &Context<'_>, function: FnId, node: NodeId) -> bool {
    let facts = cx.facts();
    let limited = cx
        .project
        .limiters
        .holds(cx.module)
        .iter()
        .any(|it| it.function == function && it.covers(node));
    let around = facts
        .ancestors(node)
        .take_while(|&it| !matches!(facts.kind(it), Kind::FunctionDef | Kind::Lambda));
    let in_other_block = around
        .filter(|&it| matches!(facts.kind(it), Kind::AsyncWith | Kind::With))
        .flat_map(|it| facts.children_as(it, Role::Item))
        .filter_map(|it| facts.child(it, Role::Context))
        .any(|it| !is_harmless_block(cx, function, it));
    limited || in_other_block
}

/// Whether a loop around this one pauses in every turn: somebody has thought of the pace.
pub(super) fn is_paced(cx: &Context<'_>, around: NodeId) -> bool {
    let facts = cx.facts();
    let pauses = |it: NodeId| facts.kind(it) == Kind::Call && cx.node_text(it).rsplit('.').next() == Some("sleep");
    let mut loops = facts.ancestors(around).filter(|&it| facts.kind(it).is_loop());
    loops.any(|it| facts.descendants(it).any(pauses))
}

/// A client that is open, or a deadline.
fn is_harmless_block(cx: &Context<'_>, function: FnId, context: NodeId) -> bool {
    let catalog = &cx.project.names.catalog;
    let mut eval = cx.eval();
    let is_client = matches!(eval.expr(context), crate::project::Ty::External(it) if catalog.is(it, Is::Client));
    let is_deadline =
        cx.project.graph.sites_at(function, context).any(
            |(_, site)| matches!(site.callee, Callee::Library(it) if catalog.entry(it).act == Some(Act::Deadline)),
        );
    let asks = asked(cx, function, NodeId(cx.facts().node(context).parent)).is_some();
    is_client || is_deadline || asks
}

/// Names of functions and collections by which one thing comes after another on purpose.
const IN_TURN: [&str; 34] = [
    "retry",
    "retries",
    "attempt",
    "attempts",
    "poll",
    "stream",
    "migrate",
    "migrations",
    "sequential",
    "sequentially",
    "serial",
    "ordered",
    "paginate",
    "walk",
    "steps",
    "stages",
    "phases",
    "rounds",
    "turns",
    "delays",
    "fallback",
    "fallbacks",
    "messages",
    "history",
    "events",
    "commands",
    "actions",
    "throttle",
    "batch",
    "batches",
    "chunk",
    "chunks",
    "pages",
    "page",
];

/// Whether the names say that the items come in turn.
pub(super) fn is_in_turn(cx: &Context<'_>, function: FnId, iter: NodeId, target: Option<NodeId>) -> bool {
    let facts = cx.facts();
    let name = facts.text(facts.function(function.local).name);
    let nodes = [Some(iter), target].into_iter().flatten();
    let mut said = nodes
        .flat_map(|it| (it.0..facts.node(it).end).map(NodeId))
        .filter_map(|it| facts.name_text(it).or_else(|| attribute_name(facts, it)));
    has_word(name, &IN_TURN) || said.any(|it| has_word(it, &IN_TURN))
}

fn attribute_name(facts: &FileFacts, node: NodeId) -> Option<&str> {
    facts.payload_text(node).filter(|_| facts.kind(node) == Kind::Attribute)
}

/// The place of a node of this module.
pub(super) fn here(cx: &Context<'_>, node: NodeId) -> At {
    text::at(cx, node)
}
