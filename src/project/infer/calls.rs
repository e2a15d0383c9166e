//! What calls give.

use super::super::ids::{ClassId, FnId};
use super::super::ty::Ty;
use super::super::types::Entity;
use super::Eval;
use super::builtins::plain_or_collection;
use crate::catalog::{Act, EntryId, ExtClass, ExtType, Name};
use crate::facts::{FnKind, Kind, NodeId, Role};
use std::sync::Arc;

impl Eval<'_> {
    /// What a call gives.
    pub(super) fn call(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        let Some(func) = facts.child(node, Role::Func) else {
            return Ty::Unknown;
        };
        if facts.name_text(func) == Some("super") {
            return self.super_instance(node);
        }
        let callee = self.expr(func);
        if let Some(special) = self.special_call(node, func, &callee) {
            return special;
        }
        callee.map(|it| self.result_of(it, Some(node)))
    }

    /// `super()` as an instance of the class itself; `instance_member` is asked with `skip` by the call graph.
    pub(super) fn super_instance(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        let mut function = facts.function_of(node);
        loop {
            let of = facts.function(function);
            if let Some(local) = of.class {
                let class = ClassId {
                    module: self.module,
                    local,
                };
                let parents = &self.names.classes.get(class).lineage;
                return match parents.get(1) {
                    Some(crate::project::classes::Base::Own(parent)) => self.seen(Ty::Instance(*parent)),
                    Some(crate::project::classes::Base::External(parent)) => Ty::External(*parent),
                    _ => Ty::Unknown,
                };
            }
            if of.parent == function {
                return Ty::Unknown;
            }
            function = of.parent;
        }
    }

    /// Calls whose result depends on their arguments.
    pub(super) fn special_call(&mut self, node: NodeId, func: NodeId, callee: &Ty) -> Option<Ty> {
        let facts = self.facts;
        if let Kind::Attribute = facts.kind(func)
            && let Some(value) = facts.child(func, Role::Value)
        {
            match facts.payload_text(func) {
                Some("get" | "pop" | "setdefault" | "popitem") => {
                    if let Ty::Mapping(inner) = self.expr(value) {
                        return Some((*inner).clone());
                    }
                }
                Some("values") => {
                    if let Ty::Mapping(inner) = self.expr(value) {
                        return Some(Ty::Collection(inner));
                    }
                }
                _ => {}
            }
        }
        let Ty::Name(name) = callee else { return None };
        let dotted = self.names.catalog.dotted(*name);
        match dotted {
            "builtins.list" | "builtins.sorted" | "builtins.tuple" | "builtins.set" | "builtins.reversed"
            | "builtins.iter" | "builtins.frozenset" | "builtins.filter" => {
                let last = if dotted == "builtins.filter" { 1 } else { 0 };
                let of = facts.arg(node, last).map_or(Ty::Unknown, |it| self.expr(it));
                let element = self.element(&of, false);
                Some(Ty::collection(element))
            }
            "builtins.next" | "builtins.min" | "builtins.max" => {
                let of = facts.arg(node, 0).map_or(Ty::Unknown, |it| self.expr(it));
                Some(self.element(&of, false))
            }
            "typing.cast" => facts.arg(node, 0).map(|it| self.annotation(it)),
            "functools.partial" => {
                let of = facts.arg(node, 0).map_or(Ty::Unknown, |it| self.expr(it));
                Some(Ty::Partial(Arc::new(of)))
            }
            _ => self.wrapped_awaitable(node, *name),
        }
    }

    /// `create_task(coro)`, `wait_for(coro, 5)`, `shield(coro)`, `to_thread(f)`: what awaiting them gives.
    pub(super) fn wrapped_awaitable(&mut self, node: NodeId, name: Name) -> Option<Ty> {
        let catalog = &self.names.catalog;
        let entry = catalog.entry(catalog.function(name)?);
        let facts = self.facts;
        match entry.act? {
            Act::Spawn | Act::Deadline => {
                let arg = facts.arg(node, entry.callable? as usize)?;
                match self.expr(arg) {
                    it @ Ty::Awaitable(_) => Some(it),
                    _ => None,
                }
            }
            Act::Offload => {
                let arg = facts.arg(node, entry.callable? as usize)?;
                let callee = self.expr(arg);
                let result = self.result_of(&callee, None);
                Some(Ty::Awaitable(Arc::new(result)))
            }
            _ => None,
        }
    }

    pub(super) fn is_act(&mut self, call: NodeId, act: Act) -> bool {
        let Some(func) = self.facts.child(call, Role::Func) else {
            return false;
        };
        match self.expr(func) {
            Ty::Name(name) => {
                let catalog = &self.names.catalog;
                catalog
                    .function(name)
                    .is_some_and(|it| catalog.entry(it).act == Some(act))
            }
            _ => false,
        }
    }

    /// What calling a value gives.
    pub(in crate::project) fn result_of(&mut self, callee: &Ty, node: Option<NodeId>) -> Ty {
        match callee {
            Ty::Function(function) => self.called(*function, None),
            Ty::Bound(function) => {
                let receiver = node.and_then(|it| self.receiver_class(it));
                self.called(*function, receiver)
            }
            Ty::Class(class) => Ty::Instance(*class),
            Ty::Name(name) => match node.and_then(|it| self.wrapped_argument(it, *name)) {
                Some(wrapped) => wrapped,
                None => self.library_call(*name),
            },
            Ty::Method(class, entry) => self.entry_result(*entry, Some(*class)),
            Ty::Partial(inner) => self.result_of(&inner.clone(), None),
            Ty::Foreign => Ty::Foreign,
            Ty::Plain => Ty::Plain,
            Ty::Instance(class) => self.method_result(*class, "__call__"),
            Ty::External(class) => match self.names.catalog.method(*class, "__call__") {
                Some(entry) => self.entry_result(entry, Some(*class)),
                None => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    /// `wrap_openai(client)` has the methods of `client`.
    fn wrapped_argument(&mut self, call: NodeId, name: Name) -> Option<Ty> {
        let catalog = &self.names.catalog;
        let wraps = catalog.returns(catalog.function(name)?) == Some(ExtType::Argument);
        let (facts, is_call) = (self.facts, self.facts.kind(call) == Kind::Call);
        let argument = facts.arg(call, 0).or_else(|| facts.keyword(call, "client"));
        argument.filter(|_| wraps && is_call).map(|it| self.expr(it))
    }

    pub(super) fn receiver_class(&mut self, call: NodeId) -> Option<ClassId> {
        let func = self.facts.child(call, Role::Func)?;
        let value = self.facts.child(func, Role::Value)?;
        match self.expr(value) {
            Ty::Instance(class) | Ty::Class(class) => Some(class),
            _ => None,
        }
    }

    pub(super) fn library_call(&mut self, name: Name) -> Ty {
        let catalog = &self.names.catalog;
        if let Some(class) = catalog.class(name) {
            return Ty::External(class);
        }
        match catalog.function(name) {
            Some(entry) => self.entry_result(entry, None),
            None => plain_or_collection(catalog.dotted(name).rsplit('.').next().unwrap_or_default())
                .filter(|_| catalog.dotted(name).starts_with("builtins."))
                .unwrap_or(Ty::Foreign),
        }
    }

    pub(super) fn entry_result(&mut self, entry: EntryId, receiver: Option<ExtClass>) -> Ty {
        let catalog = &self.names.catalog;
        let result = match (catalog.returns(entry), receiver) {
            (Some(ExtType::Receiver), None) => Ty::Foreign,
            (Some(ty), receiver) => match (ty, receiver) {
                (ExtType::Instance(class), _) => Ty::External(class),
                (ExtType::CollectionOf(class), _) => Ty::collection(Ty::External(class)),
                (ExtType::Receiver, Some(class)) => Ty::External(class),
                (ExtType::Receiver, None) | (ExtType::Argument, _) => Ty::Foreign,
            },
            (None, _) => Ty::Foreign,
        };
        let it = catalog.entry(entry);
        let awaitable = it.coroutine || matches!(it.act, Some(Act::FanOut | Act::AsyncSleep));
        if awaitable {
            Ty::Awaitable(Arc::new(result))
        } else {
            result
        }
    }

    /// What calling a function of the project gives.
    pub(super) fn called(&mut self, function: FnId, receiver: Option<ClassId>) -> Ty {
        let names = self.names;
        let of = names.function(function);
        if names.is_offload_decorated(function) {
            let result = self.read(Entity::Return(function));
            return Ty::Awaitable(Arc::new(result));
        }
        let mut result = self.read(Entity::Return(function));
        // `def __enter__(self): return self` gives the receiver, not the class that defines it.
        if let (Ty::Instance(made), Some(receiver)) = (&result, receiver)
            && of.class.map(|local| ClassId {
                module: function.module,
                local,
            }) == Some(*made)
            && names
                .classes
                .get(receiver)
                .lineage
                .contains(&crate::project::classes::Base::Own(*made))
        {
            result = Ty::Instance(receiver);
        }
        if of.kind == FnKind::Async && !of.is_generator {
            Ty::Awaitable(Arc::new(result))
        } else {
            result
        }
    }
}
