//! Where a function's time can go, by the shape of the code: the call to a remote service at the end of its calls, the
//! loops that it computes in on the caller's own thread.

use super::Project;
use super::graph::{Callee, Flags, Site};
use super::ids::FnId;
use super::order::{Order, Region, is_spawner};
use crate::catalog::{Act, Is};
use crate::facts::{FnKind, Kind, NodeId};

/// Computing is followed this many calls down; loops that lie deeper are seldom told apart by it.
const MAX_CALLS: u32 = 5;

impl Project {
    /// The call to a remote service that a function reaches by the shortest way, and the function in which it stands.
    #[must_use]
    pub fn remote_call(&self, function: FnId) -> Option<(FnId, NodeId)> {
        let chains = self.graph.sites_in(function);
        let shortest = chains
            .filter_map(|(id, _)| self.remote_callers.from(&self.graph, id))
            .min_by_key(Vec::len)?;
        let end = self.graph.site(*shortest.last()?);
        Some((end.caller, end.at.node))
    }

    /// The calls in the loops of a function that ask a remote service and are waited for before the next round.
    pub fn asked_in_turn(&self, function: FnId) -> impl Iterator<Item = (FnId, NodeId)> + '_ {
        const NOT: Flags = Flags::ELSEWHERE.with(Flags::PASSED).with(Flags::ERROR_PATH);
        let facts = self.names.facts(function.module);
        let in_loop = move |it: &Site| {
            let around = facts.ancestors(it.at.node);
            let mut inside = around.take_while(move |it| *it != facts.function(function.local).node);
            inside.any(|it| matches!(facts.kind(it), Kind::For | Kind::AsyncFor | Kind::While))
        };
        let sites = self.graph.sites_in(function);
        let waited = sites.filter(move |(_, it)| it.flags.has(Flags::AWAITED) && !it.flags.has(NOT) && in_loop(it));
        let asking = waited.filter(|(id, _)| self.remote_callers.from(&self.graph, *id).is_some());
        asking.map(move |(_, it)| (function, it.at.node))
    }

    /// The nearest of some log calls that comes before a log call in the same function, or in the same loop the round before.
    #[must_use]
    pub fn line_before(&self, end: (FnId, NodeId), lines: impl Iterator<Item = (FnId, NodeId)>) -> Option<NodeId> {
        let facts = self.names.facts(end.0.module);
        let own: Vec<NodeId> = lines
            .filter(|it| it.0 == end.0 && it.1 != end.1)
            .map(|it| it.1)
            .collect();
        let around = facts.ancestors(end.1).find(|it| facts.kind(*it).is_loop());
        let inside = |it: &NodeId| around.is_none_or(|around| facts.contains(around, *it));
        let before = own.iter().copied().filter(|it| *it < end.1);
        let near = before.clone().filter(inside).max();
        let round = own.iter().copied().filter(|it| around.is_some() && inside(it)).max();
        near.or(round).or(before.max())
    }

    /// Whether a function only wakes up now and then, as what shows that a program is alive does: all it waits for, in a
    /// loop without an end of its own, is time.
    #[must_use]
    pub fn ticks(&self, function: FnId) -> bool {
        let facts = self.names.facts(function.module);
        let is_tick = |site: &Site| {
            let sleeps =
                matches!(site.callee, Callee::Library(it) if self.names.catalog.entry(it).act == Some(Act::AsyncSleep));
            sleeps && facts.ancestors(site.at.node).any(|it| facts.kind(it) == Kind::While)
        };
        let sites = self.graph.sites_in(function).map(|it| it.1);
        let mut awaited = sites.filter(|it| it.flags.has(Flags::AWAITED)).peekable();
        awaited.peek().is_some() && awaited.all(is_tick)
    }

    /// Whether a call makes a client with connections of its own.
    #[must_use]
    pub fn makes_client(&self, function: FnId, node: NodeId) -> bool {
        let catalog = &self.names.catalog;
        let is_client = |site: &Site| {
            let class = match site.callee {
                Callee::Construct(name) => catalog.class(name),
                Callee::Library(entry) if catalog.entry_name(entry).ends_with(".__init__") => catalog.owner(entry),
                _ => None,
            };
            class.is_some_and(|it| catalog.is(it, Is::Client))
        };
        self.graph.sites_at(function, node).any(|it| is_client(it.1))
    }

    /// How deep the loops are that a call computes in before it returns, on the thread of its caller: 0 for none, and for
    /// what is awaited, handed elsewhere or of a library.
    #[must_use]
    pub fn computes(&self, site: &Site) -> u32 {
        self.computes_within(site, MAX_CALLS)
    }

    fn computes_within(&self, site: &Site, calls: u32) -> u32 {
        const NOT: Flags = Flags::ELSEWHERE.with(Flags::PASSED).with(Flags::ERROR_PATH);
        if calls == 0 || site.flags.has(NOT) {
            return 0;
        }
        let sync = site
            .targets()
            .iter()
            .filter(|it| self.names.function(**it).kind == FnKind::Sync);
        sync.map(|it| self.loops_of(*it, calls - 1)).max().unwrap_or(0)
    }

    fn loops_of(&self, function: FnId, calls: u32) -> u32 {
        let facts = self.names.facts(function.module);
        let own = facts
            .body_nodes(function.local)
            .map(|it| self.around(function, it))
            .max();
        let below = self
            .graph
            .sites_in(function)
            .map(|(_, it)| (self.around(function, it.at.node), self.computes_within(it, calls)))
            .map(|(around, deep)| if deep == 0 { 0 } else { around + deep });
        own.max(below.max()).unwrap_or(0)
    }

    /// Loops and comprehensions around a node, inside its function.
    pub(super) fn around(&self, function: FnId, node: NodeId) -> u32 {
        let facts = self.names.facts(function.module);
        let root = facts.function(function.local).node;
        let inside = facts.ancestors(node).take_while(|it| *it != root);
        let repeats = inside.filter(|it| {
            let kind = facts.kind(*it);
            kind.is_loop()
                || matches!(
                    kind,
                    Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp
                )
        });
        u32::try_from(repeats.count()).unwrap_or(u32::MAX)
    }
}

