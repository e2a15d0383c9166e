//! Where the log says that time goes, when no diagnostic says it: one place for each pattern.

use super::blame::Blame;
use super::findings::Evidence;
use super::measures::Measures;
use super::models;
use super::shapes;
use super::signatures;
use super::windows::Window;
use crate::diagnostic::Pattern;
use crate::evidence::roles::Role;
use crate::facts::NodeId;
use crate::project::FnId;
use rustc_hash::FxHashMap;

/// A call in a function.
type Place = (FnId, NodeId);

impl Evidence<'_> {
    /// The innermost place that the log and the code can name for a pattern that nobody reported.
    pub(super) fn innermost(&self, group: &[usize], pattern: Pattern, blame: &Blame) -> Option<Place> {
        let longest = group.iter().copied().max_by(|a, b| {
            let seconds = |it: usize| self.windows[it].seconds();
            seconds(*a).total_cmp(&seconds(*b))
        })?;
        let window = &self.windows[longest];
        let likeliest = self.measures[longest].iter().max_by(|a, b| {
            let score = |it: &Measures| signatures::of(pattern, it).score;
            score(a).total_cmp(&score(b))
        });
        let worker = likeliest.and_then(|it| it.function);
        let fan_out = || {
            let own = worker.and_then(|it| self.order.orchestrator(it, &window.region));
            own.or_else(|| self.order.fan_out(&window.region))
        };
        let named = match pattern {
            Pattern::RetryStorm => self.retrying(window),
            Pattern::LoopBlocker => self.computing(group, blame),
            Pattern::UnboundedConcurrency | Pattern::HugeGather => fan_out(),
            Pattern::LongTail if likeliest.is_some_and(|it| shapes::is_in_rounds(it) && models::is_barrier(it)) => {
                fan_out()
            }
            Pattern::LongTail => self.waiting(worker, fan_out()).or_else(fan_out),
            Pattern::PoolExhaustion => self.waiting(worker, fan_out()),
            // Items that are all in flight and done one by one wait for each other, wherever they are started.
            Pattern::SerializedAwaits => self.lock(group).or_else(|| self.loop_in_turn(group)).or_else(|| {
                worker
                    .filter(|it| !self.order.is_concurrent(*it))
                    .and_then(|it| self.order.repeated(it, &window.region))
            }),
            Pattern::ContextDuplication | Pattern::LostWork | Pattern::SilentFanOut => None,
        };
        named.or_else(|| self.own_line(window, worker))
    }

    /// The line of the items' own function, else the line at an end of the window.
    fn own_line(&self, window: &Window, worker: Option<FnId>) -> Option<Place> {
        let mut inside = self.run.events[window.inside.clone()].iter();
        let item = inside.find(|it| Some(it.function) == worker);
        let edge = window.closes.or(window.opens).map(|it| &self.run.events[it]);
        item.or(edge).map(|it| (it.function, it.node))
    }

    /// The call to a remote service that each item makes; of items without lines, that of what a fan-out starts.
    fn waiting(&self, worker: Option<FnId>, fan_out: Option<Place>) -> Option<Place> {
        let own = worker.filter(|it| self.order.is_concurrent(*it));
        own.and_then(|it| self.project.remote_call(it))
            .or_else(|| self.project.remote_call(fan_out?.0))
    }

    /// The call on the loop's thread that computes in the deepest loops, of those that can have run in the pauses.
    pub(super) fn computing(&self, group: &[usize], blame: &Blame) -> Option<Place> {
        /// What can have run in less of the time did not fill it.
        const ENOUGH: f64 = 0.5;
        let functions = self.functions(group);
        let is_async = |it: &FnId| self.project.names.facts(it.module).is_async(it.local);
        let sites = functions
            .into_iter()
            .filter(is_async)
            .flat_map(|it| self.project.graph.sites_in(it));
        let ran = sites
            .map(|it| it.1)
            .filter(|it| blame.share(it.caller, it.at.node) >= ENOUGH);
        // Of equals the first in the code.
        let deepest = ran
            .map(|it| (self.project.computes(it), std::cmp::Reverse((it.caller, it.at.node))))
            .max()?;
        let (depth, std::cmp::Reverse(place)) = deepest;
        (depth > 0).then_some(place)
    }

    /// The functions that can have run in some windows, in order.
    fn functions(&self, group: &[usize]) -> Vec<FnId> {
        let mut functions: Vec<FnId> = Vec::new();
        for region in group.iter().map(|it| &self.windows[*it].region) {
            functions.extend(region.functions.keys().chain(region.parts.keys()));
        }
        functions.sort_unstable();
        functions.dedup();
        functions
    }

    /// The lock around a wait that items run into beside each other.
    pub(super) fn lock(&self, group: &[usize]) -> Option<Place> {
        let beside = self
            .functions(group)
            .into_iter()
            .filter(|it| self.order.is_concurrent(*it));
        let mut locks = beside.filter_map(|it| Some((it, self.project.lock_around_wait(it)?)));
        locks.next()
    }

    /// The call to a remote service in a loop that waits for each of its items, where all lines of the items are written by
    /// code of which only one runs at a time.
    pub(super) fn loop_in_turn(&self, group: &[usize]) -> Option<Place> {
        /// Fewer lines may be of a loop around the items' own.
        const FEW: usize = 5;
        let measures = || group.iter().flat_map(|it| &self.measures[*it]);
        let beside = measures().any(|it| it.function.is_some_and(|it| self.order.is_concurrent(it)));
        if beside || !measures().any(|it| it.items >= FEW) {
            return None;
        }
        let regions = || group.iter().map(|it| &self.windows[*it].region);
        let alone = |it: &FnId| !self.order.is_concurrent(*it);
        let functions = self.functions(group).into_iter().filter(alone);
        let calls = functions.flat_map(|it| self.project.asked_in_turn(it));
        let ran = calls.filter_map(|(function, node)| {
            let hops = regions().filter_map(|it| it.distance(function, node)).min()?;
            Some((hops, std::cmp::Reverse((function, node))))
        });
        // Of steps that feed each other the last one makes the items; it is mostly written last.
        ran.min().map(|it| it.1.0)
    }

    /// Whether the items keep to a rate by themselves.
    pub(super) fn is_paced(&self, group: &[usize]) -> bool {
        self.functions(group).into_iter().any(|it| self.project.is_paced(it))
    }

    /// The function that writes most of the lines about retries.
    fn retrying(&self, window: &Window) -> Option<Place> {
        let mut counts: FxHashMap<FnId, usize> = FxHashMap::default();
        let marks = self.run.marks.iter();
        let inside = marks.filter(|it| it.time >= window.start && it.time <= window.end);
        for function in inside.filter(|it| it.role == Role::Retry).filter_map(|it| it.function) {
            *counts.entry(function).or_default() += 1;
        }
        let function = counts.into_iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)))?.0;
        let facts = self.project.names.facts(function.module);
        Some((function, facts.function(function.local).node))
    }
}
