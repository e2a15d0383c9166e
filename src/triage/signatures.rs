//! How each pattern looks in a window of a log. Every threshold stands once, here or with the shapes, with its reason.

use super::measures::Measures;
use super::measures::median;
use super::models;
use super::shapes::DRIFT;
use super::shapes::FEW;
use super::shapes::MOST;
use super::shapes::ONE_RATE;
use super::shapes::ROUNDS;
use super::shapes::STRAGGLER;
use super::shapes::WIDE;
use super::shapes::idle;
use super::shapes::is_full;
use super::shapes::is_held;
use super::shapes::is_in_rounds;
use super::shapes::is_serial;
use super::shapes::is_slowing;
use super::shapes::is_stalled;
use super::shapes::is_steady;
use super::shapes::overlaps;
use crate::diagnostic::Pattern;

/// How well a pattern explains a window, and what mending it would save.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// From 0, the log speaks against it, to 1.
    pub score: f64,
    /// Seconds of the window that it accounts for.
    pub seconds: f64,
    /// Predicted saving, least and most.
    pub saving: (f64, f64),
}

/// Memory that grows by less is noise of the allocator (KiB).
const MEMORY_STEP: f64 = 50.0 * 1024.0;
/// The share of the run's range of memory that a step must be.
const MEMORY_SHARE: f64 = 0.25;
/// A pattern that neither fits nor is contradicted: the code decides.
pub(super) const POSSIBLE: f64 = 0.35;
/// A picture that two causes give alike: enough for what the code shows to be believed before the log's first guess.
const CODE_DECIDES: f64 = 0.7;
/// The log speaks against it.
const UNLIKELY: f64 = 0.1;

/// The saving is filled in where the pattern is known.
fn fit(score: f64, seconds: f64) -> Fit {
    Fit {
        score,
        seconds,
        saving: (0.0, 0.0),
    }
}

/// How well `pattern` explains what was measured.
#[must_use]
pub fn of(pattern: Pattern, it: &Measures) -> Fit {
    let made = match pattern {
        Pattern::LongTail => straggler_hold(it),
        Pattern::RetryStorm => retry_wave(it),
        Pattern::LoopBlocker => loop_stall(it),
        Pattern::SerializedAwaits => serialized(it),
        Pattern::UnboundedConcurrency => load_drift(it),
        Pattern::PoolExhaustion => pool_plateau(it),
        Pattern::HugeGather => memory_step(it),
        Pattern::ContextDuplication => build_cost(it),
        Pattern::LostWork | Pattern::SilentFanOut => fit(UNLIKELY, it.seconds),
    };
    let listed = (pattern == Pattern::LongTail && is_in_rounds(it)).then(|| models::without_barrier(it));
    Fit {
        saving: listed
            .flatten()
            .unwrap_or_else(|| models::saving(pattern, it, made.seconds)),
        ..made
    }
}

/// Nearly all items are done and the phase still waits for the last ones.
fn straggler_hold(it: &Measures) -> Fit {
    let typical = median(&it.done).max(it.step);
    let last = it.done.last().copied().unwrap_or(0.0).max(it.seconds);
    if it.items >= FEW && !it.vague {
        let hold = it.unannounced_hold();
        let holds = hold > MOST * it.seconds && last > STRAGGLER * typical;
        // A phase whose last tenth takes a third of it has a tail, if not a straggler.
        let tail = hold > it.seconds / 3.0 && last > 2.0 * typical;
        let rounds = is_in_rounds(it);
        let score = if holds {
            0.95
        } else if rounds {
            0.8
        } else if tail {
            0.5
        } else {
            UNLIKELY
        };
        let held = if rounds { hold.max(idle(it) * it.seconds) } else { hold };
        return fit(score, held);
    }
    let quiet = it.items > 0 && it.silence > MOST * it.seconds && it.retries == 0;
    fit(if quiet || it.vague { POSSIBLE + 0.1 } else { POSSIBLE }, it.seconds)
}

