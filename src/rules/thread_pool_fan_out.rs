#![doc = include_str!("../../rules/thread-pool-fan-out.md")]

use super::default_threads::way;
use super::fan_out_text as text;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Kind, NodeId, Role};
use crate::project::{Callee, FanOut, Site, SiteId, Strand, Width, Worker, has_word};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "thread-pool-fan-out",
        summary: "one thread per item of data from the pool that the whole program shares",
        pattern: Pattern::UnboundedConcurrency,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/thread-pool-fan-out.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        if fan_out.bounded || text::is_shutdown(cx, fan_out) {
            continue;
        }
        let mut strands = fan_out.strands.iter().filter(|it| it.width == Width::Data);
        found.extend(strands.find_map(|strand| {
            let worker = strand.worker.as_ref().filter(|it| !is_few(cx, fan_out, strand, it))?;
            let chain = way(cx, fan_out, worker)?;
            Some(report(cx, fan_out, strand, worker, &chain))
        }));
    }
}

/// What a model or a user has asked for, or a program is made of: fewer than the pool has threads.
const FEW: [&str; 14] = [
    "calls",
    "tools",
    "queries",
    "todo",
    "todos",
    "concepts",
    "plans",
    "questions",
    "sections",
    "choices",
    "handlers",
    "method",
    "methods",
    "listeners",
];

fn is_few(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker) -> bool {
    let said = [
        text::items(cx, strand),
        text::worker(cx, worker),
        cx.qualname(fan_out.orchestrator),
    ];
    said.iter().any(|it| has_word(it, &FEW))
}

fn report(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand, worker: &Worker, chain: &[SiteId]) -> Diagnostic {
    let starter = text::starter(cx, fan_out);
    let items = text::items(cx, strand);
    let end = chain.last().map(|&it| cx.project.graph.site(it));
    let work = end
        .and_then(|it| handed(cx, it))
        .unwrap_or_else(|| "the work".to_owned());
    let message = format!("`{starter}` hands {work} to the default thread pool once per {items}");
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    "it has `min(32, cores + 4)` threads for the whole program: the rest queues unseen, and with it every other `to_thread` and name lookup"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = format!(
        "give {work} a `ThreadPoolExecutor` of its own size, or let a limiter in with {}",
        text::worker(cx, worker)
    );
    diagnostic.witness = cx.steps(chain);
    if !worker.in_thread {
        diagnostic.confidence = Confidence::Medium;
    }
    if diagnostic.exposure == Exposure::Solitary || text::is_configured(cx, strand) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic
}

/// The function that goes to the thread, as it is written.
fn handed(cx: &Context<'_>, site: &Site) -> Option<String> {
    let Callee::Library(id) = site.callee else { return None };
    let entry = cx.project.names.catalog.entry(id);
    let facts = cx.project.names.facts(site.at.module);
    let node: NodeId = facts.arg(site.at.node, entry.callable.unwrap_or(0) as usize)?;
    let shown = match facts.kind(node) {
        Kind::Call => facts.arg(node, 0).or_else(|| facts.child(node, Role::Func))?,
        _ => node,
    };
    let text = crate::rules::text::expr_text(facts, shown, 4);
    (text != "lambda").then(|| format!("`{text}`"))
}
