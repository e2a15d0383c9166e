//! Collects the fan-outs of one module.

use super::elements::{Element, Elements};
use super::{FanOut, Starter, Strand, Worker};
use crate::catalog::{Act, Entry, EntryId, Takes};
use crate::facts::{FileFacts, Kind, LocalFn, MODULE_FN, NodeId, PlaceKind, Role};
use crate::project::Names;
use crate::project::graph::{CallGraph, Callee};
use crate::project::ids::{At, FnId};
use crate::project::limiter::{Limiters, says_limit};
use crate::project::width::{Width, Widths};
use crate::project::words::has_word;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Functions of the project that run the awaitables they are given at once; whether they bound how many run.
pub(super) type Helpers = FxHashMap<FnId, bool>;

/// One function, while its fan-outs are collected.
pub(super) struct Scope<'a> {
    pub(super) names: &'a Names,
    pub(super) graph: &'a CallGraph,
    pub(super) limiters: &'a Limiters,
    pub(super) facts: &'a FileFacts,
    pub(super) function: FnId,
    pub(super) local: LocalFn,
    /// The gather whose awaitables are looked at.
    pub(super) fan: Option<NodeId>,
    /// Spawns that belong to a gather already seen.
    pub(super) consumed: Vec<NodeId>,
    /// It starts something by itself.
    pub(super) begins: bool,
}

impl<'a> Scope<'a> {
    fn new(names: &'a Names, graph: &'a CallGraph, limiters: &'a Limiters, function: FnId) -> Self {
        let facts = names.facts(function.module);
        Self {
            names,
            graph,
            limiters,
            facts,
            function,
            local: function.local,
            fan: None,
            consumed: Vec::new(),
            begins: false,
        }
    }

    /// The calls of the function that run many awaitables, with the arguments that hold them.
    fn gathers(&self) -> Vec<(NodeId, EntryId)> {
        let mut found: Vec<(NodeId, EntryId)> = Vec::new();
        for (_, site) in self.graph.sites_in(self.function) {
            let Callee::Library(id) = site.callee else { continue };
            let entry = self.names.catalog.entry(id);
            let gathers = match entry.act {
                Some(Act::FanOut) => matches!(entry.takes, Some(Takes::Awaitables | Takes::Spread)),
                Some(Act::BoundedFanOut) => {
                    matches!(entry.takes, Some(Takes::Awaitables | Takes::Spread | Takes::Mapped))
                }
                _ => false,
            };
            if gathers
                && self.facts.kind(site.at.node) == Kind::Call
                && found.last().map(|it| it.0) != Some(site.at.node)
            {
                found.push((site.at.node, id));
            }
        }
        found
    }

    /// The awaitables that a call is given.
    fn given(&self, call: NodeId, entry: &Entry) -> Vec<Element> {
        let facts = self.facts;
        let mut elements = Elements::new(facts, call, self.local);
        let position = entry.callable.unwrap_or(0) as usize;
        if entry.takes == Some(Takes::Mapped) {
            let function = facts.arg(call, position);
            // `run_on_each(f, xs)`, but `map(xs, f)` where the function comes second.
            let items = facts.arg(call, if position == 0 { 1 } else { 0 });
            elements.map(function, items);
        } else if entry.takes == Some(Takes::Spread) {
            for arg in facts.children_as(call, Role::Arg).skip(position) {
                if facts.kind(arg) == Kind::Starred {
                    elements.add(arg);
                }
            }
        } else {
            let keyword = entry.callable_keyword.as_deref().unwrap_or("fs");
            if let Some(arg) = facts.arg(call, position).or_else(|| facts.keyword(call, keyword)) {
                elements.add(arg);
            }
        }
        elements.found
    }

    fn strands(&mut self, elements: Vec<Element>) -> Vec<Strand> {
        elements.into_iter().map(|it| self.strand(&it)).collect()
    }

