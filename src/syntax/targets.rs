//! What statements assign to. Targets are lowered first and defined once the node of their value is known.

use super::depth;
use super::lowering::Lowering;
use crate::facts::AttributeDef;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Role;
use crate::facts::Sym;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

/// A target that waits for its value.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    name: Sym,
    node: NodeId,
    /// Position in a tuple target, `u32::MAX` for `*rest` and what is nested deeper.
    index: Option<u32>,
    /// For `name.attribute`, the node of `name`.
    receiver: Option<NodeId>,
}

impl Lowering<'_> {
    /// Lowers a target; its names and attributes wait in `bound`.
    pub(super) fn target(&mut self, expr: &Expr, role: Role) {
        self.target_at(expr, role, None);
    }

    fn target_at(&mut self, expr: &Expr, role: Role, index: Option<u32>) {
        if !self.enter(expr.range(), || depth::is_expr_too_deep(expr)) {
            self.opaque(role, expr.range());
            return;
        }
        match expr {
            Expr::Name(it) => {
                let (node, name) = self.name(&it.id, role, it.range);
                self.await_value(name, node, index, None);
            }
            Expr::Attribute(it) => {
                let name = self.symbols.intern(&it.attr.id);
                let node = self.wrap(Kind::Attribute, role, it.range, name.0, &it.value);
                let receiver = it.value.is_name_expr().then_some(NodeId(node.0 + 1));
                if receiver.is_some() {
                    self.await_value(name, node, index, receiver);
                }
            }
            Expr::Tuple(it) => self.unpack(Kind::Tuple, expr, &it.elts, role, index),
            Expr::List(it) => self.unpack(Kind::List, expr, &it.elts, role, index),
            Expr::Starred(it) => {
                let id = self.open(Kind::Starred, role, it.range, NO_PAYLOAD);
                self.target_at(&it.value, Role::Value, Some(u32::MAX));
                self.close(id);
            }
            _ => {
                self.expr(expr, role);
            }
        }
        self.leave();
    }

    fn unpack(&mut self, kind: Kind, expr: &Expr, elements: &[Expr], role: Role, outer: Option<u32>) {
        let id = self.open(kind, role, expr.range(), NO_PAYLOAD);
        for (at, element) in (0..).zip(elements) {
            let index = if outer.is_some() { u32::MAX } else { at };
            self.target_at(element, Role::Element, Some(index));
        }
        self.close(id);
    }

    fn await_value(&mut self, name: Sym, node: NodeId, index: Option<u32>, receiver: Option<NodeId>) {
        self.bound.push(Bound {
            name,
            node,
            index,
            receiver,
        });
    }

    /// Defines the targets from `from` on.
    pub(super) fn define_targets(&mut self, from: usize, how: impl Fn(Option<u32>) -> How) {
        for at in from..self.bound.len() {
            let bound = self.bound[at];
            let how = how(bound.index);
            match bound.receiver {
                None => {
                    self.define(bound.name, bound.node, how);
                }
                Some(receiver) => self.attributes.push((
                    receiver,
                    AttributeDef {
                        name: bound.name,
                        node: bound.node,
                        function: self.function,
                        how,
                    },
                )),
            }
        }
        self.bound.truncate(from);
    }

    /// Defines targets of `=`.
    pub(super) fn define_assigned(&mut self, from: usize, value: NodeId, annotation: Option<NodeId>) {
        self.define_targets(from, |index| match index {
            None => How::Assign { value, annotation },
            Some(index) => How::Unpack { value, index },
        });
    }

    /// Defines targets of `for`.
    pub(super) fn define_iterated(&mut self, from: usize, iter: NodeId, is_async: bool) {
        self.define_targets(from, |index| How::Iterate { iter, is_async, index });
    }
}
