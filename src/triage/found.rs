//! One ranked finding, and how several of one cause become one.

use crate::diagnostic::Pattern;
use crate::facts::NodeId;
use crate::project::FnId;

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A diagnostic, by index.
    Diagnostic(usize),
    /// Time that no diagnostic explains, at the innermost function that the log names.
    Unexplained {
        /// The function.
        function: FnId,
        /// Where in it the time goes: a fan-out, a log call.
        node: NodeId,
    },
}

/// One ranked finding.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is about.
    pub subject: Subject,
    /// Its pattern, if the code or the log shows one.
    pub pattern: Option<Pattern>,
    /// Critical seconds that it accounts for.
    pub seconds: f64,
    /// Predicted saving in seconds.
    pub saving: (f64, f64),
    /// KiB of memory that it accounts for.
    pub kib: f64,
    /// The larger of its share of the run's time and of its growth of memory.
    pub impact: f64,
    /// How sure, 0 to 1.
    pub score: f64,
    /// Its windows, the longest first.
    pub windows: Vec<usize>,
    /// Other diagnostics that could explain the same windows, the likeliest first.
    pub alternatives: Vec<usize>,
}

/// One finding for one cause, wherever in the run it acted.
pub(super) fn merged(all: Vec<Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for one in all {
        let same = kept.iter_mut().find(|it| match (&it.subject, &one.subject) {
            (Subject::Unexplained { function: a, .. }, Subject::Unexplained { function: b, .. }) => {
                a == b && it.pattern == one.pattern
            }
            (a, b) => a == b,
        });
        let Some(first) = same else {
            kept.push(one);
            continue;
        };
        first.score = first.score.max(one.score);
        first.seconds += one.seconds;
        first.saving = (first.saving.0 + one.saving.0, first.saving.1 + one.saving.1);
        first.kib += one.kib;
        first.windows.extend(one.windows);
    }
    kept
}
