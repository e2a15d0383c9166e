//! From the worker of a fan-out to a thread of the pool that the whole program shares.

use super::barrier::targets;
use crate::catalog::Act;
use crate::facts::Kind;
use crate::project::{Callee, FanOut, Flags, FnId, Site, SiteId, Worker, is_conditional};
use crate::rules::Context;

/// Coroutines between a worker and its call into a thread are followed this deep; longer ways are not what the
/// fan-out is about.
const DEPTH: u32 = 3;

/// The way from the worker to a thread of the default pool, without a limiter on it.
pub(super) fn way(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Option<Vec<SiteId>> {
    let graph = &cx.project.graph;
    if worker.in_thread {
        let mut own = graph.sites_at(fan_out.orchestrator, worker.node);
        let limited = cx
            .project
            .limiters
            .around(cx.module, fan_out.orchestrator.local, worker.node)
            .next()
            .is_some();
        return own
            .find(|(_, site)| takes_default_pool(cx, site) && !limited)
            .map(|(id, _)| vec![id]);
    }
    let workers = targets(cx, fan_out, worker);
    // Several candidates are a guess, and no worker of that name is known to go there.
    let [only] = workers[..] else { return None };
    below(cx, only, DEPTH)
}

fn below(cx: &Context<'_>, function: FnId, depth: u32) -> Option<Vec<SiteId>> {
    let project = cx.project;
    let depth = depth.checked_sub(1)?;
    if project.limiters.is_whole(function) || !project.names.facts(function.module).is_async(function.local) {
        return None;
    }
    let open = project.graph.sites_in(function).filter(|(id, site)| {
        site.flags.has(Flags::AWAITED)
            && !is_conditional(project, function, site.at.node)
            && !project.limiters.limits(&project.graph, *id)
    });
    let open: Vec<(SiteId, &Site)> = open.collect();
    if let Some((id, _)) = open.iter().find(|(_, site)| takes_default_pool(cx, site)) {
        return Some(vec![*id]);
    }
    open.into_iter().find_map(|(id, site)| {
        let [only] = site.targets() else { return None };
        let mut chain = below(cx, *only, depth)?;
        chain.insert(0, id);
        Some(chain)
    })
}

/// `to_thread(f, ...)`, `run_in_executor(None, f, ...)`, `run_sync(f)` without a limiter of its own.
fn takes_default_pool(cx: &Context<'_>, site: &Site) -> bool {
    let Callee::Library(id) = site.callee else { return false };
    let entry = cx.project.names.catalog.entry(id);
    let facts = cx.project.names.facts(site.at.module);
    let call = site.at.node;
    if entry.act != Some(Act::Offload) || facts.kind(call) != Kind::Call || facts.keyword(call, "limiter").is_some() {
        return false;
    }
    match entry.callable {
        Some(1) => facts.arg(call, 0).is_some_and(|it| facts.kind(it) == Kind::None),
        _ => entry.coroutine && facts.keyword(call, "executor").is_none(),
    }
}