impl Order<'_> {
    /// Whether a place makes a client that is still there when `frame` runs: it stands in the frame or one of its callers,
    /// or in a function that one of them calls.
    #[must_use]
    pub fn is_set_up(&self, (function, node): (FnId, NodeId), frame: FnId) -> bool {
        if !self.project.makes_client(function, node) {
            return false;
        }
        let above = self.ways_up(frame, NodeId(0));
        let callers = self.graph().callers(function).map(|it| it.1.caller);
        above.contains_key(&function) || callers.into_iter().any(|it| above.contains_key(&it))
    }

    /// Adds a function that was seen to run between the ends, though no call is known to lead there (a coroutine that was
    /// handed over, a callback): what it calls, and below the frame what calls it.
    pub fn include(&self, region: &mut Region, function: FnId) {
        /// With more callers than this nobody knows which of them it was.
        const FEW: usize = 3;
        let above = region.frame.map(|it| self.ways_up(it, NodeId(0))).unwrap_or_default();
        let mut open = vec![function];
        while let Some(function) = open.pop() {
            if region.functions.contains_key(&function) || above.contains_key(&function) {
                continue;
            }
            self.add_below(region, function);
            let mut callers: Vec<FnId> = self.graph().callers(function).map(|it| it.1.caller).collect();
            callers.sort_unstable();
            callers.dedup();
            if callers.len() <= FEW {
                open.extend(callers);
            }
        }
    }

    /// Adds what was started beside others before a line, in its function and the callers, and may still run after it.
    pub fn include_started(&self, region: &mut Region, line: (FnId, NodeId)) {
        let ways = self.ways_up(line.0, line.1);
        let mut ways: Vec<(FnId, NodeId)> = ways.into_iter().map(|it| (it.0, it.1.1)).collect();
        ways.sort_unstable();
        for (function, until) in ways {
            let sites = self.graph().sites_in(function);
            let started = sites.filter(|(id, it)| self.starts.contains(id) && it.at.node < until);
            let targets: Vec<FnId> = started.flat_map(|it| it.1.targets().iter().copied()).collect();
            targets.into_iter().for_each(|it| self.add_below(region, it));
        }
    }

    fn add_below(&self, region: &mut Region, function: FnId) {
        let mut open = vec![(function, 1)];
        while let Some((function, hops)) = open.pop() {
            if region.functions.contains_key(&function) || hops > MAX_CALLS {
                continue;
            }
            region.functions.insert(function, hops);
            let sites = self.graph().sites_in(function);
            let next = sites.flat_map(|(_, it)| it.targets().iter().copied());
            open.extend(next.map(|it| (it, hops + 1)));
        }
    }

    /// What can run before a log line since its item was begun: in its function, and in the callers up to the one that
    /// starts it beside others.
    #[must_use]
    pub fn in_item(&self, line: (FnId, NodeId)) -> Region {
        let mut region = Region {
            frame: Some(line.0),
            ..Region::default()
        };
        let mut seen = vec![line.0];
        let mut open = vec![line];
        while let Some((function, node)) = open.pop() {
            self.add_parts(&mut region, function, (None, Some(node)), true);
            for (id, site) in self.graph().callers(function) {
                if !self.starts.contains(&id) && !seen.contains(&site.caller) {
                    seen.push(site.caller);
                    open.push((site.caller, site.at.node));
                }
            }
        }
        self.close(&mut region);
        region
    }

    /// The first fan-out between the ends, in the function that is the fewest calls below the frame.
    #[must_use]
    pub fn fan_out(&self, region: &Region) -> Option<(FnId, NodeId)> {
        let below = region.functions.iter().map(|(function, hops)| (*hops, *function));
        let mut functions: Vec<(u32, FnId)> = region.frame.map(|it| (0, it)).into_iter().chain(below).collect();
        functions.sort_unstable();
        functions.into_iter().find_map(|(_, function)| {
            let sites = self.graph().sites_in(function).map(|it| it.1.at.node);
            let mut ran = sites.filter(|it| region.distance(function, *it).is_some());
            let spawner = ran.find(|it| is_spawner(self.project, function, *it))?;
            Some((function, spawner))
        })
    }

    /// The call in a loop that runs `worker` again and again, in what can have run.
    #[must_use]
    pub fn repeated(&self, worker: FnId, region: &Region) -> Option<(FnId, NodeId)> {
        let callers = self.graph().callers(worker).map(|it| it.1);
        callers
            .filter(|it| it.flags.has(Flags::IN_LOOP))
            .find(|it| region.distance(it.caller, it.at.node).is_some())
            .map(|it| (it.caller, it.at.node))
    }
}