    fn strand(&mut self, element: &Element) -> Strand {
        let worker = if element.is_function {
            Some(Worker {
                node: element.node,
                wrapped: Vec::new(),
                in_thread: false,
            })
        } else {
            self.worker(element.node)
        };
        let (width, source) = self.width(&element.loops);
        let width = if element.is_slice {
            width.min(Width::Bounded)
        } else {
            width
        };
        Strand { worker, width, source }
    }

    /// How often the loops repeat, and the collection that decides.
    pub(super) fn width(&self, loops: &[NodeId]) -> (Width, Option<NodeId>) {
        let facts = self.facts;
        let widths = Widths::new(self.names, self.function.module);
        let mut width = Width::Constant(1);
        let mut source = None;
        for &it in loops {
            let (one, of) = match facts.kind(it) {
                Kind::AsyncFor => (Width::Data, facts.child(it, Role::Iter)),
                Kind::Generator if facts.node(it).payload == 1 => (Width::Data, facts.child(it, Role::Iter)),
                Kind::For | Kind::Generator => {
                    let iter = facts.child(it, Role::Iter);
                    (iter.map_or(Width::Unknown, |it| widths.of(it)), iter)
                }
                Kind::While => (Width::Unknown, None),
                _ => (widths.of(it), Some(it)),
            };
            if source.is_none() || (one == Width::Data && width != Width::Data) {
                source = of;
            }
            width = width.times(one);
        }
        (width, source)
    }
}

/// The fan-outs of some functions of a module, and those of them that start anything by themselves.
pub(super) fn module(
    names: &Names,
    graph: &CallGraph,
    limiters: &Limiters,
    helpers: &Helpers,
    functions: &[FnId],
) -> (Vec<FanOut>, Vec<LocalFn>) {
    let mut found = Vec::new();
    let mut begin = Vec::new();
    for &function in functions {
        let mut scope = Scope::new(names, graph, limiters, function);
        found.extend(gathers(&mut scope));
        found.extend(helped(&mut scope, helpers));
        scope.fan = None;
        found.extend(scope.spawns());
        if scope.begins {
            begin.push(function.local);
        }
    }
    found.sort_by_key(|it: &FanOut| it.at.node);
    (found, begin)
}

fn gathers(scope: &mut Scope<'_>) -> Vec<FanOut> {
    let mut found = Vec::new();
    for (call, id) in scope.gathers() {
        scope.begins = true;
        let entry = scope.names.catalog.entry(id);
        let elements = scope.given(call, entry);
        scope.fan = Some(call);
        let strands = scope.strands(elements);
        found.push(FanOut {
            at: At {
                module: scope.function.module,
                node: call,
            },
            orchestrator: scope.function,
            starter: Starter::Together(Some(id)),
            bounded: bounds(scope.facts, call, entry) || scope.slides(call),
            strands,
        });
    }
    found
}

/// Whether the call itself bounds how many run: `run_on_each(f, xs, max_at_once=10)`, and not without the argument.
fn bounds(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    if entry.act != Some(Act::BoundedFanOut) {
        return false;
    }
    let Some(keyword) = entry.bound.as_deref() else {
        return true;
    };
    let is_meant = |it: NodeId| facts.kind(it) != Kind::None;
    let named = [keyword, "max_per_second"]
        .into_iter()
        .filter_map(|it| facts.keyword(call, it));
    let placed = entry.bound_position.and_then(|it| facts.arg(call, it as usize));
    facts.has_double_star(call) || named.chain(placed).any(is_meant)
}

