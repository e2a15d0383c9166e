//! What is said of windows that no diagnostic explains: the pattern that the log alone suggests, and where.

use super::blame::Blame;
use super::findings::CLEAR;
use super::findings::Evidence;
use super::found::Found;
use super::found::Subject;
use super::shapes;
use super::signatures::Fit;
use super::weights::LONG;
use crate::diagnostic::Pattern;

/// How sure a stretch is that has neither a shape nor anything in the code.
const UNNAMED: f64 = 0.12;

/// What the log alone suggests, without anything in the code, is worth this much of what both say.
pub(super) const LOG_ALONE: f64 = 0.5;

/// What the log suggests and a construct of the code makes, though no rule reports it.
const IN_CODE: f64 = 0.8;

impl Evidence<'_> {
    /// Whether items, or lines that each tell of some of them, come at one rate.
    fn is_even(&self, group: &[usize]) -> bool {
        let measures = || group.iter().flat_map(|it| &self.measures[*it]);
        let rounds: Vec<f64> = group.iter().map(|it| self.windows[*it].seconds()).collect();
        measures().any(shapes::is_one_rate) || shapes::are_even(&rounds, self.run.step)
    }

    /// Gives the windows to the pattern that the log alone suggests.
    pub(super) fn unexplained(&self, group: &[usize], blame: &Blame) -> (Option<Found>, f64) {
        /// With more lines a stretch has a shape, if only that of ordinary work.
        const FEW_LINES: usize = 5;
        let mut fits: Vec<(Pattern, Fit)> = Pattern::ALL.iter().map(|it| (*it, self.fit(group, *it))).collect();
        // What the code can't do where the time went is not what happened.
        let holds = group.iter().any(|it| self.measures[*it].iter().any(shapes::is_held));
        let computes = holds || self.computing(group, blame).is_some();
        fits.retain(|it| it.0 != Pattern::LoopBlocker || computes);
        // A rate that the code itself keeps is no defect.
        if self.is_paced(group) {
            fits.retain(|it| {
                !matches!(
                    it.0,
                    Pattern::SerializedAwaits | Pattern::PoolExhaustion | Pattern::LoopBlocker
                )
            });
        }
        // One rate is what a lock around a wait makes too, or a loop that waits for each of its items, where the code has it.
        let locks = self.lock(group).is_some();
        let in_code = locks && self.is_even(group) || self.loop_in_turn(group).is_some();
        for (_, fit) in fits.iter_mut().filter(|it| it.0 == Pattern::SerializedAwaits) {
            if in_code {
                fit.score = fit.score.max(IN_CODE);
            }
        }
        fits.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
        let Some(&(pattern, fit)) = fits.first() else {
            return (None, 0.0);
        };
        // Memory is told beside whatever explains the seconds, so it bars no explanation of them.
        let clearest = fits
            .iter()
            .find(|it| it.0 != Pattern::HugeGather)
            .map_or(0.0, |it| it.1.score);
        let named = (fit.score >= CLEAR).then_some(pattern);
        let seconds: f64 = group.iter().map(|it| self.windows[*it].seconds()).sum();
        let silent = group.iter().all(|it| self.measures[*it][0].items < FEW_LINES);
        if named.is_none() && (seconds < LONG * self.run.seconds || !silent) {
            return (None, clearest);
        }
        let score = if named == Some(Pattern::SerializedAwaits) && in_code {
            fit.score * IN_CODE
        } else if named.is_some() {
            fit.score * LOG_ALONE
        } else {
            UNNAMED
        };
        let place = self.innermost(group, pattern, blame);
        let found = place.map(|(function, node)| {
            let subject = Subject::Unexplained { function, node };
            self.found(group, subject, named, fit, score, Vec::new())
        });
        (found, clearest)
    }
}
