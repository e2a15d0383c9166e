//! What the code says of a diagnostic before the log is asked: how sure it is, how costly, how often it runs.

use super::findings::Evidence;
use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Exposure;
use crate::diagnostic::Severity;
use crate::project::is_conditional;
use crate::project::order::place;

/// A stretch without a shape is told only if the run spent this share of its time in it: a quarter is what a reader asks
/// about, whatever the log shows.
pub(super) const LONG: f64 = 0.25;

/// What the code says of itself: how sure and how costly.
pub(super) fn standing(diagnostic: &Diagnostic) -> f64 {
    let confidence = match diagnostic.confidence {
        Confidence::High => 1.0,
        Confidence::Medium => 0.85,
        Confidence::Low => 0.6,
    };
    // Severity is a guess of what it costs, and the log shows that: it only parts what is otherwise equal.
    let severity = match diagnostic.severity {
        Severity::High => 1.0,
        Severity::Medium => 0.95,
        Severity::Low => 0.85,
    };
    confidence * severity
}

impl Evidence<'_> {
    /// A stretch long enough to matter in which no line of an item shows anything.
    pub(super) fn is_long_and_silent(&self, group: &[usize]) -> bool {
        let seconds: f64 = group.iter().map(|it| self.windows[*it].seconds()).sum();
        seconds >= LONG * self.run.seconds && self.is_silent(group)
    }

    fn is_silent(&self, group: &[usize]) -> bool {
        group.iter().all(|it| self.measures[*it].iter().all(|it| it.items == 0))
    }

    /// Where no line of an item shows what it costs, the code's own guess counts: what runs once is seldom the cause.
    pub(super) fn guess(&self, group: &[usize], diagnostic: &Diagnostic) -> f64 {
        const ONCE: f64 = 0.7;
        const SMALL: f64 = 0.8;
        if !self.is_silent(group) {
            return 1.0;
        }
        let once = if diagnostic.exposure == Exposure::Solitary {
            ONCE
        } else {
            1.0
        };
        let small = if diagnostic.severity == Severity::Low {
            SMALL
        } else {
            1.0
        };
        once * small
    }

    /// What only some branch of a callee reaches explains less than what every item runs.
    pub(super) fn certain(&self, diagnostic: &Diagnostic) -> f64 {
        /// An item may take the branch or not; milder than even odds, for the branch may be the common one.
        const BRANCH: f64 = 0.75;
        let branches = diagnostic.witness.iter().skip(1).any(|step| {
            let place = place(self.project, step.location.file, step.location.start, &step.qualname);
            place.is_some_and(|(function, node)| is_conditional(self.project, function, node))
        });
        if branches { BRANCH } else { 1.0 }
    }
}
