//! Which functions block the thread that runs them, with what, and the chain that proves it.
//!
//! One search a kind of blocking, backwards from the calls that block, over the calls that run on the caller's own thread.
//! A function is reached by the way that matters most: an ordinary path before one that runs once or only after an error,
//! then the costliest call, then the shortest chain, then the first in the source.

use super::Names;
use super::at_once::cost_here;
use super::crossing::crossed;
use super::graph::{CallGraph, Callee, Flags, Site};
use super::guards::Guards;
use super::ids::{FnId, SiteId};
use crate::catalog::{Blocks, Cost, EntryId};
use crate::facts::FnKind;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How ordinary the path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Every time.
    Always,
    /// Only on a platform that few run it on.
    OtherPlatform,
    /// Behind a guard or memo: once.
    Once,
    /// Only after an error.
    Error,
}

/// How a function, or a call, comes to block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach {
    /// How ordinary the path is.
    pub tier: Tier,
    /// How long the call at the end stalls, longest first.
    pub cost: Reverse<Cost>,
    /// The flags that must be set for it to get there.
    pub guards: Guards,
    /// Calls between here and the end.
    pub hops: u32,
    /// The site through which it goes on.
    pub via: SiteId,
    /// One step of the chain rests on a set of candidates.
    pub duck: bool,
}

/// The best way without a flag, and the best few that need some.
type Ways = [Option<Reach>; WAYS];

/// Ways kept of each function.
const WAYS: usize = 4;

/// The ways of the functions that have some: of a large program few block with any one kind.
#[derive(Default)]
struct Reached(FxHashMap<usize, Ways>);

impl Reached {
    fn of(&self, function: usize) -> &Ways {
        self.0.get(&function).unwrap_or(&[None; WAYS])
    }
}

/// Who blocks, for each kind.
pub struct Blocking {
    reach: Vec<Reached>,
}

/// What `# tailspike: ignore` accepts: a site and a kind give whether the effect stops there.
pub(super) type Accepts<'a> = dyn Fn(&Site, Blocks) -> bool + Sync + 'a;

impl Blocking {
    /// Runs the searches.
    #[must_use]
    pub fn new(names: &Names, graph: &CallGraph, accepts: &Accepts<'_>) -> Self {
        use rayon::prelude::*;
        let ends = ends(names, graph);
        let search = |&kind: &Blocks| Search::new(names, graph, kind, accepts).run(&ends[index_of(kind)]);
        Self {
            reach: Blocks::BY_WEIGHT.par_iter().map(search).collect(),
        }
    }

    /// How a function blocks with a kind, whatever it is called with.
    #[must_use]
    pub fn of(&self, graph: &CallGraph, function: FnId, kind: Blocks) -> Option<Reach> {
        self.reach[index_of(kind)]
            .of(graph.dense(function))
            .iter()
            .flatten()
            .min()
            .copied()
    }

    /// How a function blocks when this site calls it, with the flags that are left to the caller.
    fn through(
        &self,
        names: &Names,
        graph: &CallGraph,
        site: &Site,
        target: FnId,
        kind: Blocks,
    ) -> Option<(Reach, Guards)> {
        if names.stands_in(target) {
            return None;
        }
        let ways = self.reach[index_of(kind)].of(graph.dense(target));
        let open = |it: &Reach| crossed(names, site, target, it.guards).map(|left| (*it, left));
        ways.iter().flatten().filter_map(open).min()
    }

    /// How a call blocks with a kind, if it does so on the thread of its caller.
    #[must_use]
    pub fn of_site(&self, names: &Names, graph: &CallGraph, id: SiteId, kind: Blocks) -> Option<Reach> {
        let site = graph.site(id);
        if site.flags.has(Flags::ELSEWHERE) {
            return None;
        }
        if let Some(cost) = sink(names, site, kind) {
            return Some(at_sink(site, id, cost));
        }
        let mut best: Option<(Reach, Guards)> = None;
        let mut blocking = 0;
        for &target in site.targets() {
            if names.function(target).kind == FnKind::Async {
                continue;
            }
            if let Some(reach) = self.through(names, graph, site, target, kind) {
                blocking += 1;
                best = best.map_or(Some(reach), |it| Some(it.min(reach)));
            }
        }
        let (reach, left) = best.filter(|_| agree(blocking, site.targets().len()))?;
        Some(one_step_up(names, site, id, reach, left))
    }

    /// The sites from a call to the end of the chain, the call itself first, and the entry at the end.
    #[must_use]
    pub fn chain(
        &self,
        names: &Names,
        graph: &CallGraph,
        from: SiteId,
        kind: Blocks,
    ) -> Option<(Vec<SiteId>, EntryId)> {
        let mut chain = vec![from];
        loop {
            let site = graph.site(*chain.last()?);
            if let (Some(_), Callee::Library(entry)) = (sink(names, site, kind), &site.callee) {
                return Some((chain, *entry));
            }
            let next = site
                .targets()
                .iter()
                .filter_map(|&it| self.through(names, graph, site, it, kind))
                .min()?;
            if chain.len() > MAX_CHAIN {
                return None;
            }
            chain.push(next.0.via);
        }
    }
}

/// Longer chains convince nobody.
const MAX_CHAIN: usize = 100;

fn at_sink(site: &Site, id: SiteId, cost: Cost) -> Reach {
    let duck = site.flags.has(Flags::DUCK);
    Reach {
        tier: tier(site.flags),
        cost: Reverse(cost),
        guards: site.guards(),
        hops: 0,
        via: id,
        duck,
    }
}

