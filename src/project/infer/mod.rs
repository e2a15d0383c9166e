//! The type of an expression, from its own module's facts and the types found so far.

mod annotations;
mod builtins;
mod calls;
mod definitions;
mod iteration;
mod members;

use super::Names;
use super::ids::{FnId, ModuleId};
use super::modules::Target;
use super::reaching::reaching;
use super::relink::{Read, ReadSet};
use super::ty::Ty;
use super::types::{Entity, Types};
use crate::catalog::Is;
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, Op, PlaceId, PlaceKind, Role};
use builtins::{is_builtin, plain_or_collection};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Expressions nested deeper than this are unknown.
const MAX_DEPTH: u32 = 40;

/// Evaluates expressions of one module.
pub struct Eval<'a> {
    pub(super) names: &'a Names,
    pub(super) types: &'a Types,
    pub(super) module: ModuleId,
    pub(super) facts: &'a FileFacts,
    definitions: FxHashMap<NodeKey, Ty>,
    links: FxHashMap<NodeId, Ty>,
    /// Names that nothing in the module binds, and what they mean where that needs no inference.
    globals: FxHashMap<PlaceId, Ty>,
    /// The entities read that were unknown, where somebody asks for them.
    unknown_reads: Option<Vec<Entity>>,
    /// What was read of other modules than this one, where somebody remembers it.
    noted: Option<(ModuleId, ReadSet)>,
    /// Entities are read as they were before this round, where rounds are run again.
    round: Option<u32>,
    depth: u32,
}

/// A definition: its place and its node (a node may define several places).
type NodeKey = (PlaceId, NodeId);

impl<'a> Eval<'a> {
    /// An evaluator for a module.
    #[must_use]
    pub fn new(names: &'a Names, types: &'a Types, module: ModuleId) -> Self {
        Self {
            names,
            types,
            module,
            facts: &names.modules[module.0 as usize].facts,
            definitions: FxHashMap::default(),
            links: FxHashMap::default(),
            globals: FxHashMap::default(),
            unknown_reads: None,
            noted: None,
            round: None,
            depth: 0,
        }
    }

    /// The same, and remembers what it has read that was unknown.
    pub(super) fn recording(names: &'a Names, types: &'a Types, module: ModuleId) -> Self {
        Self {
            unknown_reads: Some(Vec::new()),
            ..Self::new(names, types, module)
        }
    }

    /// The same, and notes what it reads of other modules than `reader`, if that is asked for.
    pub(super) fn noting(mut self, reader: ModuleId, notes: bool) -> Self {
        self.noted = notes.then(|| (reader, ReadSet::default()));
        self
    }

    /// The same, with entities as they were before a round, if one is given.
    pub(super) fn before(mut self, round: Option<u32>) -> Self {
        self.round = round;
        self
    }

    /// What was noted.
    pub(super) fn into_reads(self) -> ReadSet {
        self.noted.map(|it| it.1).unwrap_or_default()
    }

    /// Notes what the present result rests on.
    pub(super) fn notes(&mut self, read: Read) {
        if let Some((reader, reads)) = &mut self.noted
            && read.module() != *reader
        {
            reads.insert(read);
        }
    }

    /// Notes the functions, classes and modules that a type names; gives the type.
    pub(super) fn seen(&mut self, ty: Ty) -> Ty {
        if self.noted.is_some() {
            ty.each_id(&mut |it| self.notes(it));
        }
        ty
    }

