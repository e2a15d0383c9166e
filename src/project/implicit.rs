//! Calls that nobody writes: constructors, properties, `with`, iteration.

use super::classes::{Base, Member};
use super::graph::{Callee, Flags};
use super::ids::{ClassId, FnId};
use super::relink::Read;
use super::sites::{Collector, How};
use super::ty::Ty;
use crate::facts::{Kind, NodeId, Role};

/// The attribute through which SQLAlchemy loads what a row has not loaded yet.
const LAZY_COLUMNS: &str = "awaitable_attrs";

impl Collector<'_> {
    pub(super) fn construct(&mut self, caller: FnId, node: NodeId, class: ClassId, how: How) {
        for method in ["__init__", "__post_init__", "model_post_init"] {
            let own = self.names.classes.get(class).lineage.iter().any(|it| {
                matches!(it, Base::Own(id) if self.names.classes.own_member(&self.names.modules, *id, method).is_some())
            });
            if own
                && let Some(Member::Function(init)) = self.names.classes.member(&self.names.modules, class, method, 0)
            {
                self.eval.notes(Read::Function(init));
                self.push(caller, node, Callee::Own(init), how.with(Flags::IMPLICIT));
            }
        }
    }

    pub(super) fn implicit(&mut self, caller: FnId, node: NodeId, class: ClassId, method: &str, how: How) -> bool {
        match self.names.classes.member(&self.names.modules, class, method, 0) {
            Some(Member::Function(function)) => {
                self.eval.notes(Read::Function(function));
                self.push(caller, node, Callee::Own(function), how.with(Flags::IMPLICIT));
                true
            }
            _ => false,
        }
    }

    pub(super) fn property(&mut self, caller: FnId, node: NodeId) {
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
            self.eval.notes(Read::Function(function));
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

    pub(super) fn entered(&mut self, caller: FnId, node: NodeId) {
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

    pub(super) fn iterated(&mut self, caller: FnId, node: NodeId) {
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
}
