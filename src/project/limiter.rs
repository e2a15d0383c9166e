//! Limiters: where they are entered, what runs under them, and which of them limit nothing.

use super::Names;
use super::classes::{Member, static_expr};
use super::decorators::Decorators;
use super::graph::{CallGraph, Callee};
use super::ids::{At, FnId, ModuleId, SiteId};
use super::infer::Eval;
use super::ty::Ty;
use super::types::Types;
use super::words::{has_word, words};
use crate::catalog::{Catalog, ExtClass, Is};
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, Op, PlaceId, PlaceKind, Role};
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
            enters: vec![false; graph.n_functions()],
            whole: vec![false; graph.n_functions()],
        };
        for _ in 0..ROUNDS {
            let holds: Vec<Vec<Hold>> = (0..names.modules.len())
                .into_par_iter()
                .map(|it| {
                    module_holds(
                        names,
                        types,
                        graph,
                        &limiters,
                        ModuleId(u32::try_from(it).unwrap_or(u32::MAX)),
                    )
                })
                .collect();
            let mut enters = vec![false; graph.n_functions()];
            for hold in holds.iter().flatten().filter(|it| it.made.is_none()) {
                enters[graph.dense(hold.function)] = true;
            }
            limiters.holds = holds;
            if limiters.enters == enters {
                break;
            }
            limiters.enters = enters;
        }
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

    /// Whether a call constructs a limiter that counts or paces.
    #[must_use]
    pub fn makes(&self, names: &Names, call: At) -> bool {
        matches!(constructed(names, call), Some(LimiterKind::Count | LimiterKind::Rate))
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
        if size.is_some_and(|it| is_huge(facts, it) || is_length(facts, it)) {
            rows[site.at.module.0 as usize].push(site.at.node);
        }
    }
    rows
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

/// Whether a name says that it bounds how many run.
#[must_use]
pub fn says_limit(text: &str) -> bool {
    has_word(
        text,
        &[
            "sem",
            "sema",
            "sems",
            "semaphore",
            "semaphores",
            "limiter",
            "limiters",
            "limit",
            "limits",
            "ratelimit",
            "ratelimiter",
            "throttle",
            "throttler",
            "throttled",
            "lock",
            "locks",
            "rlock",
            "mutex",
            "slot",
            "slots",
            "concurrency",
            "bulkhead",
            "bucket",
            "permit",
            "permits",
            "quota",
            "gate",
            "limited",
            "bounded",
            "backpressure",
        ],
    )
}

fn module_holds(names: &Names, types: &Types, graph: &CallGraph, known: &Limiters, module: ModuleId) -> Vec<Hold> {
    let mut finder = Finder {
        names,
        graph,
        known,
        module,
        facts: names.facts(module),
        eval: Eval::new(names, types, module),
    };
    let mut found = Vec::new();
    for (local, _) in names.facts(module).all_functions().skip(1) {
        for node in names.facts(module).body_nodes(local) {
            let hold = match finder.facts.kind(node) {
                Kind::WithItem => finder.entered(local, node),
                Kind::Await => finder.acquired(local, node),
                _ => None,
            };
            if let Some(hold) = hold {
                found.extend(finder.optional(local, &hold));
                found.push(hold);
            }
        }
    }
    found
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

struct Finder<'a> {
    names: &'a Names,
    graph: &'a CallGraph,
    known: &'a Limiters,
    module: ModuleId,
    facts: &'a FileFacts,
    eval: Eval<'a>,
}