/// What a callee's way becomes in its caller.
fn one_step_up(names: &Names, site: &Site, id: SiteId, reach: Reach, guards: Guards) -> Reach {
    Reach {
        tier: reach.tier.max(tier(site.flags)).max(memo_tier(names, site)),
        guards,
        hops: reach.hops + 1,
        via: id,
        duck: reach.duck || site.flags.has(Flags::DUCK),
        ..reach
    }
}

/// Of up to four candidates one is enough; of more, four in five must block.
pub(super) fn agree(blocking: usize, candidates: usize) -> bool {
    blocking > 0 && (candidates <= 4 || blocking * 5 >= candidates * 4)
}

/// Position of a kind in the order of weight.
#[must_use]
pub(super) fn index_of(kind: Blocks) -> usize {
    Blocks::BY_WEIGHT.iter().position(|&it| it == kind).unwrap_or(0)
}

fn tier(flags: Flags) -> Tier {
    if flags.has(Flags::ERROR_PATH) {
        Tier::Error
    } else if flags.has(Flags::ONCE) {
        Tier::Once
    } else if flags.has(Flags::OTHER_PLATFORM) {
        Tier::OtherPlatform
    } else {
        Tier::Always
    }
}

fn memo_tier(names: &Names, site: &Site) -> Tier {
    let memoized = site.targets().iter().any(|&it| names.is_memoized(it));
    if memoized { Tier::Once } else { Tier::Always }
}

/// How long the call itself blocks, if it does so with this kind.
fn sink(names: &Names, site: &Site, kind: Blocks) -> Option<Cost> {
    let Callee::Library(entry) = site.callee else {
        return None;
    };
    let name = names.catalog.entry_name(entry);
    let entry = names.catalog.entry(entry);
    if entry.blocks != Some(kind) || entry.coroutine || site.flags.has(Flags::AWAITED) {
        return None;
    }
    let usual = entry.cost.unwrap_or(usual_cost(kind));
    Some(cost_here(names.facts(site.at.module), site.at.node, entry, name, usual))
}

/// The cost of a kind where the entry names none.
#[must_use]
pub fn usual_cost(kind: Blocks) -> Cost {
    match kind {
        Blocks::File | Blocks::Cpu => Cost::Medium,
        _ => Cost::High,
    }
}

/// The calls that block on the thread of their caller, by kind.
fn ends(names: &Names, graph: &CallGraph) -> Vec<Vec<SiteId>> {
    let mut ends = vec![Vec::new(); Blocks::BY_WEIGHT.len()];
    for (id, site) in (0..).map(SiteId).zip(&graph.sites) {
        if let Callee::Library(entry) = site.callee
            && let Some(kind) = names.catalog.entry(entry).blocks
            && !site.flags.has(Flags::ELSEWHERE)
        {
            ends[index_of(kind)].push(id);
        }
    }
    ends
}

struct Search<'a> {
    names: &'a Names,
    graph: &'a CallGraph,
    kind: Blocks,
    accepts: &'a Accepts<'a>,
    settled: Reached,
    /// Blocking candidates so far of the sites that have several.
    hits: FxHashMap<SiteId, usize>,
    heap: BinaryHeap<Reverse<(Reach, usize)>>,
}

impl<'a> Search<'a> {
    fn new(names: &'a Names, graph: &'a CallGraph, kind: Blocks, accepts: &'a Accepts<'a>) -> Self {
        Self {
            names,
            graph,
            kind,
            accepts,
            settled: Reached::default(),
            hits: FxHashMap::default(),
            heap: BinaryHeap::new(),
        }
    }

    fn run(mut self, ends: &[SiteId]) -> Reached {
        for &id in ends {
            let site = self.graph.site(id);
            if let Some(cost) = sink(self.names, site, self.kind) {
                self.offer(site, at_sink(site, id, cost));
            }
        }
        while let Some(Reverse((reach, dense))) = self.heap.pop() {
            // Without a flag it is settled; a way that needs one adds nothing to a better one that needs none.
            let ways = self.settled.0.entry(dense).or_insert([None; WAYS]);
            let first = ways.iter().all(Option::is_none);
            if ways[0].is_some_and(|it| reach.guards.is_empty() || it <= reach) {
                continue;
            }
            if reach.guards.is_empty() {
                ways[0] = Some(reach);
            } else {
                let known = ways[1..].iter().flatten().any(|it| it.guards == reach.guards);
                match ways[1..].iter_mut().find(|it| it.is_none()) {
                    Some(free) if !known => *free = Some(reach),
                    _ => continue,
                }
            }
            self.spread(dense, reach, first);
        }
        self.settled
    }

    /// The caller of a blocking site blocks too, unless it is async: then the finding is there.
    fn offer(&mut self, site: &Site, reach: Reach) {
        let dense = self.graph.dense(site.caller);
        let is_async = self.names.function(site.caller).kind == FnKind::Async;
        if is_async || self.settled.of(dense)[0].is_some() || (self.accepts)(site, self.kind) {
            return;
        }
        self.heap.push(Reverse((reach, dense)));
    }

    fn spread(&mut self, dense: usize, reach: Reach, first: bool) {
        let graph = self.graph;
        if self.names.stands_in(graph.function(dense)) {
            return;
        }
        for (id, site) in graph.callers(graph.function(dense)) {
            if site.flags.has(Flags::ELSEWHERE) {
                continue;
            }
            let candidates = site.targets().len();
            if candidates > 1 {
                let hits = self.hits.entry(id).or_insert(0);
                *hits += usize::from(first);
                if !agree(*hits, candidates) {
                    continue;
                }
            }
            let target = graph.function(dense);
            if let Some(left) = crossed(self.names, site, target, reach.guards) {
                self.offer(site, one_step_up(self.names, site, id, reach, left));
            }
        }
    }
}
