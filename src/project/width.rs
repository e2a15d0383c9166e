//! How many items an expression can hold: a constant, something bounded, or the size of data.

use super::Names;
use super::classes::{Member, static_expr, written};
use super::ids::{ClassId, ModuleId};
use super::modules::Target;
use super::reaching::reaching;
use super::ty::Ty;
use super::words::{has_word, last_word};
use crate::facts::{Definition, FileFacts, How, Kind, LocalFn, NodeId, Op, PlaceId, PlaceKind, Role};

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

    /// `search(query, limit=20)`, `fetch(page=3)`.
    fn is_limited_query(self, call: NodeId) -> bool {
        const BOUNDS: [&str; 17] = [
            "limit",
            "top_k",
            "k",
            "max_results",
            "n_results",
            "page_size",
            "per_page",
            "page",
            "num_results",
            "maxResults",
            "top_n",
            "max_items",
            "first",
            "count",
            "similarity_top_k",
            "max_count",
            "size",
        ];
        BOUNDS.iter().any(|it| {
            self.facts
                .keyword(call, it)
                .is_some_and(|value| !matches!(self.facts.kind(value), Kind::None) && !self.counts_data(value, 8))
        })
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

    /// `range(n)`: data only where `n` counts data; a setting is a bound.
    fn range(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let args: Vec<NodeId> = facts.children_as(node, Role::Arg).collect();
        let stop = match args[..] {
            [stop] | [_, stop] | [_, stop, _] => stop,
            _ => return Width::Data,
        };
        if let Some(number) = facts.number(stop) {
            return if (0.0..1e12).contains(&number) {
                Width::Constant(number as u64)
            } else {
                Width::Bounded
            };
        }
        if self.counts_data(stop, fuel.min(8)) {
            Width::Data
        } else {
            Width::Bounded
        }
    }

    /// Whether a number grows with data: `len(xs)`, `total // size`, a page count that a service told.
    fn counts_data(self, node: NodeId, fuel: u32) -> bool {
        let Some(fuel) = fuel.checked_sub(1) else { return false };
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Call => {
                let name = facts
                    .child(node, Role::Func)
                    .map(|it| written(facts, it))
                    .unwrap_or_default();
                match name.rsplit('.').next().unwrap_or_default() {
                    "len" => facts.arg(node, 0).is_some_and(|it| self.at(it, fuel) == Width::Data),
                    "min" => facts.children_as(node, Role::Arg).all(|it| self.counts_data(it, fuel)),
                    "max" | "ceil" | "int" | "round" | "floor" | "abs" => {
                        facts.children_as(node, Role::Arg).any(|it| self.counts_data(it, fuel))
                    }
                    "count" => true,
                    _ => false,
                }
            }
            Kind::BinOp | Kind::Await | Kind::UnaryOp | Kind::IfExp | Kind::BoolOp => {
                facts.children(node).any(|it| self.counts_data(it, fuel))
            }
            Kind::Name => facts.name_place(node).is_some_and(|place| {
                has_word(facts.name_text(node).unwrap_or_default(), &["pages", "total"])
                    || facts
                        .definitions_of(place)
                        .iter()
                        .any(|it| matches!(it.how, How::Assign { value, .. } if self.counts_data(value, fuel)))
            }),
            Kind::Attribute => has_word(facts.payload_text(node).unwrap_or_default(), &["pages", "total"]),
            _ => false,
        }
    }

    fn subscript(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let Some(index) = facts.child(node, Role::Index) else {
            return Width::Data;
        };
        if facts.kind(index) != Kind::Slice {
            return Width::Data;
        }
        let bounded = facts.child(index, Role::Upper).is_some_and(|upper| {
            facts.kind(upper) != Kind::None
                && facts.number(upper).is_none_or(|it| it >= 0.0)
                && (facts.child(index, Role::Lower).is_some() || !self.counts_data(upper, fuel.min(8)))
        });
        // `xs[-3:]`.
        let tail = facts
            .child(index, Role::Lower)
            .is_some_and(|it| facts.kind(it) == Kind::UnaryOp && facts.node(it).payload == Op::USub as u32);
        let whole = self.child(node, Role::Value, fuel);
        if bounded || tail {
            whole.min(Width::Bounded)
        } else {
            whole
        }
    }

    fn name(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        if matches!(
            static_expr(self.names.importer(), self.module, node, 8),
            Some(Ty::Class(_))
        ) {
            // Iterating a class is iterating an enumeration.
            return Width::Bounded;
        }
        let Some(place) = facts.name_place(node) else {
            return Width::Data;
        };
        match facts.place(place).kind {
            PlaceKind::Local | PlaceKind::Comprehension => self.local(place, node, fuel),
            PlaceKind::Module | PlaceKind::ClassBody(_) => self.constant(place, fuel),
            PlaceKind::Global => {
                let target = self
                    .names
                    .importer()
                    .member(self.module, facts.text(facts.place(place).name), 8);
                self.target(target, fuel)
            }
        }
    }

    fn target(self, target: Target, fuel: u32) -> Width {
        match target {
            Target::Member(module, place) => Self::new(self.names, module).constant(place, fuel),
            _ => Width::Data,
        }
    }

    /// A module's or class's name: what it holds where it is a literal that nobody fills.
    fn constant(self, place: PlaceId, fuel: u32) -> Width {
        let mut width = Width::Constant(0);
        for definition in self.facts.definitions_of(place) {
            width = width.or(match definition.how {
                How::Assign { value, .. } => match self.at(value, fuel) {
                    Width::Constant(0) => Width::Data,
                    other => other,
                },
                How::Import(index) => self.target(self.names.imports[self.module.0 as usize][index as usize], fuel),
                How::Class(_) => Width::Bounded,
                _ => Width::Data,
            });
        }
        if width == Width::Constant(0) || self.is_filled(place) {
            Width::Data
        } else {
            width
        }
    }

    /// Whether anything in the file adds to the collection.
    fn is_filled(self, place: PlaceId) -> bool {
        let facts = self.facts;
        (0..u32::try_from(facts.nodes.len()).unwrap_or(u32::MAX))
            .map(NodeId)
            .any(|node| facts.name_place(node) == Some(place) && is_fed(facts, node))
    }

    fn local(self, place: PlaceId, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let name = facts.text(facts.place(place).name);
        let all = facts.definitions_of(place);
        let seen = reaching(facts, all, node);
        let mut width = Width::Constant(0);
        for index in seen {
            width = width.or(self.defined(&all[index], name, fuel));
        }
        width = width.or(self.fed(place, node, fuel));
        if width == Width::Data && self.is_checked(place, node) {
            Width::Bounded
        } else {
            width
        }
    }

    fn defined(self, definition: &Definition, name: &str, fuel: u32) -> Width {
        match definition.how {
            How::Assign { value, .. } | How::Augment { value } => self.at(value, fuel),
            How::Iterate { iter, .. } => self.element(iter, name, fuel),
            How::Import(index) => self.target(self.names.imports[self.module.0 as usize][index as usize], fuel),
            How::Param(_) if is_portion(name) => Width::Bounded,
            _ => Width::Data,
        }
    }

    /// How many items one item of the iterable holds: `for batch in batched(xs, 50)`.
    fn element(self, iter: NodeId, name: &str, fuel: u32) -> Width {
        let Some(fuel) = fuel.checked_sub(1) else {
            return Width::Data;
        };
        let facts = self.facts;
        if is_portion(name) {
            return Width::Bounded;
        }
        match facts.kind(iter) {
            Kind::Call => {
                let text = facts
                    .child(iter, Role::Func)
                    .map(|it| written(facts, it))
                    .unwrap_or_default();
                let last = text.rsplit('.').next().unwrap_or_default();
                if has_word(
                    last,
                    &[
                        "batched", "batch", "batches", "chunked", "chunk", "chunks", "pages", "paginate", "grouper",
                    ],
                ) {
                    return Width::Bounded;
                }
                match last {
                    "enumerate" | "list" | "tqdm" | "reversed" | "sorted" => facts
                        .arg(iter, 0)
                        .map_or(Width::Data, |it| self.element(it, name, fuel)),
                    _ => Width::Data,
                }
            }
            Kind::ListComp | Kind::GeneratorExp => self.child(iter, Role::Element, fuel),
            Kind::List | Kind::Tuple => self.all(facts.children(iter), fuel),
            Kind::Name => {
                let Some(place) = facts.name_place(iter) else {
                    return Width::Data;
                };
                match facts.definitions_of(place) {
                    [
                        Definition {
                            how: How::Assign { value, .. },
                            ..
                        },
                    ] => self.element(*value, name, fuel),
                    _ => Width::Data,
                }
            }
            _ => Width::Data,
        }
    }

    /// What `append`, `extend`, `add`, `x[k] = ...` put into a local collection before its use.
    fn fed(self, place: PlaceId, usage: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let function = facts.place(place).owner;
        let mut width = Width::Constant(0);
        for node in facts.body_nodes(function) {
            if node >= usage || facts.name_place(node) != Some(place) || !is_fed(facts, node) {
                continue;
            }
            width = width.or(self.loops_around(node, usage, fuel));
            if let Some(extended) = extended_by(facts, node) {
                width = width.or(self.at(extended, fuel));
            }
        }
        width
    }

    fn loops_around(self, node: NodeId, usage: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let mut width = Width::Constant(1);
        for around in facts.ancestors(node) {
            match facts.kind(around) {
                _ if facts.contains(around, usage) => break,
                Kind::FunctionDef | Kind::Lambda => break,
                Kind::For => width = width.times(self.child(around, Role::Iter, fuel)),
                Kind::AsyncFor => width = width.times(Width::Data),
                Kind::While => width = width.times(Width::Unknown),
                _ => {}
            }
        }
        width
    }

    /// `if len(xs) > 50: raise ...` before the use.
    fn is_checked(self, place: PlaceId, usage: NodeId) -> bool {
        let facts = self.facts;
        let function = facts.function_of(usage);
        facts.body_nodes(function).take_while(|&it| it < usage).any(|node| {
            facts.kind(node) == Kind::If
                && !facts.contains(node, usage)
                && facts
                    .child(node, Role::Test)
                    .is_some_and(|it| self.compares_length(it, place))
                && facts.children_as(node, Role::Body).last().is_some_and(|it| {
                    matches!(
                        facts.kind(it),
                        Kind::Raise | Kind::Return | Kind::Break | Kind::Continue
                    )
                })
        })
    }

    fn compares_length(self, test: NodeId, place: PlaceId) -> bool {
        let facts = self.facts;
        if facts.kind(test) != Kind::Compare {
            return false;
        }
        let op = facts.node(test).payload;
        let more = op == Op::Gt as u32 || op == Op::GtE as u32;
        let is_length = facts.child(test, Role::Left).is_some_and(|it| {
            facts.kind(it) == Kind::Call
                && facts.child(it, Role::Func).and_then(|it| facts.name_text(it)) == Some("len")
                && facts.arg(it, 0).and_then(|it| facts.name_place(it)) == Some(place)
        });
        more && is_length
            && facts
                .child(test, Role::Right)
                .is_some_and(|it| facts.number(it).is_none_or(|it| it > 1.0) && !self.counts_data(it, 4))
    }

    /// `self.HOSTS`, `config.REGIONS`, `Color`.
    fn attribute(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let importer = self.names.importer();
        if matches!(static_expr(importer, self.module, node, 8), Some(Ty::Class(_))) {
            return Width::Bounded;
        }
        let (Some(value), Some(name)) = (facts.child(node, Role::Value), facts.payload_text(node)) else {
            return Width::Data;
        };
        match static_expr(importer, self.module, value, 8) {
            Some(Ty::Module(module)) => return self.target(importer.member(module, name, 8), fuel),
            Some(Ty::Class(class)) => return self.class_attribute(class, name, fuel),
            _ => {}
        }
        match (facts.name_text(value), self.class_around(node)) {
            (Some("self" | "cls"), Some(class)) => self.class_attribute(class, name, fuel),
            _ => Width::Data,
        }
    }

    fn class_around(self, node: NodeId) -> Option<ClassId> {
        let mut function = self.facts.function_of(node);
        loop {
            let of = self.facts.function(function);
            if let Some(local) = of.class {
                return Some(ClassId {
                    module: self.module,
                    local,
                });
            }
            if of.parent == function || function == LocalFn(0) {
                return None;
            }
            function = of.parent;
        }
    }

    fn class_attribute(self, class: ClassId, name: &str, fuel: u32) -> Width {
        let Some(Member::Attribute(owner, _)) = self.names.classes.member(&self.names.modules, class, name, 0) else {
            return Width::Data;
        };
        let other = Self::new(self.names, owner.module);
        let facts = other.facts;
        let of = &facts.classes[owner.local.0 as usize];
        let mut width = Width::Constant(0);
        if let Some((_, place)) = of.members.iter().find(|(sym, _)| facts.text(*sym) == name) {
            width = width.or(other.constant(*place, fuel));
        }
        for attribute in of.attributes.iter().filter(|it| facts.text(it.name) == name) {
            width = width.or(match attribute.how {
                How::Assign { value, .. } => match other.at(value, fuel) {
                    Width::Constant(0) => Width::Data,
                    it => it,
                },
                _ => Width::Data,
            });
        }
        let filled = || {
            facts.descendants(of.node).any(|it| {
                facts.kind(it) == Kind::Attribute && facts.payload_text(it) == Some(name) && is_fed(facts, it)
            })
        };
        if width == Width::Constant(0) || (width < Width::Data && filled()) {
            Width::Data
        } else {
            width
        }
    }
}

