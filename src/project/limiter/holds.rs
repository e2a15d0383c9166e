//! Where a module enters limiters.

use super::names::{is_limit_holder, spoken, waits_by_name};
use super::{Hold, LimiterKind, constructed, external, says_limit};
use crate::catalog::ExtClass;
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};
use crate::project::Names;
use crate::project::classes::Member;
use crate::project::graph::CallGraph;
use crate::project::ids::{At, FnId, ModuleId};
use crate::project::infer::Eval;
use crate::project::origin::origin;
use crate::project::ty::Ty;
use crate::project::types::Types;
use crate::project::words::has_word;
use rustc_hash::FxHashSet;

/// Where a limiter could be entered: every `with` item and every `await` of a file's functions.
pub(super) fn entries(facts: &FileFacts) -> Vec<(LocalFn, NodeId)> {
    let mut found = Vec::new();
    for (local, _) in facts.all_functions().skip(1) {
        let nodes = facts.body_nodes(local);
        let enters = nodes.filter(|&it| matches!(facts.kind(it), Kind::WithItem | Kind::Await));
        found.extend(enters.map(|it| (local, it)));
    }
    found
}

/// What a module enters, and what it has asked for that.
#[derive(Clone, Default)]
pub(super) struct Row {
    /// Where it enters limiters, in source order.
    pub(super) holds: Vec<Hold>,
    /// The functions of which it asked whether they enter one.
    asked: Vec<FnId>,
    /// It has looked into what other functions return.
    follows: bool,
}

impl Row {
    /// Whether it would be found again, where other functions are known to enter limiters than when it was found.
    pub(super) fn is_still_so(&self, then: Option<&FxHashSet<FnId>>, now: &FxHashSet<FnId>) -> bool {
        let was = |it: &FnId| then.is_some_and(|then| then.contains(it));
        !self.follows && self.asked.iter().all(|it| was(it) == now.contains(it))
    }
}

pub(super) fn module_holds(
    names: &Names,
    types: &Types,
    graph: &CallGraph,
    known: &FxHashSet<FnId>,
    (module, places): (ModuleId, &[(LocalFn, NodeId)]),
) -> Row {
    let mut finder = Finder {
        names,
        graph,
        known,
        module,
        facts: names.facts(module),
        eval: Eval::new(names, types, module),
        asked: Vec::new(),
        follows: false,
    };
    let mut found = Vec::new();
    for &(local, node) in places {
        let hold = match finder.facts.kind(node) {
            Kind::WithItem => finder.entered(local, node),
            _ => finder.acquired(local, node),
        };
        if let Some(hold) = hold {
            found.extend(finder.optional(local, &hold));
            found.push(hold);
        }
    }
    Row {
        holds: found,
        asked: finder.asked,
        follows: finder.follows,
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

struct Finder<'a> {
    names: &'a Names,
    graph: &'a CallGraph,
    /// The functions that are known to enter one.
    known: &'a FxHashSet<FnId>,
    module: ModuleId,
    facts: &'a FileFacts,
    eval: Eval<'a>,
    asked: Vec<FnId>,
    follows: bool,
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
            (test.0..facts.node(test).end)
                .map(NodeId)
                .any(|it| matches!(facts.kind(it), Kind::Name | Kind::Attribute) && spoken(facts, it) == subject)
        };
        let guard = facts
            .body_nodes(local)
            .find(|&it| facts.kind(it) == Kind::If && facts.child(it, Role::Test).is_some_and(asks))?;
        let covers = (guard.0, facts.node(guard).end);
        Some(Hold {
            covers,
            kind: LimiterKind::Named,
            is_with: false,
            ..*hold
        })
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
                        && self.enters(enter)
                    {
                        return Some(LimiterKind::Wrapped);
                    }
                }
                _ => {}
            }
        }
        let graph = self.graph;
        let own = graph
            .sites_at(self.function(local), subject)
            .any(|(_, site)| site.targets().iter().any(|&it| self.enters(it)));
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

    fn enters(&mut self, function: FnId) -> bool {
        self.asked.push(function);
        self.known.contains(&function)
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
        // `await stack.enter_async_context(limiter)`.
        let stacked = (last == "enter_async_context").then(|| facts.arg(call, 0)).flatten();
        let subject = match stacked {
            Some(limiter) => limiter,
            None if acquires => facts.child(func, Role::Value)?,
            None => call,
        };
        let kind = if acquires || stacked.is_some() {
            let text = spoken(facts, subject);
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
    fn is_own_acquire(&mut self, local: LocalFn, call: NodeId) -> bool {
        let graph = self.graph;
        graph.sites_at(self.function(local), call).any(|(_, site)| {
            site.targets().iter().any(|&it| {
                let name = self.names.facts(it.module).text(self.names.function(it).name);
                (says_limit(name) || has_word(name, &["acquire", "wait", "rate"])) && self.enters(it)
            })
        })
    }

    /// The construction, where the limiter is a local of the function that enters it.
    fn made_here(&mut self, local: LocalFn, subject: NodeId) -> Option<NodeId> {
        let facts = self.facts;
        if facts.kind(subject) == Kind::Call {
            let made = self.constructs_limiter(subject) || self.is_made_by_getter(local, subject);
            return made.then_some(subject);
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

    /// `async with self.limit():`, where `limit` returns another one every time.
    fn is_made_by_getter(&mut self, local: LocalFn, call: NodeId) -> bool {
        let mut sites = self.graph.sites_at(self.function(local), call);
        let Some((_, site)) = sites.next() else { return false };
        let [only] = site.targets() else { return false };
        let at = At {
            module: self.module,
            node: call,
        };
        self.follows = true;
        let made = origin(self.names, self.graph, at);
        made != at
            && sites.next().is_none()
            && !self.names.is_memoized(*only)
            && self.names.facts(made.module).function_of(made.node) == only.local
            && made.module == only.module
            && constructed(self.names, made).is_some()
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
