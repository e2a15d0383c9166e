//! Several runs in one log: a run begins where what a program writes once a run comes again, or where the time since its start
//! jumps back.

use super::records::Log;
use super::records::Record;
use super::resolve::Answer;
use super::sites::SiteId;
use super::times::SECOND;
use super::times::Scale;

/// Where the runs of a log begin.
#[derive(Debug, Default)]
pub struct Runs {
    /// The first record of the last run.
    pub first: usize,
    /// The lines with which the runs begin, the last one's included; empty where there is one run.
    pub begin: Vec<u32>,
}

/// What is written once a run is among the first lines, after those of libraries that start up with it.
const START: usize = 20;

/// A step back of the time since the start by less is a thread that wrote late.
const JITTER: i64 = SECOND;

impl Runs {
    /// Finds the runs. `once` says whether a call runs once a run.
    #[must_use]
    pub fn find(log: &Log, answers: &[Answer], once: impl Fn(SiteId) -> bool) -> Self {
        let mut starts = restarted_clocks(log);
        for start in repeated_starts(log, answers, once) {
            // Where the clock says it, too, it says it more exactly.
            let near = |it: &usize| it.abs_diff(start) <= START;
            if !starts.iter().any(near) {
                starts.push(start);
            }
        }
        starts.sort_unstable();
        let Some(&first) = starts.last() else {
            return Self::default();
        };
        let begin = std::iter::once(0).chain(starts).filter_map(|it| log.records.get(it));
        Self {
            first,
            begin: begin.map(|it| it.line).collect(),
        }
    }

    /// Takes the lines of earlier runs out of the answers.
    pub fn mark(&self, answers: &mut [Answer]) {
        for answer in answers.iter_mut().take(self.first) {
            *answer = Answer::Earlier;
        }
    }
}

/// The first and the last time of the lines that are not of earlier runs.
#[must_use]
pub fn span(log: &Log, answers: &[Answer]) -> Option<(i64, i64)> {
    if answers.first() != Some(&Answer::Earlier) {
        return log.span;
    }
    let last_run = log.records.iter().zip(answers).filter(|it| *it.1 != Answer::Earlier);
    let mut times = last_run.filter_map(|it| it.0.time());
    let first = times.next()?;
    Some(times.fold((first, first), |(least, most), it| (least.min(it), most.max(it))))
}

/// Where the time since the start falls to less than half.
fn restarted_clocks(log: &Log) -> Vec<usize> {
    let mut found = Vec::new();
    if log.scale != Some(Scale::Elapsed) {
        return found;
    }
    let mut before: Option<i64> = None;
    for (index, record) in log.records.iter().enumerate() {
        let Some(time) = record.time() else {
            continue;
        };
        if before.is_some_and(|it| it.saturating_sub(time) > JITTER && time < it / 2) {
            found.push(index);
        }
        before = Some(time);
    }
    found
}

/// Where the lines of the beginning come again.
fn repeated_starts(log: &Log, answers: &[Answer], once: impl Fn(SiteId) -> bool) -> Vec<usize> {
    let sites = answers.iter().enumerate().filter_map(|(index, it)| match it {
        Answer::Site(site) => Some((index, *site)),
        _ => None,
    });
    let Some((mark, site)) = sites.take(START).find(|it| once(it.1)) else {
        return Vec::new();
    };
    let mut found: Vec<usize> = Vec::new();
    let mut last = mark;
    for (index, answer) in answers.iter().enumerate().skip(mark + 1) {
        if *answer != Answer::Site(site) || goes_on(&log.records, last, index) {
            continue;
        }
        // What stood before it at the beginning belongs to it here, too.
        let alike = |back: &usize| log.records[mark - back].tie == log.records[index - back].tie;
        let before = (1..=mark.min(index - last - 1)).take_while(alike).count();
        found.push(index - before);
        last = index;
    }
    found
}

/// Whether the process that began at `last` writes on after another one has begun at `index`: then both are one run.
fn goes_on(records: &[Record], last: usize, index: usize) -> bool {
    let (old, new) = (records[last].process, records[index].process);
    old != new && records[index..].iter().any(|it| it.process == old)
}
