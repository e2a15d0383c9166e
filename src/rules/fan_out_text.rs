//! What the fan-out rules say, and the fan-outs that none of them speaks of.

pub(super) use super::narrow::is_configured;
use crate::diagnostic::Label;
use crate::facts::{Kind, NodeId, Role};
use crate::project::{At, FanOut, FnId, Resource, Strand, Worker, says_limit as named_limit};
use crate::rules::context::{Context, Library};
use crate::rules::text::expr_text;

/// A node of the module.
pub(super) fn at(cx: &Context<'_>, node: NodeId) -> At {
    At {
        module: cx.module,
        node,
    }
}

/// Whether a name says that it bounds how many run.
pub(super) fn says_limit(text: &str) -> bool {
    named_limit(text)
}

/// What each task runs: "`fetch(...)`".
pub(super) fn worker(cx: &Context<'_>, worker: &Worker) -> String {
    let text = cx.call_text(at(cx, worker.node));
    format!("`{text}(...)`")
}

/// The call that starts them, as it is written.
pub(super) fn starter(cx: &Context<'_>, fan_out: &FanOut) -> String {
    cx.call_text(fan_out.at)
}

/// What there is one of: "item of `urls`".
pub(super) fn items(cx: &Context<'_>, strand: &Strand) -> String {
    let Some(source) = strand.source else {
        return "turn of the loop".to_owned();
    };
    let facts = cx.facts();
    let mut shown = source;
    // `enumerate(urls)` and `sorted(urls)` are about `urls`.
    while facts.kind(shown) == Kind::Call
        && let Some(func) = facts.child(shown, Role::Func)
        && matches!(
            facts.name_text(func),
            Some("enumerate" | "sorted" | "list" | "set" | "zip" | "reversed" | "tuple" | "range" | "len")
        )
        && let Some(inner) = facts.arg(shown, 0)
    {
        shown = inner;
    }
    format!("item of `{}`", expr_text(facts, shown, 6))
}

/// How to bound it, in the file's library.
pub(super) fn help(cx: &Context<'_>, work: &str) -> String {
    match cx.library() {
        Library::Asyncio => {
            format!("make one `asyncio.Semaphore(10)` outside, and run {work} inside `async with semaphore:`")
        }
        Library::Anyio => {
            format!("make one `anyio.CapacityLimiter(10)` outside, and run {work} inside `async with limiter:`")
        }
        Library::Trio => {
            format!("make one `trio.CapacityLimiter(10)` outside, and run {work} inside `async with limiter:`")
        }
    }
}

/// Names of what ends things; such fan-outs are over what is already open.
const ENDS: [&str; 24] = [
    "close",
    "aclose",
    "stop",
    "astop",
    "shutdown",
    "ashutdown",
    "cancel",
    "disconnect",
    "adisconnect",
    "terminate",
    "kill",
    "cleanup",
    "teardown",
    "dispose",
    "__aexit__",
    "__del__",
    "wait_closed",
    "destroy",
    "on_shutdown",
    "unload",
    "drain",
    "async_stop",
    "async_unload",
    "join",
];

fn ends(name: &str) -> bool {
    let name = name.trim_start_matches('_').trim_end_matches('_');
    let first = name.split('_').next().unwrap_or_default();
    ENDS.iter().any(|it| it.trim_matches('_') == name)
        || matches!(
            first,
            "close"
                | "aclose"
                | "stop"
                | "shutdown"
                | "cancel"
                | "disconnect"
                | "terminate"
                | "kill"
                | "cleanup"
                | "teardown"
                | "dispose"
                | "aexit"
                | "unload"
                | "drain"
                | "unsubscribe"
        )
}

/// A drain: in a function that ends things, in `finally`, or of workers that end things.
pub(super) fn is_shutdown(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let facts = cx.facts();
    let mut function = fan_out.orchestrator.local;
    loop {
        let of = facts.function(function);
        if ends(facts.text(of.name)) || facts.text(of.name) == "lifespan" {
            return true;
        }
        if of.parent == function || of.kind == crate::facts::FnKind::Module {
            break;
        }
        function = of.parent;
    }
    let in_finally = facts.node(fan_out.at.node).role == Role::Finally
        || facts
            .ancestors(fan_out.at.node)
            .any(|it| facts.node(it).role == Role::Finally);
    let workers = fan_out.strands.iter().filter_map(|it| it.worker.as_ref());
    let mut started = workers.flat_map(|it| it.wrapped.iter().copied().chain([it.node]));
    let ending = started.any(|it| {
        let text = cx.call_text(at(cx, it));
        ends(text.rsplit('.').next().unwrap_or_default())
    });
    in_finally || ending
}

/// `client.send(message) for client in clients`: one message to everybody who is connected.
pub(super) fn is_broadcast(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand) -> bool {
    let facts = cx.facts();
    let Some(worker) = &strand.worker else { return false };
    let _ = fan_out;
    let text = cx.call_text(at(cx, worker.node));
    let last = text.rsplit('.').next().unwrap_or_default();
    let sends = matches!(
        last.split('_').next(),
        Some("send" | "broadcast" | "publish" | "notify" | "emit" | "deliver" | "push" | "ping" | "reply" | "asend")
    ) || last.starts_with("send");
    let peers = strand.source.is_some_and(|it| {
        let text = expr_text(facts, it, 6).to_lowercase();
        [
            "client",
            "connection",
            "subscriber",
            "websocket",
            "listener",
            "peer",
            "session",
            "socket",
            "observer",
            "consumer",
            "sink",
            "channel",
            "callback",
            "handler",
            "receiver",
            "participants",
            "hook",
            "player",
        ]
        .iter()
        .any(|it| text.contains(it))
    });
    sends && peers
}

/// A worker that runs for ever is a service that is started, not an item that is worked on.
pub(super) fn is_service(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> bool {
    let graph = &cx.project.graph;
    graph
        .sites_at(fan_out.orchestrator, worker.node)
        .any(|(_, site)| !site.targets().is_empty() && site.targets().iter().all(|&it| runs_for_ever(cx, it)))
}

fn runs_for_ever(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.project.names.facts(function.module);
    facts.body_nodes(function.local).any(|it| {
        if facts.kind(it) != Kind::While
            || facts
                .child(it, Role::Test)
                .is_none_or(|it| facts.kind(it) != Kind::True)
        {
            return false;
        }
        let leaves = |kind: Kind| matches!(kind, Kind::Break | Kind::Return);
        !facts.descendants(it).any(|it| leaves(facts.kind(it)))
    })
}

/// What comes of too many at once.
pub(super) fn consequence(resource: Resource) -> &'static str {
    match resource {
        Resource::Network => {
            "as many requests as there are items go out together, and end in rate limits, timeouts and full pools"
        }
        Resource::Database => {
            "as many queries as there are items wait for the pool's few connections, and so does everybody else"
        }
        Resource::Subprocess => "as many processes as there are items compete for the machine",
        Resource::File => "as many files as there are items are open together, up to the limit of the process",
    }
}

/// Where the worker is started, and what decides how many, where the fan-out does not show it.
pub(super) fn labels(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker) -> Vec<Label> {
    let mut labels = Vec::new();
    if !cx.facts().contains(fan_out.at.node, worker.node) {
        labels.push(cx.label(at(cx, worker.node), "started here"));
    }
    if let Some(source) = strand.source
        && !cx.facts().contains(fan_out.at.node, source)
    {
        labels.push(cx.label(at(cx, source), "one per item of this"));
    }
    labels
}
