//! The loop-blocker family: one analysis, one rule a kind of blocking.
//!
//! A finding is one call site in a function that runs on the event loop: the place where the loop's thread enters the
//! chain, and where `to_thread` would go.

use crate::catalog::{Blocks, Cost, EntryId};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Severity};
use crate::facts::{FnKind, Kind, NodeId};
use crate::project::{Callee, Flags, FnId, Reach, SiteId, Tier};
use crate::rules::Context;
use crate::rules::Rule;
use crate::rules::mends;
use std::cmp::Reverse;

/// The rule of a kind.
pub(super) fn family_rule(kind: Blocks) -> &'static Rule {
    match kind {
        Blocks::Sleep => &super::blocking_sleep::RULE,
        Blocks::Http => &super::blocking_http_call::RULE,
        Blocks::Sdk => &super::blocking_sdk_call::RULE,
        Blocks::Database => &super::blocking_database_call::RULE,
        Blocks::Subprocess => &super::blocking_subprocess::RULE,
        Blocks::Dns => &super::blocking_dns_lookup::RULE,
        Blocks::Wait => &super::blocking_wait::RULE,
        Blocks::File => &super::blocking_file_io::RULE,
        Blocks::Cpu => &super::cpu_bound_call::RULE,
    }
}

/// A call site on the loop's thread, and the heaviest effect that it reaches.
struct Hit {
    site: SiteId,
    node: NodeId,
    kind: Blocks,
    reach: Reach,
}

/// Reports the calls of a module whose heaviest effect is of this kind.
pub(super) fn check(cx: &Context<'_>, kind: Blocks, found: &mut Vec<Diagnostic>) {
    for (local, function) in cx.facts().all_functions() {
        let id = cx.function(local);
        let callback = function.kind != FnKind::Async && cx.runs_on_loop(id);
        if function.kind != FnKind::Async && !callback {
            continue;
        }
        // What a call does is weighed against every kind of blocking, so first ask whether there is anything to weigh.
        if !reaches(cx, id, kind) {
            continue;
        }
        for hit in hits(cx, id) {
            if hit.kind == kind {
                found.extend(report(cx, id, &hit));
            }
        }
    }
}

fn reaches(cx: &Context<'_>, id: FnId, kind: Blocks) -> bool {
    let project = cx.project;
    let blocks = |site| {
        project
            .blocking
            .of_site(&project.names, &project.graph, site, kind)
            .is_some()
    };
    project.graph.sites_in(id).any(|(site, _)| blocks(site))
}

/// The blocking call sites of a function, one a node; a call on the result of a blocking call is part of it.
fn hits(cx: &Context<'_>, id: FnId) -> Vec<Hit> {
    let project = cx.project;
    let mut all: Vec<Hit> = Vec::new();
    for (site, at) in project.graph.sites_in(id) {
        let Some((kind, reach)) = heaviest(cx, site) else {
            continue;
        };
        let hit = Hit {
            site,
            node: at.at.node,
            kind,
            reach,
        };
        match all.last_mut() {
            Some(last) if last.node == hit.node => {
                if weigh(&hit) < weigh(last) {
                    *last = hit;
                }
            }
            _ => all.push(hit),
        }
    }
    let nodes: Vec<(NodeId, Blocks)> = all.iter().map(|it| (it.node, it.kind)).collect();
    all.retain(|hit| {
        !nodes
            .iter()
            .any(|&(other, kind)| kind == hit.kind && is_part_of(cx, hit.node, other))
    });
    all
}

type Weight = (Tier, Reverse<Cost>, u32, usize);

fn weigh(hit: &Hit) -> Weight {
    let place = Blocks::BY_WEIGHT.iter().position(|&it| it == hit.kind).unwrap_or(0);
    (hit.reach.tier, hit.reach.cost, hit.reach.hops, place)
}

fn heaviest(cx: &Context<'_>, site: SiteId) -> Option<(Blocks, Reach)> {
    let project = cx.project;
    Blocks::BY_WEIGHT
        .iter()
        .enumerate()
        .filter_map(|(place, &kind)| {
            let reach = project.blocking.of_site(&project.names, &project.graph, site, kind)?;
            Some(((reach.tier, reach.cost, reach.hops, place), kind, reach))
        })
        .min_by_key(|it| it.0)
        .map(|(_, kind, reach)| (kind, reach))
}

/// `open(p).read()` is one thing, and so is what is done to a file inside `with open(p) as f`.
fn is_part_of(cx: &Context<'_>, node: NodeId, other: NodeId) -> bool {
    let facts = cx.facts();
    if node == other {
        return false;
    }
    if facts.contains(node, other) {
        // The receiver of a method call blocks by itself.
        return facts
            .child(node, crate::facts::Role::Func)
            .is_some_and(|func| facts.contains(func, other));
    }
    facts.ancestors(node).any(|it| {
        facts.kind(it) == Kind::With
            && facts
                .children_as(it, crate::facts::Role::Item)
                .any(|item| facts.contains(item, other))
            && !facts
                .children_as(it, crate::facts::Role::Item)
                .any(|item| facts.contains(item, node))
    }) && matches!(direct_entry(cx, node), Some(entry) if is_method(cx, entry))
}

fn is_method(cx: &Context<'_>, entry: EntryId) -> bool {
    cx.project.names.catalog.entry_name(entry).matches('.').count() >= 2
}

fn direct_entry(cx: &Context<'_>, node: NodeId) -> Option<EntryId> {
    let function = cx.function(cx.facts().function_of(node));
    cx.project
        .graph
        .sites_at(function, node)
        .find_map(|(_, site)| match site.callee {
            Callee::Library(entry) => Some(entry),
            _ => None,
        })
}

