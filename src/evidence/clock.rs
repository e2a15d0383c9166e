//! One timeline out of what a log's times leave open: the date, the year, the start.

use super::times::DAY;
use super::times::Moment;
use super::times::SECOND;
use super::times::Scale;

/// Turns moments into nanoseconds on one line of time.
#[derive(Debug, Default)]
pub struct Clock {
    last: Option<i64>,
    scale: Option<Scale>,
    shift: i64,
    finest: Option<i64>,
    /// Times that lay more than `JITTER` before the one above them.
    pub backwards: u64,
}

/// Threads and processes write lines slightly out of order; a step back within this is held at the last time.
const JITTER: i64 = SECOND;

impl Clock {
    /// The place of a moment on the timeline.
    pub fn place(&mut self, moment: Moment) -> i64 {
        if self.scale != Some(moment.scale) {
            self.scale = Some(moment.scale);
            self.last = None;
            self.shift = 0;
        }
        self.finest = Some(self.finest.map_or(moment.resolution, |it| it.min(moment.resolution)));
        let mut time = moment.nanos.saturating_add(self.shift);
        if let Some(last) = self.last {
            let wrap = wrap_of(moment.scale);
            if wrap > 0 && time.saturating_add(wrap / 2) < last {
                self.shift = self.shift.saturating_add(wrap);
                time = time.saturating_add(wrap);
            }
            if time < last {
                if last.saturating_sub(time) <= JITTER {
                    return last;
                }
                self.backwards += 1;
            }
        }
        self.last = Some(time);
        time
    }

    /// The time of a line whose time repeats the one before.
    #[must_use]
    pub fn repeat(&self) -> Option<i64> {
        self.last
    }

    /// What the times count from.
    #[must_use]
    pub fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// The finest step that the log's times express.
    #[must_use]
    pub fn resolution(&self) -> Option<i64> {
        self.finest
    }
}

/// After how long a scale starts again; 0 if it doesn't.
fn wrap_of(scale: Scale) -> i64 {
    match scale {
        Scale::TimeOfDay => DAY,
        // 2000 was a leap year, and so is every year in which a 29 February was written.
        Scale::YearLess => 366 * DAY,
        Scale::Absolute | Scale::Elapsed => 0,
    }
}

/// Of the times on one line the one to trust: the innermost, which the program wrote, unless the outer one is finer and the inner one is coarse.
#[must_use]
pub fn chosen(moments: &[Moment]) -> Option<Moment> {
    // A program's own milliseconds beat a collector's nanoseconds: those say when the line was read.
    const FINE_ENOUGH: i64 = SECOND / 1_000;
    let inner = *moments.last()?;
    if inner.resolution <= FINE_ENOUGH {
        return Some(inner);
    }
    moments.iter().rev().copied().min_by_key(|it| it.resolution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(seconds: i64) -> Moment {
        Moment {
            nanos: seconds * SECOND,
            scale: Scale::TimeOfDay,
            resolution: SECOND,
        }
    }

    #[test]
    fn midnight_is_a_new_day() {
        let mut clock = Clock::default();
        let before = clock.place(daily(86_399));
        assert_eq!(clock.place(daily(1)) - before, 2 * SECOND);
    }

    #[test]
    fn a_small_step_back_is_held_and_a_large_one_counted() {
        let mut clock = Clock::default();
        let at = clock.place(daily(1000));
        assert_eq!(clock.place(daily(999)), at);
        assert_eq!(clock.place(daily(500)), 500 * SECOND);
        assert_eq!(clock.backwards, 1);
    }
}
