#![doc = include_str!("../../rules/silent-fan-out.md")]

use super::barrier::targets;
use super::fan_out_text as text;
use crate::catalog::Act;
use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FileFacts, Kind, NodeId, PlaceKind};
use crate::project::{At, Callee, FanOut, FnId, Strand, Width, has_word};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "silent-fan-out",
        summary: "a fan-out whose log can't tell when it ran, or which item did what",
        pattern: Pattern::SilentFanOut,
        severity: Severity::Medium,
        set: RuleSet::Pedantic,
        subsumes: &[],
        page: include_str!("../../rules/silent-fan-out.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        if text::is_shutdown(cx, fan_out) {
            continue;
        }
        let mut strands = fan_out.strands.iter();
        found.extend(
            strands
                .find_map(|strand| {
                    let worker = strand.worker.as_ref()?;
                    let workers = targets(cx, fan_out, worker);
                    let waits = workers
                        .iter()
                        .any(|&it| cx.project.scarce.of(&cx.project.graph, it).is_some());
                    (strand.width == Width::Data && waits).then_some((strand, workers))
                })
                .and_then(|(strand, workers)| report(cx, fan_out, strand, &workers)),
        );
    }
}

fn report(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, workers: &[FnId]) -> Option<Diagnostic> {
    let facts = cx.facts();
    let lines = log_lines(cx, fan_out.orchestrator);
    let before = lines.iter().any(|it| it.node < fan_out.at.node);
    let after = lines.iter().any(|it| it.node.0 >= facts.node(fan_out.at.node).end);
    let starter = text::starter(cx, fan_out);
    let items = text::items(cx, strand);
    let said: Vec<At> = workers.iter().flat_map(|&it| log_lines(cx, it)).collect();
    let nameless = !said.is_empty()
        && said
            .iter()
            .all(|it| !shows_a_value(cx.project.names.facts(it.module), it.node));
    let message = match (before, after) {
        (false, false) => {
            format!("`{starter}` works on every {items} with no line before and none after it in the log")
        }
        (true, false) => {
            format!("`{starter}` works on every {items} with no line in the log that says when it was done")
        }
        (false, true) => format!("`{starter}` works on every {items} with no line in the log that says when it began"),
        (true, true) if nameless => {
            format!("`{starter}` works on every {items}, and no line that a worker writes names the item")
        }
        (true, true) => return None,
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    "when it is slow, the log can't say how long it took, or which item it was".clone_into(&mut diagnostic.why);
    diagnostic.help = if before && after {
        "put the item into the worker's lines".to_owned()
    } else {
        "log the number of items before it, and the number of results after it".to_owned()
    };
    if before && after {
        diagnostic.labels = said.iter().map(|&it| cx.label(it, "for which item?")).collect();
    }
    diagnostic.confidence = Confidence::Medium;
    Some(diagnostic)
}

/// The calls of a function that write a line: those the catalog knows, and what calls itself a log.
fn log_lines(cx: &Context<'_>, function: FnId) -> Vec<At> {
    const SAYS: [&str; 6] = ["log", "logger", "logging", "print", "echo", "console"];
    let catalog = &cx.project.names.catalog;
    let facts = cx.project.names.facts(function.module);
    let known = |it: NodeId| {
        let mut sites = cx.project.graph.sites_at(function, it);
        sites.any(|(_, site)| matches!(site.callee, Callee::Library(it) if catalog.entry(it).act == Some(Act::Log)))
    };
    let place = |node: NodeId| At {
        module: function.module,
        node,
    };
    let calls = facts
        .body_nodes(function.local)
        .filter(|&it| facts.kind(it) == Kind::Call && facts.kind(NodeId(facts.node(it).parent)) == Kind::ExprStmt);
    calls
        .map(place)
        .filter(|it| has_word(&cx.call_text(*it), &SAYS) || known(it.node))
        .collect()
}

/// Whether an argument of a call is, or contains, a value of the function.
fn shows_a_value(facts: &FileFacts, call: NodeId) -> bool {
    let arguments = facts.children(call).skip(1);
    arguments
        .flat_map(|it| (it.0..facts.node(it).end).map(NodeId))
        .any(|it| {
            facts
                .name_place(it)
                .is_some_and(|place| facts.place(place).kind == PlaceKind::Local)
        })
}
