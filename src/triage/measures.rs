//! What was seen in a window, as numbers.

use super::critical::Critical;
use super::events::Event;
use super::events::Run;
use super::printed::stands_for;
use super::printed::stretches;
use super::spans::InFlight;
use super::spans::Span;
use super::spans::growth;
use super::spans::spans;
use super::timers::announced;
use super::timers::covered;
use super::windows::Window;
use crate::evidence::memory::Sample;
use crate::evidence::records::Log;
use crate::evidence::roles::Role;
use crate::evidence::sites::SiteId;
use crate::evidence::sites::Sites;
use crate::evidence::times::DAY;
use crate::evidence::times::Scale;
use crate::project::FnId;
use crate::project::Project;
use rustc_hash::FxHashMap;

/// Numbers about one window. Shares are of the window's length.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// The function whose items were measured.
    pub function: Option<FnId>,
    /// The window's length in seconds.
    pub seconds: f64,
    /// The smallest step of the clock.
    pub step: f64,
    /// Lines of the busiest site: items that were done.
    pub items: usize,
    /// Times of these lines since the window's start.
    pub done: Vec<f64>,
    /// Some of them had no time of their own.
    pub vague: bool,
    /// Share before the first item was done.
    pub lead: f64,
    /// Seconds from the moment nine tenths of the items were done to the end.
    pub hold: f64,
    /// Median and largest pause between items.
    pub pause: f64,
    /// Largest pause between any two lines, without announced waits.
    pub silence: f64,
    /// Spread of the pauses between items: standard deviation over mean.
    pub unevenness: f64,
    /// Largest distance between the items' times and an even spread over the window, 0 to 1.
    pub skew: f64,
    /// How long the last quarter of the items took, over the first.
    pub drift: f64,
    /// The durations of which the drift is taken are printed by the lines, not seen from start to end.
    pub prints: bool,
    /// Most items in flight at once, where their starts are logged too.
    pub width: usize,
    /// The mean of items in flight, where their starts are logged too.
    pub busy: f64,
    /// How often nothing was in flight between two items, where their starts are logged too.
    pub empty: usize,
    /// How many items each line stands for: 25 where every twenty-fifth is told.
    pub each: f64,
    /// Share of the window in silences that end with many lines at once.
    pub stalls: f64,
    /// Share of the window between two lines of one item between which the code does not let the loop turn.
    pub held: f64,
    /// When each item began and ended, where lines tell both or print how long it took.
    pub stretches: Vec<(f64, f64)>,
    /// The items that the end had to wait for, one after the other; nothing without [`Self::stretches`].
    pub critical: Critical,
    /// When announced waits run.
    pub announced: Vec<(f64, f64)>,
    /// Lines about retries, and the seconds they announced.
    pub retries: usize,
    /// Sum of announced waits.
    pub waited: f64,
    /// Share of the window between the first and the last retry.
    pub retry_span: f64,
    /// Lines about limits, time-outs and pools.
    pub limits: usize,
    /// Lines that say a pool ran out.
    pub pool_full: usize,
    /// Time-outs.
    pub timeouts: usize,
    /// Growth of memory inside, in KiB.
    pub grown: f64,
    /// Share of the run's range of memory that the growth is.
    pub growth_share: f64,
}

impl Measures {
    /// Lines that say the other side, or a pool, would not take more.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.retries + self.limits + self.timeouts + self.pool_full
    }

    /// Whether the stretch goes on for a single item for a tenth of its time or more.
    #[must_use]
    pub fn waits_for_one(&self) -> bool {
        self.critical.alone > self.seconds / 10.0
    }

    /// Seconds from the moment nine tenths of the items were done to the end, without announced waits.
    #[must_use]
    pub fn unannounced_hold(&self) -> f64 {
        self.hold - covered(&self.announced, self.seconds - self.hold, self.seconds)
    }
}

/// More times than this are taken in shares, so that the longest log fits into memory: no share of a million is missed.
const MOST_TIMES: usize = 1 << 20;

/// So many functions of a window are looked at, the busiest first.
const MOST_WORKERS: usize = 3;

/// What windows are measured by.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The program.
    pub project: &'a Project,
    /// Its log sites.
    pub sites: &'a Sites,
    /// The log.
    pub log: &'a Log,
    /// Memory over time.
    pub memory: &'a [Sample],
}

/// Measures a window, once for each of the functions that wrote most lines in it.
#[must_use]
pub fn measure(run: &Run, source: Source<'_>, window: &Window) -> Vec<Measures> {
    let sites = ends(run, window);
    if sites.is_empty() {
        return vec![measure_site(run, source, window, None)];
    }
    sites
        .into_iter()
        .map(|it| measure_site(run, source, window, Some(it)))
        .collect()
}