    /// The facts of the module.
    #[must_use]
    pub fn facts(&self) -> &'a FileFacts {
        self.facts
    }

    /// The entities read since the last call that were unknown.
    pub(super) fn take_unknown_reads(&mut self) -> Vec<Entity> {
        let reads = self.unknown_reads.as_mut().map(std::mem::take).unwrap_or_default();
        // What was remembered rested on these reads; the next entity must see them for itself.
        if !reads.is_empty() {
            self.definitions.clear();
            self.links.clear();
        }
        reads
    }

    /// Reads of another evaluator that the present entity rests on.
    pub(super) fn also_read(&mut self, reads: Vec<Entity>) {
        for it in reads {
            self.note(it);
        }
    }

    fn note(&mut self, unknown: Entity) {
        if let Some(reads) = &mut self.unknown_reads
            && !reads.contains(&unknown)
        {
            reads.push(unknown);
        }
    }

    /// Computes an entity of this module afresh.
    pub(super) fn entity(&mut self, entity: Entity) -> Ty {
        match entity {
            Entity::Place(_, place) => self.place_union(place),
            Entity::Attribute(class, index) => self.attribute(class, index),
            Entity::Return(function) => self.returned(function.local),
            Entity::Param(function, index) => self.given(function, index),
        }
    }

    pub(super) fn read(&mut self, entity: Entity) -> Ty {
        let ty = match self.round {
            Some(round) => self.types.before(entity, round),
            None => self.types.get(entity),
        };
        if ty.is_unknown() {
            self.note(entity);
        }
        self.notes(Read::Entity(entity));
        self.seen(ty.clone())
    }

    /// The type of an expression.
    pub fn expr(&mut self, node: NodeId) -> Ty {
        if self.depth > MAX_DEPTH {
            return Ty::Unknown;
        }
        // A chain of calls asks for its receivers more than once at every link.
        let is_link = matches!(self.facts.kind(node), Kind::Call | Kind::Subscript);
        if is_link && let Some(known) = self.links.get(&node) {
            return known.clone();
        }
        self.depth += 1;
        let ty = self.expr_inner(node);
        self.depth -= 1;
        if is_link {
            self.links.insert(node, ty.clone());
        }
        ty
    }

    pub(super) fn child_ty(&mut self, node: NodeId, role: Role) -> Ty {
        self.facts.child(node, role).map_or(Ty::Unknown, |it| self.expr(it))
    }

    pub(super) fn expr_inner(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Name => self.name(node),
            Kind::Attribute => {
                let value = self.child_ty(node, Role::Value);
                let name = facts.payload_text(node).unwrap_or_default();
                self.member(&value, name)
            }
            Kind::Call => self.call(node),
            Kind::Await => self.child_ty(node, Role::Value).awaited(),
            Kind::Str | Kind::Bytes | Kind::Number | Kind::True | Kind::False | Kind::FString | Kind::Compare => {
                Ty::Plain
            }
            Kind::None => Ty::None,
            Kind::Tuple => {
                // A tuple's elements are one type only where they are the same.
                let elements: Vec<Ty> = facts.children(node).map(|it| self.expr(it)).collect();
                let same = elements.windows(2).all(|pair| pair[0] == pair[1]);
                if same {
                    Ty::collection(elements.into_iter().next().unwrap_or_default())
                } else {
                    Ty::Tuple(elements.into())
                }
            }
            Kind::List | Kind::Set => {
                let first = facts.children(node).next().map_or(Ty::Unknown, |it| self.expr(it));
                Ty::collection(first)
            }
            Kind::Dict => {
                let value = facts
                    .children_as(node, Role::Value)
                    .next()
                    .map_or(Ty::Unknown, |it| self.expr(it));
                Ty::Mapping(Arc::new(value))
            }
            Kind::ListComp | Kind::SetComp | Kind::GeneratorExp => Ty::collection(self.child_ty(node, Role::Element)),
            Kind::DictComp => Ty::Mapping(Arc::new(self.child_ty(node, Role::Value))),
            Kind::BoolOp => facts
                .children(node)
                .map(|it| self.expr(it))
                .reduce(Ty::or)
                .unwrap_or_default(),
            Kind::IfExp => self.child_ty(node, Role::Body).or(self.child_ty(node, Role::Orelse)),
            Kind::NamedExpr | Kind::Starred => self.child_ty(node, Role::Value),
            Kind::BinOp => self.operator(node),
            Kind::UnaryOp => Ty::Plain,
            Kind::Subscript => self.subscript(node),
            Kind::Lambda => Ty::Function(FnId {
                module: self.module,
                local: LocalFn(facts.node(node).payload),
            }),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn operator(&mut self, node: NodeId) -> Ty {
        let left = self.child_ty(node, Role::Left);
        let right = self.child_ty(node, Role::Right);
        let catalog = &self.names.catalog;
        let is_path = |ty: &Ty| matches!(ty, Ty::External(class) if catalog.is(*class, Is::Path));
        if self.facts.node(node).payload == Op::Div as u32 {
            return if is_path(&left) {
                left
            } else if is_path(&right) {
                right
            } else {
                Ty::Unknown
            };
        }
        match (left, right) {
            (Ty::Collection(element), _) | (_, Ty::Collection(element)) => Ty::Collection(element),
            (Ty::Plain, _) | (_, Ty::Plain) => Ty::Plain,
            _ => Ty::Unknown,
        }
    }

    pub(super) fn subscript(&mut self, node: NodeId) -> Ty {
        let value = self.child_ty(node, Role::Value);
        let sliced = self
            .facts
            .child(node, Role::Index)
            .is_some_and(|it| self.facts.kind(it) == Kind::Slice);
        value.map(|it| match it {
            Ty::Collection(_) if sliced => it.clone(),
            Ty::Collection(element) | Ty::Mapping(element) => (**element).clone(),
            Ty::Plain => Ty::Plain,
            Ty::Foreign => Ty::Foreign,
            Ty::External(class) => match self.names.catalog.method(*class, "__getitem__") {
                Some(entry) => self
                    .names
                    .catalog
                    .returns(entry)
                    .map_or(Ty::Unknown, |ty| self.ext(ty, *class)),
                None => Ty::Unknown,
            },
            // `Generic[T](...)`.
            Ty::Class(class) => Ty::Class(*class),
            _ => Ty::Unknown,
        })
    }

    pub(super) fn name(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        let Some(place) = facts.name_place(node) else {
            return Ty::Unknown;
        };
        let ty = self.place(place, node);
        match ty {
            Ty::Unknown | Ty::OneOf(_) => self.narrowed(place, node).unwrap_or(ty),
            _ => ty,
        }
    }

    pub(super) fn place(&mut self, place: PlaceId, node: NodeId) -> Ty {
        let facts = self.facts;
        let at = facts.place(place);
        match at.kind {
            PlaceKind::Global => {
                if let Some(known) = self.globals.get(&place) {
                    return known.clone();
                }
                let ty = match self.global(facts.text(at.name)) {
                    Ok(ty) => self.seen(ty),
                    Err(target) => return self.target(target),
                };
                self.globals.insert(place, ty.clone());
                ty
            }
            PlaceKind::Module => match facts.definitions_of(place) {
                [only] => match only.how {
                    How::Import(index) => self.import(index),
                    _ => self.foreign_place(self.module, place),
                },
                _ => self.foreign_place(self.module, place),
            },
            PlaceKind::Local | PlaceKind::Comprehension | PlaceKind::ClassBody(_) => {
                let all = facts.definitions_of(place);
                if let [only] = all {
                    return self.definition(only);
                }
                let reaching = reaching(facts, all, node);
                reaching
                    .into_iter()
                    .map(|it| self.definition(&all[it]))
                    .reduce(Ty::or)
                    .unwrap_or_default()
            }
        }
    }

    /// What a name means that the module does not bind, or the variable of another module that it is.
    fn global(&self, name: &str) -> Result<Ty, Target> {
        let importer = self.names.importer();
        if let Some(name) = self.names.catalog.builtin(name) {
            return Ok(importer.name_ty(name));
        }
        match importer.member(self.module, name, 8) {
            // A builtin that does nothing here; a name that an unseen `import *` brings is not one.
            Target::Missing if is_builtin(name) => Ok(plain_or_collection(name).unwrap_or(Ty::Foreign)),
            variable @ Target::Member(..) => Err(variable),
            other => Ok(importer.target_ty(other).unwrap_or_default()),
        }
    }

    /// `if isinstance(x, T): x...`.
    pub(super) fn narrowed(&mut self, place: PlaceId, node: NodeId) -> Option<Ty> {
        let facts = self.facts;
        let mut below = node;
        for around in facts.ancestors(node) {
            if facts.kind(around).is_statement() && matches!(facts.kind(around), Kind::FunctionDef | Kind::Module) {
                return None;
            }
            if matches!(facts.kind(around), Kind::If | Kind::IfExp)
                && facts.node(below).role == Role::Body
                && let Some(test) = facts.child(around, Role::Test)
                && facts.kind(test) == Kind::Call
                && facts.child(test, Role::Func).and_then(|it| facts.name_text(it)) == Some("isinstance")
                && facts.arg(test, 0).and_then(|it| facts.name_place(it)) == Some(place)
            {
                let class = facts.arg(test, 1)?;
                let ty = self.annotation(class);
                return is_object(&ty).then_some(ty);
            }
            below = around;
        }
        None
    }
}

/// Whether a type says more than "some value".
pub(super) fn is_object(ty: &Ty) -> bool {
    !matches!(ty, Ty::Unknown | Ty::None | Ty::Plain | Ty::Foreign)
}
