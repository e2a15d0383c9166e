//! What the code can do between two of its log lines, by the call graph.

use super::CallGraph;
use super::Callee;
use super::Flags;
use super::FnId;
use super::ModuleId;
use super::Project;
use super::Site;
use super::SiteId;
use super::branches::is_conditional;
use crate::catalog::Act;
use crate::facts::FileFacts;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::source::FileId;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Callers are followed this far up; deeper chains between two lines of one log are rare.
const MAX_UP: u32 = 12;
/// Calls are followed this far down.
const MAX_DOWN: u32 = 8;

/// The functions that can run between two log lines.
#[derive(Debug, Default)]
pub struct Region {
    /// The innermost function that contains both ends.
    pub frame: Option<FnId>,
    /// Functions, with how many calls lie between them and the frame.
    pub functions: FxHashMap<FnId, u32>,
    /// Of functions that the frame itself runs only in part: the nodes between the ends.
    pub parts: FxHashMap<FnId, Vec<(u32, u32)>>,
    /// The item of the `with` statement whose block lies between the ends, where lines of its context manager are they.
    pub block: Option<(FnId, NodeId)>,
}

impl Region {
    /// How far a node is from the frame; `None` if it does not run between the ends.
    #[must_use]
    pub fn distance(&self, function: FnId, node: NodeId) -> Option<u32> {
        if let Some(parts) = self.parts.get(&function)
            && parts.iter().any(|it| it.0 <= node.0 && node.0 < it.1)
        {
            return Some(0);
        }
        self.functions.get(&function).copied()
    }
}

/// Which rounds of the loops around two lines can lie between them: every round writes its line, so there are none before
/// the first line of a call, and none after its last.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// After the first line's own.
    pub after: bool,
    /// Before the second line's own.
    pub before: bool,
}

/// Answers what runs when.
pub struct Order<'a> {
    pub(super) project: &'a Project,
    concurrent: Vec<bool>,
    pub(super) starts: FxHashSet<SiteId>,
}

/// A function on the way up from a log line, and the node through which it is left.
pub(super) type Ways = FxHashMap<FnId, (u32, NodeId)>;

impl<'a> Order<'a> {
    /// Prepares the answers for a project.
    #[must_use]
    pub fn new(project: &'a Project) -> Self {
        let graph = &project.graph;
        let ids = (0u32..).map(SiteId).zip(&graph.sites);
        let starts: FxHashSet<SiteId> = ids.filter(|it| starts_beside(project, it.1)).map(|it| it.0).collect();
        let mut concurrent = vec![false; graph.n_functions()];
        let mut open: Vec<FnId> = Vec::new();
        let mut sorted: Vec<SiteId> = starts.iter().copied().collect();
        sorted.sort_unstable();
        open.extend(sorted.iter().flat_map(|it| graph.site(*it).targets().iter().copied()));
        while let Some(function) = open.pop() {
            if !std::mem::replace(&mut concurrent[graph.dense(function)], true) {
                open.extend(
                    graph
                        .sites_in(function)
                        .flat_map(|(_, it)| it.targets().iter().copied()),
                );
            }
        }
        Self {
            project,
            concurrent,
            starts,
        }
    }

    /// Whether the function runs beside others of its kind: it is started by a fan-out, or called from what is.
    #[must_use]
    pub fn is_concurrent(&self, function: FnId) -> bool {
        self.concurrent[self.project.graph.dense(function)]
    }

