//! Collects the call sites of one module.

use super::Names;
use super::at_once::never_blocks_here;
use super::candidates;
use super::circumstances::{Surroundings, awaits};
use super::classes::{Base, Member};
use super::consumed::is_iterated;
use super::graph::{Callee, Flags, Resolution, Site};
use super::ids::{At, ClassId, FnId, ModuleId};
use super::implementations::behind;
use super::infer::Eval;
use super::ty::Ty;
use super::types::Types;
use crate::catalog::{Act, EntryId};
use crate::facts::{FnKind, Kind, NodeId, Role};

/// The attribute through which SQLAlchemy loads what a row has not loaded yet.
const LAZY_COLUMNS: &str = "awaitable_attrs";

/// The sites of a module, ordered by caller and node.
pub(super) fn collect(names: &Names, types: &Types, module: ModuleId) -> (Vec<Site>, Resolution) {
    let eval = Eval::new(names, types, module);
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
    (collector.sites, collector.resolution)
}

struct Collector<'a> {
    names: &'a Names,
    eval: Eval<'a>,
    module: ModuleId,
    sites: Vec<Site>,
    resolution: Resolution,
    surroundings: Surroundings,
}

/// Under what circumstances a site runs: those of a node, and what the call itself adds.
#[derive(Clone, Copy)]
struct How {
    at: NodeId,
    more: Flags,
}

impl How {
    /// No parenthesis shows the call.
    fn implicit(at: NodeId) -> Self {
        let more = Flags::IMPLICIT;
        Self { at, more }
    }

    fn with(self, more: Flags) -> Self {
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
    fn push(&mut self, caller: FnId, node: NodeId, callee: Callee, how: How) {
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
            Ty::Class(class) => self.construct(caller, node, *class, how),
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
            let them = behind(self.names, caller, node, function);
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

    fn construct(&mut self, caller: FnId, node: NodeId, class: ClassId, how: How) {
        self.resolution.own += 1;
        for method in ["__init__", "__post_init__", "model_post_init"] {
            let own = self.names.classes.get(class).lineage.iter().any(|it| {
                matches!(it, Base::Own(id) if self.names.classes.own_member(&self.names.modules, *id, method).is_some())
            });
            if own
                && let Some(Member::Function(init)) = self.names.classes.member(&self.names.modules, class, method, 0)
            {
                self.push(caller, node, Callee::Own(init), how.with(Flags::IMPLICIT));
            }
        }
    }

    fn implicit(&mut self, caller: FnId, node: NodeId, class: ClassId, method: &str, how: How) -> bool {
        match self.names.classes.member(&self.names.modules, class, method, 0) {
            Some(Member::Function(function)) => {
                self.push(caller, node, Callee::Own(function), how.with(Flags::IMPLICIT));
                true
            }
            _ => false,
        }
    }

    fn property(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let Some(name) = facts.payload_text(node) else { return };
        if name == LAZY_COLUMNS {
            self.lazy_columns(caller, node);
        }
        if !self.names.has_property(name) || facts.node(node).role == Role::Target {
            return;
        }
        let value = facts
            .child(node, Role::Value)
            .map_or(Ty::Unknown, |it| self.eval.expr(it));
        if let Ty::Instance(class) = value
            && let Some(Member::Function(function)) = self.names.classes.member(&self.names.modules, class, name, 0)
            && self.names.is_property(function)
        {
            self.push(caller, node, Callee::Own(function), How::implicit(node));
        }
    }

    /// `row.awaitable_attrs.children` queries the database; no other library has an attribute of that name.
    fn lazy_columns(&mut self, caller: FnId, node: NodeId) {
        let catalog = &self.names.catalog;
        let class = catalog
            .find("sqlalchemy.ext.asyncio.AsyncAttrs")
            .and_then(|it| catalog.class(it));
        if let Some(entry) = class.and_then(|it| catalog.method(it, LAZY_COLUMNS)) {
            self.push(caller, node, Callee::Library(entry), How::implicit(node));
        }
    }

    fn entered(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let Some(context) = facts.child(node, Role::Context) else {
            return;
        };
        let is_async = facts.kind(NodeId(facts.node(node).parent)) == Kind::AsyncWith;
        let methods = if is_async {
            ["__aenter__", "__aexit__"]
        } else {
            ["__enter__", "__exit__"]
        };
        let ty = self.eval.expr(context);
        let how = How::implicit(context);
        match ty {
            Ty::Instance(class) => {
                for method in methods {
                    self.implicit(caller, node, class, method, how);
                }
            }
            Ty::External(class) => {
                for method in methods {
                    if let Some(entry) = self.names.catalog.method(class, method) {
                        self.push(caller, node, Callee::Library(entry), how);
                    }
                }
            }
            _ => {}
        }
    }

    fn iterated(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let Some(iter) = facts.child(node, Role::Iter) else {
            return;
        };
        let is_async = facts.kind(node) == Kind::AsyncFor || facts.node(node).payload == 1;
        let ty = self.eval.expr(iter);
        let how = How::implicit(iter);
        let methods: &[&str] = if is_async {
            &["__aiter__", "__anext__"]
        } else {
            &["__iter__", "__next__"]
        };
        match ty {
            Ty::Instance(class) => {
                for method in methods {
                    self.implicit(caller, iter, class, method, how);
                }
            }
            Ty::External(class) => {
                if let Some(entry) = self.names.catalog.method(class, methods[0]) {
                    self.push(caller, iter, Callee::Library(entry), how);
                }
            }
            _ => {}
        }
    }

    /// Functions that are arguments: run in a thread, by the loop, or by somebody unknown.
    fn handed_on(&mut self, caller: FnId, node: NodeId) {
        let facts = self.names.facts(self.module);
        let args = facts
            .children(node)
            .filter_map(|it| match facts.node(it).role {
                Role::Arg => Some(it),
                Role::Keyword => facts.child(it, Role::Value),
                _ => None,
            })
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
