//! Which functions reach the network, a database, a subprocess or a file, and whether a limiter stands before it.
//!
//! One search backwards from the scarce calls over the calls that run beside their siblings, without those under a
//! limiter, leaves the next hop of the unlimited path; a second one, with them, tells whether other paths are limited.

use super::Names;
use super::graph::{CallGraph, Callee, Flags, Site};
use super::ids::{FnId, ModuleId, SiteId};
use super::limiter::Limiters;
use super::rows::{Before, module_id};
use crate::catalog::EntryId;
use crate::facts::FnKind;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Circumstances under which a callee's use of the network is not beside that of the caller's siblings.
const NOT_HERE: Flags = Flags::OFFLOADED
    .with(Flags::PASSED)
    .with(Flags::OFF_LOOP)
    .with(Flags::LOOP_CALLBACK)
    .with(Flags::MAIN)
    .with(Flags::ONCE)
    .with(Flags::ERROR_PATH);

/// What is scarce, scarcest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Connections and the service behind them.
    Network,
    /// Connections of a database.
    Database,
    /// Processes.
    Subprocess,
    /// Open files.
    File,
}

impl Resource {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "network" => Self::Network,
            "database" => Self::Database,
            "subprocess" => Self::Subprocess,
            "file" => Self::File,
            _ => return None,
        })
    }

    /// What it is, for a message.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Network => "network request",
            Self::Database => "database query",
            Self::Subprocess => "subprocess",
            Self::File => "open file",
        }
    }
}

/// How a function comes to use something scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use {
    /// What.
    pub resource: Resource,
    /// One step of the chain rests on a set of candidates.
    pub duck: bool,
    /// Calls between here and the end.
    pub hops: u32,
    /// The site through which it goes on.
    pub via: SiteId,
}

/// What a worker's call reaches.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The unlimited path, the worker's call first.
    pub chain: Vec<SiteId>,
    /// The library call at its end.
    pub entry: EntryId,
    /// What it uses.
    pub resource: Resource,
    /// Other paths are under a limiter.
    pub some_limited: bool,
    /// One step rests on a set of candidates.
    pub duck: bool,
}

/// Who uses what is scarce.
#[derive(Default)]
pub struct Scarce {
    open: Vec<Option<Use>>,
    any: Vec<Option<Use>>,
    limited: Vec<bool>,
    /// Async methods of the project by name.
    methods: Methods,
}

impl Scarce {
    /// Runs the searches.
    #[must_use]
    pub(super) fn new(names: &Names, graph: &CallGraph, limiters: &Limiters, before: Option<Before<'_, Self>>) -> Self {
        let (open, any) = rayon::join(
            || {
                Search {
                    names,
                    graph,
                    limiters: Some(limiters),
                }
                .run()
            },
            || {
                Search {
                    names,
                    graph,
                    limiters: None,
                }
                .run()
            },
        );
        let limited = limited(names, graph, limiters, &any);
        Self {
            open,
            any,
            limited,
            methods: async_methods(names, before.map(|it| it.map(|it| it.methods))),
        }
    }

    /// Whether the function uses something scarce, under a limiter or not.
    #[must_use]
    pub fn of(&self, graph: &CallGraph, function: FnId) -> Option<Use> {
        self.any[graph.dense(function)]
    }

    /// What a method of this name reaches on a receiver that nobody typed: of at most four below the same import root,
    /// most agree. Packages that are installed beside each other know nothing of one another's methods.
    /// The worker's own call is not part of the chain.
    #[must_use]
    pub fn guessed(
        &self,
        names: &Names,
        graph: &CallGraph,
        limiters: &Limiters,
        (from, name): (ModuleId, &str),
    ) -> Option<Reached> {
        if names.catalog.is_common_method(name) {
            return None;
        }
        let root = |it: ModuleId| names.modules[it.0 as usize].root;
        let near = |it: &&FnId| root(it.module) == root(from);
        let candidates: Vec<FnId> = self.methods.get(name)?.iter().filter(near).copied().collect();
        if candidates.len() > MAX_GUESSES {
            return None;
        }
        let open = |&it: &FnId| self.open[graph.dense(it)].filter(|_| !limiters.is_whole(it));
        let hits = candidates.iter().filter_map(open).count();
        let best = candidates.iter().filter_map(open).min()?;
        let limited = candidates.iter().any(|it| limiters.is_whole(*it));
        if limited || hits * 2 < candidates.len() {
            return None;
        }
        let mut reached = self.unlimited(names, graph, limiters, best.via)?;
        reached.duck = true;
        Some(reached)
    }

    /// The best unlimited path of a worker's call, itself included.
    #[must_use]
    pub fn unlimited(&self, names: &Names, graph: &CallGraph, limiters: &Limiters, id: SiteId) -> Option<Reached> {
        let mut chain = vec![id];
        let first = self.next(names, graph, limiters, id)?;
        let some_limited = graph.site(id).targets().iter().any(|&it| self.limited[graph.dense(it)]);
        let mut at = first;
        loop {
            let site = graph.site(*chain.last()?);
            if let Some((entry, resource)) = sink(names, site) {
                let duck = first.duck || chain.iter().any(|&it| graph.site(it).flags.has(Flags::DUCK));
                return Some(Reached {
                    chain,
                    entry,
                    resource,
                    some_limited,
                    duck,
                });
            }
            if chain.len() > 100 {
                return None;
            }
            chain.push(at.via);
            if sink(names, graph.site(at.via)).is_none() {
                at = self.next(names, graph, limiters, at.via)?;
            }
        }
    }