/// Rounds of the same code that take very different times, whatever the number of items in them: `(items, seconds)` each.
/// `None` if their times can be those of their items.
#[must_use]
pub fn uneven_rounds(rounds: &[(usize, f64)]) -> Option<Fit> {
    // Rounds whose items write nothing are taken for alike, as they are the same code; of two nobody knows that.
    let silent = rounds.iter().all(|it| it.0 == 0);
    if silent && rounds.len() < ROUNDS {
        return None;
    }
    let held = |slow: &(usize, f64)| rounds.iter().any(|it| it.0 >= slow.0 && slow.1 > STRAGGLER * it.1);
    let fastest = rounds.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    // Once one round is known to have waited, each is judged by the best rate seen.
    let rate = rounds
        .iter()
        .filter(|it| it.0 > 0)
        .map(|it| it.1 / it.0 as f64)
        .reduce(f64::min)
        .unwrap_or(0.0);
    let due = |it: &(usize, f64)| (rate * it.0 as f64).max(fastest);
    let slow = rounds.iter().any(held);
    let seconds: f64 = rounds.iter().map(|it| (it.1 - due(it)).max(0.0)).sum();
    let known = Measures {
        seconds,
        ..Measures::default()
    };
    slow.then(|| Fit {
        saving: models::saving(Pattern::LongTail, &known, seconds),
        ..fit(0.75, seconds)
    })
}

/// Announced or named retries fill the phase.
fn retry_wave(it: &Measures) -> Fit {
    let many = it.retries >= FEW.max(it.items / 10);
    if many {
        let score = if it.retry_span > MOST { 0.97 } else { 0.6 };
        return fit(score, it.retry_span * it.seconds);
    }
    let seen = it.retries > 0 || it.limits > 0;
    fit(if seen { POSSIBLE } else { UNLIKELY }, it.seconds)
}

/// Retries that write no line show only in what they do to the items: those that fail wait, and come late.
#[must_use]
pub fn silent_retry(it: &Measures) -> f64 {
    let late = it.items >= FEW && !it.vague && it.hold > it.seconds / 3.0;
    // A straggler gives the same picture: the code decides.
    if late { CODE_DECIDES } else { UNLIKELY }
}

/// The loop's thread is held: items come one after another, or nothing at all is written while work is in flight.
fn loop_stall(it: &Measures) -> Fit {
    let score = if is_held(it) {
        // Two lines of the same item with nothing between them that lets the loop turn.
        0.97
    } else if it.width == 1 && it.items >= FEW {
        // Nothing else was in flight that could have been held.
        0.4
    } else if is_serial(it) {
        0.85
    } else if is_stalled(it) {
        // Waits that a timer explains end with many lines at once too.
        0.8
    } else if is_steady(it) {
        0.6
    } else if it.items >= FEW && it.lead > MOST {
        // A slow service gives the same picture: first nothing, then all at once.
        0.45
    } else if it.items >= FEW && it.hold > MOST * it.seconds {
        0.2
    } else if it.items > 0 && it.silence > MOST * it.seconds {
        0.5
    } else {
        POSSIBLE
    };
    fit(score, it.seconds)
}

fn serialized(it: &Measures) -> Fit {
    let alone = it.width == 1 && it.items >= 2 * FEW;
    let score = if alone {
        0.95
    } else if is_held(it) {
        POSSIBLE
    } else if is_serial(it) && !overlaps(it) {
        0.8
    } else if is_serial(it) {
        // They wait for something together, as for a lock; the code knows which.
        0.5
    } else if is_steady(it) {
        0.4
    } else if is_full(it) {
        // A loop in each of a few parents gives the same picture as a pool of that size: the code decides.
        0.65
    } else {
        UNLIKELY
    };
    fit(score, it.seconds)
}

