//! What the report says, as data: places, numbers, the lines of the log that show them, next steps.

use super::Triage;
use super::events::Event;
use super::found::Found;
use super::found::Subject;
use super::measures::Measures;
use super::models;
use super::noted::notes;
use super::shapes::is_in_rounds;
use super::words::BARRIER;
use super::words::unexplained_help;
use super::words::unexplained_why;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Exposure;
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
                [it.message.clone(), why(triage, found, it), help(it)],
            )
        }
        Subject::Unexplained { function, node } => {
            let spot = spot(project, *function, *node);
            let message = format!(
                "`{}` waits, and nothing that tailspike knows in the code explains it",
                spot.qualname
            );
            base(spot, None, words_alone(triage, found, message))
        }
    }
}

/// What is said of a pattern that only the log shows: what happens, why, what to do.
fn words_alone(triage: &Triage, found: &Found, message: String) -> [String; 3] {
    let measured = &triage.measures[found.windows[0]];
    let is_barrier = |it: &Measures| is_in_rounds(it) && models::is_barrier(it);
    let (why, help) = if found.pattern == Some(Pattern::LongTail) && measured.iter().any(is_barrier) {
        BARRIER
    } else {
        (unexplained_why(found.pattern), unexplained_help(found.pattern))
    };
    [message, why.to_owned(), help.to_owned()]
}

/// Why a place in the code costs time, unless the log shows otherwise than the code lets expect.
fn why(triage: &Triage, found: &Found, it: &Diagnostic) -> String {
    let inside = |window: &usize| &triage.run.events[triage.windows[*window].inside.clone()];
    let first = found.windows.iter().flat_map(inside).next();
    let others = |first: &Event| {
        found
            .windows
            .iter()
            .flat_map(inside)
            .any(|it| it.function != first.function)
    };
    let alone = it.rule.pattern == Pattern::LoopBlocker && it.exposure == Exposure::Solitary;
    if alone && first.is_some_and(others) {
        "the log shows other work beside it, and all of that waits meanwhile".to_owned()
    } else {
        it.why.clone()
    }
}

/// What to do, and what that can't do.
fn help(it: &Diagnostic) -> String {
    match it.rule.name {
        "cpu-bound-call" => format!(
            "{}; a thread only lets the loop go on, and pure Python takes as long there: to shorten the run, compute it once for all items, or in a `ProcessPoolExecutor`",
            it.help
        ),
        _ => it.help.clone(),
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
    let pause = widest_pause(triage, log, longest);
    let last = last_lines(log, measures);
    let ends = [line(window.opens), pause.map(|it| it.1), line(window.closes)];
    let mut lines: Vec<u32> = ends.into_iter().flatten().chain(last.into_iter().flatten()).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut notes = notes(measures, found.windows.len());
    // A silence of a tenth of the stretch is seen in the quoted lines.
    if let Some((seconds, line)) = pause.filter(|it| it.0 > 0.1 * window.seconds()) {
        notes.push(format!("the longest silence, {seconds:.1} s, ends with line {line}"));
    }
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
        notes,
        lines,
    }
}

/// The first and the last line of an item for which alone the stretch goes on.
fn last_lines(log: &Log, it: &Measures) -> Option<[u32; 2]> {
    let (first, last) = it.critical.last.filter(|_| it.waits_for_one())?;
    Some([log.records[first].line, log.records[last].line])
}

/// The longest pause of a window, and the line after it.
fn widest_pause(triage: &Triage, log: &Log, window: usize) -> Option<(f64, u32)> {
    let window = &triage.windows[window];
    let mut last = window.start;
    let mut widest = (0.0, None);
    for event in &triage.run.events[window.inside.clone()] {
        if event.time - last > widest.0 {
            widest = (
                event.time - last,
                Some((event.time - last, log.records[event.record].line)),
            );
        }
        last = event.time;
    }
    widest.1
}

fn validation(triage: &Triage, found: &Found) -> String {
    let window = &triage.windows[found.windows[0]];
    // Below a tenth of the run nobody sees the time move.
    if found.kib > 0.0 && found.saving.1 < 0.1 * triage.run.seconds {
        return format!(
            "the memory step of {:.0} MB between the quoted lines is gone",
            found.kib / 1024.0
        );
    }
    let all: f64 = found.windows.iter().map(|it| triage.windows[*it].seconds()).sum();
    let stretch = match found.windows.len() {
        1 => format!(
            "the {:.1} s between the first and the last quoted line",
            window.seconds()
        ),
        many => format!("the {all:.1} s of the {many} stretches"),
    };
    format!(
        "{stretch} become {:.1} s or less: a mend saves {:.1} to {:.1} s",
        (all - found.saving.0).max(0.0),
        found.saving.0,
        found.saving.1
    )
}

/// Why a run without findings has none, as one clause.
#[must_use]
pub fn quiet(triage: &Triage) -> String {
    let run = &triage.run;
    if run.lines == 0 {
        return "there is no line to judge by".to_owned();
    }
    if run.is_thin() {
        return "too few lines were matched to say anything of this run".to_owned();
    }
    if run.seconds <= 0.0 {
        return "without times no stretch of the run can be compared with another".to_owned();
    }
    let seconds = |it: &usize| triage.windows[*it].seconds();
    let longest = (0..triage.windows.len()).max_by(|a, b| seconds(a).total_cmp(&seconds(b)));
    let Some(longest) = longest else {
        return "no line outside the fan-outs marks where a stretch of the run begins or ends".to_owned();
    };
    let it = &triage.measures[longest][0];
    format!(
        "the longest stretch takes {:.1} of {:.1} s, in which {} items are done, the last tenth of them in {:.1} s, with no \
         silence over {:.1} s, {} retries, and no pattern of the code that fits",
        it.seconds, run.seconds, it.items, it.hold, it.silence, it.retries
    )
}