    fn next(&self, names: &Names, graph: &CallGraph, limiters: &Limiters, id: SiteId) -> Option<Use> {
        let site = graph.site(id);
        if let Some((_, resource)) = sink(names, site) {
            return Some(Use {
                resource,
                duck: false,
                hops: 0,
                via: id,
            });
        }
        let open = |&it: &FnId| self.open[graph.dense(it)].filter(|_| !limiters.is_whole(it));
        let hits = site.targets().iter().filter_map(open).count();
        let best = site.targets().iter().filter_map(open).min()?;
        agree(hits, site.targets().len()).then_some(best)
    }
}

/// The scarce library call that a site is.
fn sink(names: &Names, site: &Site) -> Option<(EntryId, Resource)> {
    let Callee::Library(entry) = site.callee else {
        return None;
    };
    let of = names.catalog.entry(entry);
    // What blocks the loop cannot run beside its siblings.
    if of.blocks.is_some() && !of.coroutine && !site.flags.has(Flags::AWAITED) {
        return None;
    }
    Resource::named(of.scarce.as_deref()?).map(|it| (entry, it))
}

/// A method name that more classes have says nothing about the receiver.
const MAX_GUESSES: usize = 4;

type Methods = FxHashMap<Box<str>, Vec<FnId>>;

fn async_methods(names: &Names, before: Option<Before<'_, Methods>>) -> Methods {
    let mut found = Methods::default();
    let mut modules: Vec<ModuleId> = (0..names.modules.len()).map(module_id).collect();
    if let Some(before) = before {
        modules = before.anew.to_vec();
        found = before.left;
        found
            .values_mut()
            .for_each(|them| them.retain(|it| before.anew.binary_search(&it.module).is_err()));
    }
    for module in modules {
        let of = &names.modules[module.0 as usize];
        let methods = of
            .facts
            .all_functions()
            .filter(|(_, it)| it.kind == FnKind::Async && it.class.is_some());
        for (local, method) in methods.filter(|_| !of.is_test) {
            let function = FnId { module, local };
            if !names.is_abstract(function) {
                let them = found.entry(of.facts.text(method.name).into()).or_default();
                them.insert(them.partition_point(|it| *it < function), function);
            }
        }
    }
    found
}

/// Of up to four candidates one is enough; of more, four in five.
fn agree(hits: usize, candidates: usize) -> bool {
    hits > 0 && (candidates <= 4 || hits * 5 >= candidates * 4)
}

struct Search<'a> {
    names: &'a Names,
    graph: &'a CallGraph,
    limiters: Option<&'a Limiters>,
}

impl Search<'_> {
    fn passes(&self, id: SiteId, site: &Site) -> bool {
        !site.flags.has(NOT_HERE) && !self.limiters.is_some_and(|it| it.limits(self.graph, id))
    }

    fn run(&self) -> Vec<Option<Use>> {
        let graph = self.graph;
        let mut settled: Vec<Option<Use>> = vec![None; graph.n_functions()];
        let mut heap: BinaryHeap<Reverse<(Use, usize)>> = BinaryHeap::new();
        let mut hits: FxHashMap<SiteId, usize> = FxHashMap::default();
        for (id, site) in (0..).map(SiteId).zip(&graph.sites) {
            if let Some((_, resource)) = sink(self.names, site)
                && self.passes(id, site)
            {
                let duck = site.flags.has(Flags::DUCK);
                heap.push(Reverse((
                    Use {
                        resource,
                        duck,
                        hops: 0,
                        via: id,
                    },
                    graph.dense(site.caller),
                )));
            }
        }
        while let Some(Reverse((reach, dense))) = heap.pop() {
            let function = graph.function(dense);
            if settled[dense].is_some() || self.limiters.is_some_and(|it| it.is_whole(function)) {
                continue;
            }
            settled[dense] = Some(reach);
            if self.names.is_memoized(function) {
                continue;
            }
            for (id, site) in graph.callers(function) {
                if !self.passes(id, site) || settled[graph.dense(site.caller)].is_some() {
                    continue;
                }
                let candidates = site.targets().len();
                if candidates > 1 {
                    let hits = hits.entry(id).or_insert(0);
                    *hits += 1;
                    if !agree(*hits, candidates) {
                        continue;
                    }
                }
                let duck = reach.duck || site.flags.has(Flags::DUCK) || candidates > 1;
                let next = Use {
                    hops: reach.hops + 1,
                    via: id,
                    duck,
                    ..reach
                };
                heap.push(Reverse((next, graph.dense(site.caller))));
            }
        }
        settled
    }
}

/// The functions from which a path to a scarce call passes a limiter.
fn limited(names: &Names, graph: &CallGraph, limiters: &Limiters, any: &[Option<Use>]) -> Vec<bool> {
    let mut found = vec![false; graph.n_functions()];
    let mut queue: Vec<usize> = Vec::new();
    for (id, site) in (0..).map(SiteId).zip(&graph.sites) {
        let scarce = sink(names, site).is_some() || site.targets().iter().any(|&it| any[graph.dense(it)].is_some());
        let whole = || site.targets().iter().any(|&it| limiters.is_whole(it));
        let dense = graph.dense(site.caller);
        if scarce && !found[dense] && !site.flags.has(NOT_HERE) && (limiters.limits(graph, id) || whole()) {
            found[dense] = true;
            queue.push(dense);
        }
    }
    while let Some(dense) = queue.pop() {
        for (_, site) in graph.callers(graph.function(dense)) {
            let caller = graph.dense(site.caller);
            if !found[caller] && !site.flags.has(NOT_HERE) {
                found[caller] = true;
                queue.push(caller);
            }
        }
    }
    found
}
