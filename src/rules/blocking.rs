//! The loop-blocker family: one analysis, one rule a kind of blocking.
//!
//! A finding is one call site in a function that runs on the event loop: the place where the loop's thread enters the
//! chain, and where `to_thread` would go.

use crate::catalog::{Blocks, Cost, EntryId};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Label, Severity};
use crate::facts::{FnKind, Kind, NodeId, PlaceId, Role};
use crate::project::{Callee, Flags, FnId, Reach, SiteId, Tier};
use crate::rules::Context;
use crate::rules::Rule;
use crate::rules::conditions::is_rare;
use crate::rules::mends;
use crate::rules::ready::is_known_to_be_ready;
use crate::rules::weight::Weight;
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

type Place = (Tier, Reverse<Cost>, u32, usize);

fn weigh(hit: &Hit) -> Place {
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
            .child(node, Role::Func)
            .is_some_and(|func| facts.contains(func, other));
    }
    let receiver = root_place(cx, node);
    facts.ancestors(node).any(|it| {
        facts.kind(it) == Kind::With
            && facts.children_as(it, Role::Item).any(|item| {
                let names_it = || facts.descendants(item).any(|name| facts.name_place(name) == receiver);
                facts.contains(item, other) && !facts.contains(item, node) && receiver.is_some() && names_it()
            })
    }) && matches!(direct_entry(cx, node), Some(entry) if is_method(cx, entry))
}

/// The name on which a method is called: `file` of `file.read()`.
fn root_place(cx: &Context<'_>, call: NodeId) -> Option<PlaceId> {
    let facts = cx.facts();
    let mut at = facts.child(call, Role::Func)?;
    while let Some(value) = facts.child(at, Role::Value) {
        at = value;
    }
    facts.name_place(at)
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
    if matches!(hit.kind, Blocks::Wait | Blocks::Subprocess) && is_known_to_be_ready(cx, hit.node, &chain) {
        return None;
    }
    let end = project.names.catalog.entry_name(entry).to_owned();
    let name = end.strip_prefix("builtins.").unwrap_or(&end);
    let called = cx.call_text(project.graph.site(hit.site).at);
    let message = if chain.len() == 1 {
        format!("`{name}` {}", verb(hit.kind))
    } else {
        format!("`{called}` reaches `{name}`, which {}", verb(hit.kind))
    };
    let mut diagnostic = cx.diagnostic(&rule.info, id, hit.node, message);
    let weight = Weight::new(cx, id, hit.site, hit.kind, &hit.reach, &chain);
    let exposure = weight.exposure();
    diagnostic.exposure = exposure;
    diagnostic.severity = weight.severity();
    if is_rare(cx, &chain, hit.kind == Blocks::Wait) {
        diagnostic.severity = Severity::Low;
    }
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
    diagnostic.labels.extend(chain.iter().filter_map(|&it| guessed(cx, it)));
    diagnostic.witness = cx.steps(&chain);
    diagnostic.group = name.to_owned();
    Some(diagnostic)
}

/// Says of a step of the chain that its target is only likely.
fn guessed(cx: &Context<'_>, step: SiteId) -> Option<Label> {
    let site = cx.project.graph.site(step);
    site.flags.has(Flags::DUCK).then(|| Label {
        location: cx.step(site).location,
        text: "which class this is called on is not certain".to_owned(),
    })
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
        (Tier::OtherPlatform, _) => "it happens on one operating system only, and every task waits for it there",
        (Tier::Once, _) => "it happens once, and every task waits for it then",
        (Tier::Error, _) => "it happens after an error, and every task waits for it then",
        (_, Exposure::Hot) => "it happens per item or per request, and every other task waits meanwhile",
        (_, Exposure::Open) => "whatever else runs on the caller's loop waits meanwhile",
        (_, Exposure::Solitary) => "little else runs at that time",
    };
    own.map_or_else(|| general.to_owned(), |it| format!("{it}; {general}"))
}