impl Finder<'_> {
    fn function(&self, local: LocalFn) -> FnId {
        FnId {
            module: self.module,
            local,
        }
    }

    /// `async with limiter:`.
    fn entered(&mut self, local: LocalFn, item: NodeId) -> Option<Hold> {
        let facts = self.facts;
        let statement = NodeId(facts.node(item).parent);
        let subject = facts.child(item, Role::Context)?;
        let kind = self.kind(local, item, subject)?;
        let first = facts.child(statement, Role::Body)?;
        Some(Hold {
            at: At {
                module: self.module,
                node: item,
            },
            subject,
            function: self.function(local),
            covers: (first.0, facts.node(statement).end),
            kind,
            made: self.made_here(local, subject),
            is_with: true,
        })
    }

    /// `if self.limit: async with self.limit: ... else: ...`: whoever gives no limiter wants none; both arms count.
    fn optional(&self, local: LocalFn, hold: &Hold) -> Option<Hold> {
        let facts = self.facts;
        let subject = spoken(facts, hold.subject);
        let asks = |test: NodeId| {
            (test.0..facts.node(test).end).map(NodeId).any(|it| {
                matches!(facts.kind(it), Kind::Name | Kind::Attribute) && spoken(facts, it) == subject
            })
        };
        let guard = facts
            .body_nodes(local)
            .find(|&it| facts.kind(it) == Kind::If && facts.child(it, Role::Test).is_some_and(asks))?;
        let covers = (guard.0, facts.node(guard).end);
        Some(Hold { covers, kind: LimiterKind::Named, is_with: false, ..*hold })
    }

    fn kind(&mut self, local: LocalFn, item: NodeId, subject: NodeId) -> Option<LimiterKind> {
        let facts = self.facts;
        let statement = NodeId(facts.node(item).parent);
        let ty = self.eval.expr(subject);
        for it in ty.alternatives() {
            match it {
                Ty::External(class) => {
                    if let Some(kind) = self.external(*class) {
                        return Some(kind);
                    }
                }
                Ty::Instance(class) => {
                    let method = self.names.classes.member(&self.names.modules, *class, "__aenter__", 0);
                    if let Some(Member::Function(enter)) = method
                        && self.known.enters[self.graph.dense(enter)]
                    {
                        return Some(LimiterKind::Wrapped);
                    }
                }
                _ => {}
            }
        }
        let own = self
            .graph
            .sites_at(self.function(local), subject)
            .any(|(_, site)| site.targets().iter().any(|&it| self.known.enters[self.graph.dense(it)]));
        if own {
            return Some(LimiterKind::Wrapped);
        }
        let known_for_something_else = !matches!(
            ty,
            Ty::Unknown | Ty::None | Ty::Foreign | Ty::Instance(_) | Ty::OneOf(_) | Ty::Collection(_)
        );
        let is_async = facts.kind(statement) == Kind::AsyncWith;
        (is_async && !known_for_something_else && says_limit(&spoken(facts, subject))).then_some(LimiterKind::Named)
    }

    fn external(&self, class: ExtClass) -> Option<LimiterKind> {
        external(&self.names.catalog, class)
    }

    /// `await limiter.acquire()`, `await self._throttle()`: what comes after it in the function runs under it.
    fn acquired(&mut self, local: LocalFn, node: NodeId) -> Option<Hold> {
        let facts = self.facts;
        let mut call = facts.child(node, Role::Value)?;
        // `await wait_for(sem.acquire(), 5)`.
        if facts.kind(call) == Kind::Call
            && let Some(inner) = facts.arg(call, 0)
            && facts.kind(inner) == Kind::Call
            && spoken(facts, inner).ends_with("acquire")
        {
            call = inner;
        }
        if facts.kind(call) != Kind::Call {
            return None;
        }
        let func = facts.child(call, Role::Func)?;
        let text = spoken(facts, func);
        let last = text.rsplit('.').next().unwrap_or_default();
        let acquires = last == "acquire" && facts.kind(func) == Kind::Attribute;
        let subject = if acquires {
            facts.child(func, Role::Value)?
        } else {
            call
        };
        let kind = if acquires {
            let ty = self.eval.expr(subject);
            match ty {
                Ty::External(class) => self.external(class)?,
                _ if says_limit(&text) || !matches!(ty, Ty::External(_)) && is_limit_holder(&text) => {
                    LimiterKind::Named
                }
                _ => return None,
            }
        } else if self.is_own_acquire(local, call) {
            LimiterKind::Wrapped
        } else if waits_by_name(&text) {
            LimiterKind::Named
        } else {
            return None;
        };
        let root = facts.function(local).node;
        let statement = facts.statement_of(node);
        Some(Hold {
            at: At {
                module: self.module,
                node: call,
            },
            subject,
            function: self.function(local),
            covers: (facts.node(statement).end.max(node.0 + 1), facts.node(root).end),
            kind,
            made: self.made_here(local, subject),
            is_with: false,
        })
    }

    /// A function of the project whose name speaks of a limit and which enters or acquires one.
    fn is_own_acquire(&self, local: LocalFn, call: NodeId) -> bool {
        self.graph.sites_at(self.function(local), call).any(|(_, site)| {
            site.targets().iter().any(|&it| {
                let name = self.names.facts(it.module).text(self.names.function(it).name);
                self.known.enters[self.graph.dense(it)]
                    && (says_limit(name) || has_word(name, &["acquire", "wait", "rate"]))
            })
        })
    }

    /// The construction, where the limiter is a local of the function that enters it.
    fn made_here(&self, local: LocalFn, subject: NodeId) -> Option<NodeId> {
        let facts = self.facts;
        if facts.kind(subject) == Kind::Call {
            return self.constructs_limiter(subject).then_some(subject);
        }
        let place = facts.name_place(subject)?;
        let at = facts.place(place);
        if at.owner != local || at.kind != PlaceKind::Local || escapes(facts, local, place, subject) {
            return None;
        }
        let mut made = None;
        for definition in facts.definitions_of(place) {
            match definition.how {
                How::Assign { value, .. } if self.constructs_limiter(value) => made = Some(value),
                _ => return None,
            }
        }
        made
    }

    /// `Semaphore(5)`, of a class of the catalog.
    fn constructs_limiter(&self, node: NodeId) -> bool {
        constructed(
            self.names,
            At {
                module: self.module,
                node,
            },
        )
        .is_some()
    }
}

