//! Workers whose way can't be followed, and which wait for something that by its name is far away.

use super::fan_out_text as text;
use crate::diagnostic::Step;
use crate::facts::{FnKind, Kind, NodeId, Role};
use crate::project::{At, Eval, FanOut, Flags, FnId, Site, Ty, Worker, has_word};
use crate::rules::Context;
use crate::rules::text::expr_text;

/// Calls of the project between the worker and what it waits for.
const MAX_HOPS: usize = 3;

/// What a worker waits for, by name.
pub(super) struct Named {
    /// The call as it is written.
    pub(super) call: String,
    /// From the worker to the call.
    pub(super) witness: Vec<Step>,
}

/// The first awaited call of a worker whose receiver nobody knows and whose name says that it goes to a service.
pub(super) fn named(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Option<Named> {
    let graph = &cx.project.graph;
    let mut ways: Vec<Vec<&Site>> = graph
        .sites_at(fan_out.orchestrator, worker.node)
        .map(|(_, site)| vec![site])
        .collect();
    for _ in 0..MAX_HOPS {
        for way in &ways {
            if let Some((function, node)) = way.last().and_then(|it| waits_for(cx, it, goes_far)) {
                return Some(told(cx, way, function, node));
            }
        }
        let longer = ways.iter().flat_map(|way| {
            let last = way.last().and_then(|it| only_target(it));
            let sites = last.into_iter().flat_map(|it| graph.sites_in(it));
            let open = sites.filter(|(id, site)| is_followed(site) && !cx.project.limiters.limits(graph, *id));
            open.map(|(_, site)| way.iter().copied().chain([site]).collect())
        });
        ways = longer.collect();
    }
    None
}

fn told(cx: &Context<'_>, way: &[&Site], function: FnId, node: NodeId) -> Named {
    let at = At {
        module: function.module,
        node,
    };
    let last = Step {
        location: cx.location(at),
        qualname: cx.qualname(function),
        text: cx.call_text(at),
    };
    let mut witness: Vec<Step> = way.iter().map(|it| cx.step(it)).collect();
    witness.push(last);
    Named {
        call: cx.call_text(at),
        witness,
    }
}

fn is_followed(site: &Site) -> bool {
    site.flags.has(Flags::AWAITED)
        && !site
            .flags
            .has(Flags::ERROR_PATH.with(Flags::ONCE).with(Flags::OFF_LOOP))
}

fn only_target(site: &Site) -> Option<FnId> {
    match site.targets() {
        [only] => Some(*only),
        _ => None,
    }
}

/// An awaited call of this kind in the function that a site reaches, outside every limiter.
pub(super) fn waits_for(
    cx: &Context<'_>,
    site: &Site,
    is_it: fn(&Context<'_>, FnId, NodeId) -> bool,
) -> Option<(FnId, NodeId)> {
    let function = only_target(site)?;
    let project = cx.project;
    let theirs = project.names.facts(function.module);
    if project.names.function(function).kind != FnKind::Async || project.limiters.is_whole(function) {
        return None;
    }
    let mut awaits = theirs
        .body_nodes(function.local)
        .filter(|&it| theirs.kind(it) == Kind::Await);
    let found = awaits.find_map(|it| {
        let call = theirs
            .child(it, Role::Value)
            .filter(|&it| theirs.kind(it) == Kind::Call)?;
        let held = project.limiters.around(function.module, function.local, call).next();
        (held.is_none() && is_it(cx, function, call)).then_some(call)
    })?;
    // Whoever enters any limiter on the way has thought of it.
    let thinks = project.limiters.enters_deep(&project.names, function);
    (!thinks).then_some((function, found))
}

/// A call on something that is called a client, and whose type is no class of the project or the catalog.
fn goes_far(cx: &Context<'_>, function: FnId, call: NodeId) -> bool {
    const PEERS: [&str; 13] = [
        "client",
        "session",
        "api",
        "http",
        "fetcher",
        "downloader",
        "db",
        "database",
        "redis",
        "llm",
        "embedder",
        "scraper",
        "crawler",
    ];
    let facts = cx.project.names.facts(function.module);
    let receiver = facts
        .child(call, Role::Func)
        .filter(|&it| facts.kind(it) == Kind::Attribute)
        .and_then(|it| facts.child(it, Role::Value));
    let Some(receiver) = receiver else { return false };
    if cx.project.graph.sites_at(function, call).next().is_some() {
        return false;
    }
    let name = expr_text(facts, receiver, 6);
    let ty = Eval::new(&cx.project.names, &cx.project.types, function.module).expr(receiver);
    let unknown = matches!(ty, Ty::Unknown | Ty::Foreign);
    unknown && has_word(&name, &PEERS) && !text::says_limit(&name)
}
