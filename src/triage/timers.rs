//! Waits that the lines announce: silence under them is a timer's, and nothing else need explain it.

use super::events::Run;
use super::windows::Window;

/// The stretches of a window in which at least one announced wait runs, in order and apart, in seconds since its start.
pub(super) fn announced(run: &Run, window: &Window) -> Vec<(f64, f64)> {
    let inside = |time: f64| time >= window.start && time <= window.end;
    let waits = run.marks.iter().filter(|it| it.wait > 0.0 && inside(it.time));
    let length = window.seconds();
    let mut found: Vec<(f64, f64)> = Vec::new();
    // Marks are in the order of time.
    for mark in waits.filter(|it| it.role == crate::evidence::roles::Role::Retry) {
        let start = mark.time - window.start;
        let end = (start + mark.wait).min(length);
        match found.last_mut().filter(|it| it.1 >= start) {
            Some(last) => last.1 = last.1.max(end),
            None => found.push((start, end)),
        }
    }
    found
}

/// How much of a stretch such waits fill.
pub(super) fn covered(waits: &[(f64, f64)], from: f64, to: f64) -> f64 {
    let shared = |it: &(f64, f64)| (it.1.min(to) - it.0.max(from)).max(0.0);
    waits.iter().map(shared).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_timer_fills_is_covered() {
        let waits = [(1.0, 3.0), (5.0, 6.0)];
        assert!((covered(&waits, 2.0, 5.5) - 1.5).abs() < 1e-9);
        assert!(covered(&waits, 3.0, 5.0).abs() < 1e-9);
    }
}
