//! Items with a start and an end: how long each took, how many were in flight.

use super::events::Event;
use super::measures::median;
use crate::evidence::records::Log;
use crate::evidence::records::Text;
use crate::evidence::records::Texts;
use rustc_hash::FxHashMap;

/// For each item the seconds since a line of the same function with one of its values: the item's start. Empty unless most have one.
pub(super) fn durations(log: &Log, events: &[Event], items: &[&Event]) -> Vec<f64> {
    let Some(first) = items.first() else {
        return Vec::new();
    };
    let mut begun: FxHashMap<Text, f64> = FxHashMap::default();
    let mut found = Vec::new();
    let starts = events.iter().filter(|it| it.function == first.function);
    for event in starts {
        let values = log
            .values(&log.records[event.record])
            .iter()
            .map(|it| it.1)
            .filter(|it| *it != Texts::OTHER);
        if event.site == first.site {
            found.extend(
                values
                    .filter_map(|it| begun.remove(&it))
                    .map(|it| event.time - it)
                    .reduce(f64::max),
            );
        } else {
            for value in values.filter(|it| is_id(log.texts.get(*it))) {
                begun.entry(value).or_insert(event.time);
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
    /// On average, from the first start to the last end.
    pub mean: f64,
    /// How often nothing was, between the first and the last.
    pub empty: usize,
}

impl InFlight {
    /// Counts the items, each with its duration; nothing unless every item has one. A start at the same time as an end
    /// comes after it: of two lines at one time the first in the log wrote first, and a limiter lets in whom another frees.
    pub(super) fn of(ends: &[f64], durations: &[f64]) -> Self {
        if ends.is_empty() || durations.len() != ends.len() {
            return Self::default();
        }
        let mut changes: Vec<(f64, i32)> = Vec::new();
        let mut sum = 0.0;
        for (end, long) in ends.iter().zip(durations) {
            changes.push((end - long, 1));
            changes.push((*end, -1));
            sum += long;
        }
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let length = changes[changes.len() - 1].0 - changes[0].0;
        let mut made = Self::default();
        let mut now = 0_i32;
        let mut since = 0.0;
        for (index, (time, change)) in changes.iter().enumerate() {
            // An instant without anything in flight is the hand-over from one item to the next.
            let hand_over = (time - since) < length / ends.len() as f64 / 10.0;
            if now == 0 && index > 0 && !hand_over {
                made.empty += 1;
            }
            now += change;
            if now == 0 {
                since = *time;
            }
            made.most = made.most.max(usize::try_from(now).unwrap_or(0));
        }
        made.mean = sum / length.max(f64::MIN_POSITIVE);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_another_is_one_in_flight() {
        let made = InFlight::of(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0]);
        assert_eq!((made.most, made.empty), (1, 0));
        assert!((made.mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rounds_leave_nothing_in_flight_between_them() {
        let made = InFlight::of(&[1.0, 1.1, 3.0, 3.1, 5.0, 5.1], &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!((made.most, made.empty), (2, 2));
    }
}
