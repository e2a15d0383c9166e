//! What unpacking, iterating and entering a value give.

use super::super::ids::ClassId;
use super::super::ty::Ty;
use super::Eval;
use crate::catalog::Act;
use crate::facts::{Kind, NodeId, Role};
use crate::project::classes::Member;

impl Eval<'_> {
    pub(super) fn unpacked(&mut self, value: NodeId, index: u32) -> Ty {
        if matches!(self.facts.kind(value), Kind::Tuple | Kind::List) {
            let element = self.facts.children(value).nth(index as usize);
            return element.map_or(Ty::Unknown, |it| self.expr(it));
        }
        // `a, b = await gather(x(), y())`: each name gets its own awaitable's value.
        let call = if self.facts.kind(value) == Kind::Await {
            self.facts.child(value, Role::Value)
        } else {
            None
        };
        if let Some(call) = call.filter(|&it| self.facts.kind(it) == Kind::Call)
            && let Some(arg) = self.facts.arg(call, index as usize)
            && self.is_act(call, Act::FanOut)
        {
            return self.expr(arg).awaited();
        }
        let ty = self.expr(value);
        self.nth(&ty, index)
    }

    /// The `index`-th element of a tuple, any element of something else.
    fn nth(&mut self, ty: &Ty, index: u32) -> Ty {
        match ty {
            Ty::Tuple(elements) => elements.get(index as usize).cloned().unwrap_or_default(),
            _ => self.element(ty, false),
        }
    }

    /// `for i, x in enumerate(xs)`, `for k, v in d.items()`, `for a, b in zip(xs, ys)`.
    pub(super) fn iterated_tuple(&mut self, iter: NodeId, element: &Ty, index: u32) -> Ty {
        let facts = self.facts;
        if facts.kind(iter) == Kind::Call
            && let Some(func) = facts.child(iter, Role::Func)
        {
            if facts.name_text(func) == Some("enumerate") && index == 1 {
                let xs = facts.arg(iter, 0).map_or(Ty::Unknown, |it| self.expr(it));
                return self.element(&xs, false);
            }
            if facts.name_text(func) == Some("zip") {
                let xs = facts.arg(iter, index as usize).map_or(Ty::Unknown, |it| self.expr(it));
                return self.element(&xs, false);
            }
            if facts.kind(func) == Kind::Attribute && facts.payload_text(func) == Some("items") {
                let value = facts.child(func, Role::Value).map_or(Ty::Unknown, |it| self.expr(it));
                return match (value, index) {
                    (Ty::Mapping(values), 1) => (*values).clone(),
                    _ => Ty::Unknown,
                };
            }
        }
        self.nth(element, index)
    }

    /// What iterating gives.
    pub(in crate::project) fn element(&mut self, ty: &Ty, is_async: bool) -> Ty {
        ty.map(|it| match it {
            Ty::Collection(element) => (**element).clone(),
            Ty::Plain => Ty::Plain,
            Ty::Mapping(_) => Ty::Plain,
            Ty::Foreign => Ty::Foreign,
            Ty::External(class) => self
                .names
                .catalog
                .iterates(*class)
                .map_or(Ty::Unknown, |it| self.ext(it, *class)),
            Ty::Instance(class) => {
                let method = if is_async { "__aiter__" } else { "__iter__" };
                let ty = self.method_result(*class, method);
                match ty {
                    Ty::Collection(element) => (*element).clone(),
                    _ => Ty::Unknown,
                }
            }
            _ => Ty::Unknown,
        })
    }

    pub(super) fn entered(&mut self, ty: &Ty, is_async: bool) -> Ty {
        ty.map(|it| match it {
            // A `@contextmanager` function is a generator of one element.
            Ty::Collection(element) => (**element).clone(),
            Ty::External(class) => self
                .names
                .catalog
                .enter(*class)
                .map_or(Ty::External(*class), |it| self.ext(it, *class)),
            Ty::Instance(class) => {
                let method = if is_async { "__aenter__" } else { "__enter__" };
                match self.method_result(*class, method) {
                    Ty::Unknown => Ty::Instance(*class),
                    found if is_async => found.awaited(),
                    found => found,
                }
            }
            Ty::Awaitable(inner) => (**inner).clone(),
            Ty::Foreign => Ty::Foreign,
            _ => Ty::Unknown,
        })
    }

    pub(super) fn method_result(&mut self, class: ClassId, name: &str) -> Ty {
        match self.names.classes.member(&self.names.modules, class, name, 0) {
            Some(Member::Function(function)) => self.called(function, Some(class)),
            _ => Ty::Unknown,
        }
    }
}