/// Names that say that they hold a part of something bigger.
fn is_portion(name: &str) -> bool {
    matches!(
        last_word(name).as_str(),
        "batch" | "chunk" | "page" | "window" | "slice" | "shard" | "pair" | "wave"
    )
}

/// Whether the collection named here gets something: `x.append(...)`, `x[k] = ...`.
fn is_fed(facts: &FileFacts, node: NodeId) -> bool {
    let parent = NodeId(facts.node(node).parent);
    match facts.kind(parent) {
        Kind::Attribute => {
            let call = NodeId(facts.node(parent).parent);
            facts.kind(call) == Kind::Call
                && facts.node(parent).role == Role::Func
                && matches!(
                    facts.payload_text(parent),
                    Some(
                        "append" | "add" | "extend" | "insert" | "update" | "appendleft" | "setdefault" | "put_nowait"
                    )
                )
        }
        Kind::Subscript => facts.node(node).role == Role::Value && facts.node(parent).role == Role::Target,
        Kind::AugAssign => facts.node(node).role == Role::Target,
        _ => false,
    }
}

/// The collection that `x.extend(ys)`, `x.update(ys)` or `x += ys` adds.
fn extended_by(facts: &FileFacts, node: NodeId) -> Option<NodeId> {
    let parent = NodeId(facts.node(node).parent);
    match facts.kind(parent) {
        Kind::Attribute if matches!(facts.payload_text(parent), Some("extend" | "update")) => {
            facts.arg(NodeId(facts.node(parent).parent), 0)
        }
        Kind::AugAssign => facts.child(parent, Role::Value),
        _ => None,
    }
}