    pub(super) fn graph(&self) -> &'a CallGraph {
        &self.project.graph
    }

    pub(super) fn facts(&self, function: FnId) -> &'a FileFacts {
        self.project.names.facts(function.module)
    }

    /// The functions from which a node is reached, each with the node that leads there.
    pub(super) fn ways_up(&self, function: FnId, node: NodeId) -> Ways {
        let mut ways = Ways::default();
        ways.insert(function, (0, node));
        let mut open = VecDeque::from([(function, 0)]);
        while let Some((function, hops)) = open.pop_front() {
            if hops >= MAX_UP {
                continue;
            }
            for (_, site) in self.graph().callers(function) {
                if let std::collections::hash_map::Entry::Vacant(free) = ways.entry(site.caller) {
                    free.insert((hops + 1, site.at.node));
                    open.push_back((site.caller, hops + 1));
                }
            }
        }
        ways
    }

    /// What can run after the line at `from` and before the line at `to`.
    #[must_use]
    pub fn between(&self, from: (FnId, NodeId), to: (FnId, NodeId), rounds: Rounds) -> Region {
        let (before, after) = (self.ways_up(from.0, from.1), self.ways_up(to.0, to.1));
        let mut common: Vec<(u32, FnId)> = before
            .iter()
            .filter_map(|(function, way)| Some((way.0 + after.get(function)?.0, *function)))
            .collect();
        common.sort_unstable();
        let mut region = Region::default();
        let Some(&(_, frame)) = common.first() else {
            return region;
        };
        region.frame = Some(frame);
        self.add_parts(
            &mut region,
            frame,
            (Some(before[&frame].1), Some(after[&frame].1)),
            true,
        );
        self.add_tail(&mut region, from, frame, (true, rounds.after));
        self.add_tail(&mut region, to, frame, (false, rounds.before));
        self.close(&mut region);
        region
    }

    /// From the line at `from` to the end of the run, or from its start to the line at `to`.
    #[must_use]
    pub fn beside(&self, from: Option<(FnId, NodeId)>, to: Option<(FnId, NodeId)>) -> Region {
        let mut region = Region::default();
        if let Some(from) = from {
            region.frame = Some(from.0);
            self.add_parts(&mut region, from.0, (Some(from.1), None), true);
            self.add_up(&mut region, from, true);
        } else if let Some(to) = to {
            region.frame = Some(to.0);
            self.add_parts(&mut region, to.0, (None, Some(to.1)), true);
            self.add_up(&mut region, to, false);
        }
        self.close(&mut region);
        region
    }

    /// The rest of every caller.
    fn add_up(&self, region: &mut Region, end: (FnId, NodeId), forwards: bool) {
        let ways = self.ways_up(end.0, end.1);
        let mut ways: Vec<_> = ways.into_iter().filter(|it| it.0 != end.0).collect();
        ways.sort_unstable_by_key(|it| it.0);
        for (function, (_, node)) in ways {
            let (low, high) = if forwards {
                (Some(node), None)
            } else {
                (None, Some(node))
            };
            self.add_parts(region, function, (low, high), true);
        }
    }

    /// The functions between a line and the frame: what is left of them after it, or what they did before it.
    fn add_tail(&self, region: &mut Region, end: (FnId, NodeId), frame: FnId, (forwards, rounds): (bool, bool)) {
        if end.0 == frame {
            return;
        }
        let below = self.below(frame, end.0);
        let ways = self.ways_up(end.0, end.1);
        let mut inside: Vec<_> = ways
            .into_iter()
            .filter(|it| below.contains_key(&it.0) && it.0 != frame)
            .collect();
        inside.sort_unstable_by_key(|it| it.0);
        for (function, (_, node)) in inside {
            let (low, high) = if forwards {
                (Some(node), None)
            } else {
                (None, Some(node))
            };
            // Where a round may end without the line, there can have been some that wrote nothing.
            let rounds = rounds || is_conditional(self.project, function, node);
            self.add_parts(region, function, (low, high), rounds);
        }
    }

    /// Functions reached from `frame` that can reach `function`.
    fn below(&self, frame: FnId, function: FnId) -> FxHashMap<FnId, u32> {
        let up = self.ways_up(function, NodeId(0));
        let mut found = FxHashMap::default();
        let mut open = vec![frame];
        while let Some(at) = open.pop() {
            for (_, site) in self.graph().sites_in(at) {
                for target in site.targets() {
                    if up.contains_key(target) && found.insert(*target, 0).is_none() {
                        open.push(*target);
                    }
                }
            }
        }
        found
    }

    /// The nodes of one function between two of its nodes; both ends in one loop may also follow each other the other way
    /// round, and with one end there may be other rounds of its loop.
    pub(super) fn add_parts(
        &self,
        region: &mut Region,
        function: FnId,
        (low, high): (Option<NodeId>, Option<NodeId>),
        rounds: bool,
    ) {
        let facts = self.facts(function);
        let end_of = |node: NodeId| facts.node(node).end;
        let root = facts.function(function.local).node;
        let first = low.map_or(root.0 + 1, end_of);
        let last = high.map_or_else(|| end_of(root), |it| it.0);
        let parts = region.parts.entry(function).or_default();
        if first <= last {
            parts.push((first, last));
        }
        let loops = |node: NodeId| {
            facts
                .ancestors(node)
                .filter(|it| matches!(facts.kind(*it), Kind::For | Kind::AsyncFor | Kind::While))
        };
        let shared = match (low, high) {
            (Some(low), Some(high)) => loops(low).find(|it| facts.contains(*it, high)),
            (Some(one), None) | (None, Some(one)) => loops(one).last(),
            (None, None) => None,
        };
        let wraps = match (low, high) {
            (Some(low), Some(high)) => low >= high,
            _ => rounds,
        };
        if let Some(around) = shared.filter(|_| wraps) {
            parts.push((first, end_of(around)));
            parts.push((around.0, last));
        }
    }

    /// Adds what the nodes of the parts call, and what that calls.
    pub(super) fn close(&self, region: &mut Region) {
        let mut open: VecDeque<(FnId, u32)> = VecDeque::new();
        let mut parts: Vec<(FnId, Vec<(u32, u32)>)> = region.parts.iter().map(|it| (*it.0, it.1.clone())).collect();
        parts.sort_unstable_by_key(|it| it.0);
        for (function, ranges) in parts {
            for (_, site) in self.graph().sites_in(function) {
                if ranges.iter().any(|it| it.0 <= site.at.node.0 && site.at.node.0 < it.1) {
                    open.extend(site.targets().iter().map(|it| (*it, 1)));
                }
            }
        }
        while let Some((function, hops)) = open.pop_front() {
            if region.functions.contains_key(&function) {
                continue;
            }
            region.functions.insert(function, hops);
            if hops < MAX_DOWN {
                let next = self
                    .graph()
                    .sites_in(function)
                    .flat_map(|(_, it)| it.targets().iter().copied());
                open.extend(next.map(|it| (it, hops + 1)));
            }
        }
    }

    /// The function that starts `worker` beside others, nearest to it on the way up.
    #[must_use]
    pub fn orchestrator(&self, worker: FnId, region: &Region) -> Option<(FnId, NodeId)> {
        let mut seen = vec![worker];
        let mut open = VecDeque::from([worker]);
        while let Some(function) = open.pop_front() {
            for (id, site) in self.graph().callers(function) {
                if self.starts.contains(&id) && region.distance(site.caller, site.at.node).is_some() {
                    return Some((site.caller, site.at.node));
                }
                if !seen.contains(&site.caller) {
                    seen.push(site.caller);
                    open.push_back(site.caller);
                }
            }
        }
        None
    }
}

