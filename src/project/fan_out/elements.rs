//! The awaitables in an expression: `*[f(x) for x in xs]`, a list filled by `append`, `map(f, xs)`.

use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};
use crate::project::classes::written;
use crate::project::reaching::reaching;

/// Expressions are followed this far.
const FUEL: u32 = 12;

/// An awaitable, or many of the same making.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// The expression that makes one, or the function that `map` calls.
    pub(super) node: NodeId,
    /// The `for` statements and generators that repeat it, and the arguments of `map`.
    pub(super) loops: Vec<NodeId>,
    /// A part of a bigger collection: `tasks[i : i + n]`.
    pub(super) is_slice: bool,
    /// `node` is a function.
    pub(super) is_function: bool,
}

/// Finds them for one fan-out.
pub(super) struct Elements<'a> {
    pub(super) facts: &'a FileFacts,
    /// The fan-out's own call: loops around it do not widen it.
    pub(super) fan: NodeId,
    pub(super) function: LocalFn,
    pub(super) found: Vec<Element>,
}

impl<'a> Elements<'a> {
    pub(super) fn new(facts: &'a FileFacts, fan: NodeId, function: LocalFn) -> Self {
        Self {
            facts,
            fan,
            function,
            found: Vec::new(),
        }
    }

    fn push(&mut self, node: NodeId, loops: Vec<NodeId>) {
        self.found.push(Element {
            node,
            loops,
            is_slice: false,
            is_function: false,
        });
    }

    /// Adds what calling a function with each of the items makes.
    pub(super) fn map(&mut self, function: Option<NodeId>, items: Option<NodeId>) {
        if let (Some(node), Some(items)) = (function, items) {
            self.found.push(Element {
                node,
                loops: vec![items],
                is_slice: false,
                is_function: true,
            });
        }
    }

    /// Adds the awaitables of a collection.
    pub(super) fn add(&mut self, node: NodeId) {
        self.follow(node, &[], FUEL);
    }

    fn follow(&mut self, node: NodeId, around: &[NodeId], fuel: u32) {
        let Some(fuel) = fuel.checked_sub(1) else { return };
        let facts = self.facts;
        let children = |role: Role| facts.child(node, role);
        match facts.kind(node) {
            Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp => {
                let role = if facts.kind(node) == Kind::DictComp {
                    Role::Value
                } else {
                    Role::Element
                };
                let mut loops = around.to_vec();
                loops.extend(facts.children_as(node, Role::Generator));
                if let Some(element) = children(role) {
                    self.push(element, loops);
                }
            }
            Kind::List | Kind::Tuple | Kind::Set => {
                for child in facts.children(node) {
                    match facts.kind(child) {
                        Kind::Starred => self.follow(child, around, fuel),
                        _ => self.push(child, around.to_vec()),
                    }
                }
            }
            Kind::Dict => {
                for child in facts.children_as(node, Role::Value) {
                    self.push(child, around.to_vec());
                }
            }
            Kind::Starred | Kind::NamedExpr => {
                if let Some(value) = children(Role::Value) {
                    self.follow(value, around, fuel);
                }
            }
            Kind::IfExp => {
                for role in [Role::Body, Role::Orelse] {
                    if let Some(arm) = children(role) {
                        self.follow(arm, around, fuel);
                    }
                }
            }
            Kind::BinOp | Kind::BoolOp => {
                for side in facts.children(node) {
                    self.follow(side, around, fuel);
                }
            }
            Kind::Subscript => self.slice(node, around, fuel),
            Kind::Call => self.call(node, around, fuel),
            Kind::Name => self.name(node, around, fuel),
            _ => {}
        }
    }

    fn slice(&mut self, node: NodeId, around: &[NodeId], fuel: u32) {
        let facts = self.facts;
        let index = facts.child(node, Role::Index);
        let Some(value) = facts.child(node, Role::Value) else {
            return;
        };
        let bounded = index.is_some_and(|it| facts.kind(it) == Kind::Slice && facts.child(it, Role::Upper).is_some());
        let before = self.found.len();
        self.follow(value, around, fuel);
        for element in &mut self.found[before..] {
            element.is_slice |= bounded;
        }
    }