/// The last site of each item in the busiest functions: of a function's sites that are hit alike, the last in the code.
fn ends(run: &Run, window: &Window) -> Vec<SiteId> {
    let mut hits: FxHashMap<SiteId, (usize, FnId)> = FxHashMap::default();
    let inside = run.events[window.inside.clone()].iter();
    let counts = |it: &&Event| !run.tickers.contains(&it.function) && !run.retries.contains(&it.site);
    for event in inside.filter(counts) {
        hits.entry(event.site).or_insert((0, event.function)).0 += 1;
    }
    let mut sites: Vec<(SiteId, (usize, FnId))> = hits.into_iter().collect();
    sites.sort_unstable_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(&b.0)));
    let mut chosen: Vec<(SiteId, (usize, FnId))> = Vec::new();
    for (site, (count, function)) in sites {
        let free = chosen.len() < MOST_WORKERS;
        match chosen.iter_mut().find(|it| it.1.1 == function) {
            // Nine tenths allow for items that failed on the way.
            Some(first) if count * 10 >= first.1.0 * 9 && site > first.0 => *first = (site, (count, function)),
            Some(_) => {}
            None if free => chosen.push((site, (count, function))),
            None => {}
        }
    }
    chosen.into_iter().map(|it| it.0).collect()
}

fn measure_site(run: &Run, source: Source<'_>, window: &Window, site: Option<SiteId>) -> Measures {
    let log = source.log;
    let events = &run.events[window.inside.clone()];
    let items: Vec<&Event> = events.iter().filter(|it| Some(it.site) == site).collect();
    let total: usize = items.iter().map(|it| it.count as usize).sum();
    let share = u32::try_from(total / MOST_TIMES + 1).unwrap_or(u32::MAX);
    let each = |it: &&Event| std::iter::repeat_n(it.time - window.start, it.count.div_ceil(share) as usize);
    let done: Vec<f64> = items.iter().flat_map(each).collect();
    let seconds = window.seconds();
    let announced = announced(run, window);
    let is_bar = items.iter().any(|it| it.bar);
    let records: Vec<usize> = items.iter().map(|it| it.record).filter(|_| !is_bar).collect();
    let mut made = Measures {
        function: items.first().map(|it| it.function),
        seconds,
        step: run.step,
        items: total,
        vague: items.iter().any(|it| !it.timed),
        lead: done.first().map_or(0.0, |it| it / seconds),
        hold: hold(&done, seconds),
        silence: largest_pause(events.iter().map(|it| it.time - window.start), seconds, &announced),
        each: stands_for(log, &records),
        stalls: stalls(&done, run.step, &announced) / seconds,
        announced,
        ..Measures::default()
    };
    let pauses: Vec<f64> = done.windows(2).map(|it| it[1] - it[0]).collect();
    made.pause = median(&pauses);
    // The pauses between sums of several items are more even than those between items, by the root of their number.
    made.unevenness = unevenness(&pauses) * made.each.sqrt();
    made.skew = skew(&done, seconds);
    made.done = done;
    if !is_bar {
        add_stretches(&mut made, run, source, window, &items);
    }
    add_marks(&mut made, run, window);
    add_memory(&mut made, run, window, source.memory);
    made
}

/// What starts and ends of items say: how many were in flight, how their durations grow, how long they held the loop.
fn add_stretches(made: &mut Measures, run: &Run, source: Source<'_>, window: &Window, items: &[&Event]) {
    let events = &run.events[window.inside.clone()];
    let found = spans(source.log, events, items);
    let holds = |it: &&Span| {
        let (first, last) = (&events[it.first], &events[it.last]);
        source.project.holds_between(first.function, first.node, last.node)
    };
    let held: Vec<f64> = found.iter().filter(holds).map(|it| it.seconds).collect();
    // Lines between which the loop can't turn show one item at a time whatever else is in flight.
    if held.len() * 2 > found.len() {
        made.held = (held.iter().sum::<f64>() / made.seconds).min(1.0);
        return;
    }
    let in_flight = if found.is_empty() {
        let site = items.first().map(|it| &source.sites.all[it.site.0 as usize]);
        made.stretches = site.map_or_else(Vec::new, |it| stretches(source.log, it, items, window.start, run.step));
        made.prints = !made.stretches.is_empty();
        InFlight::of_times(&made.stretches, made.seconds)
    } else {
        let at = |it: usize| events[it].time - window.start;
        made.stretches = found.iter().map(|it| (at(it.first), at(it.last))).collect();
        InFlight::of(&found, made.seconds)
    };
    let durations: Vec<f64> = made.stretches.iter().map(|it| it.1 - it.0).collect();
    made.critical =
        Critical::of(&made.stretches, median(&durations), run.step).with_lines(&found, |it| events[it].record);
    made.drift = growth(&durations);
    (made.width, made.busy, made.empty) = (in_flight.most, in_flight.mean, in_flight.empty);
}

/// Seconds between the moment nine tenths of the items were done and the end.
fn hold(done: &[f64], seconds: f64) -> f64 {
    let index = (done.len() * 9).div_ceil(10);
    index
        .checked_sub(1)
        .and_then(|it| done.get(it.min(done.len().saturating_sub(2))))
        .map_or(0.0, |it| seconds - it)
}