/// Calls of the project's own gather-like helpers.
fn helped(scope: &mut Scope<'_>, helpers: &Helpers) -> Vec<FanOut> {
    let mut calls: Vec<(NodeId, bool)> = Vec::new();
    for (_, site) in scope.graph.sites_in(scope.function) {
        if let Callee::Own(target) = site.callee
            && let Some(&bounded) = helpers.get(&target)
            && scope.facts.kind(site.at.node) == Kind::Call
        {
            calls.push((site.at.node, bounded));
        }
    }
    let mut found = Vec::new();
    for (call, bounded) in calls {
        let facts = scope.facts;
        scope.fan = Some(call);
        let mut elements = Elements::new(facts, call, scope.local);
        for child in facts.children(call) {
            match facts.node(child).role {
                Role::Arg => elements.add(child),
                Role::Keyword => {
                    if let Some(value) = facts.child(child, Role::Value) {
                        elements.add(value);
                    }
                }
                _ => {}
            }
        }
        let awaitables: Vec<Element> = elements
            .found
            .into_iter()
            .filter(|it| !it.is_function && scope.makes_awaitable(it.node))
            .collect();
        if awaitables.is_empty() {
            continue;
        }
        let strands = scope.strands(awaitables);
        found.push(FanOut {
            at: At {
                module: scope.function.module,
                node: call,
            },
            orchestrator: scope.function,
            starter: Starter::Together(None),
            strands,
            bounded,
        });
    }
    found
}

/// Those of some functions that gather what they are given.
pub(super) fn helpers(names: &Names, graph: &CallGraph, limiters: &Limiters, functions: &[FnId]) -> Helpers {
    let rows = functions
        .par_iter()
        .filter(|it| it.local != MODULE_FN)
        .filter_map(|&function| {
            let scope = Scope::new(names, graph, limiters, function);
            let gathers = scope.gathers();
            let given = gathers
                .iter()
                .any(|&(call, id)| scope.gathers_parameter(call, names.catalog.entry(id)));
            given.then(|| (function, is_bounded_helper(&scope, &gathers)))
        });
    rows.collect()
}

fn is_bounded_helper(scope: &Scope<'_>, gathers: &[(NodeId, EntryId)]) -> bool {
    let name = scope.facts.text(scope.names.function(scope.function).name);
    let catalog = &scope.names.catalog;
    says_limit(name)
        || has_word(
            name,
            &[
                "batch",
                "batches",
                "batched",
                "chunk",
                "chunked",
                "chunks",
                "concurrent",
                "pool",
                "window",
            ],
        )
        || scope.limiters.enters_deep(scope.names, scope.function)
        || gathers.iter().any(|(call, id)| {
            catalog.entry(*id).act == Some(Act::BoundedFanOut) || scope.slides(*call) || scope.is_in_loop(*call)
        })
}

impl Scope<'_> {
    /// Whether a gather runs the function's own parameter, as it is or wrapped one by one.
    fn gathers_parameter(&self, call: NodeId, entry: &Entry) -> bool {
        let facts = self.facts;
        let root = facts.children(call).filter(|&it| facts.node(it).role != Role::Func);
        let direct = root.clone().any(|it| {
            let inner = if facts.kind(it) == Kind::Starred {
                facts.child(it, Role::Value)
            } else {
                Some(it)
            };
            inner.is_some_and(|it| self.is_parameter(it))
        });
        direct
            || self.given(call, entry).iter().any(|it| {
                it.loops.iter().any(|&it| {
                    let iter = facts.child(it, Role::Iter);
                    iter.is_some_and(|it| (it.0..facts.node(it).end).map(NodeId).any(|it| self.is_parameter(it)))
                })
            })
    }

    fn is_parameter(&self, node: NodeId) -> bool {
        let facts = self.facts;
        facts.name_place(node).is_some_and(|place| {
            facts.place(place).kind == PlaceKind::Local
                && facts.function(self.local).params.iter().any(|it| it.place == place)
        })
    }

    fn is_in_loop(&self, node: NodeId) -> bool {
        self.facts.ancestors(node).any(|it| self.facts.kind(it).is_loop())
    }

    /// Whether the element is a call that gives a coroutine or a task.
    fn makes_awaitable(&mut self, node: NodeId) -> bool {
        let before = self.consumed.len();
        let worker = self.worker(node);
        let spawned = self.consumed.len() > before;
        self.consumed.truncate(before);
        worker.is_some_and(|it| spawned || it.in_thread || self.is_coroutine(it.node))
    }
}
