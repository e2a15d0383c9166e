//! Diagnostics and windows meet: who claims which seconds, in what order they are told.

use super::blame::Blame;
use super::events::Mark;
use super::events::Run;
use super::found::Found;
use super::found::Subject;
use super::found::merged;
use super::measures::Measures;
use super::models;
use super::shapes::FEW;
use super::signatures;
use super::signatures::Fit;
use super::unexplained::LOG_ALONE;
use super::weights::standing;
use super::windows::Window;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Pattern;
use crate::evidence::roles::Role;
use crate::evidence::sites::SiteId as LogSiteId;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::Project;
use crate::project::order::Order;
use rustc_hash::FxHashSet;

/// A cause that takes less than this share of the run is not worth a reader's time.
pub const LEAST_SHARE: f64 = 0.02;

/// A claim below this is no explanation: a shape that fits many things (0.5) and code that hardly matters (0.36) make less.
const LEAST_SCORE: f64 = 0.2;

/// The same where the log shows no shape at all (0.35): then the code's best guess is still better than none.
const LEAST_GUESS: f64 = 0.126;

/// Below this, the shape of the log fits several patterns, or none.
pub(super) const CLEAR: f64 = 0.7;

/// A pattern that fits this much as well as the one that fits best is not contradicted by it.
const NEAR: f64 = 0.7;

/// The weight of a diagnostic about how a client is set up, where the client is made before the time it is used in.
const SET_UP: f64 = 0.6;

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

/// How far the pauses that a place can have filled speak for it: only what holds the loop has to fill them.
fn held(pattern: Pattern, share: f64) -> f64 {
    /// Half of the pauses are enough: others hold the loop too, and some lines come late.
    const ENOUGH: f64 = 0.5;
    /// The pauses may end with the line of another function that was only waiting for its turn.
    const LEAST: f64 = 0.3;
    match pattern {
        Pattern::LoopBlocker | Pattern::ContextDuplication => (share / ENOUGH).clamp(LEAST, 1.0),
        _ => 1.0,
    }
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
    pub measures: &'a [Vec<Measures>],
    /// What the code says.
    pub diagnostics: &'a [Diagnostic],
    /// Functions with lines of their own, none of which is in the log.
    pub silent: &'a FxHashSet<FnId>,
    /// Diagnostics of retries that write no line when they happen.
    pub untold: &'a FxHashSet<usize>,
    /// The function and node of each diagnostic.
    pub places: &'a [Option<(FnId, NodeId)>],
}

/// What tells groups of windows apart: the function around both ends and the block in it, the worker, the sites
/// at the ends and the words that the first has.
type Key<'a> = (
    (Option<FnId>, Option<(FnId, NodeId)>),
    Option<FnId>,
    (Option<LogSiteId>, Option<LogSiteId>, &'a str),
);

struct Claim {
    diagnostic: usize,
    fit: Fit,
    score: f64,
}