/// Whether a site starts what it reaches beside its caller: a function given to a spawner, a thread or the loop, or a
/// coroutine that is made and not awaited, as an argument of a fan-out or once per item.
fn starts_beside(project: &Project, site: &Site) -> bool {
    if site.flags.has(Flags::MAIN) {
        return false;
    }
    if site
        .flags
        .has(Flags::SPAWNED.with(Flags::OFFLOADED).with(Flags::LOOP_CALLBACK))
    {
        return true;
    }
    let is_coroutine = |it: &FnId| project.names.facts(it.module).is_async(it.local);
    if site.flags.has(Flags::AWAITED) || !site.targets().iter().any(is_coroutine) {
        return false;
    }
    let facts = project.names.facts(site.at.module);
    for node in facts.ancestors(site.at.node) {
        match facts.kind(node) {
            Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp => return true,
            Kind::Call if is_spawner(project, site.caller, node) => return true,
            kind if kind.is_statement() => return false,
            _ => {}
        }
    }
    false
}

pub(super) fn is_spawner(project: &Project, caller: FnId, call: NodeId) -> bool {
    project.graph.sites_at(caller, call).any(|(_, site)| {
        let Callee::Library(entry) = site.callee else {
            return false;
        };
        matches!(
            project.names.catalog.entry(entry).act,
            Some(Act::Spawn | Act::FanOut | Act::BoundedFanOut)
        )
    })
}

/// The function and node at an offset of a file; `qualname` decides where a definition could belong to two.
#[must_use]
pub fn place(project: &Project, file: FileId, start: u32, qualname: &str) -> Option<(FnId, NodeId)> {
    let index = project.names.modules.iter().position(|it| it.file == file)?;
    let module = ModuleId(u32::try_from(index).ok()?);
    let facts = project.names.facts(module);
    let node = node_at(facts, start)?;
    let local = facts.function_of(node);
    // A definition is where its function starts, whatever stands around it.
    let own = facts.all_functions().find(|(_, it)| it.node == node).map(|it| it.0);
    let named = facts
        .all_functions()
        .find(|(_, it)| facts.text(it.qualname) == qualname)
        .map(|it| it.0);
    let local = own
        .or(named.filter(|_| facts.text(facts.function(local).qualname) != qualname))
        .unwrap_or(local);
    Some((FnId { module, local }, node))
}

/// The outermost node that starts at an offset, else the last that starts before it.
fn node_at(facts: &FileFacts, start: u32) -> Option<NodeId> {
    let nodes = (0u32..).zip(&facts.nodes).skip(1);
    let mut best = None;
    for (index, node) in nodes {
        if node.start == start {
            return Some(NodeId(index));
        }
        if node.start < start {
            best = Some(NodeId(index));
        }
    }
    best
}