/// Everything starts at once, and the more is in flight the longer each takes.
fn load_drift(it: &Measures) -> Fit {
    let drifts = it.drift >= DRIFT && it.width.max(it.items) >= WIDE;
    let score = if drifts && is_serial(it) {
        // Durations grow behind a lock too, and there the ends come evenly.
        0.5
    } else if drifts && it.skew < ONE_RATE {
        // So they do in a queue before a pool.
        0.6
    } else if drifts {
        0.9
    } else if it.limits + it.timeouts >= FEW {
        0.7
    } else if is_slowing(it) {
        // What is slow by nature ends late too: the code decides.
        0.65
    } else if it.items >= FEW && it.hold > MOST * it.seconds {
        0.15
    } else if it.items >= WIDE && it.lead < MOST && !is_serial(it) && !is_steady(it) {
        0.55
    } else if it.items > 0 && it.items < FEW {
        0.2
    } else {
        POSSIBLE
    };
    fit(score, it.seconds)
}

/// Calls wait for a connection: the pool says so, or items come out at a steady rate however many wait.
fn pool_plateau(it: &Measures) -> Fit {
    let score = if it.pool_full > 0 {
        0.95
    } else if is_held(it) {
        POSSIBLE
    } else if is_serial(it) && overlaps(it) {
        // Many are in flight, and one rate comes out.
        0.8
    } else if is_serial(it) {
        // A held loop gives the same even rate, and holds it harder: the code decides.
        0.75
    } else if (it.items >= WIDE && it.drift >= DRIFT && it.skew < ONE_RATE) || is_full(it) {
        0.8
    } else if (it.items >= WIDE && it.drift >= DRIFT) || is_steady(it) {
        0.6
    } else if is_stalled(it) {
        // Making a client for each call holds the loop too: its certificates are read every time.
        0.6
    } else if it.items >= FEW && it.hold > MOST * it.seconds {
        0.15
    } else if it.items >= FEW && it.lead < MOST {
        0.5
    } else {
        POSSIBLE
    };
    fit(score, it.seconds)
}

/// Memory grows with the items and stays.
fn memory_step(it: &Measures) -> Fit {
    let steps = it.grown > MEMORY_STEP && it.growth_share > MEMORY_SHARE;
    // What is large before the first answer was built, not gathered.
    let leads = it.items >= FEW && it.lead > MOST;
    let score = match (steps, leads) {
        (true, false) => 0.95,
        (true, true) => 0.6,
        (false, _) => UNLIKELY,
    };
    fit(score, it.seconds)
}

/// Each item builds something large before its first request: long silence, then all at once; or memory grows with them.
fn build_cost(it: &Measures) -> Fit {
    let steps = it.grown > MEMORY_STEP && it.growth_share > MEMORY_SHARE;
    let leads = it.items >= FEW && it.lead > MOST;
    let score = match (leads, steps) {
        (true, true) => 0.95,
        // A slow service gives the same picture.
        (true, false) => 0.5,
        (false, true) => 0.7,
        (false, false) if is_serial(it) => 0.6,
        (false, false) => 0.25,
    };
    fit(score, it.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(done: &[f64], seconds: f64) -> Measures {
        let pauses: Vec<f64> = done.windows(2).map(|it| it[1] - it[0]).collect();
        Measures {
            seconds,
            items: done.len(),
            done: done.to_vec(),
            hold: seconds - done[done.len() * 9 / 10 - 1],
            lead: done[0] / seconds,
            pause: median(&pauses),
            ..Measures::default()
        }
    }

    #[test]
    fn one_late_item_is_a_tail_and_no_load() {
        let mut done: Vec<f64> = (1..20).map(|it| f64::from(it) * 0.01).collect();
        done.push(9.0);
        let it = window(&done, 9.0);
        assert!(of(Pattern::LongTail, &it).score > 0.9);
        assert!(of(Pattern::UnboundedConcurrency, &it).score < 0.2);
    }

    #[test]
    fn even_steps_are_a_held_loop() {
        let done: Vec<f64> = (1..50).map(|it| f64::from(it) * 0.1).collect();
        let it = window(&done, 5.0);
        assert!(of(Pattern::LoopBlocker, &it).score > 0.8);
        assert!(of(Pattern::LongTail, &it).score < 0.2);
    }
}
