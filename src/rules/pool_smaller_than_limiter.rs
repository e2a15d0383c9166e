#![doc = include_str!("../../rules/pool-smaller-than-limiter.md")]

use super::clients::{self, Shared};
use super::fan_out_text as text;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Kind, Role};
use crate::project::{At, FanOut, Strand, Width, largest};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "pool-smaller-than-limiter",
        summary: "a limiter that lets in more calls than the client has connections",
        pattern: Pattern::PoolExhaustion,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["default-pool-limits"],
        page: include_str!("../../rules/pool-smaller-than-limiter.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        let mut strands = fan_out.strands.iter();
        found.extend(strands.find_map(|strand| {
            let shared = clients::shared(cx, fan_out, strand)?;
            let width = counted(cx, strand).map_or(strand.width, Width::Constant);
            let wide = clients::exceeds(width, shared.pool.size);
            wide.then(|| report(cx, fan_out, &shared, width)).flatten()
        }));
    }
}

/// `range(CONCURRENCY)`, where the number is a constant of the project.
fn counted(cx: &Context<'_>, strand: &Strand) -> Option<u64> {
    let facts = cx.facts();
    let range = strand.source?;
    let is_range = facts.name_text(facts.child(range, Role::Func)?) == Some("range");
    let node = facts
        .arg(range, 0)
        .filter(|_| is_range && facts.arg(range, 1).is_none())?;
    largest(
        &cx.project.names,
        &cx.project.graph,
        At {
            module: cx.module,
            node,
        },
    )
}

/// How many calls run at once, if that is known to be more than the client has connections.
fn at_once(fan_out: &FanOut, shared: &Shared, width: Width) -> Option<u64> {
    let entered = match (shared.limiter, width) {
        (Some((_, size)), _) => size?,
        // As many tasks as somebody wrote down, with a pool that somebody chose.
        (None, Width::Constant(count)) if !fan_out.bounded && !shared.pool.is_default => count,
        (None, _) => return None,
    };
    (entered > shared.pool.size).then_some(entered)
}

fn report(cx: &Context<'_>, fan_out: &FanOut, shared: &Shared, width: Width) -> Option<Diagnostic> {
    let limit = at_once(fan_out, shared, width)?;
    let starter = text::starter(cx, fan_out);
    let what = cx.project.names.catalog.class_name(shared.pool.client.class).to_owned();
    let room = shared.pool.size;
    let message = format!("`{starter}` lets {limit} calls run at once through a `{what}` that has {room} connections");
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    let (place, same) = match shared.limiter {
        Some(_) => ("they hold a place of the limiter", "the limiter has places"),
        None => ("their tasks look busy", "tasks are started"),
    };
    diagnostic.why = match shared.pool.gives_up {
        Some(seconds) => format!("the others wait for a connection where nobody sees it, and fail after {seconds} s"),
        None => format!("the others wait for a connection where nobody sees it, while {place}"),
    };
    diagnostic.help = if shared.pool.is_default {
        format!("give the client as many connections as the limiter has places, or let only {room} in")
    } else {
        format!("make the pool as large as {same}, {limit}, or let only {room} in")
    };
    diagnostic
        .labels
        .push(cx.label(shared.pool.made, format!("{room} connections")));
    match shared.limiter {
        Some((at, _)) => diagnostic.labels.push(cx.label(at, format!("{limit} at once"))),
        // A batch of constant size may be meant to wait for the pool: a worker that takes item after item is not.
        None if !takes_on(cx, fan_out) => diagnostic.severity = Severity::Low,
        None => {}
    }
    diagnostic.labels.push(cx.label(shared.used, "waits for a connection"));
    diagnostic.confidence = Confidence::High;
    if diagnostic.exposure == Exposure::Solitary && !clients::exceeds(width, room) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = what;
    Some(diagnostic)
}

/// Whether what is started takes one item after another, as from a queue.
fn takes_on(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let workers = fan_out.strands.iter().filter_map(|it| it.worker.as_ref());
    let sites = workers.flat_map(|it| cx.project.graph.sites_at(fan_out.orchestrator, it.node));
    let mut targets = sites.flat_map(|it| it.1.targets());
    targets.any(|it| {
        let facts = cx.project.names.facts(it.module);
        let mut nodes = facts.body_nodes(it.local);
        nodes.any(|it| matches!(facts.kind(it), Kind::While | Kind::AsyncFor))
    })
}
