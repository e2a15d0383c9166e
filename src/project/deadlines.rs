//! Deadlines: which calls run under one, in their own function or on every way to it.

use super::Names;
use super::graph::{CallGraph, Callee, Flags};
use super::ids::{At, FnId, ModuleId, SiteId};
use super::rows::{Before, rows};
use crate::catalog::{Act, Entry};
use crate::facts::{FileFacts, Kind, NodeId, Role};

/// Which functions can be reached without a deadline, and which with one.
#[derive(Default)]
pub struct Deadlines {
    /// `[module]`: first node under a deadline and one past the last, in source order.
    spans: Vec<Vec<(u32, u32)>>,
    /// `[module]`: the same of scopes that nothing outside of them can cancel.
    shields: Vec<Vec<(u32, u32)>>,
    /// By dense number: somebody calls it, or nobody is known to, without a deadline.
    free: Vec<bool>,
    /// By dense number: at least as many callers hold a deadline as not.
    bounded: Vec<bool>,
}

/// How a wait is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// On no known way to it.
    Never,
    /// On some ways.
    Sometimes,
    /// On every way.
    Always,
}

impl Deadlines {
    /// Finds the deadlines, and spreads forwards from functions that nobody calls what is not under one.
    #[must_use]
    pub(super) fn new(names: &Names, graph: &CallGraph, before: Option<Before<'_, Self>>) -> Self {
        let n = graph.n_functions();
        let (spans_before, shields_before) = before.map_or((None, None), |Before { left, anew }| {
            (
                Some(Before::new(left.spans, anew)),
                Some(Before::new(left.shields, anew)),
            )
        });
        let mut deadlines = Self {
            spans: rows(names.modules.len(), spans_before, |it| spans(names, graph, it)),
            shields: rows(names.modules.len(), shields_before, |it| shields(names.facts(it))),
            free: vec![false; n],
            bounded: vec![false; n],
        };
        // By dense number: somebody calls it in a way that does not begin anew.
        let mut called = vec![false; n];
        // Somebody calls it under a deadline, and how many more do so than do not.
        let mut held = vec![(false, 0_i32); n];
        for site in &graph.sites {
            if names.modules[site.caller.module.0 as usize].is_test || site.targets().is_empty() {
                continue;
            }
            let covered = deadlines.covers(site.at);
            let starts = site.flags.has(Flags::SPAWNED.with(Flags::PASSED).with(Flags::MAIN)) && !covered;
            for &target in site.targets() {
                let dense = graph.dense(target);
                held[dense].0 |= covered;
                held[dense].1 += if covered { 1 } else { -1 };
                called[dense] |= !starts && site.caller != target;
            }
        }
        // One caller of many that waits less says nothing of the others.
        deadlines.bounded = held.iter().map(|&(held, weight)| held && weight >= 0).collect();
        deadlines.free = called.iter().map(|it| !it).collect();
        let queue = (0..n).filter(|&it| !called[it]).map(|it| graph.function(it)).collect();
        deadlines.spread(graph, queue);
        deadlines
    }

    fn spread(&mut self, graph: &CallGraph, mut queue: Vec<FnId>) {
        while let Some(function) = queue.pop() {
            let open = graph.sites_in(function).filter(|(_, site)| !self.covers(site.at));
            let targets: Vec<FnId> = open.flat_map(|(_, site)| site.targets().iter().copied()).collect();
            for target in targets {
                let free = &mut self.free[graph.dense(target)];
                if !*free {
                    *free = true;
                    queue.push(target);
                }
            }
        }
    }

    /// Whether a node runs under a deadline of its own function.
    #[must_use]
    pub fn covers(&self, at: At) -> bool {
        let spans = &self.spans[at.module.0 as usize];
        spans.iter().any(|&(first, end)| first <= at.node.0 && at.node.0 < end)
    }

    /// Whether no deadline outside of a shield can end what runs at a node, and none stands inside.
    fn is_shielded(&self, at: At) -> bool {
        let holds = |&&(first, end): &&(u32, u32)| first <= at.node.0 && at.node.0 < end;
        let inmost = self.shields[at.module.0 as usize].iter().rfind(holds);
        let spans = &self.spans[at.module.0 as usize];
        inmost.is_some_and(|&(first, _)| !spans.iter().filter(holds).any(|it| it.0 >= first))
    }

