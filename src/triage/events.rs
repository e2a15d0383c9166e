//! The run as events in time, each in the function that wrote it.

use super::printed::waits;
use crate::evidence::loggers::Sink;
use crate::evidence::records::Log;
use crate::evidence::resolve::Answer;
use crate::evidence::roles::Role;
use crate::evidence::runs::span;
use crate::evidence::sites::SiteId;
use crate::evidence::sites::Sites;
use crate::evidence::times::Scale;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::ModuleId;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

/// A line of the log that a known call wrote.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Seconds since the first line with a time.
    pub time: f64,
    /// The line had a time of its own.
    pub timed: bool,
    /// The log site.
    pub site: SiteId,
    /// The function of that site.
    pub function: FnId,
    /// The call.
    pub node: NodeId,
    /// Index of its record.
    pub record: usize,
    /// How many items it reports as done: one, or the advance of a progress bar.
    pub count: u32,
    /// A progress bar drew it.
    pub bar: bool,
}

/// A line that tells something by its words, whoever wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Seconds since the first line with a time.
    pub time: f64,
    /// What it tells.
    pub role: Role,
    /// How many such lines it stands for.
    pub count: u32,
    /// The wait it announces, or the stall it reports, in seconds.
    pub wait: f64,
    /// Index of its record.
    pub record: usize,
    /// The function that wrote it, if it is the program's.
    pub function: Option<FnId>,
}

/// A bar that jumps further says nothing about single items.
const MOST_PER_STATE: u32 = 10_000;

/// Bars tell whole seconds.
const BAR_STEP: f64 = 1.0;

/// Items done and seconds elapsed, from `... | 18/40 [00:01<00:02, 9.1it/s]`.
fn bar(text: &[u8]) -> Option<(u32, f64)> {
    let text = std::str::from_utf8(text).ok()?;
    let (head, times) = text.rsplit_once(" [")?;
    let done = head.rsplit([' ', '|']).next()?.split('/').next()?.parse().ok()?;
    let elapsed = times.split('<').next()?;
    let seconds = elapsed
        .split(':')
        .try_fold(0.0, |sum, it| Some(sum * 60.0 + it.parse::<f64>().ok()?))?;
    Some((done, seconds))
}

/// The run that a log shows.
#[derive(Debug, Default)]
pub struct Run {
    /// Events in the order of the log.
    pub events: Vec<Event>,
    /// Lines with roles.
    pub marks: Vec<Mark>,
    /// Seconds from the first to the last time.
    pub seconds: f64,
    /// When it began, nanoseconds on the log's timeline.
    pub start: i64,
    /// What its times count from.
    pub scale: Option<Scale>,
    /// The smallest step of its clock, in seconds.
    pub step: f64,
    /// Progress bars: when each began, how far it came, and when it was drawn last.
    bars: FxHashMap<SiteId, (f64, u32, f64)>,
    /// Functions that only show that the program is alive; their lines are no items.
    pub tickers: FxHashSet<FnId>,
    /// Sites whose lines tell of retries; an item that is tried again is not done.
    pub retries: FxHashSet<SiteId>,
    /// Lines of the program.
    pub lines: usize,
    /// Of these, matched to one site.
    pub matched: usize,
    /// Lines that libraries wrote, by the loggers that they name.
    pub of_libraries: usize,
}

/// Reads the run out of a log and its answers. Files of sites are modules in order.
#[must_use]
pub fn run(log: &Log, sites: &Sites, answers: &[Answer], tells_of_retry: &dyn Fn(SiteId) -> bool) -> Run {
    let Some((start, end)) = span(log, answers) else {
        return untimed(log, sites, answers);
    };
    let mut run = Run {
        seconds: seconds(end.saturating_sub(start)),
        start,
        scale: log.scale,
        step: seconds(log.resolution.unwrap_or(0)),
        ..Run::default()
    };
    let mut now = 0.0;
    for (index, (record, answer)) in log.records.iter().zip(answers).enumerate() {
        if let Some(time) = record.time() {
            now = seconds(time.saturating_sub(start));
        }
        run.take(log, sites, index, *answer, now);
    }
    run.add_retries(log, sites, tells_of_retry);
    run
}

