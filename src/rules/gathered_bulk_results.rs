#![doc = include_str!("../../rules/gathered-bulk-results.md")]

use super::barrier::{self, Barrier, Kept};
use super::fan_out_text as text;
use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::FanOut;
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "gathered-bulk-results",
        summary: "a barrier that keeps every result until the last one is there",
        pattern: Pattern::HugeGather,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/gathered-bulk-results.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        if let Some(barrier) = barrier::of(cx, fan_out) {
            found.push(report(cx, fan_out, &barrier));
        }
    }
}

fn report(cx: &Context<'_>, fan_out: &FanOut, barrier: &Barrier<'_>) -> Diagnostic {
    let starter = text::starter(cx, fan_out);
    let items = text::items(cx, barrier.strand);
    let message = match &barrier.kept {
        Kept::Stream(_) => {
            format!("`{starter}` waits for every {items} before the generator yields the first result")
        }
        Kept::Bulk(bulk) => {
            let what = if bulk.is_seen {
                cx.call_text(bulk.at)
            } else {
                bulk.what.clone()
            };
            format!("`{starter}` keeps what `{what}` gives for every {items} until the last one is done")
        }
        Kept::Phase(_) => {
            format!("`{starter}` starts the second phase of any {items} only when the first phase of all is done")
        }
        Kept::Lazy => {
            format!("`{starter}` makes a task for every {items} at once, though few run and they come one by one")
        }
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    why_and_help(cx, barrier, &mut diagnostic);
    diagnostic.confidence = if barrier.is_sure {
        Confidence::High
    } else {
        Confidence::Medium
    };
    if text::is_configured(cx, barrier.strand) {
        diagnostic.severity = Severity::Low;
    }
    label(cx, &barrier.kept, &mut diagnostic);
    diagnostic
}

fn why_and_help(cx: &Context<'_>, barrier: &Barrier<'_>, diagnostic: &mut Diagnostic) {
    let work = barrier
        .strand
        .worker
        .as_ref()
        .map_or_else(|| "the work".to_owned(), |it| text::worker(cx, it));
    let (why, help) = match barrier.kept {
        Kept::Stream(_) => (
            "the slowest decides when the first is seen, and all are held in memory until then",
            "loop over `asyncio.as_completed(...)` and yield each result as it comes".to_owned(),
        ),
        Kept::Bulk(_) => (
            "memory grows with the number of items, and nothing is stored or passed on if a late one fails",
            "work in chunks, or pass each result on as it comes with `asyncio.as_completed(...)`".to_owned(),
        ),
        Kept::Phase(_) => (
            "between the phases everything waits for the slowest, and all first results are held in memory",
            format!("put both phases of one item into one coroutine with {work}, and gather those"),
        ),
        Kept::Lazy => (
            "a limiter bounds what runs, not what is built: every waiting task holds its item in memory",
            format!("run {work} in a fixed number of workers that read from a queue with a `maxsize`"),
        ),
    };
    why.clone_into(&mut diagnostic.why);
    diagnostic.help = help;
}

fn label(cx: &Context<'_>, kept: &Kept, diagnostic: &mut Diagnostic) {
    let (at, said) = match kept {
        Kept::Bulk(bulk) => (bulk.at, "each result holds this"),
        Kept::Stream(node) => (text::at(cx, *node), "the first result is seen here"),
        Kept::Phase(node) => (text::at(cx, *node), "the first phase ends here, for all"),
        Kept::Lazy => return,
    };
    diagnostic.labels.push(cx.label(at, said));
}
