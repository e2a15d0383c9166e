//! What the worker of a fan-out reaches, and on which way.

use super::fan_out_text as text;
use super::ineffective_limiter::speaks_of;
use crate::diagnostic::Step;
use crate::facts::{Kind, NodeId, Role};
use crate::project::{Eval, FanOut, ModuleId, Reached, Ty, Worker, is_bounded_by_transport};
use crate::rules::Context;

pub(super) fn looks_limited(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker, reached: &Reached) -> bool {
    let project = cx.project;
    let sink = reached.chain.last().map(|&it| project.graph.site(it));
    let worker = text::at(cx, worker.node);
    if sink.is_some_and(|it| is_bounded_by_transport(&project.names, it, worker)) {
        return true;
    }
    let own = reached.chain.iter().any(|&it| {
        let site = project.graph.site(it);
        let holds = project.limiters.holds(site.at.module).iter();
        holds
            .filter(|it| it.function == site.caller)
            .any(|it| it.made.is_some() && it.covers(site.at.node))
    });
    own || speaks_of(cx, fan_out)
}

/// The unlimited path from the worker, or from a coroutine that it is given and does not limit.
pub(super) fn reached(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Option<Reached> {
    let project = cx.project;
    let (names, graph, limiters) = (&project.names, &project.graph, &project.limiters);
    let at = |node: NodeId| {
        let sites = graph.sites_at(fan_out.orchestrator, node);
        sites
            .filter_map(|(id, _)| project.scarce.unlimited(names, graph, limiters, id))
            .min_by_key(|it| it.chain.len())
    };
    if is_run_by_a_limiter(cx, worker) {
        return None;
    }
    if let Some(found) = at(worker.node) {
        return Some(found);
    }
    let limits = graph
        .sites_at(fan_out.orchestrator, worker.node)
        .any(|(_, site)| site.targets().iter().any(|&it| limiters.enters_deep(names, it)))
        || text::says_limit(&cx.call_text(text::at(cx, worker.node)));
    if limits {
        return None;
    }
    worker
        .wrapped
        .iter()
        .find_map(|&it| at(it))
        .or_else(|| guessed(cx, fan_out, worker))
}

/// `semaphores.run(fetch(url))`: what the limiter itself reaches (a lock in redis) is how it limits.
pub(super) fn is_run_by_a_limiter(cx: &Context<'_>, worker: &Worker) -> bool {
    let facts = cx.facts();
    let receiver = facts
        .child(worker.node, Role::Func)
        .filter(|&it| facts.kind(it) == Kind::Attribute)
        .and_then(|it| facts.child(it, Role::Value));
    receiver.is_some_and(|it| facts.kind(it) != Kind::Call && text::says_limit(&cx.node_text(it)))
}

/// The worker is a method of an object that nobody typed (a row of a query): the project's own methods of that name.
fn guessed(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Option<Reached> {
    let facts = cx.facts();
    let project = cx.project;
    let func = facts
        .child(worker.node, Role::Func)
        .filter(|&it| facts.kind(it) == Kind::Attribute)?;
    if project
        .graph
        .sites_at(fan_out.orchestrator, worker.node)
        .next()
        .is_some()
    {
        return None;
    }
    let receiver = facts.child(func, Role::Value)?;
    let name = facts.payload_text(func)?;
    match Eval::new(&project.names, &project.types, cx.module).expr(receiver) {
        Ty::Unknown => {}
        // The rows that a query gives are objects of this project, more exact than the base that it declares.
        Ty::Foreign | Ty::Instance(_) if name.contains('_') && facts.kind(receiver) == Kind::Name => {}
        _ => return None,
    }
    let guessed = project
        .scarce
        .guessed(&project.names, &project.graph, &project.limiters, (cx.module, name))?;
    let first = guessed.chain.first().map(|&it| project.graph.site(it).caller.module);
    first.is_some_and(|it| imports_of(cx, it)).then_some(guessed)
}

/// Whether this module imports from the package of another one: who works on the objects of a class has to do with it.
fn imports_of(cx: &Context<'_>, other: ModuleId) -> bool {
    let facts = cx.facts();
    let name = |it: ModuleId| cx.project.names.modules[it.0 as usize].name.as_str();
    let package = name(other).rsplit_once('.').map_or(name(other), |(package, _)| package);
    let within = |it: &str| {
        it.strip_prefix(package)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let own: Vec<&str> = name(cx.module).split('.').collect();
    other == cx.module
        || facts.imports.iter().any(|it| {
            let module = facts.text(it.module);
            // `from ..orm import Row` in `app.services.users` is from `app.orm`.
            let above = own.len().saturating_sub(it.level as usize);
            let full = [&own[..above], &[module]].concat().join(".");
            within(if it.level == 0 {
                module
            } else {
                full.trim_end_matches('.')
            })
        })
}

/// From the worker to the scarce call.
pub(super) fn witness(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker, reached: &Reached) -> Vec<Step> {
    let first = Step {
        location: cx.here(worker.node),
        qualname: cx.qualname(fan_out.orchestrator),
        text: cx.call_text(text::at(cx, worker.node)),
    };
    let chain = cx.steps(&reached.chain);
    let starts_there = chain.first().is_some_and(|it| it.location == first.location);
    (!starts_there).then_some(first).into_iter().chain(chain).collect()
}
