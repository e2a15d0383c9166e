//! Items with a start and an end: how long each took, how many were in flight.

use super::events::Event;
use super::measures::median;
use crate::evidence::records::Log;
use crate::evidence::records::Text;
use crate::evidence::records::Texts;
use rustc_hash::FxHashMap;

/// An item from its first line to its last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// Where its first line stands among the events of the window.
    pub first: usize,
    /// Where its last line stands.
    pub last: usize,
    /// Seconds between them.
    pub seconds: f64,
}

/// For each item the stretch since a line of the same function with one of its values: the item's start. Empty unless most have one.
pub(super) fn spans(log: &Log, events: &[Event], items: &[&Event]) -> Vec<Span> {
    let Some(item) = items.first() else {
        return Vec::new();
    };
    let mut begun: FxHashMap<Text, usize> = FxHashMap::default();
    let mut found = Vec::new();
    let own = events.iter().enumerate().filter(|it| it.1.function == item.function);
    for (last, event) in own {
        let values = log
            .values(&log.records[event.record])
            .iter()
            .map(|it| it.1)
            .filter(|it| *it != Texts::OTHER);
        if event.site == item.site {
            found.extend(values.filter_map(|it| begun.remove(&it)).min().map(|first| Span {
                first,
                last,
                seconds: event.time - events[first].time,
            }));
        } else {
            for value in values.filter(|it| is_id(log.texts.get(*it))) {
                begun.entry(value).or_insert(last);
            }
        }
    }
    if found.len() * 2 > items.len() {
        found
    } else {
        Vec::new()
    }
}

/// Small numbers and flags are no names of items.
fn is_id(text: &[u8]) -> bool {
    text.len() >= 2 && !matches!(text, b"True" | b"False" | b"None")
}

/// The median of the last quarter over that of the first.
pub(super) fn growth(values: &[f64]) -> f64 {
    /// Fewer have no trend.
    const ENOUGH: usize = 8;
    if values.len() < ENOUGH {
        return 0.0;
    }
    let quarter = values.len() / 4;
    let (first, last) = (median(&values[..quarter]), median(&values[values.len() - quarter..]));
    if first > 0.0 { last / first } else { 0.0 }
}

/// How many items were in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct InFlight {
    /// At most.
    pub most: usize,
    /// On average.
    pub mean: f64,
    /// How often nothing was, between the first and the last.
    pub empty: usize,
}

impl InFlight {
    /// Counts by times; what ends and what begins at the same moment follow each other.
    pub(super) fn of_times(stretches: &[(f64, f64)], seconds: f64) -> Self {
        let mut changes: Vec<(f64, i32)> = stretches.iter().flat_map(|it| [(it.0, 1), (it.1, -1)]).collect();
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let changes: Vec<i32> = changes.into_iter().map(|it| it.1).collect();
        Self::counted(&changes, stretches.iter().map(|it| it.1 - it.0).sum(), seconds)
    }

    /// Counts in the order of the lines, which is finer than any clock.
    pub(super) fn of(spans: &[Span], seconds: f64) -> Self {
        let mut changes: Vec<(usize, i32)> = spans.iter().flat_map(|it| [(it.first, 1), (it.last, -1)]).collect();
        changes.sort_unstable();
        let changes: Vec<i32> = changes.into_iter().map(|it| it.1).collect();
        Self::counted(&changes, spans.iter().map(|it| it.seconds).sum(), seconds)
    }

    fn counted(changes: &[i32], total: f64, seconds: f64) -> Self {
        let mut made = Self::default();
        let mut now = 0_i32;
        for (index, change) in changes.iter().enumerate() {
            if now == 0 && index > 0 {
                made.empty += 1;
            }
            now += change;
            made.most = made.most.max(usize::try_from(now).unwrap_or(0));
        }
        made.mean = total / seconds.max(f64::MIN_POSITIVE);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: usize, last: usize) -> Span {
        Span {
            first,
            last,
            seconds: 1.0,
        }
    }

    #[test]
    fn one_after_another_is_one_in_flight() {
        let made = InFlight::of(&[span(0, 1), span(2, 3), span(4, 5)], 3.0);
        assert_eq!((made.most, made.empty), (1, 2));
        assert!((made.mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rounds_leave_nothing_in_flight_between_them() {
        let made = InFlight::of(&[span(0, 2), span(1, 3), span(4, 6), span(5, 7)], 2.0);
        assert_eq!((made.most, made.empty), (2, 1));
        assert!((made.mean - 2.0).abs() < 1e-9);
    }
}
