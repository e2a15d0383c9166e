//! What the report says, as data: places, numbers, the lines of the log that show them, next steps.

use super::Triage;
use super::found::Found;
use super::found::Subject;
use super::measures::Measures;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Pattern;
use crate::evidence::records::Log;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::Project;
use crate::source::FileId;
use serde::Serialize;

/// A place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: FileId,
    /// First line.
    pub line: u32,
    /// The function.
    pub qualname: String,
    /// Dotted module name.
    pub module: String,
}

/// What was observed, for one finding.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Observed {
    /// Critical seconds.
    pub seconds: f64,
    /// Share of the run.
    pub share: f64,
    /// KiB of memory.
    pub memory_kib: f64,
    /// Stretches of the run, seconds since its start.
    pub windows: Vec<(f64, f64)>,
    /// Items done in the longest one.
    pub items: usize,
    /// Sentences.
    pub notes: Vec<String>,
    /// Lines of the log, by number.
    pub lines: Vec<u32>,
}

/// One finding as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// From 1.
    pub rank: usize,
    /// The diagnostic, if one explains it.
    pub diagnostic: Option<usize>,
    /// Where.
    pub spot: Spot,
    /// Its pattern, if the code or the log shows one.
    pub pattern: Option<Pattern>,
    /// What happens.
    pub message: String,
    /// Why it costs.
    pub why: String,
    /// What to do.
    pub help: String,
    /// How to see that it worked.
    pub validation: String,
    /// What was seen.
    pub observed: Observed,
    /// Predicted saving in seconds.
    pub saving: (f64, f64),
    /// How sure, 0 to 1.
    pub score: f64,
    /// Other diagnostics that could explain it.
    pub alternatives: Vec<usize>,
}

/// A place where a log line would have told more.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where.
    pub spot: Spot,
    /// What to log there, one sentence.
    pub text: String,
}

/// The findings as they are told, at most `top`.
#[must_use]
pub fn told(triage: &Triage, project: &Project, diagnostics: &[Diagnostic], log: &Log, top: usize) -> Vec<Told> {
    let found = triage.found.iter().take(top);
    (1..)
        .zip(found)
        .map(|(rank, found)| one(triage, project, diagnostics, log, found, rank))
        .collect()
}

fn one(triage: &Triage, project: &Project, diagnostics: &[Diagnostic], log: &Log, found: &Found, rank: usize) -> Told {
    let observed = observed(triage, log, found);
    let validation = validation(triage, found);
    let base = |spot: Spot, diagnostic: Option<usize>, texts: [String; 3]| {
        let [message, why, help] = texts;
        Told {
            rank,
            diagnostic,
            spot,
            pattern: found.pattern,
            message,
            why,
            help,
            validation,
            observed,
            saving: found.saving,
            score: found.score,
            alternatives: found.alternatives.clone(),
        }
    };
    match &found.subject {
        Subject::Diagnostic(index) => {
            let it = &diagnostics[*index];
            let spot = Spot {
                file: it.location.file,
                line: it.location.line,
                qualname: it.qualname.clone(),
                module: it.module.clone(),
            };
            base(
                spot,
                Some(*index),
                [it.message.clone(), it.why.clone(), it.help.clone()],
            )
        }
        Subject::Unexplained { function, node } => {
            let spot = spot(project, *function, *node);
            let message = format!(
                "`{}` waits, and nothing that tailspike knows in the code explains it",
                spot.qualname
            );
            base(
                spot,
                None,
                [
                    message,
                    unexplained_why(found.pattern).to_owned(),
                    unexplained_help(found.pattern).to_owned(),
                ],
            )
        }
    }
}

/// A place by function and node.
#[must_use]
pub fn spot(project: &Project, function: FnId, node: NodeId) -> Spot {
    let module = &project.names.modules[function.module.0 as usize];
    Spot {
        file: module.file,
        line: module.facts.line(node),
        qualname: module
            .facts
            .text(module.facts.function(function.local).qualname)
            .to_owned(),
        module: module.name.clone(),
    }
}

fn observed(triage: &Triage, log: &Log, found: &Found) -> Observed {
    let line = |event: Option<usize>| event.map(|it| log.records[triage.run.events[it].record].line);
    let longest = found.windows[0];
    let window = &triage.windows[longest];
    let measures = &triage.measures[longest][0];
    let mut lines: Vec<u32> = [
        line(window.opens),
        widest_pause(triage, log, longest),
        line(window.closes),
    ]
    .into_iter()
    .flatten()
    .collect();
    lines.dedup();
    Observed {
        seconds: found.seconds,
        share: found.seconds / triage.run.seconds.max(f64::MIN_POSITIVE),
        memory_kib: found.kib,
        windows: found
            .windows
            .iter()
            .map(|it| (triage.windows[*it].start, triage.windows[*it].end))
            .collect(),
        items: measures.items,
        notes: notes(measures, found.windows.len()),
        lines,
    }
}

/// The line after the longest pause of a window.
fn widest_pause(triage: &Triage, log: &Log, window: usize) -> Option<u32> {
    let window = &triage.windows[window];
    let mut last = window.start;
    let mut widest = (0.0, None);
    for event in &triage.run.events[window.inside.clone()] {
        if event.time - last > widest.0 {
            widest = (event.time - last, Some(log.records[event.record].line));
        }
        last = event.time;
    }
    widest.1
}

