//! Diagnostics and windows meet: who claims which seconds, in what order they are told.

use super::events::Run;
use super::measures::Measures;
use super::order::Order;
use super::signatures;
use super::signatures::Fit;
use super::windows::Window;
use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Pattern;
use crate::diagnostic::Severity;
use crate::evidence::roles::Role;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::Project;
use rustc_hash::FxHashMap;

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
        /// The strongest signature.
        pattern: Pattern,
    },
}

/// One ranked finding.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is about.
    pub subject: Subject,
    /// Its pattern.
    pub pattern: Pattern,
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

/// A cause that takes less than this share of the run is not worth a reader's time.
pub const LEAST_SHARE: f64 = 0.02;

/// A claim below this is no explanation: the log and the code say different things.
const LEAST_SCORE: f64 = 0.12;

/// The weight of a diagnostic so many calls away from what the log names: in half of the defects the log points one call away.
fn nearness(hops: u32) -> f64 {
    match hops {
        0 => 1.0,
        1 => 0.95,
        2 => 0.85,
        3 => 0.75,
        _ => 0.6,
    }
}

/// What the code says of itself: how sure and how costly.
fn standing(diagnostic: &Diagnostic) -> f64 {
    let confidence = match diagnostic.confidence {
        Confidence::High => 1.0,
        Confidence::Medium => 0.85,
        Confidence::Low => 0.6,
    };
    // What the code calls negligible can still be what the run waited for; the log decides more than the guess.
    let severity = match diagnostic.severity {
        Severity::High => 1.0,
        Severity::Medium => 0.85,
        Severity::Low => 0.6,
    };
    confidence * severity
}

/// Everything that ranking needs.
pub struct Evidence<'a> {
    /// The program.
    pub project: &'a Project,
    /// What runs when.
    pub order: &'a Order<'a>,
    /// The run.
    pub run: &'a Run,
    /// Its windows.
    pub windows: &'a [Window],
    /// Their measures.
    pub measures: &'a [Measures],
    /// What the code says.
    pub diagnostics: &'a [Diagnostic],
    /// The function and node of each diagnostic.
    pub places: &'a [Option<(FnId, NodeId)>],
}

struct Claim {
    diagnostic: usize,
    fit: Fit,
    score: f64,
}

