#![doc = include_str!("../../rules/unbounded-fan-out.md")]

use super::fan_out_named::named;
use super::fan_out_reach::{looks_limited, reached, witness};
use super::fan_out_text as text;
use super::fan_out_unfollowed::unfollowed;
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
    let known: Option<(&Strand, &Worker, Reached)> = wide(cx, fan_out)
        .filter_map(|(strand, worker)| Some((strand, worker, reached(cx, fan_out, worker)?)))
        .min_by_key(|(_, _, it)| (it.resource, it.chain.len()));
    let Some((strand, worker, reached)) = known else {
        return by_name(cx, fan_out).or_else(|| by_guess(cx, fan_out));
    };
    // A limiter on the way that limits nothing is a finding of its own, and says it better.
    if looks_limited(cx, fan_out, worker, &reached) {
        return None;
    }
    Some((finding(cx, fan_out, strand, worker, &reached), strand.source))
}

/// What runs on the loop once per item of data, and neither tells all listeners the same nor runs as long as the program.
fn wide<'a>(cx: &Context<'a>, fan_out: &'a FanOut) -> impl Iterator<Item = (&'a Strand, &'a Worker)> {
    let wide = fan_out.strands.iter().filter(|it| it.width == Width::Data);
    wide.filter_map(move |strand| {
        let worker = strand.worker.as_ref().filter(|it| !it.in_thread)?;
        let is_open = !text::is_broadcast(cx, fan_out, strand) && !text::is_service(cx, fan_out, worker);
        is_open.then_some((strand, worker))
    })
}

/// Nothing is known of what the workers reach, but they wait for what is called a client.
fn by_name(cx: &Context<'_>, fan_out: &FanOut) -> Option<(Diagnostic, Option<NodeId>)> {
    if speaks_of(cx, fan_out) {
        return None;
    }
    wide(cx, fan_out).find_map(|(strand, worker)| {
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

/// Nothing at all is known of what the workers wait for.
fn by_guess(cx: &Context<'_>, fan_out: &FanOut) -> Option<(Diagnostic, Option<NodeId>)> {
    if speaks_of(cx, fan_out) {
        return None;
    }
    wide(cx, fan_out).find_map(|(strand, worker)| {
        let call = unfollowed(cx, fan_out, worker)?;
        let mut diagnostic = told(cx, fan_out, strand, worker);
        diagnostic.why =
            format!("`{call}` can't be followed, and whatever it reaches is reached by all of them at once");
        diagnostic.severity = if is_narrow(cx, fan_out, strand) {
            Severity::Low
        } else {
            Severity::Medium
        };
        diagnostic.confidence = Confidence::Low;
        diagnostic.group = call;
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
    diagnostic.labels = text::labels(cx, fan_out, strand, worker);
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

/// A batch script's main is the very place where fan-outs are too wide: it lowers the severity no further than medium.
fn severity(resource: Resource, exposure: Exposure) -> Severity {
    match (resource, exposure) {
        (Resource::File, _) | (_, Exposure::Solitary) => Severity::Medium,
        _ => Severity::High,
    }
}
