//! Widths of names: locals, constants of modules and classes, attributes.

use super::{Width, Widths};
use crate::facts::{Definition, FileFacts, How, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};
use crate::project::classes::{Member, static_expr, written};
use crate::project::ids::ClassId;
use crate::project::modules::Target;
use crate::project::reaching::reaching;
use crate::project::ty::Ty;
use crate::project::words::{has_word, last_word};

impl Widths<'_> {
    pub(super) fn name(self, node: NodeId, fuel: u32) -> Width {
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

    pub(super) fn target(self, target: Target, fuel: u32) -> Width {
        match target {
            Target::Member(module, place) => Self::new(self.names, module).constant(place, fuel),
            _ => Width::Data,
        }
    }

    /// A module's or class's name: what it holds where it is a literal that nobody fills.
    pub(super) fn constant(self, place: PlaceId, fuel: u32) -> Width {
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
        // Looking for what fills it costs a walk over the file, so only where it can change the answer.
        if matches!(width, Width::Constant(0) | Width::Data) || self.is_filled(place) {
            Width::Data
        } else {
            width
        }
    }

    /// Whether anything in the file adds to the collection.
    pub(super) fn is_filled(self, place: PlaceId) -> bool {
        let facts = self.facts;
        (0..u32::try_from(facts.nodes.len()).unwrap_or(u32::MAX))
            .map(NodeId)
            .any(|node| facts.name_place(node) == Some(place) && is_fed(facts, node))
    }

    pub(super) fn local(self, place: PlaceId, node: NodeId, fuel: u32) -> Width {
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

    pub(super) fn defined(self, definition: &Definition, name: &str, fuel: u32) -> Width {
        match definition.how {
            How::Assign { value, .. } | How::Augment { value } => self.at(value, fuel),
            How::Iterate { iter, .. } => self.element(iter, name, fuel),
            How::Import(index) => self.target(self.names.imports[self.module.0 as usize][index as usize], fuel),
            How::Param(_) if is_portion(name) => Width::Bounded,
            _ => Width::Data,
        }
    }

    /// How many items one item of the iterable holds: `for batch in batched(xs, 50)`.
    pub(super) fn element(self, iter: NodeId, name: &str, fuel: u32) -> Width {
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
    pub(super) fn fed(self, place: PlaceId, usage: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let function = facts.place(place).owner;
        let mut width = Width::Constant(0);
        for node in facts.descendants(facts.function(function).node) {
            if node >= usage || facts.name_place(node) != Some(place) || !is_fed(facts, node) {
                continue;
            }
            // A nested function adds as often as it runs.
            if facts.function_of(node) != function {
                return Width::Data;
            }
            width = width.or(self.loops_around(node, usage, fuel));
            if let Some(extended) = extended_by(facts, node) {
                width = width.or(self.at(extended, fuel));
            }
        }
        width
    }

    pub(super) fn loops_around(self, node: NodeId, usage: NodeId, fuel: u32) -> Width {
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

    /// `self.HOSTS`, `config.REGIONS`, `Color`.
    pub(super) fn attribute(self, node: NodeId, fuel: u32) -> Width {
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

    pub(super) fn class_around(self, node: NodeId) -> Option<ClassId> {
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

    pub(super) fn class_attribute(self, class: ClassId, name: &str, fuel: u32) -> Width {
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