fn report(cx: &Context<'_>, id: FnId, hit: &Hit) -> Option<Diagnostic> {
    let project = cx.project;
    let rule = family_rule(hit.kind);
    let (chain, entry) = project
        .blocking
        .chain(&project.names, &project.graph, hit.site, hit.kind)?;
    let end = project.names.catalog.entry_name(entry).to_owned();
    let name = end.strip_prefix("builtins.").unwrap_or(&end);
    let called = cx.call_text(project.graph.site(hit.site).at);
    let message = if chain.len() == 1 {
        format!("`{name}` {}", verb(hit.kind))
    } else {
        format!("`{called}` reaches `{name}`, which {}", verb(hit.kind))
    };
    let mut diagnostic = cx.diagnostic(&rule.info, id, hit.node, message);
    let exposure = exposure(cx, id, hit);
    diagnostic.exposure = exposure;
    diagnostic.severity = severity(cx, id, hit, exposure);
    diagnostic.confidence = if hit.reach.duck {
        Confidence::Medium
    } else {
        Confidence::High
    };
    diagnostic.why = why(cx, entry, exposure, hit);
    diagnostic.help = super::twin::help(cx, &chain, entry);
    if chain.len() == 1 {
        diagnostic.fix = mends::awaited_sleep(cx, hit.node, entry).or_else(|| mends::in_thread(cx, hit.node, entry));
    }
    diagnostic.witness = cx.steps(&chain);
    diagnostic.group = name.to_owned();
    Some(diagnostic)
}

fn exposure(cx: &Context<'_>, id: FnId, hit: &Hit) -> Exposure {
    let own = cx.exposure(id);
    let flags = cx.project.graph.site(hit.site).flags;
    // What an open function does per item is per item whoever calls it; short stalls only count where that is certain.
    let per_item = flags.has(Flags::IN_LOOP) && hit.reach.cost.0 == Cost::High;
    if own == Exposure::Open && per_item {
        Exposure::Hot
    } else {
        own
    }
}

/// Cost decides, exposure lowers: what runs once, only after an error, or beside nothing else is right and negligible.
fn severity(cx: &Context<'_>, id: FnId, hit: &Hit, exposure: Exposure) -> Severity {
    if hit.reach.tier != Tier::Always || exposure == Exposure::Solitary {
        return Severity::Low;
    }
    match hit.reach.cost.0 {
        // CPU work at the beginning or end of a thing's life is what it costs to have it.
        Cost::High if hit.kind == Blocks::Cpu && is_one_off(cx, id) => Severity::Low,
        Cost::High => Severity::High,
        Cost::Medium if exposure == Exposure::Hot && hit.reach.hops <= MAX_SHORT_HOPS => Severity::Medium,
        // Milliseconds matter where they recur. Of an open function nobody knows that; what stands in it is likely its
        // purpose, what a helper does is as likely a setting, a cache or an option (docs/precision.md: 0 of 7 acted on).
        Cost::Medium if hit.reach.hops == 0 && !is_one_off(cx, id) => Severity::Medium,
        Cost::Micro if cx.pedantic => Severity::Medium,
        Cost::Medium | Cost::Small | Cost::Micro => Severity::Low,
    }
}

/// A stall of milliseconds further away than this is likely an exception of what lies between.
const MAX_SHORT_HOPS: u32 = 3;

/// Functions that by their name run at the beginning or the end of something's life.
fn is_one_off(cx: &Context<'_>, id: FnId) -> bool {
    const STEMS: [&str; 18] = [
        "setup",
        "init",
        "initialize",
        "start",
        "startup",
        "stop",
        "shutdown",
        "close",
        "teardown",
        "cleanup",
        "connect",
        "disconnect",
        "launch",
        "install",
        "bootstrap",
        "aenter",
        "aexit",
        "configure",
    ];
    let facts = cx.project.names.facts(id.module);
    let name = facts.text(facts.function(id.local).name).trim_matches('_');
    let name = name
        .strip_prefix("async_")
        .or_else(|| name.strip_prefix('a').filter(|it| STEMS.contains(it)))
        .unwrap_or(name);
    STEMS
        .iter()
        .any(|&stem| name == stem || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('_')))
}

fn verb(kind: Blocks) -> &'static str {
    match kind {
        Blocks::Sleep => "stops the event loop for as long as it sleeps",
        Blocks::Http => "blocks the event loop until the server has answered",
        Blocks::Sdk => "blocks the event loop until the service has answered",
        Blocks::Database => "blocks the event loop until the database has answered",
        Blocks::Subprocess => "blocks the event loop on a subprocess",
        Blocks::Dns => "blocks the event loop on the network",
        Blocks::Wait => "blocks the event loop until somebody else is done",
        Blocks::File => "blocks the event loop on the disk",
        Blocks::Cpu => "keeps the event loop busy with CPU work",
    }
}

fn why(cx: &Context<'_>, entry: EntryId, exposure: Exposure, hit: &Hit) -> String {
    let own = cx.project.names.catalog.entry(entry).why.clone();
    let general = match (hit.reach.tier, exposure) {
        (Tier::Once, _) => "it happens once, and every task waits for it then",
        (Tier::Error, _) => "it happens after an error, and every task waits for it then",
        (_, Exposure::Hot) => "it happens per item or per request, and every other task waits meanwhile",
        (_, Exposure::Open) => "whatever else runs on the caller's loop waits meanwhile",
        (_, Exposure::Solitary) => "little else runs at that time",
    };
    own.map_or_else(|| general.to_owned(), |it| format!("{it}; {general}"))
}