/// Whether the local is used by nested functions, handed on, stored or returned: then others may share it.
fn escapes(facts: &FileFacts, local: LocalFn, place: PlaceId, _subject: NodeId) -> bool {
    let root = facts.function(local).node;
    facts.descendants(root).any(|node| {
        if facts.name_place(node) != Some(place) || facts.node(node).role == Role::Target {
            return false;
        }
        let parent = NodeId(facts.node(node).parent);
        facts.function_of(node) != local
            || !matches!(
                (facts.kind(parent), facts.node(node).role),
                (Kind::WithItem, _) | (Kind::Attribute, _)
            )
    })
}

/// The names in an expression, calls and branches included: `self.limiter_for(host)` is `self.limiter_for`.
pub(super) fn spoken(facts: &FileFacts, node: NodeId) -> String {
    match facts.kind(node) {
        Kind::Name => facts.name_text(node).unwrap_or_default().to_owned(),
        Kind::Attribute => {
            let value = facts
                .child(node, Role::Value)
                .map(|it| spoken(facts, it))
                .unwrap_or_default();
            format!("{value}.{}", facts.payload_text(node).unwrap_or_default())
        }
        Kind::Call => facts
            .child(node, Role::Func)
            .map(|it| spoken(facts, it))
            .unwrap_or_default(),
        Kind::Subscript | Kind::Await => facts
            .child(node, Role::Value)
            .map(|it| spoken(facts, it))
            .unwrap_or_default(),
        Kind::IfExp | Kind::BoolOp => {
            let all: Vec<String> = facts.children(node).map(|it| spoken(facts, it)).collect();
            all.join(" ")
        }
        _ => String::new(),
    }
}

/// `self._pool.acquire()` hands out a connection; `self._tokens.acquire()` is a bound as well.
fn is_limit_holder(text: &str) -> bool {
    has_word(text, &["tokens", "token", "rate", "rates", "workers", "capacity"])
}

/// `await self._rate_limit()`, `await throttle.wait()`.
fn waits_by_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    let last_words = words(last);
    let verb = last_words.iter().any(|it| {
        matches!(
            it.as_str(),
            "acquire" | "wait" | "throttle" | "enforce" | "consume" | "take" | "respect"
        )
    });
    let is_rate = |text: &str| {
        has_word(
            text,
            &[
                "throttle",
                "throttler",
                "limiter",
                "ratelimit",
                "ratelimiter",
                "semaphore",
            ],
        ) || (has_word(text, &["rate"]) && has_word(text, &["limit", "limits", "limiter"]))
    };
    (verb && is_rate(text)) || is_rate(last)
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
