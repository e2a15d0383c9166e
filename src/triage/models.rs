//! What mending a pattern would save: for each a what-if model over what was measured, least and most.
//!
//! The upper end is a mend that leaves nothing that need not be; the lower one leaves what such mends usually leave. No
//! range is wider than 2.45 to 1: a wider one says nothing.

use super::measures::Measures;
use super::measures::median;
use crate::diagnostic::Pattern;

/// The upper end of a range over its lower one, at most.
const WIDEST: f64 = 2.45;

/// What a mend leaves of a claim when nothing more is known: the work itself, a queue at the limiter's size.
const LEFT: f64 = 0.58;

/// A deadline leaves its own length, and frees the places that the stragglers took from the items before the last tenth.
const TAIL: (f64, f64) = (0.45, 1.1);

/// Items listed anew on the places that there were: other durations, another order.
const LISTED: (f64, f64) = (0.55, 1.15);

/// Two at a time save half, sixteen save fifteen sixteenths.
const ABREAST: (f64, f64) = (0.5, 0.95);

/// Work that a processor does, in this process or in one of its own, takes as long elsewhere, and more of it at a time only
/// as far as there are processors: two save half, and half of that is lost where something else runs too. Doing it once or
/// more cheaply saves nearly all.
const COMPUTED: (f64, f64) = (0.4, 0.95);

/// A process of its own can't be done more cheaply by its caller: eight processors save seven eighths.
const PROCESSES: (f64, f64) = (0.36, 0.875);

/// Seconds that mending saves of `seconds` that a pattern claims in a window.
#[must_use]
pub fn saving(pattern: Pattern, it: &Measures, seconds: f64) -> (f64, f64) {
    let (least, most) = match pattern {
        Pattern::LongTail => (TAIL.0 * seconds, TAIL.1 * seconds),
        Pattern::SerializedAwaits => (ABREAST.0 * seconds, ABREAST.1 * seconds),
        Pattern::PoolExhaustion => without_queue(it, seconds),
        Pattern::UnboundedConcurrency => at_best_rate(it, seconds),
        Pattern::ContextDuplication => built_once(it, seconds),
        _ => ((1.0 - LEFT) * seconds, seconds),
    };
    bounded(least, most)
}

/// Work of a kind that can't be made to wait beside other work: the range of its claim.
#[must_use]
pub fn of_work(rule: &str, seconds: f64) -> Option<(f64, f64)> {
    let (least, most) = match rule {
        "cpu-bound-call" => COMPUTED,
        "blocking-subprocess" => PROCESSES,
        _ => return None,
    };
    Some(bounded(least * seconds, most * seconds))
}

/// Rounds that wait for their last item: what list scheduling without a barrier saves.
#[must_use]
pub fn without_barrier(it: &Measures) -> Option<(f64, f64)> {
    let makespan = listed(&it.stretches, it.width)?;
    let saved = (it.seconds - makespan).max(0.0);
    Some(bounded(LISTED.0 * saved, LISTED.1 * saved))
}

/// Whether rounds lose more by waiting for their last item, whichever that is, than by a few items that a deadline would
/// cut.
#[must_use]
pub fn is_barrier(it: &Measures) -> bool {
    /// A deadline leaves ordinary items alone: their durations differ by less.
    const DEADLINE: f64 = 5.0;
    let Some(makespan) = listed(&it.stretches, it.width) else {
        return false;
    };
    let durations: Vec<f64> = it.stretches.iter().map(|it| it.1 - it.0).collect();
    let deadline = DEADLINE * median(&durations).max(it.step);
    let slowest = rounds(&it.stretches);
    let cut: f64 = slowest.iter().map(|it| (it - deadline).max(0.0)).sum();
    2.0 * cut < it.seconds - makespan
}

/// The longest item of each round: rounds are parted by moments with nothing in flight.
fn rounds(stretches: &[(f64, f64)]) -> Vec<f64> {
    let mut sorted = stretches.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut found: Vec<f64> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (begun, ended) in sorted {
        let seconds = ended - begun;
        match found.last_mut().filter(|_| begun < last) {
            Some(longest) => *longest = longest.max(seconds),
            None => found.push(seconds),
        }
        last = last.max(ended);
    }
    found
}