impl Evidence<'_> {
    /// The findings, the costliest first.
    #[must_use]
    pub fn findings(&self) -> Vec<Found> {
        let groups = self.groups();
        let mut found: Vec<Found> = groups.iter().filter_map(|it| self.claim(it)).collect();
        let kept: Vec<Found> = groups.iter().filter_map(|it| self.kept(it, &found)).collect();
        found.extend(kept);
        found = merged(found);
        let total = self.run.seconds.max(f64::MIN_POSITIVE);
        for one in &mut found {
            let seconds = |it: &usize| self.windows[*it].seconds();
            one.windows.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
            let grown = one
                .windows
                .iter()
                .map(|it| self.measures[*it][0].growth_share)
                .fold(0.0, f64::max);
            let memory = if one.kib > 0.0 { grown } else { 0.0 };
            one.impact = (one.seconds / total).max(memory).min(1.0);
        }
        found.retain(|it| it.impact >= LEAST_SHARE);
        // Impact decides; doubt halves it at most twice.
        let weight = |it: &Found| it.impact * it.score.sqrt();
        found.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        found
    }

    /// Windows of the same code, such as the rounds of a loop: one cause is sought for all of them.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<(Key<'_>, Vec<usize>)> = Vec::new();
        for (index, window) in self.windows.iter().enumerate() {
            let site = |event: Option<usize>| event.map(|it| self.run.events[it].site);
            // A function that tells its own items, as by a bar, has several phases with the same worker.
            let worker = window.worker.filter(|it| Some(*it) != window.region.frame);
            let edges = if worker.is_none() {
                (site(window.opens), site(window.closes), window.name.as_str())
            } else {
                (None, None, "")
            };
            let key = ((window.region.frame, window.region.block), worker, edges);
            match groups.iter_mut().find(|it| it.0 == key) {
                Some(group) => group.1.push(index),
                None => groups.push((key, vec![index])),
            }
        }
        groups.into_iter().map(|it| it.1).collect()
    }

    fn claim(&self, group: &[usize]) -> Option<Found> {
        let windows: Vec<&Window> = group.iter().map(|it| &self.windows[*it]).collect();
        let blame = Blame::new(self.run, self.project, self.order, &windows);
        let claims = self.claims(group, &blame);
        let (alone, clearest) = self.unexplained(group, &blame);
        let weak = alone.as_ref().map_or(0.0, |it| it.score);
        // What stands in the code is believed before a shape that nothing in the code explains, unless the log shows
        // something else much more clearly.
        let least = if self.is_long_and_silent(group) {
            LEAST_GUESS
        } else {
            LEAST_SCORE
        };
        let stands = |it: &&Claim| it.score >= least && (it.score >= weak || it.fit.score >= NEAR * clearest);
        let Some(best) = claims.iter().find(stands) else {
            return alone;
        };
        let best = self.repeated(best, &claims).unwrap_or(best);
        let pattern = self.diagnostics[best.diagnostic].rule.pattern;
        let others = claims.iter().filter(|it| it.diagnostic != best.diagnostic);
        let alternatives = others.filter(|it| it.score > best.score / 2.0).map(|it| it.diagnostic);
        let subject = Subject::Diagnostic(best.diagnostic);
        Some(self.found(
            group,
            subject,
            Some(pattern),
            best.fit,
            best.score,
            alternatives.collect(),
        ))
    }

    /// Work that holds the loop because it is done again for every item is best done once, which a thread would not spare.
    fn repeated<'a>(&self, best: &Claim, claims: &'a [Claim]) -> Option<&'a Claim> {
        let blocker = &self.diagnostics[best.diagnostic];
        if blocker.rule.pattern != Pattern::LoopBlocker {
            return None;
        }
        let steps = blocker.witness.iter().map(|it| it.qualname.as_str());
        let on_the_way: Vec<&str> = steps.chain([blocker.qualname.as_str()]).collect();
        claims.iter().find(|it| {
            let other = &self.diagnostics[it.diagnostic];
            other.rule.pattern == Pattern::ContextDuplication
                && it.score > best.score / 2.0
                && on_the_way.contains(&other.qualname.as_str())
        })
    }

    /// Memory that grows in windows whose time something else explains is a finding of its own: it costs no seconds.
    fn kept(&self, group: &[usize], found: &[Found]) -> Option<Found> {
        let grows = |it: &Option<Pattern>| matches!(it, Some(Pattern::HugeGather | Pattern::ContextDuplication));
        let told = found.iter().any(|it| it.windows == group && grows(&it.pattern));
        let fit = self.fit(group, Pattern::HugeGather);
        if told || fit.score < CLEAR {
            return None;
        }
        let windows: Vec<&Window> = group.iter().map(|it| &self.windows[*it]).collect();
        let blame = Blame::new(self.run, self.project, self.order, &windows);
        let claims = self.claims(group, &blame);
        let is_gather = |it: &&Claim| self.diagnostics[it.diagnostic].rule.pattern == Pattern::HugeGather;
        let (subject, score) = match claims.iter().find(is_gather) {
            Some(claim) => (Subject::Diagnostic(claim.diagnostic), claim.score),
            None => {
                let (function, node) = self.innermost(group, Pattern::HugeGather, &blame)?;
                (Subject::Unexplained { function, node }, fit.score * LOG_ALONE)
            }
        };
        let no_time = Fit {
            score,
            seconds: 0.0,
            saving: (0.0, 0.0),
        };
        Some(self.found(group, subject, Some(Pattern::HugeGather), no_time, score, Vec::new()))
    }

    /// Every diagnostic that can run in all of the group's windows together, by how well it explains them.
    fn claims(&self, group: &[usize], blame: &Blame) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            let Some((function, node)) = self.places[index] else {
                continue;
            };
            let pattern = diagnostic.rule.pattern;
            let Some(near) = self.near(group, pattern, (function, node)) else {
                continue;
            };
            let mut fit = self.fit(group, pattern);
            if self.untold.contains(&index) {
                fit.score = fit.score.max(self.weighed(group, signatures::silent_retry));
            }
            fit.saving = models::of_work(diagnostic.rule.name, fit.seconds).unwrap_or(fit.saving);
            let seen = self.seen(group, pattern, function) * held(pattern, blame.share(function, node));
            let shaped = fit.score > signatures::POSSIBLE;
            let guess = if shaped { 1.0 } else { self.guess(group, diagnostic) };
            let code = standing(diagnostic) * guess;
            let score = fit.score * near * code * seen * self.certain(diagnostic);
            claims.push(Claim {
                diagnostic: index,
                fit,
                score,
            });
        }
        claims.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.diagnostic.cmp(&b.diagnostic)));
        claims
    }

    /// The weight of a place by its distance from what ran; `None` if it has nothing to do with it.
    fn near(&self, group: &[usize], pattern: Pattern, (function, node): (FnId, NodeId)) -> Option<f64> {
        let regions = group.iter().map(|it| &self.windows[*it].region);
        let nearest = regions.clone().filter_map(|it| it.distance(function, node)).min();
        if let Some(hops) = nearest {
            return Some(nearness(hops));
        }
        // Timeouts and pools are set where a client is made, long before it is used.
        let is_setting = matches!(pattern, Pattern::LongTail | Pattern::PoolExhaustion);
        let mut frames = regions.filter_map(|it| it.frame);
        (is_setting && frames.any(|it| self.order.is_set_up((function, node), it))).then_some(SET_UP)
    }

    /// What the function's own lines say about it: one that never wrote any of its lines hardly ran, and one whose lines
    /// come right after others did not hold the loop.
    fn seen(&self, group: &[usize], pattern: Pattern, function: FnId) -> f64 {
        /// Lines may be below the level, or on a path not taken.
        const NEVER: f64 = 0.5;
        /// The pauses before its lines are this little of the time.
        const LITTLE: f64 = 0.25;
        const NOT_HELD: f64 = 0.3;
        // What asyncio itself blames has run, and has held the loop.
        let blames = |it: &Mark| it.role == Role::SlowCallback && it.function == Some(function);
        if pattern == Pattern::LoopBlocker && self.run.marks.iter().any(blames) {
            return 1.0;
        }
        let mut own = self.run.events.iter().filter(|it| it.function == function).peekable();
        if own.peek().is_none() {
            return if self.silent.contains(&function) { NEVER } else { 1.0 };
        }
        if pattern != Pattern::LoopBlocker {
            return 1.0;
        }
        let mut before = 0.0;
        let mut total = 0.0;
        let mut hits = 0;
        for window in group.iter().map(|it| &self.windows[*it]) {
            total += window.seconds();
            let mut last = window.start;
            for event in &self.run.events[window.inside.clone()] {
                if event.function == function {
                    hits += 1;
                    before += event.time - last;
                }
                last = event.time;
            }
        }
        if hits > 0 && before < LITTLE * total {
            NOT_HELD
        } else {
            1.0
        }
    }

    /// How well a pattern explains windows together: the mean, weighted by their seconds.
    pub(super) fn fit(&self, group: &[usize], pattern: Pattern) -> Fit {
        let mut sum = Fit {
            score: 0.0,
            seconds: 0.0,
            saving: (0.0, 0.0),
        };
        let mut total = 0.0;
        for window in group {
            let ways = self.measures[*window].iter().map(|it| signatures::of(pattern, it));
            let Some(one) = ways.max_by(|a, b| a.score.total_cmp(&b.score)) else {
                continue;
            };
            let seconds = self.windows[*window].seconds();
            total += seconds;
            sum.score += one.score * seconds;
            sum.seconds += one.seconds;
            sum.saving = (sum.saving.0 + one.saving.0, sum.saving.1 + one.saving.1);
        }
        sum.score /= f64::max(total, f64::MIN_POSITIVE);
        if pattern != Pattern::LongTail {
            return sum;
        }
        let uneven = self.uneven(group).filter(|it| it.score > sum.score);
        uneven.unwrap_or(sum)
    }

    /// How well a straggler explains rounds of very different lengths; one that was long because it was refused had none.
    fn uneven(&self, group: &[usize]) -> Option<Fit> {
        if group.iter().any(|it| self.measures[*it][0].refused() >= FEW) {
            return None;
        }
        let rounds = group
            .iter()
            .map(|it| (self.measures[*it][0].items, self.windows[*it].seconds()));
        signatures::uneven_rounds(&rounds.collect::<Vec<_>>())
    }

    /// A score of windows together: the mean of each one's best, weighted by their seconds.
    fn weighed(&self, group: &[usize], score: fn(&Measures) -> f64) -> f64 {
        let best = |it: &usize| self.measures[*it].iter().map(score).fold(0.0, f64::max);
        let seconds = |it: &usize| self.windows[*it].seconds();
        let total: f64 = group.iter().map(seconds).sum();
        group.iter().map(|it| best(it) * seconds(it)).sum::<f64>() / total.max(f64::MIN_POSITIVE)
    }

    pub(super) fn found(
        &self,
        group: &[usize],
        subject: Subject,
        pattern: Option<Pattern>,
        fit: Fit,
        score: f64,
        alternatives: Vec<usize>,
    ) -> Found {
        let grows = matches!(pattern, Some(Pattern::HugeGather | Pattern::ContextDuplication));
        let kib = if grows {
            group.iter().map(|it| self.measures[*it][0].grown).sum()
        } else {
            0.0
        };
        Found {
            subject,
            pattern,
            seconds: fit.seconds,
            saving: fit.saving,
            kib,
            impact: 0.0,
            score,
            windows: group.to_vec(),
            alternatives,
        }
    }
}
