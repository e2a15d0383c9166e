//! What a reader of a triage report must know of the log itself.

use crate::evidence::clean::printable;
use crate::evidence::records::Log;
use crate::evidence::roles::Role;
use crate::evidence::runs::Runs;
use crate::evidence::stalls::Stall;
use crate::triage::Triage;

/// What a reader must know of the log before the findings.
#[must_use]
pub(super) fn notes(log: &Log, triage: &Triage, moved: usize, stalls: &[Stall], runs: &Runs) -> Vec<String> {
    let run = &triage.run;
    if log.lines == 0 {
        return vec![
            "the run wrote nothing, so nothing shows where its time went: log where each item starts and ends"
                .to_owned(),
        ];
    }
    let mut notes: Vec<String> = several(runs).into_iter().collect();
    if run.is_thin() {
        notes.push("most lines match no log call of this code: take the findings as hints, and check that the log and the code belong together".to_owned());
    }
    if run.seconds <= 0.0 {
        notes.push("the log has no times, so nothing can be ranked by seconds: add `%(asctime)s.%(msecs)03d` to the log format".to_owned());
    } else if run.step >= 1.0 {
        notes.push("the log's times are whole seconds: add milliseconds to see more".to_owned());
    }
    if moved > 0 {
        notes.push(format!(
            "{moved} lines name other line numbers than this code has: the code is not the version that wrote the log"
        ));
    }
    if log.garbled > 0 {
        notes.push(format!(
            "{} lines are not text and were read only as far as they are",
            log.garbled
        ));
    }
    if log.cut > 0 {
        notes.push(format!("{} lines were too long and were cut", log.cut));
    }
    if let Some(bucket) = log.bucket {
        notes.push(approximate(log, bucket));
    }
    notes.extend(held(triage, stalls));
    if log.backwards > 0 {
        notes.push(format!("{} times lie before the line above them", log.backwards));
    }
    notes
}

/// Which run is told, where a log holds more than one.
fn several(runs: &Runs) -> Option<String> {
    let (last, earlier) = runs.begin.split_last()?;
    let (before, count) = (earlier.last()?, runs.begin.len());
    Some(format!(
        "the log holds {count} runs; this is the last one, from line {last} on; the one before it begins at line {before}"
    ))
}

/// What a log too long to be kept line by line leaves less exact.
fn approximate(log: &Log, bucket: i64) -> String {
    let stretch = if log.span.is_some() {
        format!("{:.3} s", bucket as f64 / 1e9)
    } else {
        format!("{bucket} lines")
    };
    format!(
        "the log has {} lines, so frequent ones are counted by stretches of {stretch}: counts, phases and rare lines are exact; durations of single items, what was in flight at once and shorter pauses are approximate",
        log.lines
    )
}

/// What asyncio's debug mode says of the event loop.
fn held(triage: &Triage, stalls: &[Stall]) -> Option<String> {
    let reported = triage
        .run
        .marks
        .iter()
        .filter(|it| it.role == Role::SlowCallback && it.wait > 0.0);
    let count: u32 = reported.clone().map(|it| it.count).sum();
    let seconds: f64 = reported.clone().map(|it| it.wait * f64::from(it.count)).sum();
    let longest = reported.map(|it| it.wait).max_by(f64::total_cmp)?;
    let named = stalls.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)).map(|it| {
        let place = printable(format!("`{}` ({}:{})", it.function, it.path, it.line).as_bytes());
        format!(", in {place}")
    });
    Some(format!(
        "asyncio's debug mode reports {count} callbacks that held the event loop for {seconds:.1} s together, the longest for {longest:.2} s{}",
        named.unwrap_or_default()
    ))
}