/// Without any time, order is all there is, unless progress bars tell how long they have run.
fn untimed(log: &Log, sites: &Sites, answers: &[Answer]) -> Run {
    let mut run = Run::default();
    let mut now = 0.0_f64;
    for (index, answer) in answers.iter().enumerate() {
        run.take(log, sites, index, *answer, now);
        let drawn = run.bars.values().map(|it| it.2);
        now = drawn.fold(now, f64::max);
    }
    if now > 0.0 {
        run.clock_of_bars(now);
    }
    run
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

impl Run {
    /// Whether too few lines were matched for findings that are more than hints.
    #[must_use]
    pub fn is_thin(&self) -> bool {
        /// Below this share the log is rather of other code, or of another version.
        const COVERAGE: f64 = 0.3;
        self.lines > 0 && (self.matched as f64) < COVERAGE * self.lines as f64
    }

    /// What stands between the states of bars has come between their times.
    fn clock_of_bars(&mut self, end: f64) {
        self.seconds = end;
        self.scale = Some(Scale::Elapsed);
        self.step = BAR_STEP;
        for event in &mut self.events {
            event.timed = true;
        }
    }

    /// What the code shows to be a line about a retry is one, whatever its words.
    fn add_retries(&mut self, log: &Log, sites: &Sites, tells_of_retry: &dyn Fn(SiteId) -> bool) {
        let mut known: FxHashMap<SiteId, bool> = FxHashMap::default();
        let mut by_record: FxHashMap<usize, usize> = self
            .marks
            .iter()
            .enumerate()
            .map(|(index, it)| (it.record, index))
            .collect();
        for event in &self.events {
            if !*known.entry(event.site).or_insert_with(|| tells_of_retry(event.site)) {
                continue;
            }
            let wait = waits(&sites.all[event.site.0 as usize]).and_then(|it| it.of(log, event.record));
            let fresh = Mark {
                time: event.time,
                role: Role::Retry,
                count: event.count,
                wait: 0.0,
                record: event.record,
                function: Some(event.function),
            };
            let index = *by_record.entry(event.record).or_insert_with(|| {
                self.marks.push(fresh);
                self.marks.len() - 1
            });
            let mark = &mut self.marks[index];
            mark.role = Role::Retry;
            mark.wait = wait.unwrap_or(mark.wait);
        }
        self.marks.sort_by(|a, b| a.time.total_cmp(&b.time));
        let retries: FxHashSet<usize> = self
            .marks
            .iter()
            .filter(|it| it.role == Role::Retry)
            .map(|it| it.record)
            .collect();
        let mut counts: FxHashMap<SiteId, (usize, usize)> = FxHashMap::default();
        for event in &self.events {
            let count = counts.entry(event.site).or_default();
            count.0 += usize::from(retries.contains(&event.record));
            count.1 += 1;
        }
        // A line about a document may name one that is called `retry`; most of a site's lines must tell of one.
        self.retries = counts
            .into_iter()
            .filter(|it| it.1.0 * 2 > it.1.1)
            .map(|it| it.0)
            .collect();
    }

    /// A bar has a clock of its own. It is drawn when an item is done and enough time has passed since it was drawn
    /// last: of the items that it went ahead by, the last one drew it, and the others came soon after the state before.
    fn take_bar(&mut self, log: &Log, event: Event) {
        let values = log.values(&log.records[event.record]);
        let Some((done, elapsed)) = values.iter().rev().find_map(|it| bar(log.texts.get(it.1))) else {
            return;
        };
        let state = self.bars.entry(event.site).or_insert((event.time, 0, event.time));
        if done < state.1 {
            *state = (event.time, 0, event.time);
        }
        let count = done.saturating_sub(state.1).min(MOST_PER_STATE);
        let (before, now) = (state.2, state.0 + elapsed);
        (state.1, state.2) = (done, now);
        let timed = |time: f64, count: u32| Event {
            time,
            count,
            timed: true,
            bar: true,
            ..event
        };
        if count > 1 {
            self.events.push(timed(before, count - 1));
        }
        if count > 0 {
            self.events.push(timed(now, 1));
        }
    }

    fn take(&mut self, log: &Log, sites: &Sites, index: usize, answer: Answer, time: f64) {
        if answer == Answer::Earlier {
            return;
        }
        let record = &log.records[index];
        let lines = record.count as usize;
        self.lines += lines;
        let mut function = None;
        if let Answer::Site(site) = answer {
            let found = &sites.all[site.0 as usize];
            let at = FnId {
                module: ModuleId(found.file),
                local: found.function,
            };
            function = Some(at);
            self.matched += lines;
            let event = Event {
                time,
                count: record.count,
                bar: false,
                timed: record.time().is_some(),
                site,
                function: at,
                node: found.call,
                record: index,
            };
            if found.sink == Sink::Progress {
                self.take_bar(log, event);
            } else {
                self.events.push(event);
            }
        }
        if let Some(role) = record.role {
            self.marks.push(Mark {
                time,
                role,
                count: record.count,
                wait: f64::from(record.wait) / 1000.0,
                record: index,
                function,
            });
        }
    }
}
