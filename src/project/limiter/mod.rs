//! Limiters: where they are entered, what runs under them, and which of them limit nothing.

mod holds;
mod names;

use super::Names;
use super::classes::static_expr;
use super::decorators::Decorators;
use super::graph::{CallGraph, Callee};
use super::ids::{At, FnId, ModuleId, SiteId};
use super::rows::{Before, module_id, rows};
use super::ty::Ty;
use super::types::Types;
use super::words::has_word;
use crate::catalog::{Catalog, ExtClass, Is};
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, Op, PlaceKind, Role, Sym};
use holds::entries;
use holds::{Row, module_holds};
pub use names::says_limit;
pub(super) use names::spoken;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

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
    /// What each round has found; the last is what holds.
    rounds: Vec<Round>,
    own: Vec<Own>,
    /// Functions of which every call waits for a limiter.
    whole: FxHashSet<FnId>,
}

/// What one round finds.
#[derive(Default)]
struct Round {
    /// `[module]`.
    rows: Vec<Row>,
    /// The functions that enter a limiter that outlives them.
    enters: FxHashSet<FnId>,
}

/// What a module says of limiters by itself.
struct Own {
    /// Where one could be entered.
    places: Vec<(LocalFn, NodeId)>,
    too_big: Vec<NodeId>,
    never_entered: Vec<(Sym, NodeId)>,
    /// Functions that a decorator limits by its name, or may limit by what it is.
    decorated: Vec<(LocalFn, Option<FnId>)>,
}

impl Limiters {
    /// Finds them.
    #[must_use]
    pub(super) fn new(
        names: &Names,
        types: &Types,
        (graph, decorators): (&CallGraph, &Decorators),
        before: Option<Before<'_, Self>>,
    ) -> Self {
        let anew = before.as_ref().map_or(&[][..], |it| it.anew);
        let mut left = before.map(|it| it.left);
        let own = left.as_mut().map(|it| Before::new(std::mem::take(&mut it.own), anew));
        let own = rows(names.modules.len(), own, |it| Own {
            // The rounds look at the same few nodes again and again; finding them once spares a walk over everything.
            places: entries(names.facts(it)),
            too_big: too_big(names, graph, it),
            never_entered: unused(names, it),
            decorated: decorated(names, decorators, it),
        });
        let left = left.map_or_else(Vec::new, |it| it.rounds);
        let mut rounds: Vec<Round> = Vec::new();
        let mut known = FxHashSet::default();
        for round in 0..ROUNDS {
            let here = rounds.len().checked_sub(1);
            let found = own.par_iter().enumerate().map(|(index, own)| {
                let module = module_id(index);
                let mut earlier = here
                    .map(|it| answered(&rounds, it, index))
                    .into_iter()
                    .collect::<Vec<_>>();
                if !left.is_empty() && anew.binary_search(&module).is_err() {
                    earlier.push(answered(&left, round.min(left.len() - 1), index));
                }
                // What nobody asked about can't have changed the answer.
                let same = earlier
                    .into_iter()
                    .find(|(row, theirs)| row.is_still_so(*theirs, &known));
                match same {
                    Some((row, _)) => row.clone(),
                    None => module_holds(names, types, graph, &known, (module, &own.places)),
                }
            });
            let rows: Vec<Row> = found.collect();
            let lasting = rows.iter().flat_map(|it| &it.holds).filter(|it| it.made.is_none());
            let enters: FxHashSet<FnId> = lasting.map(|it| it.function).collect();
            let is_last = enters == known;
            known.clone_from(&enters);
            rounds.push(Round { rows, enters });
            if is_last {
                break;
            }
        }
        let mut limiters = Self {
            rounds,
            own,
            whole: FxHashSet::default(),
        };
        limiters.whole = limiters.limited_whole(names);
        limiters
    }

    fn limited_whole(&self, names: &Names) -> FxHashSet<FnId> {
        let mut known: FxHashMap<FnId, bool> = FxHashMap::default();
        let mut whole = FxHashSet::default();
        for (module, own) in (0..).map(ModuleId).zip(&self.own) {
            for &(local, by) in &own.decorated {
                let limits = by.is_none_or(|by| *known.entry(by).or_insert_with(|| self.enters_deep(names, by)));
                if limits {
                    whole.insert(FnId { module, local });
                }
            }
        }
        whole
    }

    /// The places in a module where limiters are entered.
    #[must_use]
    pub fn holds(&self, module: ModuleId) -> &[Hold] {
        let last = self.rounds.last();
        last.map_or(&[], |it| &it.rows[module.0 as usize].holds)
    }

    /// The constructions in a module whose size is the amount of work, or beyond any.
    #[must_use]
    pub fn too_big(&self, module: ModuleId) -> &[NodeId] {
        &self.own[module.0 as usize].too_big
    }

    /// The local limiters of a module that nothing uses: the name, and the construction.
    #[must_use]
    pub fn never_entered(&self, module: ModuleId) -> &[(Sym, NodeId)] {
        &self.own[module.0 as usize].never_entered
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
    pub fn is_whole(&self, function: FnId) -> bool {
        self.whole.contains(&function)
    }

    /// Whether the function, or one nested in it, enters a limiter that outlives it.
    #[must_use]
    pub fn enters_deep(&self, names: &Names, function: FnId) -> bool {
        let facts = names.facts(function.module);
        let root = facts.function(function.local).node;
        let last = self.rounds.last();
        last.is_some_and(|it| it.enters.contains(&function))
            || self
                .holds(function.module)
                .iter()
                .any(|it| it.made.is_none() && facts.contains(root, it.at.node))
    }
}

/// A row of a round, and what was known when it was found.
fn answered(rounds: &[Round], round: usize, module: usize) -> (&Row, Option<&FxHashSet<FnId>>) {
    let known = round.checked_sub(1).map(|it| &rounds[it].enters);
    (&rounds[round].rows[module], known)
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
fn too_big(names: &Names, graph: &CallGraph, module: ModuleId) -> Vec<NodeId> {
    let mut found = Vec::new();
    for site in graph.sites_of(module) {
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
            found.push(site.at.node);
        }
    }
    found
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

fn decorated(names: &Names, decorators: &Decorators, module: ModuleId) -> Vec<(LocalFn, Option<FnId>)> {
    let facts = names.facts(module);
    let mut found = Vec::new();
    for (local, _) in facts.all_functions() {
        for it in decorators.of(FnId { module, local }) {
            if limits_by_name(facts, it.node) {
                found.push((local, None));
            } else if let Some(by) = it.own {
                found.push((local, Some(by)));
            }
        }
    }
    found
}

fn limits_by_name(facts: &FileFacts, decorator: NodeId) -> bool {
    let text = spoken(facts, decorator);
    let last = text.rsplit('.').next().unwrap_or_default();
    has_word(
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
    )
}
