//! How many items an expression can hold: a constant, something bounded, or the size of data.

mod names;
mod numbers;

use super::Names;
use super::classes::{static_expr, written};
use super::ids::ModuleId;
use super::ty::Ty;
use crate::facts::{FileFacts, Kind, NodeId, Op, Role};

/// Values are followed through this many expressions.
const FUEL: u32 = 12;

/// How many items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// Exactly so many, or at most.
    Constant(u64),
    /// Bounded by something that is a setting, not data: a worker count, a slice, a batch size.
    Bounded,
    /// Not known: a `while` loop.
    Unknown,
    /// The size of data.
    Data,
}

impl Width {
    /// One collection or the other, or both after another.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Every item of one for every item of the other.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant(0), _) | (_, Self::Constant(0)) => Self::Constant(0),
            (Self::Constant(a), Self::Constant(b)) => Self::Constant(a.saturating_mul(b)),
            (a, b) => a.max(b),
        }
    }
}

/// How often the body of a loop, or the element of a comprehension, is run.
#[must_use]
pub fn repetitions(names: &Names, module: ModuleId, around: NodeId) -> Width {
    let facts = names.facts(module);
    match facts.kind(around) {
        Kind::AsyncFor => Width::Data,
        Kind::For => facts
            .child(around, Role::Iter)
            .map_or(Width::Unknown, |it| Widths::new(names, module).of(it)),
        Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp => Widths::new(names, module).of(around),
        _ => Width::Unknown,
    }
}

/// How many items iterating an expression gives.
#[must_use]
pub fn width(names: &Names, module: ModuleId, node: NodeId) -> Width {
    Widths::new(names, module).of(node)
}

/// Finds widths in one module.
#[derive(Clone, Copy)]
pub(super) struct Widths<'a> {
    names: &'a Names,
    module: ModuleId,
    facts: &'a FileFacts,
}

impl<'a> Widths<'a> {
    /// For the expressions of a module.
    pub(super) fn new(names: &'a Names, module: ModuleId) -> Self {
        Self {
            names,
            module,
            facts: names.facts(module),
        }
    }

    /// How many items iterating the expression gives.
    pub(super) fn of(self, node: NodeId) -> Width {
        self.at(node, FUEL)
    }

    fn at(self, node: NodeId, fuel: u32) -> Width {
        let Some(fuel) = fuel.checked_sub(1) else {
            return Width::Data;
        };
        let facts = self.facts;
        match facts.kind(node) {
            Kind::List | Kind::Tuple | Kind::Set => self.display(node, fuel),
            Kind::Dict => self.dict(node, fuel),
            Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp => self.comprehension(node, fuel),
            Kind::Call => self.call(node, fuel),
            Kind::Name => self.name(node, fuel),
            Kind::Attribute => self.attribute(node, fuel),
            Kind::Subscript => self.subscript(node, fuel),
            Kind::Await | Kind::Starred | Kind::NamedExpr => self.child(node, Role::Value, fuel),
            Kind::IfExp => self
                .child(node, Role::Body, fuel)
                .or(self.child(node, Role::Orelse, fuel)),
            Kind::BoolOp => self.all(facts.children(node), fuel),
            Kind::BinOp if facts.node(node).payload == Op::Add as u32 => self
                .child(node, Role::Left, fuel)
                .or(self.child(node, Role::Right, fuel)),
            Kind::BinOp if facts.node(node).payload == Op::Mult as u32 => Width::Bounded,
            Kind::Str | Kind::None | Kind::Bytes => Width::Constant(0),
            _ => Width::Data,
        }
    }

    fn child(self, node: NodeId, role: Role, fuel: u32) -> Width {
        self.facts.child(node, role).map_or(Width::Data, |it| self.at(it, fuel))
    }

    fn all(self, nodes: impl Iterator<Item = NodeId>, fuel: u32) -> Width {
        nodes
            .map(|it| self.at(it, fuel))
            .reduce(Width::or)
            .unwrap_or(Width::Constant(0))
    }

    fn display(self, node: NodeId, fuel: u32) -> Width {
        let mut plain = 0;
        let mut width = Width::Constant(0);
        for child in self.facts.children(node) {
            if self.facts.kind(child) == Kind::Starred {
                width = width.or(self.at(child, fuel));
            } else {
                plain += 1;
            }
        }
        match width {
            Width::Constant(n) => Width::Constant(n.saturating_add(plain)),
            other => other,
        }
    }

    fn dict(self, node: NodeId, fuel: u32) -> Width {
        // A `**x` is a value without a key before it.
        let mut keyed = false;
        let mut width = Width::Constant(0);
        let mut plain = 0;
        for child in self.facts.children(node) {
            match self.facts.node(child).role {
                Role::Key => keyed = true,
                _ if keyed => (plain, keyed) = (plain + 1, false),
                _ => width = width.or(self.at(child, fuel)),
            }
        }
        width.or(Width::Constant(plain))
    }

    fn comprehension(self, node: NodeId, fuel: u32) -> Width {
        self.facts
            .children_as(node, Role::Generator)
            .map(|it| self.child(it, Role::Iter, fuel))
            .fold(Width::Constant(1), Width::times)
    }

    fn call(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let Some(func) = facts.child(node, Role::Func) else {
            return Width::Data;
        };
        let first = |at: usize| facts.arg(node, at).map_or(Width::Data, |it| self.at(it, fuel));
        let text = written(facts, func);
        match text.rsplit('.').next().unwrap_or_default() {
            "range" => self.range(node, fuel),
            "zip" => facts
                .children_as(node, Role::Arg)
                .map(|it| self.at(it, fuel))
                .min()
                .unwrap_or(Width::Data),
            "list" | "tuple" | "set" | "frozenset" | "dict" | "deque" if facts.arg(node, 0).is_none() => {
                Width::Constant(0)
            }
            "enumerate" | "sorted" | "list" | "tuple" | "set" | "reversed" | "frozenset" | "iter" | "dict"
            | "deque" | "tqdm" | "shuffled" | "cast_list" | "as_completed" => first(0),
            "map" | "filter" | "filterfalse" | "starmap" | "cast" => first(1),
            "items" | "values" | "keys" | "copy" if facts.kind(func) == Kind::Attribute => {
                self.child(func, Role::Value, fuel)
            }
            "islice" | "nlargest" | "nsmallest" | "sample" | "choices" | "most_common" | "itertuples_head" => {
                Width::Bounded
            }
            "chain" => self.all(facts.children_as(node, Role::Arg), fuel),
            "product" => facts
                .children_as(node, Role::Arg)
                .map(|it| self.at(it, fuel))
                .fold(Width::Constant(1), Width::times),
            _ if self.is_limited_query(node) => Width::Bounded,
            _ => self.own_call(func, fuel),
        }
    }

    /// A function of the project that returns a literal.
    fn own_call(self, func: NodeId, fuel: u32) -> Width {
        let importer = self.names.importer();
        let Some(Ty::Function(function)) = static_expr(importer, self.module, func, 8) else {
            return Width::Data;
        };
        let other = Self::new(self.names, function.module);
        let facts = other.facts;
        if facts.function(function.local).is_generator {
            return Width::Data;
        }
        let returns: Vec<NodeId> = facts
            .body_nodes(function.local)
            .filter(|&it| facts.kind(it) == Kind::Return)
            .collect();
        if returns.is_empty() {
            return Width::Data;
        }
        returns
            .into_iter()
            .map(|it| other.child(it, Role::Value, fuel.min(6)))
            .fold(Width::Constant(0), Width::or)
    }
}
