//! The main line of the run: what was logged outside every fan-out cuts it into windows.

use super::events::Event;
use super::events::Run;
use super::measures::Source;
use crate::evidence::loggers::Sink;
use crate::evidence::records::Log;
use crate::evidence::sites::SiteId;
use crate::evidence::sites::Sites;
use crate::project::FnId;
use crate::project::order::Order;
use crate::project::order::Region;
use crate::project::order::Rounds;
use rustc_hash::FxHashMap;

/// A stretch of the run between two lines of the main line.
#[derive(Debug)]
pub struct Window {
    /// Seconds since the start.
    pub start: f64,
    /// Seconds since the start.
    pub end: f64,
    /// Index of the event that opens it.
    pub opens: Option<usize>,
    /// Index of the event that closes it.
    pub closes: Option<usize>,
    /// Events inside, as a range of indices.
    pub inside: std::ops::Range<usize>,
    /// What can run in it.
    pub region: Region,
    /// The function that wrote most of the lines inside.
    pub worker: Option<FnId>,
    /// The site of these lines.
    pub site: Option<SiteId>,
    /// The words that the opening line has in its holes: `geocode` of `step geocode begins`.
    pub name: String,
}

impl Window {
    /// Its length.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.end - self.start
    }
}

/// A site that is hit more often than this, and more often than once in ten lines, belongs to items even where no fan-out is seen.
const MANY: usize = 12;

/// The windows of a run, in order; those under `least` seconds are left out.
#[must_use]
pub fn windows(run: &Run, order: &Order<'_>, source: Source<'_>, least: f64) -> Vec<Window> {
    let main: Vec<usize> = main_line(run, order, source.sites);
    let mut found = Vec::new();
    let mut before: Option<usize> = None;
    for next in main.iter().map(|it| Some(*it)).chain([None]) {
        let start = before.map_or(0.0, |it| run.events[it].time);
        let end = next.map_or(run.seconds, |it| run.events[it].time);
        if end - start >= least && end > start {
            found.push(window(run, source.log, order, (before, next), (start, end)));
        }
        before = next;
    }
    found
}

fn main_line(run: &Run, order: &Order<'_>, sites: &Sites) -> Vec<usize> {
    let is_bar = |it: &Event| sites.all[it.site.0 as usize].sink == Sink::Progress;
    let mut hits: FxHashMap<SiteId, usize> = FxHashMap::default();
    for event in &run.events {
        *hits.entry(event.site).or_default() += 1;
    }
    let many = MANY.max(run.events.len() / 10);
    let is_main = |it: &Event| it.timed && !is_bar(it) && !order.is_concurrent(it.function) && hits[&it.site] <= many;
    run.events
        .iter()
        .enumerate()
        .filter(|it| is_main(it.1))
        .map(|it| it.0)
        .collect()
}

/// Whether some of these lines are of the site.
fn again<'a>(mut events: impl Iterator<Item = &'a Event>, site: SiteId) -> bool {
    events.any(|it| it.site == site)
}

/// Whether a line shows a text as a value.
fn shows(log: &Log, event: &Event, text: &str) -> bool {
    let values = log.values(&log.records[event.record]);
    values.iter().any(|it| log.texts.get(it.1) == text.as_bytes())
}

/// The values of a line that are words: what has a digit is an id or an amount, and tells rounds apart, not phases.
fn words(log: &Log, event: &Event) -> String {
    let values = log.values(&log.records[event.record]).iter();
    let texts = values.map(|it| String::from_utf8_lossy(log.texts.get(it.1)));
    let words = texts.filter(|it| !it.is_empty() && !it.bytes().any(|it| it.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ")
}

fn window(
    run: &Run,
    log: &Log,
    order: &Order<'_>,
    (opens, closes): (Option<usize>, Option<usize>),
    (start, end): (f64, f64),
) -> Window {
    let place = |index: usize| (run.events[index].function, run.events[index].node);
    let mut region = match (opens, closes) {
        (Some(opens), Some(closes)) => {
            let rounds = Rounds {
                after: again(run.events[opens + 1..].iter(), run.events[opens].site),
                before: again(run.events[..closes].iter(), run.events[closes].site),
            };
            let mut region = order.between(place(opens), place(closes), rounds);
            order.include_blocks(&mut region, place(opens), place(closes), |it| {
                shows(log, &run.events[closes], it)
            });
            region
        }
        (opens, closes) => order.beside(opens.map(place), closes.map(place)),
    };
    let inside = opens.map_or(0, |it| it + 1)..closes.unwrap_or(run.events.len());
    let mut hits: FxHashMap<(SiteId, FnId), usize> = FxHashMap::default();
    for event in &run.events[inside.clone()] {
        *hits.entry((event.site, event.function)).or_default() += 1;
    }
    let mut functions: Vec<FnId> = hits.keys().map(|it| it.1).collect();
    functions.sort_unstable();
    functions.dedup();
    for function in functions {
        order.include(&mut region, function);
    }
    // Where nothing inside says what ran, what was started before may still have.
    if let Some(opens) = opens.filter(|_| hits.is_empty()) {
        order.include_started(&mut region, place(opens));
    }
    let busiest = hits.into_iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)));
    Window {
        start,
        end,
        opens,
        closes,
        inside,
        region,
        worker: busiest.map(|it| it.0.1),
        site: busiest.map(|it| it.0.0),
        name: opens.map_or_else(String::new, |it| words(log, &run.events[it])),
    }
}
