//! Collects the call sites of one module.

use super::Names;
use super::at_once::never_blocks_here;
use super::candidates;
use super::circumstances::{Surroundings, awaits};
use super::consumed::is_iterated;
use super::graph::{Callee, Flags, Resolution, Site};
use super::ids::{At, FnId, ModuleId};
use super::implementations::behind;
use super::infer::Eval;
use super::relink::{Read, ReadSet};
use super::ty::Ty;
use super::types::Types;
use crate::catalog::{Act, EntryId};
use crate::facts::{FnKind, Kind, NodeId, Role};

/// What is called in a module.
pub(super) struct Collected {
    /// The sites, ordered by caller and node.
    pub(super) sites: Vec<Site>,
    /// How well calls were resolved.
    pub(super) resolution: Resolution,
    /// What was read of other modules.
    pub(super) reads: ReadSet,
}

/// The sites of a module; what it reads of others is noted if that is asked for.
pub(super) fn collect(names: &Names, types: &Types, module: ModuleId, notes: bool) -> Collected {
    let eval = Eval::new(names, types, module).noting(module, notes);
    let mut collector = Collector {
        names,
        eval,
        module,
        sites: Vec::new(),
        resolution: Resolution::default(),
        surroundings: Surroundings::default(),
    };
    let facts = names.facts(module);
    for (local, _) in facts.all_functions() {
        for node in facts.body_nodes(local) {
            collector.visit(FnId { module, local }, node);
        }
    }
    collector.sites.sort_by_key(|it| (it.caller, it.at.node));
    Collected {
        sites: collector.sites,
        resolution: collector.resolution,
        reads: collector.eval.into_reads(),
    }
}

/// The calls of a module, while they are collected.
pub(super) struct Collector<'a> {
    pub(super) names: &'a Names,
    pub(super) eval: Eval<'a>,
    pub(super) module: ModuleId,
    pub(super) sites: Vec<Site>,
    resolution: Resolution,
    surroundings: Surroundings,
}

/// Under what circumstances a site runs: those of a node, and what the call itself adds.
#[derive(Clone, Copy)]
pub(super) struct How {
    at: NodeId,
    more: Flags,
}

impl How {
    /// No parenthesis shows the call.
    pub(super) fn implicit(at: NodeId) -> Self {
        let more = Flags::IMPLICIT;
        Self { at, more }
    }

    pub(super) fn with(self, more: Flags) -> Self {
        let more = self.more.with(more);
        Self { more, ..self }
    }
}