fn largest_pause(times: impl Iterator<Item = f64>, end: f64, waits: &[(f64, f64)]) -> f64 {
    let mut last = 0.0;
    let mut largest = 0.0_f64;
    for time in times.chain([end]) {
        largest = largest.max(time - last - covered(waits, last, time));
        last = time;
    }
    largest
}

/// The median; 0 of nothing.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn skew(done: &[f64], seconds: f64) -> f64 {
    let n = done.len().max(1) as f64;
    let gaps = done
        .iter()
        .enumerate()
        .map(|(index, time)| (time / seconds - (index as f64 + 0.5) / n).abs());
    gaps.fold(0.0, f64::max)
}

fn unevenness(pauses: &[f64]) -> f64 {
    let n = pauses.len() as f64;
    let mean = pauses.iter().sum::<f64>() / n;
    if pauses.is_empty() || mean <= 0.0 {
        return 0.0;
    }
    let variance = pauses.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / n;
    variance.sqrt() / mean
}

/// Seconds in silences that end with several items at once, as when something held the loop and the answers had piled up.
fn stalls(done: &[f64], step: f64, waits: &[(f64, f64)]) -> f64 {
    /// asyncio calls a callback slow from here on.
    const SILENCE: f64 = 0.1;
    /// Answers that have piled up are handled within this share of the silence: by chance that is rare, since a silence
    /// is as long as several usual pauses.
    const AT_ONCE: f64 = 0.1;
    /// Two can come together by chance.
    const MANY: usize = 3;
    /// Once or twice is chance, or the start of a phase.
    const OFTEN: usize = 3;
    // What a timer fills needs no other cause.
    let unfilled = |it: usize| done[it] - done[it - 1] - covered(waits, done[it - 1], done[it]);
    let silences = (1..done.len()).filter(|it| unfilled(*it) >= SILENCE);
    let burst = |it: &usize| {
        let silence = done[*it] - done[*it - 1];
        done.get(it + MANY - 1)
            .is_some_and(|last| last - done[*it] <= AT_ONCE * silence)
    };
    let held: Vec<f64> = silences.filter(burst).map(|it| done[it] - done[it - 1]).collect();
    // A coarse clock makes everything come at once.
    if held.len() < OFTEN || step > SILENCE {
        0.0
    } else {
        held.iter().sum()
    }
}

fn add_marks(made: &mut Measures, run: &Run, window: &Window) {
    let inside = run
        .marks
        .iter()
        .filter(|it| it.time >= window.start && it.time <= window.end);
    let mut first = None;
    let mut last = 0.0;
    for mark in inside {
        let lines = mark.count as usize;
        match mark.role {
            Role::Retry => {
                made.retries += lines;
                made.waited += mark.wait * f64::from(mark.count);
                first.get_or_insert(mark.time);
                last = mark.time + mark.wait;
            }
            Role::RateLimit => made.limits += lines,
            Role::PoolFull => made.pool_full += lines,
            Role::Timeout => made.timeouts += lines,
            Role::SlowCallback | Role::Leak => {}
        }
    }
    if let Some(first) = first {
        made.retry_span = ((last.min(window.end) - first) / made.seconds).clamp(0.0, 1.0);
    }
}

fn add_memory(made: &mut Measures, run: &Run, window: &Window, memory: &[Sample]) {
    let clocked = aligned(run, memory);
    let (Some(first), Some(last)) = (clocked.first(), clocked.last()) else {
        return;
    };
    if last.0 < 0.0 || first.0 > run.seconds {
        return;
    }
    let low = clocked.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let high = clocked.iter().map(|it| it.1).fold(0.0, f64::max);
    let before = clocked.iter().rev().find(|it| it.0 <= window.start).unwrap_or(first).1;
    let inside = clocked
        .iter()
        .filter(|it| it.0 > window.start && it.0 <= window.end)
        .map(|it| it.1);
    made.grown = (inside.fold(before, f64::max) - before).max(0.0);
    if high > low {
        made.growth_share = made.grown / (high - low);
    }
}

/// Samples on the run's own seconds. A log without dates is laid beside them by what its times leave open.
fn aligned(run: &Run, memory: &[Sample]) -> Vec<(f64, f64)> {
    let Some(first) = memory.iter().find(|it| it.clocked) else {
        return Vec::new();
    };
    // An elapsed time counts from about where the samples begin; a time of day from a midnight.
    let origin = match run.scale {
        Some(Scale::Elapsed) => first.time,
        Some(Scale::TimeOfDay | Scale::YearLess) => first.time - first.time.rem_euclid(DAY),
        Some(Scale::Absolute) | None => 0,
    };
    let at = |it: &Sample| it.time.saturating_sub(origin).saturating_sub(run.start) as f64 / 1e9;
    memory
        .iter()
        .filter(|it| it.clocked)
        .map(|it| (at(it), it.kib))
        .collect()
}