fn bounded(least: f64, most: f64) -> (f64, f64) {
    (least.max(most / WIDEST), most)
}

/// How long the items take if each starts as soon as one of the places is free, in the order in which they began.
fn listed(stretches: &[(f64, f64)], places: usize) -> Option<f64> {
    let mut sorted = stretches.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = vec![0.0_f64; places.min(sorted.len())];
    for (begun, ended) in sorted {
        let first = free.iter_mut().min_by(|a, b| a.total_cmp(b))?;
        *first += ended - begun;
    }
    free.into_iter().max_by(f64::total_cmp)
}

/// The first items find a free place, so the quickest has not queued; all of them take as long, as many at a time as were
/// in flight.
fn without_queue(it: &Measures, seconds: f64) -> (f64, f64) {
    let durations = it.stretches.iter().map(|it| it.1 - it.0);
    let Some(quick) = durations.reduce(f64::min).filter(|_| it.width > 1) else {
        return ((1.0 - LEFT) * seconds, seconds);
    };
    let left = (quick * it.items as f64 / it.width as f64).min(seconds);
    ((1.0 - LEFT) * seconds, (seconds - left).max((1.0 - LEFT) * seconds))
}

/// A service that is asked by fewer at a time keeps the best rate that it has shown.
fn at_best_rate(it: &Measures, seconds: f64) -> (f64, f64) {
    /// The share of the items over which the best rate is taken: fewer are a burst.
    const STRETCH: usize = 5;
    /// Fewer items have no rate.
    const FEW: usize = 20;
    let n = it.done.len();
    if n < FEW || it.vague || it.refused() > 0 {
        return ((1.0 - LEFT) * seconds, seconds);
    }
    let many = n / STRETCH;
    let quickest = it
        .done
        .windows(many)
        .map(|it| it[many - 1] - it[0])
        .fold(f64::INFINITY, f64::min);
    let left = (quickest.max(it.step) * STRETCH as f64).min(seconds);
    ((1.0 - LEFT) * (seconds - left), seconds - left / 2.0)
}

/// What was built before the first item is built once; what was built between items may be all that they wait for.
fn built_once(it: &Measures, seconds: f64) -> (f64, f64) {
    let built = if it.lead > 0.5 { it.lead * seconds } else { seconds };
    ((1.0 - LEFT) * built, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_become_a_list() {
        // Two places, four items: in rounds of two they take 3 + 3, in a list 3 + 1.
        let stretches = vec![(0.0, 3.0), (0.0, 1.0), (3.0, 4.0), (3.0, 6.0)];
        assert_eq!(listed(&stretches, 2), Some(5.0));
        let it = Measures {
            seconds: 6.0,
            width: 2,
            stretches,
            ..Measures::default()
        };
        let (least, most) = without_barrier(&it).unwrap();
        assert!(least < 1.0 && 1.0 < most, "{least} {most}");
    }

    #[test]
    fn a_few_late_items_are_no_barrier() {
        let round = |start: f64, long: f64| (0..4).map(move |it| (start, start + 1.0 + f64::from(it) * long));
        let every: Vec<(f64, f64)> = (0..6).flat_map(|it| round(f64::from(it) * 3.0, 0.6)).collect();
        let few: Vec<(f64, f64)> = (0..6)
            .flat_map(|it| round(f64::from(it) * 50.0, if it == 2 { 15.0 } else { 0.0 }))
            .collect();
        let measured = |stretches: Vec<(f64, f64)>, seconds| Measures {
            seconds,
            width: 4,
            stretches,
            ..Measures::default()
        };
        assert!(is_barrier(&measured(every, 17.0)));
        assert!(!is_barrier(&measured(few, 60.0)));
    }

    #[test]
    fn no_range_is_too_wide_to_say_something() {
        let it = Measures {
            seconds: 10.0,
            items: 40,
            done: (0..40).map(f64::from).collect(),
            ..Measures::default()
        };
        for pattern in Pattern::ALL {
            let (least, most) = saving(pattern, &it, 10.0);
            assert!(least <= most && most <= 2.5 * least, "{pattern:?} {least} {most}");
        }
    }
}