impl Collector<'_> {
    fn visit(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        match facts.kind(node) {
            Kind::Call => self.call(caller, node),
            Kind::Attribute => self.property(caller, node),
            Kind::WithItem => self.entered(caller, node),
            Kind::For | Kind::AsyncFor | Kind::Generator => self.iterated(caller, node),
            _ => {}
        }
    }

    /// Adds a site. The circumstances are found here, since most calls never become one.
    pub(super) fn push(&mut self, caller: FnId, node: NodeId, callee: Callee, how: How) {
        let of = self.names.facts(self.module);
        let flags = self.surroundings.of(of, caller.local, how.at).0.with(how.more);
        self.push_with(caller, node, callee, flags);
    }

    fn push_with(&mut self, caller: FnId, node: NodeId, callee: Callee, flags: Flags) {
        let of = self.names.facts(self.module);
        let guards = self.surroundings.of(of, caller.local, node).1;
        let module = self.module;
        self.sites.push(Site {
            at: At { module, node },
            caller,
            callee,
            flags,
            guarded: (!guards.is_empty()).then(|| Box::new(guards)),
        });
    }

    fn call(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let Some(func) = facts.child(node, Role::Func) else {
            return;
        };
        let callee = self.eval.expr(func);
        self.resolution.calls += 1;
        let awaited = awaits(facts, node);
        let options = callee.alternatives();
        let must_await = awaited && options.len() > 1;
        let how = How {
            at: node,
            more: candidates::doubt(options),
        };
        let mut counted = false;
        if let Some(them) = candidates::of_many(self.names, options, must_await) {
            self.push(caller, node, Callee::AnyOf(them), how);
            counted = true;
        }
        for one in options.iter().take_while(|_| options.len() <= candidates::FEW) {
            counted |= self.one_callee(caller, node, one, how, must_await);
        }
        if !counted {
            self.count_unknown(func);
        }
        self.handed_on(caller, node);
    }

    fn count_unknown(&mut self, func: NodeId) {
        let facts = self.names.facts(self.module);
        if facts.kind(func) != Kind::Attribute {
            self.resolution.unknown_name += 1;
            return;
        }
        let value = facts
            .child(func, Role::Value)
            .map_or(Ty::Unknown, |it| self.eval.expr(it));
        match value {
            Ty::Unknown | Ty::None => self.resolution.unknown_receiver += 1,
            _ => self.resolution.unknown_member += 1,
        }
    }

    /// Adds the site of one possible callee; says whether it was resolved.
    fn one_callee(&mut self, caller: FnId, node: NodeId, ty: &Ty, how: How, must_await: bool) -> bool {
        match ty {
            Ty::Function(function) | Ty::Bound(function) => {
                // Of several candidates, an awaited call can only mean the ones that can be awaited.
                if must_await && self.names.function(*function).kind != FnKind::Async {
                    return true;
                }
                self.own(caller, node, *function, how);
            }
            Ty::Class(class) => {
                self.resolution.own += 1;
                self.construct(caller, node, *class, how);
            }
            Ty::Name(name) => {
                self.resolution.external += 1;
                match (self.names.catalog.function(*name), self.names.catalog.class(*name)) {
                    (Some(entry), _) => self.library(caller, node, entry, how, must_await),
                    (None, Some(class)) => match self.names.catalog.method(class, "__init__") {
                        Some(entry) => self.library(caller, node, entry, how, must_await),
                        None => self.push(caller, node, Callee::Construct(*name), how),
                    },
                    _ => {}
                }
            }
            Ty::Method(_, entry) => {
                self.resolution.external += 1;
                self.library(caller, node, *entry, how, must_await);
            }
            Ty::Partial(inner) => return self.one_callee(caller, node, &inner.clone(), how, must_await),
            Ty::Instance(class) => return self.implicit(caller, node, *class, "__call__", how),
            Ty::Plain | Ty::Foreign | Ty::Collection(_) | Ty::Tuple(_) | Ty::Mapping(_) => {
                self.resolution.external += 1
            }
            Ty::External(class) => {
                self.resolution.external += 1;
                if let Some(entry) = self.names.catalog.method(*class, "__call__") {
                    self.library(caller, node, entry, how, must_await);
                }
            }
            _ => return false,
        }
        true
    }

    fn library(&mut self, caller: FnId, node: NodeId, entry: EntryId, how: How, must_await: bool) {
        let it = self.names.catalog.entry(entry);
        if never_blocks_here(self.names.facts(self.module), node, it) {
            return;
        }
        if must_await && it.blocks.is_some() && !it.coroutine {
            return;
        }
        self.push(caller, node, Callee::Library(entry), how);
    }

    fn own(&mut self, caller: FnId, node: NodeId, function: FnId, how: How) {
        let of = self.names.function(function);
        let mut how = how;
        if of.is_generator && of.kind == FnKind::Sync && !is_iterated(self.names.facts(self.module), node) {
            how = how.with(Flags::LAZY);
        }
        if self.names.is_offload_decorated(function) {
            how = how.with(Flags::OFFLOADED);
        }
        if self.names.is_abstract(function) {
            // What is awaited here is none of the implementations that can't be.
            if of.kind == FnKind::Sync && awaits(self.names.facts(self.module), how.at) {
                return;
            }
            let eval = &mut self.eval;
            let them = behind(self.names, caller, node, function, &mut |it| {
                eval.notes(Read::Function(it))
            });
            if !them.is_empty() {
                self.resolution.sets += 1;
                let how = if them.len() > 1 { how.with(Flags::DUCK) } else { how };
                let callee = if let [only] = them[..] {
                    Callee::Own(only)
                } else {
                    Callee::AnyOf(them.into())
                };
                self.push(caller, node, callee, how);
                return;
            }
        }
        self.resolution.own += 1;
        self.push(caller, node, Callee::Own(function), how);
    }

    /// Functions that are arguments: run in a thread, by the loop, or by somebody unknown.
    fn handed_on(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let args = facts
            .given(node)
            .filter(|&it| matches!(facts.kind(it), Kind::Name | Kind::Attribute | Kind::Lambda | Kind::Call));
        let mut how = None;
        for arg in args {
            let how = *how.get_or_insert_with(|| self.handing(caller, node));
            let function = match self.eval.expr(arg) {
                Ty::Function(it) | Ty::Bound(it) => it,
                Ty::Partial(inner) => match *inner {
                    Ty::Function(it) | Ty::Bound(it) => it,
                    _ => continue,
                },
                _ => continue,
            };
            let flags = self.surroundings.of(facts, caller.local, node).0;
            let base = if flags.has(Flags::IN_LOOP) {
                Flags::IN_LOOP
            } else {
                Flags::default()
            };
            self.push_with(caller, arg, Callee::Own(function), base.with(how));
        }
    }

    /// What the call does with functions it is given.
    fn handing(&self, caller: FnId, node: NodeId) -> Flags {
        let mut how = Flags::PASSED;
        for site in self
            .sites
            .iter()
            .rev()
            .take_while(|it| it.caller == caller && it.at.node == node)
        {
            let Callee::Library(entry) = site.callee else { continue };
            how = match self.names.catalog.entry(entry).act {
                Some(Act::Offload) => Flags::OFFLOADED,
                Some(Act::LoopCallback) => Flags::LOOP_CALLBACK,
                // Called per connection or request; a sync handler may get a thread of its own.
                Some(Act::Handler) => Flags::SPAWNED.with(Flags::IN_LOOP),
                Some(Act::Spawn | Act::FanOut | Act::BoundedFanOut) => Flags::SPAWNED,
                Some(Act::RunLoop) => Flags::MAIN,
                _ => how,
            };
        }
        how
    }
}