impl Evidence<'_> {
    /// The findings, the costliest first.
    #[must_use]
    pub fn findings(&self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for window in 0..self.windows.len() {
            self.claim(window, &mut found);
        }
        let total = self.run.seconds.max(f64::MIN_POSITIVE);
        for one in &mut found {
            let grown = one
                .windows
                .iter()
                .map(|it| self.measures[*it].growth_share)
                .fold(0.0, f64::max);
            let memory = if one.kib > 0.0 { grown } else { 0.0 };
            one.impact = (one.seconds / total).max(memory).min(1.0);
        }
        found.retain(|it| it.impact >= LEAST_SHARE);
        found.sort_by(|a, b| (b.impact * b.score).total_cmp(&(a.impact * a.score)));
        found
    }

    fn claim(&self, index: usize, found: &mut Vec<Found>) {
        let window = &self.windows[index];
        let measures = &self.measures[index];
        let claims = self.claims(window, measures);
        let Some(best) = claims.first().filter(|it| it.score >= LEAST_SCORE) else {
            self.unexplained(index, found);
            return;
        };
        let pattern = self.diagnostics[best.diagnostic].rule.pattern;
        let alternatives = claims[1..]
            .iter()
            .filter(|it| it.score > best.score / 2.0)
            .map(|it| it.diagnostic);
        let subject = Subject::Diagnostic(best.diagnostic);
        self.add(
            found,
            index,
            subject,
            pattern,
            best.fit,
            best.score,
            alternatives.collect(),
        );
    }

    fn claims(&self, window: &Window, measures: &Measures) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            let Some((function, node)) = self.places[index] else {
                continue;
            };
            let Some(hops) = window.region.distance(function, node) else {
                continue;
            };
            let fit = signatures::of(diagnostic.rule.pattern, measures);
            let score = fit.score * nearness(hops) * standing(diagnostic);
            claims.push(Claim {
                diagnostic: index,
                fit,
                score,
            });
        }
        claims.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.diagnostic.cmp(&b.diagnostic)));
        claims
    }

    /// Gives the window to the pattern that the log alone suggests.
    fn unexplained(&self, index: usize, found: &mut Vec<Found>) {
        let window = &self.windows[index];
        let measures = &self.measures[index];
        let mut fits: Vec<(Pattern, Fit)> = Pattern::ALL
            .iter()
            .map(|it| (*it, signatures::of(*it, measures)))
            .collect();
        fits.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
        let Some(&(pattern, fit)) = fits.first() else {
            return;
        };
        let Some((function, node)) = self.innermost(window, pattern) else {
            return;
        };
        let subject = Subject::Unexplained {
            function,
            node,
            pattern,
        };
        self.add(found, index, subject, pattern, fit, fit.score * 0.5, Vec::new());
    }

    /// Where the log says the time goes: the function that retries, the fan-out for what concerns all items, else the items' own function.
    fn innermost(&self, window: &Window, pattern: Pattern) -> Option<(FnId, NodeId)> {
        if pattern == Pattern::RetryStorm
            && let Some(place) = self.retrying(window)
        {
            return Some(place);
        }
        let concerns_all = matches!(
            pattern,
            Pattern::UnboundedConcurrency | Pattern::LongTail | Pattern::HugeGather
        );
        let item = self.run.events[window.inside.clone()]
            .iter()
            .find(|it| Some(it.site) == window.site);
        let fan_out = window.worker.and_then(|it| self.order.orchestrator(it, &window.region));
        if concerns_all && fan_out.is_some() {
            return fan_out;
        }
        let edge = window.closes.or(window.opens).map(|it| &self.run.events[it]);
        item.or(edge).map(|it| (it.function, it.node))
    }

    fn retrying(&self, window: &Window) -> Option<(FnId, NodeId)> {
        let mut counts: FxHashMap<FnId, usize> = FxHashMap::default();
        let inside = self
            .run
            .marks
            .iter()
            .filter(|it| it.time >= window.start && it.time <= window.end);
        for function in inside.filter(|it| it.role == Role::Retry).filter_map(|it| it.function) {
            *counts.entry(function).or_default() += 1;
        }
        let function = counts.into_iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)))?.0;
        let facts = self.project.names.facts(function.module);
        Some((function, facts.function(function.local).node))
    }

    #[expect(clippy::too_many_arguments, reason = "one call site a kind of subject")]
    fn add(
        &self,
        found: &mut Vec<Found>,
        window: usize,
        subject: Subject,
        pattern: Pattern,
        fit: Fit,
        score: f64,
        alternatives: Vec<usize>,
    ) {
        let grows = matches!(pattern, Pattern::HugeGather | Pattern::ContextDuplication);
        let kib = if grows { self.measures[window].grown } else { 0.0 };
        let same = found.iter_mut().find(|it| match (&it.subject, &subject) {
            (
                Subject::Unexplained {
                    function: a,
                    pattern: p,
                    ..
                },
                Subject::Unexplained {
                    function: b,
                    pattern: q,
                    ..
                },
            ) => a == b && p == q,
            (a, b) => a == b,
        });
        if let Some(one) = same {
            one.score = one.score.max(score);
            one.seconds += fit.seconds;
            one.saving = (one.saving.0 + fit.saving.0, one.saving.1 + fit.saving.1);
            one.kib += kib;
            one.windows.push(window);
            let seconds = |it: &usize| self.windows[*it].seconds();
            one.windows.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
            return;
        }
        found.push(Found {
            subject,
            pattern,
            seconds: fit.seconds,
            saving: fit.saving,
            kib,
            impact: 0.0,
            score,
            windows: vec![window],
            alternatives,
        });
    }
}
