//! Limiters: where they are entered, what runs under them, and which of them limit nothing.

mod holds;
mod names;

use super::Names;
use super::classes::static_expr;
use super::decorators::Decorators;
use super::graph::{CallGraph, Callee};
use super::ids::{At, FnId, ModuleId, SiteId};
use super::ty::Ty;
use super::types::Types;
use super::words::has_word;
use crate::catalog::{Catalog, ExtClass, Is};
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, Op, PlaceKind, Role, Sym};
use holds::entries;
use holds::{Asked, module_holds};
pub use names::says_limit;
pub(super) use names::spoken;
use rayon::prelude::*;

/// Functions that enter limiters are found through this many calls (`async with self._slot():`).
const ROUNDS: usize = 3;

/// What bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimiterKind {
    /// How many are inside.
    Count,
    /// How many enter per second.
    Rate,
    /// One at a time.
    Lock,
    /// Its type is not known; its name says that it limits.
    Named,
    /// A function or class of the project that enters one.
    Wrapped,
}

/// A place where a limiter is entered, and what runs under it.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// The `with` item, or the awaited `acquire()`.
    pub at: At,
    /// The limiter as it is written.
    pub subject: NodeId,
    /// The function that enters it.
    pub function: FnId,
    /// The nodes under it: first and one past the last.
    pub covers: (u32, u32),
    /// What kind.
    pub kind: LimiterKind,
    /// Where it is made, if that is in the function that enters it: every call then has its own.
    pub made: Option<NodeId>,
    /// Entered by `with`, not by `acquire()`.
    pub is_with: bool,
}

impl Hold {
    /// Whether a node of its function runs under it.
    #[must_use]
    pub fn covers(&self, node: NodeId) -> bool {
        self.covers.0 <= node.0 && node.0 < self.covers.1
    }
}

/// All limiters of the program.
#[derive(Default)]
pub struct Limiters {
    /// `[module]`, in source order.
    holds: Vec<Vec<Hold>>,
    too_big: Vec<Vec<NodeId>>,
    never_entered: Vec<Vec<(Sym, NodeId)>>,
    enters: Vec<bool>,
    whole: Vec<bool>,
}

impl Limiters {
    /// Finds them.
    #[must_use]
    pub fn new(names: &Names, types: &Types, graph: &CallGraph, decorators: &Decorators) -> Self {
        let mut limiters = Self {
            holds: vec![Vec::new(); names.modules.len()],
            too_big: too_big(names, graph),
            never_entered: (0..names.modules.len())
                .map(|it| unused(names, module_id(it)))
                .collect(),
            enters: vec![false; graph.n_functions()],
            whole: vec![false; graph.n_functions()],
        };
        // The rounds look at the same few nodes again and again; finding them once spares a walk over everything.
        let places: Vec<Vec<(LocalFn, NodeId)>> = names.modules.par_iter().map(|it| entries(&it.facts)).collect();
        let mut rows: Vec<(Vec<Hold>, Asked)> = Vec::new();
        let mut changed = Vec::new();
        for round in 0..ROUNDS {
            let found = places.par_iter().enumerate().map(|(it, places)| {
                // What nobody asked about can't have changed the answer.
                let same = |row: &&(Vec<Hold>, Asked)| round > 0 && !row.1.iter().any(|&it| changed[it]);
                match rows.get(it).filter(same) {
                    Some(row) => row.clone(),
                    None => module_holds(names, types, graph, &limiters, module_id(it), places),
                }
            });
            rows = found.collect();
            let mut enters = vec![false; graph.n_functions()];
            for hold in rows.iter().flat_map(|it| &it.0).filter(|it| it.made.is_none()) {
                enters[graph.dense(hold.function)] = true;
            }
            changed = enters.iter().zip(&limiters.enters).map(|(a, b)| a != b).collect();
            if limiters.enters == enters {
                break;
            }
            limiters.enters = enters;
        }
        limiters.holds = rows.into_iter().map(|it| it.0).collect();
        limiters.whole = (0..graph.n_functions())
            .map(|it| is_limited_by_decorator(names, &limiters, graph, decorators, graph.function(it)))
            .collect();
        limiters
    }

    /// The places in a module where limiters are entered.
    #[must_use]
    pub fn holds(&self, module: ModuleId) -> &[Hold] {
        &self.holds[module.0 as usize]
    }

    /// The constructions in a module whose size is the amount of work, or beyond any.
    #[must_use]
    pub fn too_big(&self, module: ModuleId) -> &[NodeId] {
        &self.too_big[module.0 as usize]
    }

    /// The local limiters of a module that nothing uses: the name, and the construction.
    #[must_use]
    pub fn never_entered(&self, module: ModuleId) -> &[(Sym, NodeId)] {
        &self.never_entered[module.0 as usize]
    }

    /// The limiters that outlive their function and cover a node of it.
    pub fn around(&self, module: ModuleId, function: LocalFn, node: NodeId) -> impl Iterator<Item = &Hold> {
        self.holds(module).iter().filter(move |it| {
            it.function.local == function && it.made.is_none() && it.covers.0 <= node.0 && node.0 < it.covers.1
        })
    }

    /// Whether a call runs under a limiter of its own function, or the functions it reaches are limited whole.
    #[must_use]
    pub fn limits(&self, graph: &CallGraph, id: SiteId) -> bool {
        let site = graph.site(id);
        self.around(site.at.module, site.caller.local, site.at.node)
            .next()
            .is_some()
    }

