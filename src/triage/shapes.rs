//! The shapes that signatures are made of, and the thresholds by which they are told.

use super::measures::Measures;

/// A statement about fewer items is chance.
pub(super) const FEW: usize = 5;
/// The share of a window that a cause must fill to be its cause.
pub(super) const MOST: f64 = 0.5;
/// A straggler is beyond the others by this factor; ordinary spread of network calls stays within it.
pub(super) const STRAGGLER: f64 = 5.0;
/// Items done at intervals this even came one after another: gathered network calls come in bursts (spread above 1).
pub(super) const EVEN: f64 = 0.75;
/// A clock with this step or a larger one hides single pauses.
pub(super) const COARSE: f64 = 0.5;
/// Items whose times lie this near to an even spread came at a steady rate.
pub(super) const STEADY: f64 = 0.15;
/// Durations that grow by this factor within one phase show a service, or a queue, under more load than it takes.
pub(super) const DRIFT: f64 = 3.0;
/// Width from which a fan-out can be the cause of load.
pub(super) const WIDE: usize = 20;
/// A phase with this share of its time in silences that end with many items at once was held up by something.
pub(super) const STALLED: f64 = 0.25;
/// So many empty instants between items make rounds, each waiting for its last; less is chance.
pub(super) const ROUNDS: usize = 3;
/// A queue before a fixed number of places drains at one rate: its items lie this near to an even spread. What slows down
/// under load drains ever slower.
pub(super) const ONE_RATE: f64 = 0.08;
/// In flight are nearly always as many as there ever are: something lets in no more.
pub(super) const FULL: f64 = 0.9;
/// Sizes that people and libraries give to pools and limiters.
pub(super) const SIZES: [usize; 14] = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50, 64, 100];

/// A timer explains one silence: when fewer items than one in so many were tried again, the others were silent for
/// something else.
pub(super) const SELDOM: usize = 20;

/// The share of the places that were idle.
pub(super) fn idle(it: &Measures) -> f64 {
    if it.width > 1 {
        1.0 - it.busy / it.width as f64
    } else {
        0.0
    }
}

/// Rounds that each wait for their last item leave most of the places idle.
#[must_use]
pub(super) fn is_in_rounds(it: &Measures) -> bool {
    it.empty >= ROUNDS && idle(it) > MOST
}

/// Whether items were done one after another, evenly, over most of the window.
pub(super) fn is_serial(it: &Measures) -> bool {
    let spanned: f64 = it
        .done
        .last()
        .zip(it.done.first())
        .map_or(0.0, |(last, first)| last - first);
    let even = it.unevenness < EVEN && it.pause > it.step;
    it.items >= FEW && !it.vague && even && spanned > MOST * it.seconds
}

/// Whether a clock too coarse for single pauses shows a steady rate.
pub(super) fn is_steady(it: &Measures) -> bool {
    it.items >= FEW && !it.vague && it.step >= COARSE && it.pause <= it.step && it.skew < STEADY
}

/// Whether items come out at one rate, as from a queue.
#[must_use]
pub(super) fn is_one_rate(it: &Measures) -> bool {
    is_serial(it) || is_steady(it)
}

/// Whether stretches between two lines of a loop are alike, as far as the clock shows it.
#[must_use]
pub(super) fn are_even(rounds: &[f64], step: f64) -> bool {
    let mean = rounds.iter().sum::<f64>() / rounds.len().max(1) as f64;
    let far = |it: &&f64| (*it - mean).abs() > MOST * mean + step;
    rounds.len() >= FEW && !rounds.iter().any(|it| far(&it))
}

/// Whether items overlapped in time, so that they were not simply awaited one after another.
pub(super) fn overlaps(it: &Measures) -> bool {
    // By Little's law the mean in flight is the durations' sum over the time; from two on most items had company.
    it.busy >= 2.0
}

/// Whether as many items are in flight as ever, all the time, and their number is one that people choose.
pub(super) fn is_full(it: &Measures) -> bool {
    it.items >= WIDE && it.width > 1 && it.busy > FULL * it.width as f64 && SIZES.contains(&it.width)
}

/// Whether silences that end with many lines at once fill much of the window, and no timers explain them.
pub(super) fn is_stalled(it: &Measures) -> bool {
    it.stalls > STALLED && it.retries * SELDOM <= it.items
}

/// Whether the lines themselves show that the loop was held.
#[must_use]
pub(super) fn is_held(it: &Measures) -> bool {
    it.held > MOST
}

/// Whether the second half of the items takes much longer than the first, and not for one late item.
pub(super) fn is_slowing(it: &Measures) -> bool {
    let n = it.done.len();
    if it.items < WIDE || it.vague || n < 2 {
        return false;
    }
    let (half, end) = (it.done[n / 2], it.done[n - 1]);
    let late = it.done[n / 2..].windows(2).map(|it| it[1] - it[0]);
    end - half > DRIFT * half.max(it.step) && late.fold(0.0, f64::max) < MOST * (end - half)
}
