//! One filtered breadth-first search backwards over the call graph: who reaches a call of some kind, and by which way.

use super::blocking::agree;
use super::graph::{CallGraph, Site};
use super::ids::{FnId, SiteId};
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// For every function that reaches an end: the site through which the shortest way goes on.
pub struct Chains {
    ends: FxHashSet<SiteId>,
    via: Vec<Option<SiteId>>,
    /// Candidates that reach an end, of the sites that have several.
    hits: FxHashMap<SiteId, usize>,
}

/// What a search looks for and where it may pass.
pub struct Search<'a> {
    /// Sites at which chains end.
    pub is_end: &'a dyn Fn(&Site) -> bool,
    /// Sites over which a callee's reach becomes its caller's.
    pub follows: &'a dyn Fn(&Site) -> bool,
    /// Functions whose callers reach what they reach.
    pub enters: &'a dyn Fn(FnId) -> bool,
}

impl Chains {
    /// Runs the search.
    #[must_use]
    pub fn new(graph: &CallGraph, search: &Search<'_>) -> Self {
        let mut chains = Self {
            ends: FxHashSet::default(),
            via: vec![None; graph.n_functions()],
            hits: FxHashMap::default(),
        };
        let mut queue = VecDeque::new();
        for (id, site) in (0..).map(SiteId).zip(&graph.sites) {
            if (search.is_end)(site) && (search.follows)(site) {
                chains.ends.insert(id);
                chains.reach(graph, search, id, &mut queue);
            }
        }
        while let Some(function) = queue.pop_front() {
            for (id, site) in graph.callers(function) {
                if (search.follows)(site) && chains.agrees(id, site) {
                    chains.reach(graph, search, id, &mut queue);
                }
            }
        }
        chains
    }

    /// Whether enough of the site's candidates reach an end, now that one more does.
    fn agrees(&mut self, id: SiteId, site: &Site) -> bool {
        let candidates = site.targets().len();
        if candidates < 2 {
            return true;
        }
        let hits = self.hits.entry(id).or_insert(0);
        *hits += 1;
        agree(*hits, candidates)
    }

    fn reach(&mut self, graph: &CallGraph, search: &Search<'_>, id: SiteId, queue: &mut VecDeque<FnId>) {
        let caller = graph.site(id).caller;
        let via = &mut self.via[graph.dense(caller)];
        if via.is_none() && (search.enters)(caller) {
            *via = Some(id);
            queue.push_back(caller);
        }
    }

    /// Whether the function reaches an end.
    #[must_use]
    pub fn reaches(&self, graph: &CallGraph, function: FnId) -> bool {
        self.via[graph.dense(function)].is_some()
    }

    /// The sites from this one to the end, itself first; `None` if it reaches none. Whether the site itself may be
    /// followed is for the caller to say.
    #[must_use]
    pub fn from(&self, graph: &CallGraph, site: SiteId) -> Option<Vec<SiteId>> {
        let mut chain = vec![site];
        let mut at = site;
        while !self.ends.contains(&at) {
            let targets = graph.site(at).targets();
            let ways: Vec<SiteId> = targets.iter().filter_map(|&it| self.via[graph.dense(it)]).collect();
            if !agree(ways.len(), targets.len()) {
                return None;
            }
            at = *ways.iter().min()?;
            // A way never comes back to a function it has left, so this only guards against sets of candidates.
            if chain.contains(&at) {
                return None;
            }
            chain.push(at);
        }
        Some(chain)
    }
}