    /// Whether every call of the function waits for a limiter (a decorator).
    #[must_use]
    pub fn is_whole(&self, graph: &CallGraph, function: FnId) -> bool {
        self.whole[graph.dense(function)]
    }

    /// Whether the function, or one nested in it, enters a limiter that outlives it.
    #[must_use]
    pub fn enters_deep(&self, names: &Names, graph: &CallGraph, function: FnId) -> bool {
        let facts = names.facts(function.module);
        let root = facts.function(function.local).node;
        self.enters[graph.dense(function)]
            || self
                .holds(function.module)
                .iter()
                .any(|it| it.made.is_none() && facts.contains(root, it.at.node))
    }
}

fn module_id(index: usize) -> ModuleId {
    ModuleId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Locals that hold a limiter and are never read.
fn unused(names: &Names, module: ModuleId) -> Vec<(Sym, NodeId)> {
    let facts = names.facts(module);
    let made = facts.definitions.iter().filter_map(|it| {
        let How::Assign { value, .. } = it.how else { return None };
        let place = facts.place(it.place);
        let only = place.kind == PlaceKind::Local && place.n_defs == 1 && facts.kind(value) == Kind::Call;
        let counts = || {
            matches!(
                constructed(names, At { module, node: value }),
                Some(LimiterKind::Count | LimiterKind::Rate)
            )
        };
        let read = || {
            (0..facts.nodes.len())
                .map(|it| NodeId(u32::try_from(it).unwrap_or(u32::MAX)))
                .any(|node| facts.name_place(node) == Some(it.place) && facts.node(node).role != Role::Target)
        };
        (only && counts() && !read()).then_some((place.name, value))
    });
    made.collect()
}

/// A limiter with more places than this bounds nothing that is scarce.
const HUGE: f64 = 50_000.0;

/// `Semaphore(len(urls))`, `Semaphore(10**6)`.
fn too_big(names: &Names, graph: &CallGraph) -> Vec<Vec<NodeId>> {
    let mut rows = vec![Vec::new(); names.modules.len()];
    for site in &graph.sites {
        let Callee::Construct(name) = site.callee else { continue };
        let facts = names.facts(site.at.module);
        let Some(class) = names.catalog.class(name) else {
            continue;
        };
        if external(&names.catalog, class) != Some(LimiterKind::Count) {
            continue;
        }
        let entry = names.catalog.class_entry(class);
        let keyword = entry.size.as_deref().unwrap_or("value");
        let size = facts
            .arg(site.at.node, 0)
            .or_else(|| facts.keyword(site.at.node, keyword));
        if size.is_some_and(|it| is_huge(facts, it) || is_infinite(facts, it) || is_length(facts, it)) {
            rows[site.at.module.0 as usize].push(site.at.node);
        }
    }
    rows
}

/// `math.inf`, `float("inf")`.
fn is_infinite(facts: &FileFacts, size: NodeId) -> bool {
    match facts.kind(size) {
        Kind::Name | Kind::Attribute => spoken(facts, size).rsplit('.').next() == Some("inf"),
        Kind::Call => facts.arg(size, 0).and_then(|it| facts.payload_text(it)) == Some("inf"),
        _ => false,
    }
}

fn is_huge(facts: &FileFacts, size: NodeId) -> bool {
    let child = |role: Role| facts.child(size, role).and_then(|it| facts.number(it));
    match facts.kind(size) {
        Kind::BinOp if facts.node(size).payload == Op::Pow as u32 => {
            matches!((child(Role::Left), child(Role::Right)), (Some(base), Some(power)) if base.powf(power) >= HUGE)
        }
        _ => facts.number(size).is_some_and(|it| it >= HUGE),
    }
}

fn is_length(facts: &FileFacts, size: NodeId) -> bool {
    facts.kind(size) == Kind::Call && facts.child(size, Role::Func).and_then(|it| facts.name_text(it)) == Some("len")
}

fn external(catalog: &Catalog, class: ExtClass) -> Option<LimiterKind> {
    if catalog.is(class, Is::Limiter) {
        Some(LimiterKind::Count)
    } else if catalog.is(class, Is::RateLimiter) {
        Some(LimiterKind::Rate)
    } else if catalog.is(class, Is::AsyncLock) {
        Some(LimiterKind::Lock)
    } else {
        None
    }
}

/// What kind of limiter a call constructs, by imports and definitions alone.
fn constructed(names: &Names, call: At) -> Option<LimiterKind> {
    let facts = names.facts(call.module);
    if facts.kind(call.node) != Kind::Call {
        return None;
    }
    let func = facts.child(call.node, Role::Func)?;
    match static_expr(names.importer(), call.module, func, 8)? {
        Ty::Name(name) => external(&names.catalog, names.catalog.class(name)?),
        _ => None,
    }
}

fn is_limited_by_decorator(
    names: &Names,
    limiters: &Limiters,
    graph: &CallGraph,
    decorators: &Decorators,
    function: FnId,
) -> bool {
    let facts = names.facts(function.module);
    decorators.of(function).iter().any(|it| {
        let text = spoken(facts, it.node);
        let last = text.rsplit('.').next().unwrap_or_default();
        let by_name = has_word(
            last,
            &[
                "throttle",
                "throttled",
                "limiter",
                "limit",
                "limited",
                "semaphore",
                "concurrency",
                "ratelimit",
                "bulkhead",
                "sleep_and_retry",
            ],
        );
        by_name || it.own.is_some_and(|it| limiters.enters_deep(names, graph, it))
    })
}