    fn call(&mut self, node: NodeId, around: &[NodeId], fuel: u32) {
        let facts = self.facts;
        let Some(func) = facts.child(node, Role::Func) else {
            return;
        };
        let text = written(facts, func);
        match text.rsplit('.').next().unwrap_or_default() {
            "list" | "tuple" | "set" | "sorted" | "reversed" | "iter" | "frozenset" | "tqdm" => {
                if let Some(inner) = facts.arg(node, 0) {
                    self.follow(inner, around, fuel);
                }
            }
            "filter" => {
                if let Some(inner) = facts.arg(node, 1) {
                    self.follow(inner, around, fuel);
                }
            }
            "map" | "starmap" => {
                if let (Some(function), Some(items)) = (facts.arg(node, 0), facts.arg(node, 1)) {
                    let mut loops = around.to_vec();
                    loops.push(items);
                    self.found.push(Element {
                        node: function,
                        loops,
                        is_slice: false,
                        is_function: true,
                    });
                }
            }
            "chain" => {
                for arg in facts.children_as(node, Role::Arg) {
                    self.follow(arg, around, fuel);
                }
            }
            "islice" => {
                let before = self.found.len();
                if let Some(inner) = facts.arg(node, 0) {
                    self.follow(inner, around, fuel);
                }
                for element in &mut self.found[before..] {
                    element.is_slice = true;
                }
            }
            "values" | "keys" | "copy" if facts.kind(func) == Kind::Attribute => {
                if let Some(inner) = facts.child(func, Role::Value) {
                    self.follow(inner, around, fuel);
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, node: NodeId, around: &[NodeId], fuel: u32) {
        let facts = self.facts;
        let Some(place) = facts.name_place(node) else { return };
        let at = facts.place(place);
        if at.kind != PlaceKind::Local || at.owner != self.function {
            return;
        }
        let all = facts.definitions_of(place);
        for index in reaching(facts, all, node) {
            let definition = &all[index];
            match definition.how {
                How::Assign { value, .. } if value < node => self.follow(value, around, fuel),
                How::Augment { value } => {
                    let mut loops = around.to_vec();
                    loops.extend(self.loops(definition.node));
                    self.follow(value, &loops, fuel);
                }
                _ => {}
            }
        }
        self.fed(place, around, fuel);
    }

    /// `tasks.append(f(x))`, `tasks[k] = f(x)`, `tasks.extend(...)`.
    fn fed(&mut self, place: PlaceId, around: &[NodeId], fuel: u32) {
        let facts = self.facts;
        for node in facts.body_nodes(self.function) {
            if facts.name_place(node) != Some(place) || (node > self.fan && !self.in_common_loop(node)) {
                continue;
            }
            let parent = NodeId(facts.node(node).parent);
            let grand = NodeId(facts.node(parent).parent);
            let mut loops = around.to_vec();
            loops.extend(self.loops(node));
            match facts.kind(parent) {
                Kind::Attribute if facts.kind(grand) == Kind::Call && facts.node(parent).role == Role::Func => {
                    match facts.payload_text(parent) {
                        Some("append" | "add" | "appendleft" | "put_nowait") => {
                            if let Some(value) = facts.arg(grand, 0) {
                                self.push(value, loops);
                            }
                        }
                        Some("extend" | "update") => {
                            if let Some(value) = facts.arg(grand, 0) {
                                self.follow(value, &loops, fuel);
                            }
                        }
                        _ => {}
                    }
                }
                Kind::Subscript if facts.node(parent).role == Role::Target && facts.node(node).role == Role::Value => {
                    if facts.kind(grand) == Kind::Assign
                        && let Some(value) = facts.child(grand, Role::Value)
                    {
                        self.push(value, loops);
                    }
                }
                _ => {}
            }
        }
    }

    fn in_common_loop(&self, node: NodeId) -> bool {
        let facts = self.facts;
        facts
            .ancestors(node)
            .any(|it| facts.kind(it).is_loop() && facts.contains(it, self.fan))
    }

    /// The loops around a node that are not around the fan-out.
    fn loops(&self, node: NodeId) -> Vec<NodeId> {
        let facts = self.facts;
        let mut below = node;
        let mut loops = Vec::new();
        for it in facts.ancestors(node) {
            if facts.contains(it, self.fan) {
                break;
            }
            let repeats = match facts.kind(it) {
                Kind::For | Kind::AsyncFor => facts.node(below).role == Role::Body,
                Kind::While => true,
                _ => false,
            };
            if repeats {
                loops.push(it);
            }
            below = it;
        }
        loops
    }
}