    /// Whether a function sets a deadline anywhere: then whoever wrote it has thought of time.
    #[must_use]
    pub fn sets(&self, names: &Names, function: FnId) -> bool {
        let facts = names.facts(function.module);
        let root = facts.function(function.local).node;
        let spans = &self.spans[function.module.0 as usize];
        spans.iter().any(|&(first, _)| facts.contains(root, NodeId(first)))
    }

    /// How the wait at a site is bounded, by scopes around it and around the calls that lead to it.
    #[must_use]
    pub fn of(&self, graph: &CallGraph, id: SiteId) -> Bound {
        let site = graph.site(id);
        self.at(graph, site.caller, site.at)
    }

    /// How a wait at a node of a function is bounded.
    #[must_use]
    pub fn at(&self, graph: &CallGraph, function: FnId, at: At) -> Bound {
        let dense = graph.dense(function);
        if self.is_shielded(at) {
            Bound::Never
        } else if self.covers(at) || !self.free[dense] {
            Bound::Always
        } else if self.bounded[dense] {
            Bound::Sometimes
        } else {
            Bound::Never
        }
    }
}

/// What the deadlines of a module cover: the bodies of `with timeout(...)`, the arguments of `wait_for(...)`.
fn spans(names: &Names, graph: &CallGraph, module: ModuleId) -> Vec<(u32, u32)> {
    let facts = names.facts(module);
    let functions = facts.all_functions().map(|(local, _)| FnId { module, local });
    let mut found: Vec<(u32, u32)> = functions
        .flat_map(|function| graph.sites_in(function))
        .filter_map(|(_, site)| {
            let Callee::Library(entry) = site.callee else {
                return None;
            };
            let entry = names.catalog.entry(entry);
            let bounds = matches!(entry.act, Some(Act::Deadline)) && has_bound(facts, site.at.node, entry);
            bounds.then(|| span(facts, site.at.node))
        })
        .collect();
    found.extend(said(facts));
    found.sort_unstable();
    found.dedup();
    found
}

/// A `with` item covers its statement, a call its arguments.
fn span(facts: &FileFacts, call: NodeId) -> (u32, u32) {
    let parent = NodeId(facts.node(call).parent);
    let covered = if facts.kind(parent) == Kind::WithItem {
        NodeId(facts.node(parent).parent)
    } else {
        call
    };
    (covered.0, facts.node(covered).end)
}

/// Whether the bound is given and not `None`.
#[must_use]
pub fn has_bound(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    let keyword = entry.bound.as_deref().unwrap_or("timeout");
    let named = facts.keyword(call, keyword).or_else(|| facts.keyword(call, "timeout"));
    let given = named.or_else(|| facts.arg(call, entry.bound_position? as usize));
    match given {
        Some(value) => facts.kind(value) != Kind::None,
        None => facts.has_double_star(call) || entry.act == Some(Act::Deadline) && entry.bound_position.is_none(),
    }
}

/// `async with self.timeout(...)`, `with deadline():`: what nobody typed and calls itself a time limit.
fn said(facts: &FileFacts) -> Vec<(u32, u32)> {
    let n = u32::try_from(facts.nodes.len()).unwrap_or(0);
    let items = (0..n).map(NodeId).filter(|&it| facts.kind(it) == Kind::WithItem);
    items
        .filter_map(|item| {
            let call = facts
                .child(item, Role::Context)
                .filter(|&it| facts.kind(it) == Kind::Call)?;
            let text = super::classes::written(facts, facts.child(call, Role::Func)?);
            let last = text.rsplit('.').next()?;
            let speaks = super::words::has_word(last, &["timeout", "deadline"]);
            let empty = facts.arg(call, 0).is_some_and(|it| facts.kind(it) == Kind::None);
            (speaks && !empty).then(|| span(facts, call))
        })
        .collect()
}

/// `with CancelScope(shield=True):`, which keeps every deadline around it away.
fn shields(facts: &FileFacts) -> Vec<(u32, u32)> {
    let n = u32::try_from(facts.nodes.len()).unwrap_or(0);
    let items = (0..n).map(NodeId).filter(|&it| facts.kind(it) == Kind::WithItem);
    let calls = items.filter_map(|it| facts.child(it, Role::Context));
    calls
        .filter(|&it| facts.kind(it) == Kind::Call)
        .filter(|&it| {
            let shield = facts.keyword(it, "shield");
            shield.is_some_and(|it| facts.kind(it) == Kind::True) && facts.keyword(it, "deadline").is_none()
        })
        .map(|it| span(facts, it))
        .collect()
}
