#![doc = include_str!("../../rules/unbounded-fan-out.md")]

use super::fan_out_named::named;
use super::fan_out_reach::{looks_limited, reached, witness};
use super::fan_out_text as text;
use super::ineffective_limiter::speaks_of;
use super::narrow::is_narrow;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::NodeId;
use crate::project::{FanOut, FnId, Reached, Resource, Strand, Width, Worker};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "unbounded-fan-out",
        summary: "one task per item of data, with nothing that bounds how many run at once",
        pattern: Pattern::UnboundedConcurrency,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &["thread-pool-fan-out"],
        page: include_str!("../../rules/unbounded-fan-out.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    // Spawns in the arms of one loop are one fan-out.
    let mut told: Vec<(FnId, NodeId)> = Vec::new();
    for fan_out in cx.project.fan_outs.of(cx.module) {
        if !fan_out.bounded && !text::is_shutdown(cx, fan_out) {
            let Some((diagnostic, source)) = report(cx, fan_out) else {
                continue;
            };
            let key = source.map(|it| (fan_out.orchestrator, it));
            if key.is_none_or(|it| !told.contains(&it)) {
                found.push(diagnostic);
            }
            told.extend(key);
        }
    }
}

fn report(cx: &Context<'_>, fan_out: &FanOut) -> Option<(Diagnostic, Option<NodeId>)> {
    let wide = fan_out.strands.iter().filter(|it| it.width == Width::Data);
    let known: Option<(&Strand, &Worker, Reached)> = wide
        .clone()
        .filter_map(|strand| {
            let worker = strand.worker.as_ref().filter(|it| !it.in_thread)?;
            if text::is_broadcast(cx, fan_out, strand) || text::is_service(cx, fan_out, worker) {
                return None;
            }
            Some((strand, worker, reached(cx, fan_out, worker)?))
        })
        .min_by_key(|(_, _, it)| (it.resource, it.chain.len()));
    let Some((strand, worker, reached)) = known else {
        return by_name(cx, fan_out);
    };
    // A limiter on the way that limits nothing is a finding of its own, and says it better.
    if looks_limited(cx, fan_out, worker, &reached) {
        return None;
    }
    Some((finding(cx, fan_out, strand, worker, &reached), strand.source))
}

/// Nothing is known of what the workers reach, but they wait for what is called a client.
fn by_name(cx: &Context<'_>, fan_out: &FanOut) -> Option<(Diagnostic, Option<NodeId>)> {
    if speaks_of(cx, fan_out) {
        return None;
    }
    fan_out
        .strands
        .iter()
        .filter(|it| it.width == Width::Data)
        .find_map(|strand| {
            let worker = strand.worker.as_ref().filter(|it| !it.in_thread)?;
            if text::is_broadcast(cx, fan_out, strand) || text::is_service(cx, fan_out, worker) {
                return None;
            }
            let named = named(cx, fan_out, worker)?;
            let mut diagnostic = told(cx, fan_out, strand, worker);
            diagnostic.why = format!(
                "each of them waits for `{}`, which by its name goes to a service: {}",
                named.call,
                text::consequence(Resource::Network)
            );
            diagnostic.witness = named.witness;
            diagnostic.severity = severity(Resource::Network, diagnostic.exposure);
            if is_narrow(cx, fan_out, strand) {
                diagnostic.severity = Severity::Low;
            }
            diagnostic.confidence = Confidence::Medium;
            diagnostic.group = named.call;
            Some((diagnostic, strand.source))
        })
}

/// What is started, and how many.
fn told(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker) -> Diagnostic {
    let work = text::worker(cx, worker);
    let starter = text::starter(cx, fan_out);
    let items = text::items(cx, strand);
    let message = format!("`{starter}` starts one {work} per {items}, with nothing that bounds how many run at once");
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    diagnostic.help = text::help(cx, &work);
    diagnostic.labels = labels(cx, fan_out, strand, worker);
    diagnostic
}

fn finding(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker, reached: &Reached) -> Diagnostic {
    let mut diagnostic = told(cx, fan_out, strand, worker);
    let end = cx.project.names.catalog.entry_name(reached.entry).to_owned();
    diagnostic.why = format!("each of them reaches `{end}`: {}", text::consequence(reached.resource));
    diagnostic.witness = witness(cx, fan_out, worker, reached);
    diagnostic.severity = severity(reached.resource, diagnostic.exposure);
    if is_narrow(cx, fan_out, strand) {
        diagnostic.severity = Severity::Low;
    }
    let guessed = reached.duck || reached.some_limited;
    diagnostic.confidence = if guessed { Confidence::Medium } else { Confidence::High };
    diagnostic.group = end;
    diagnostic
}

fn labels(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker) -> Vec<crate::diagnostic::Label> {
    let mut labels = Vec::new();
    if !cx.facts().contains(fan_out.at.node, worker.node) {
        labels.push(cx.label(text::at(cx, worker.node), "started here"));
    }
    if let Some(source) = strand.source
        && !cx.facts().contains(fan_out.at.node, source)
    {
        labels.push(cx.label(text::at(cx, source), "one per item of this"));
    }
    labels
}

/// A batch script's main is the very place where fan-outs are too wide: it lowers the severity no further than medium.
fn severity(resource: Resource, exposure: Exposure) -> Severity {
    match (resource, exposure) {
        (Resource::File, _) | (_, Exposure::Solitary) => Severity::Medium,
        _ => Severity::High,
    }
}
