//! The way through the items that a phase could not do without: its last finisher, what freed the place for that, and so on.

use super::spans::Span;

/// Which items a phase's end had to wait for, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Critical {
    /// When each of them began and ended, in order, in seconds since the window's start.
    pub chain: Vec<(f64, f64)>,
    /// The records of the first and the last line of the one that ended last, where it has both.
    pub last: Option<(usize, usize)>,
    /// Seconds for which only that one was still in flight.
    pub alone: f64,
}

/// An item begins this soon after the one whose place it takes; a share of the usual duration.
const SOON: f64 = 0.2;

impl Critical {
    /// Walks back from the last finisher. `usual` is the usual duration of an item.
    pub(super) fn of(stretches: &[(f64, f64)], usual: f64, step: f64) -> Self {
        let mut ends: Vec<(f64, f64)> = stretches.to_vec();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let Some(&last) = ends.last() else {
            return Self::default();
        };
        let before = ends.len().checked_sub(2).map_or(last.0, |it| ends[it].1);
        let slack = (SOON * usual).max(step);
        let mut chain = vec![last];
        let mut open = ends.len() - 1;
        while open > 0 {
            let begun = chain[chain.len() - 1].0;
            // The latest that had ended when this one began.
            open = ends[..open].partition_point(|it| it.1 <= begun);
            match open.checked_sub(1).map(|it| ends[it]) {
                Some(one) if begun - one.1 <= slack => chain.push(one),
                _ => break,
            }
            open -= 1;
        }
        chain.reverse();
        Self {
            chain,
            last: None,
            alone: (last.1 - before.max(last.0)).max(0.0),
        }
    }

    /// Adds where the last one's lines are; `record` gives the record of an event.
    pub(super) fn with_lines(mut self, spans: &[Span], record: impl Fn(usize) -> usize) -> Self {
        let last = spans.iter().max_by_key(|it| it.last);
        self.last = last.map(|it| (record(it.first), record(it.last)));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_finisher_waits_for_the_place_of_another() {
        // Two places: the long one begins when the first short one ends.
        let stretches = [(0.0, 1.0), (0.0, 2.0), (1.0, 9.0), (2.0, 3.0)];
        let found = Critical::of(&stretches, 1.0, 0.0);
        assert_eq!(found.chain, vec![(0.0, 1.0), (1.0, 9.0)]);
        assert!((found.alone - 6.0).abs() < 1e-9);
    }

    #[test]
    fn what_begins_later_than_any_place_was_free_has_none_before_it() {
        let found = Critical::of(&[(0.0, 1.0), (4.0, 5.0)], 1.0, 0.0);
        assert_eq!(found.chain, vec![(4.0, 5.0)]);
    }
}