fn notes(it: &Measures, windows: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if windows > 1 {
        notes.push(format!(
            "{windows} stretches of the run, the longest {:.1} s",
            it.seconds
        ));
    }
    if it.items > 1 {
        notes.push(format!(
            "{} items in {:.1} s, one every {:.0} ms (median)",
            it.items,
            it.seconds,
            it.pause * 1000.0
        ));
        if it.hold > it.seconds / 3.0 && !it.vague {
            notes.push(format!("nine tenths were done {:.1} s before the end", it.hold));
        }
        if it.lead > 0.3 {
            notes.push(format!("the first item was done after {:.1} s", it.lead * it.seconds));
        }
    } else {
        notes.push(format!("{:.1} s between two lines of the log", it.seconds));
    }
    if it.drift > 2.0 {
        notes.push(format!(
            "the durations that the lines print grow by a factor of {:.1}",
            it.drift
        ));
    }
    if it.retries > 0 {
        notes.push(format!(
            "{} lines about retries, waits announced: {:.1} s",
            it.retries, it.waited
        ));
    }
    if it.limits + it.timeouts + it.pool_full > 0 {
        notes.push(format!(
            "{} lines about limits, {} about time-outs, {} about full pools",
            it.limits, it.timeouts, it.pool_full
        ));
    }
    if it.grown > 0.0 && it.growth_share > 0.1 {
        notes.push(format!("memory grew by {:.0} MB", it.grown / 1024.0));
    }
    notes
}

fn validation(triage: &Triage, found: &Found) -> String {
    let window = &triage.windows[found.windows[0]];
    if found.kib > 0.0 && found.saving.1 < 0.1 * triage.run.seconds {
        return format!(
            "the memory step of {:.0} MB between the quoted lines is gone",
            found.kib / 1024.0
        );
    }
    let left = (found.seconds - found.saving.0).max(0.0);
    format!(
        "the stretch of {:.1} s between the quoted lines falls by {:.1} to {:.1} s (to {left:.1} s or less in all)",
        window.seconds(),
        found.saving.0,
        found.saving.1
    )
}

fn unexplained_why(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        Some(Pattern::LongTail) => {
            "nearly all items were done early, and the rest of the phase waited for the last ones"
        }
        Some(Pattern::RetryStorm) => "lines about retries fill this stretch of the run",
        Some(Pattern::LoopBlocker | Pattern::SerializedAwaits) => {
            "items come one after another at even intervals, as if only one could run at a time"
        }
        Some(Pattern::UnboundedConcurrency) => {
            "many items are in flight at once, and each takes longer the more there are"
        }
        Some(Pattern::PoolExhaustion) => "items come out at a steady rate, as if a pool let only some of them through",
        Some(Pattern::HugeGather) => "memory grows with the items and stays",
        Some(Pattern::ContextDuplication) => {
            "nothing is done for a long time, then everything at once, as if each item prepared something large"
        }
        None | Some(Pattern::LostWork | Pattern::SilentFanOut) => "the log says nothing about this stretch",
    }
}

fn unexplained_help(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        Some(Pattern::LongTail) => "give each item a deadline, and log the item that came last",
        Some(Pattern::RetryStorm) => "wait longer and at random between attempts, and retry in one place only",
        Some(Pattern::LoopBlocker | Pattern::SerializedAwaits) => {
            "run it with `PYTHONASYNCIODEBUG=1`: asyncio then names what holds the loop"
        }
        Some(Pattern::UnboundedConcurrency) => "bound how many items run at once, and compare the throughput",
        Some(Pattern::PoolExhaustion) => "compare the pool's size with the number of items that run at once",
        Some(Pattern::HugeGather) => "handle each result as it arrives instead of keeping all of them",
        Some(Pattern::ContextDuplication) => "build what all items share once, before the first of them",
        None | Some(Pattern::LostWork | Pattern::SilentFanOut) => "log the start and the end of each item with its id",
    }
}

/// Where log lines would have told more: silent stretches of the costliest findings.
#[must_use]
pub fn gaps(triage: &Triage, project: &Project, diagnostics: &[Diagnostic]) -> Vec<Gap> {
    /// More advice is not followed.
    const MOST: usize = 4;
    /// Fewer lines than this leave a stretch without a shape.
    const FEW: usize = 5;
    let mut gaps: Vec<Gap> = Vec::new();
    for found in &triage.found {
        let measures = &triage.measures[found.windows[0]][0];
        let place = match &found.subject {
            Subject::Diagnostic(index) => {
                let it = &diagnostics[*index];
                Spot {
                    file: it.location.file,
                    line: it.location.line,
                    qualname: it.qualname.clone(),
                    module: it.module.clone(),
                }
            }
            Subject::Unexplained { function, node } => spot(project, *function, *node),
        };
        let text = if measures.items < FEW {
            format!(
                "`{}` is silent for {:.1} s: log the start and the end of each item there, with its id",
                place.qualname, measures.seconds
            )
        } else if measures.vague {
            format!(
                "the lines of `{}` have no time: give them one, with milliseconds",
                place.qualname
            )
        } else {
            format!(
                "`{}` logs only the end of each item: log its start too, so that waiting and working can be told apart",
                place.qualname
            )
        };
        if gaps.len() < MOST && !gaps.iter().any(|it| it.spot == place) {
            gaps.push(Gap { spot: place, text });
        }
    }
    gaps
}
