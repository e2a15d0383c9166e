//! What was seen in a window, as numbers.

use super::events::Run;
use super::windows::Window;
use crate::evidence::memory::Sample;
use crate::evidence::records::Log;
use crate::evidence::roles::Role;

/// Numbers about one window. Shares are of the window's length.
#[derive(Clone, Debug, Default)]
pub struct Measures {
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
    /// Largest pause between any two lines.
    pub silence: f64,
    /// Spread of the pauses between items: standard deviation over mean.
    pub unevenness: f64,
    /// Largest duration that the items' lines print, in seconds, over the median of the first quarter.
    pub drift: f64,
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

/// Measures a window.
#[must_use]
pub fn measure(run: &Run, log: &Log, window: &Window, memory: &[Sample]) -> Measures {
    let events = &run.events[window.inside.clone()];
    let items: Vec<_> = events.iter().filter(|it| Some(it.site) == window.site).collect();
    let done: Vec<f64> = items.iter().map(|it| it.time - window.start).collect();
    let seconds = window.seconds();
    let mut made = Measures {
        seconds,
        step: run.step,
        items: done.len(),
        vague: items.iter().any(|it| !it.timed),
        lead: done.first().map_or(0.0, |it| it / seconds),
        hold: hold(&done, seconds),
        silence: largest_pause(events.iter().map(|it| it.time - window.start), seconds),
        drift: drift(log, &items.iter().map(|it| it.record).collect::<Vec<_>>()),
        ..Measures::default()
    };
    let pauses: Vec<f64> = done.windows(2).map(|it| it[1] - it[0]).collect();
    made.pause = median(&pauses);
    made.unevenness = unevenness(&pauses);
    made.done = done;
    add_marks(&mut made, run, window);
    add_memory(&mut made, run, window, memory);
    made
}

/// Seconds between the moment nine tenths of the items were done and the end.
fn hold(done: &[f64], seconds: f64) -> f64 {
    let index = (done.len() * 9).div_ceil(10);
    index
        .checked_sub(1)
        .and_then(|it| done.get(it.min(done.len().saturating_sub(2))))
        .map_or(0.0, |it| seconds - it)
}

fn largest_pause(times: impl Iterator<Item = f64>, end: f64) -> f64 {
    let mut last = 0.0;
    let mut largest = 0.0_f64;
    for time in times.chain([end]) {
        largest = largest.max(time - last);
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

fn unevenness(pauses: &[f64]) -> f64 {
    let n = pauses.len() as f64;
    let mean = pauses.iter().sum::<f64>() / n;
    if pauses.is_empty() || mean <= 0.0 {
        return 0.0;
    }
    let variance = pauses.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / n;
    variance.sqrt() / mean
}

/// How much the durations that lines print grow: the last quarter's median over the first quarter's, of the value that grows most.
fn drift(log: &Log, records: &[usize]) -> f64 {
    /// Fewer lines have no trend.
    const ENOUGH: usize = 8;
    if records.len() < ENOUGH {
        return 0.0;
    }
    let quarter = records.len() / 4;
    let slots = log.values(&log.records[records[0]]).iter().map(|it| it.0);
    let mut largest = 0.0_f64;
    for slot in slots {
        let value = |record: &usize| {
            let values = log.values(&log.records[*record]);
            let text = values.iter().find(|it| it.0 == slot).map(|it| log.texts.get(it.1))?;
            let text = std::str::from_utf8(text)
                .ok()?
                .trim_end_matches(|it: char| it.is_ascii_alphabetic());
            text.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0)
        };
        let first: Vec<f64> = records[..quarter].iter().filter_map(value).collect();
        let last: Vec<f64> = records[records.len() - quarter..].iter().filter_map(value).collect();
        if first.len() == quarter && last.len() == quarter {
            largest = largest.max(median(&last) / median(&first));
        }
    }
    largest
}

fn add_marks(made: &mut Measures, run: &Run, window: &Window) {
    let inside = run
        .marks
        .iter()
        .filter(|it| it.time >= window.start && it.time <= window.end);
    let mut first = None;
    let mut last = 0.0;
    for mark in inside {
        match mark.role {
            Role::Retry => {
                made.retries += 1;
                made.waited += mark.wait;
                first.get_or_insert(mark.time);
                last = mark.time + mark.wait;
            }
            Role::RateLimit => made.limits += 1,
            Role::PoolFull => made.pool_full += 1,
            Role::Timeout => made.timeouts += 1,
            Role::SlowCallback | Role::Leak => {}
        }
    }
    if let Some(first) = first {
        made.retry_span = ((last.min(window.end) - first) / made.seconds).clamp(0.0, 1.0);
    }
}

fn add_memory(made: &mut Measures, run: &Run, window: &Window, memory: &[Sample]) {
    let at = |it: &Sample| (it.time - run.start) as f64 / 1e9;
    let clocked: Vec<(f64, f64)> = memory
        .iter()
        .filter(|it| it.clocked)
        .map(|it| (at(it), it.kib))
        .collect();
    // Samples of another clock than the log's say nothing about when.
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
