//! The type of an expression, from its own module's facts and the types found so far.

use super::Names;
use super::classes::{Member, written};
use super::ids::{ClassId, FnId, ModuleId};
use super::reaching::reaching;
use super::ty::Ty;
use super::types::{Entity, Types};
use crate::catalog::{Act, EntryId, ExtClass, ExtType, Is, Name};
use crate::facts::{
    Definition, FileFacts, FnKind, How, Kind, LocalFn, NodeId, Op, ParamKind, PlaceId, PlaceKind, Role,
};
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
    unknown_reads: Vec<Entity>,
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
            unknown_reads: Vec::new(),
            depth: 0,
        }
    }

    /// The facts of the module.
    #[must_use]
    pub fn facts(&self) -> &'a FileFacts {
        self.facts
    }

    /// The entities read since the last call that were unknown.
    pub(super) fn take_unknown_reads(&mut self) -> Vec<Entity> {
        // What was remembered rested on these reads; the next entity must see them for itself.
        if !self.unknown_reads.is_empty() {
            self.definitions.clear();
            self.links.clear();
        }
        std::mem::take(&mut self.unknown_reads)
    }

    /// Computes an entity of this module afresh.
    pub(super) fn entity(&mut self, entity: Entity) -> Ty {
        match entity {
            Entity::Place(_, place) => self.place_union(place),
            Entity::Attribute(class, index) => self.attribute(class, index),
            Entity::Return(function) => self.returned(function.local),
        }
    }

    pub(super) fn read(&mut self, entity: Entity) -> Ty {
        let ty = self.types.get(entity);
        if ty.is_unknown() && !self.unknown_reads.contains(&entity) {
            self.unknown_reads.push(entity);
        }
        ty.clone()
    }

    /// Every definition of a place, joined.
    fn place_union(&mut self, place: PlaceId) -> Ty {
        let facts = self.facts;
        let all = facts.definitions_of(place);
        let imported: Vec<bool> = all.iter().map(|it| matches!(it.how, How::Import(_))).collect();
        if all.len() > 1 && imported.contains(&true) {
            let importer = self.names.importer();
            return super::classes::static_target(importer, super::modules::Target::Member(self.module, place), 8)
                .unwrap_or_default();
        }
        all.iter()
            .map(|it| self.definition(it))
            .reduce(Ty::or)
            .unwrap_or_default()
    }

    fn attribute(&mut self, class: ClassId, index: u32) -> Ty {
        let facts = self.facts;
        let name = self.names.classes.get(class).attributes[index as usize];
        let own = &facts.classes[class.local.0 as usize];
        let mut found = Ty::Unknown;
        if let Some(&(_, place)) = own.members.iter().find(|(sym, _)| *sym == name) {
            found = self.place_union(place);
        }
        for attribute in own.attributes.iter().filter(|it| it.name == name) {
            let how = attribute.how;
            found = found.or(self.how(how, attribute.function));
        }
        found
    }

    /// The type that a definition gives its place.
    pub(super) fn definition(&mut self, definition: &Definition) -> Ty {
        let key = (definition.place, definition.node);
        if let Some(known) = self.definitions.get(&key) {
            return known.clone();
        }
        // A definition that needs itself is unknown at that point.
        self.definitions.insert(key, Ty::Unknown);
        let ty = self.how(definition.how, definition.function);
        self.definitions.insert(key, ty.clone());
        ty
    }

    fn how(&mut self, how: How, function: LocalFn) -> Ty {
        match how {
            How::Assign { value, annotation } => {
                let declared = annotation.map_or(Ty::Unknown, |it| self.annotation(it));
                if is_object(&declared) {
                    declared
                } else {
                    declared.or(self.expr(value))
                }
            }
            How::Declare { annotation } => self.annotation(annotation),
            How::Unpack { value, index } => self.unpacked(value, index),
            How::Augment { value } => match self.expr(value) {
                Ty::Plain => Ty::Plain,
                _ => Ty::Unknown,
            },
            How::Iterate { iter, is_async, index } => {
                let iterated = self.expr(iter);
                let element = self.element(&iterated, is_async);
                match index {
                    None => element,
                    Some(index) => self.iterated_tuple(iter, &element, index),
                }
            }
            How::Enter { context, is_async } => {
                let context = self.expr(context);
                self.entered(&context, is_async)
            }
            How::Import(index) => self.import(index),
            How::Function(local) => Ty::Function(FnId {
                module: self.module,
                local,
            }),
            How::Class(local) => Ty::Class(ClassId {
                module: self.module,
                local,
            }),
            How::Param(index) => self.param(function, index),
            How::Except | How::Other => Ty::Unknown,
        }
    }

    fn import(&mut self, index: u32) -> Ty {
        let target = self.names.imports[self.module.0 as usize][index as usize];
        self.target(target)
    }

    fn target(&mut self, target: super::modules::Target) -> Ty {
        match target {
            super::modules::Target::Member(module, place) => self.foreign_place(module, place),
            other => self.names.importer().target_ty(other).unwrap_or_default(),
        }
    }

    /// A module-level name of another module (or of this one, seen from a function).
    fn foreign_place(&mut self, module: ModuleId, place: PlaceId) -> Ty {
        let facts = &self.names.modules[module.0 as usize].facts;
        if let [only] = facts.definitions_of(place)
            && let Some(ty) = super::modules::Importer::static_ty(module, only.how)
        {
            return ty;
        }
        self.read(Entity::Place(module, place))
    }

    fn unpacked(&mut self, value: NodeId, index: u32) -> Ty {
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
    fn iterated_tuple(&mut self, iter: NodeId, element: &Ty, index: u32) -> Ty {
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
    pub(super) fn element(&mut self, ty: &Ty, is_async: bool) -> Ty {
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

    fn entered(&mut self, ty: &Ty, is_async: bool) -> Ty {
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

    fn method_result(&mut self, class: ClassId, name: &str) -> Ty {
        match self.names.classes.member(&self.names.modules, class, name, 0) {
            Some(Member::Function(function)) => self.called(function, Some(class)),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn ext(&self, ty: ExtType, receiver: ExtClass) -> Ty {
        match ty {
            ExtType::Instance(class) => Ty::External(class),
            ExtType::CollectionOf(class) => Ty::collection(Ty::External(class)),
            ExtType::Receiver => Ty::External(receiver),
        }
    }

    fn param(&mut self, function: LocalFn, index: u32) -> Ty {
        let facts = self.facts;
        let of = facts.function(function);
        let param = of.params[index as usize];
        if index == 0
            && of.kind != FnKind::Lambda
            && let Some(local) = of.class
        {
            let class = ClassId {
                module: self.module,
                local,
            };
            match self.names.method_kind(FnId {
                module: self.module,
                local: function,
            }) {
                super::MethodKind::Instance => return Ty::Instance(class),
                super::MethodKind::Class => return Ty::Class(class),
                super::MethodKind::Static => {}
            }
        }
        let one = param.annotation.map_or(Ty::Unknown, |it| self.annotation(it));
        match param.kind {
            ParamKind::VarArgs => return Ty::collection(one),
            ParamKind::VarKeywords => return Ty::Mapping(Arc::new(one)),
            _ => {}
        }
        if is_object(&one) || param.annotation.is_some_and(|_| one == Ty::Plain) {
            return one;
        }
        let default = param.default.map_or(Ty::Unknown, |it| self.default(it));
        one.or(default)
    }

    /// A default says what a parameter is if it is an object; `None`, `""` and `0` say nothing.
    fn default(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        if facts.kind(node) == Kind::Call
            && let Some(func) = facts.child(node, Role::Func)
            && matches!(written(facts, func).rsplit('.').next(), Some("Depends" | "Security"))
        {
            let provider = facts.arg(node, 0).map_or(Ty::Unknown, |it| self.expr(it));
            let made = self.result_of(&provider, None);
            return match made {
                Ty::Awaitable(inner) | Ty::Collection(inner) => (*inner).clone(),
                other => other,
            };
        }
        let ty = self.expr(node);
        if is_object(&ty) { ty } else { Ty::Unknown }
    }

    /// The type that an annotation names.
    pub(super) fn annotation(&mut self, node: NodeId) -> Ty {
        if self.depth > MAX_DEPTH {
            return Ty::Unknown;
        }
        self.depth += 1;
        let ty = self.annotation_inner(node);
        self.depth -= 1;
        ty
    }

    fn annotation_inner(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Name | Kind::Attribute => {
                let named = self.expr(node);
                self.instance_of(&named, &written(facts, node))
            }
            Kind::None => Ty::None,
            Kind::BinOp if facts.node(node).payload == Op::BitOr as u32 => {
                let left = facts
                    .child(node, Role::Left)
                    .map_or(Ty::Unknown, |it| self.annotation(it));
                let right = facts
                    .child(node, Role::Right)
                    .map_or(Ty::Unknown, |it| self.annotation(it));
                left.or(right)
            }
            Kind::Subscript => self.generic(node),
            _ => Ty::Unknown,
        }
    }

    fn instance_of(&mut self, named: &Ty, text: &str) -> Ty {
        let last = text.rsplit('.').next().unwrap_or_default();
        match named {
            Ty::Class(class) => Ty::Instance(*class),
            Ty::Name(name) => match self.names.catalog.class(*name) {
                Some(class) => Ty::External(class),
                None => plain_or_collection(last).unwrap_or(Ty::Foreign),
            },
            // A type alias: `Client = httpx.AsyncClient` is followed as a name; `Ids = list[int]` is a value.
            Ty::OneOf(them) => them
                .iter()
                .map(|it| self.instance_of(it, text))
                .reduce(Ty::or)
                .unwrap_or_default(),
            _ => plain_or_collection(last).unwrap_or(match named {
                Ty::Foreign => Ty::Foreign,
                _ => Ty::Unknown,
            }),
        }
    }

    fn generic(&mut self, node: NodeId) -> Ty {
        let facts = self.facts;
        let Some(base) = facts.child(node, Role::Value) else {
            return Ty::Unknown;
        };
        let Some(index) = facts.child(node, Role::Index) else {
            return Ty::Unknown;
        };
        let args: Vec<NodeId> = match facts.kind(index) {
            Kind::Tuple => facts.children(index).collect(),
            _ => vec![index],
        };
        let text = written(facts, base);
        let arg = |eval: &mut Self, at: usize| args.get(at).map_or(Ty::Unknown, |&it| eval.annotation(it));
        match text.rsplit('.').next().unwrap_or_default() {
            "Tuple" | "tuple" if args.len() > 1 && facts.kind(args[1]) != Kind::Ellipsis => {
                let elements: Vec<Ty> = (0..args.len()).map(|at| arg(self, at)).collect();
                let same = elements.windows(2).all(|pair| pair[0] == pair[1]);
                if same {
                    Ty::collection(elements[0].clone())
                } else {
                    Ty::Tuple(elements.into())
                }
            }
            "Optional" | "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "Mapped" => arg(self, 0),
            "Union" => (0..args.len())
                .map(|at| arg(self, at))
                .reduce(Ty::or)
                .unwrap_or_default(),
            "List"
            | "list"
            | "Sequence"
            | "Iterable"
            | "Iterator"
            | "Set"
            | "set"
            | "FrozenSet"
            | "frozenset"
            | "Deque"
            | "deque"
            | "Collection"
            | "Tuple"
            | "tuple"
            | "AsyncIterator"
            | "AsyncIterable"
            | "Generator"
            | "AsyncGenerator"
            | "MutableSequence"
            | "AbstractSet"
            | "ContextManager"
            | "AsyncContextManager"
            | "AbstractContextManager"
            | "AbstractAsyncContextManager"
            | "ValuesView" => Ty::collection(arg(self, 0)),
            "Dict"
            | "dict"
            | "Mapping"
            | "MutableMapping"
            | "DefaultDict"
            | "defaultdict"
            | "OrderedDict"
            | "WeakValueDictionary" => Ty::Mapping(Arc::new(arg(self, 1))),
            "Awaitable" | "Future" | "Task" => Ty::Awaitable(Arc::new(arg(self, 0))),
            "Coroutine" => Ty::Awaitable(Arc::new(arg(self, 2))),
            "Type" | "type" => match arg(self, 0) {
                Ty::Instance(class) => Ty::Class(class),
                _ => Ty::Unknown,
            },
            "Literal" => Ty::Plain,
            "Callable" => Ty::Unknown,
            _ => self.annotation(base),
        }
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

    fn child_ty(&mut self, node: NodeId, role: Role) -> Ty {
        self.facts.child(node, role).map_or(Ty::Unknown, |it| self.expr(it))
    }

    fn expr_inner(&mut self, node: NodeId) -> Ty {
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

    fn operator(&mut self, node: NodeId) -> Ty {
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

    fn subscript(&mut self, node: NodeId) -> Ty {
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

    fn name(&mut self, node: NodeId) -> Ty {
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

    fn place(&mut self, place: PlaceId, node: NodeId) -> Ty {
        let facts = self.facts;
        let at = facts.place(place);
        match at.kind {
            PlaceKind::Global => {
                let name = facts.text(at.name);
                match self.names.catalog.builtin(name) {
                    Some(name) => self.names.importer().name_ty(name),
                    None => {
                        let target = self.names.importer().member(self.module, name, 8);
                        match target {
                            // A builtin that does nothing here; a name that an unseen `import *` brings is not one.
                            super::modules::Target::Missing if is_builtin(name) => {
                                plain_or_collection(name).unwrap_or(Ty::Foreign)
                            }
                            _ => self.target(target),
                        }
                    }
                }
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

    /// `if isinstance(x, T): x...`.
    fn narrowed(&mut self, place: PlaceId, node: NodeId) -> Option<Ty> {
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

    /// The member `name` of a value.
    pub(super) fn member(&mut self, value: &Ty, name: &str) -> Ty {
        value.map(|it| self.member_of_one(it, name))
    }

    fn member_of_one(&mut self, value: &Ty, name: &str) -> Ty {
        let names = self.names;
        match value {
            Ty::Module(module) => {
                let target = names.importer().member(*module, name, 12);
                match target {
                    super::modules::Target::Missing => {
                        let here = &names.modules[module.0 as usize];
                        let found = names.table.find(here.root, &format!("{}.{name}", here.name));
                        found.map_or(Ty::Unknown, Ty::Module)
                    }
                    other => self.target(other),
                }
            }
            Ty::Name(at) => self.library_member(*at, name),
            Ty::Foreign => Ty::Foreign,
            Ty::External(class) => self.external_member(*class, name),
            Ty::Instance(class) => self.instance_member(*class, name, 0),
            Ty::Class(class) => self.class_member(*class, name),
            Ty::Plain | Ty::Collection(_) | Ty::Tuple(_) | Ty::Mapping(_) => Ty::Plain,
            Ty::Function(_) | Ty::Bound(_) | Ty::Partial(_) => Ty::Unknown,
            _ => Ty::Unknown,
        }
    }

    fn library_member(&mut self, at: Name, name: &str) -> Ty {
        let catalog = &self.names.catalog;
        if let Some(member) = catalog.member(at, name) {
            return self.names.importer().name_ty(member);
        }
        if let Some(class) = catalog.class(at)
            && let Some(entry) = catalog.method(class, name)
        {
            return Ty::Method(class, entry);
        }
        Ty::Foreign
    }

    pub(super) fn external_member(&mut self, class: ExtClass, name: &str) -> Ty {
        let catalog = &self.names.catalog;
        if let Some(entry) = catalog.method(class, name) {
            return Ty::Method(class, entry);
        }
        catalog
            .attribute(class, name)
            .map_or(Ty::Foreign, |it| self.ext(it, class))
    }

    /// A member of an instance; `skip` 1 for `super()`.
    pub(super) fn instance_member(&mut self, class: ClassId, name: &str, skip: usize) -> Ty {
        let names = self.names;
        match names.classes.member(&names.modules, class, name, skip) {
            Some(Member::Function(function)) if names.is_property(function) => {
                match self.read(Entity::Return(function)) {
                    Ty::Awaitable(inner) => Ty::Awaitable(inner),
                    other => other,
                }
            }
            Some(Member::Function(function)) => Ty::Bound(function),
            Some(Member::Class(class)) => Ty::Class(class),
            Some(Member::Attribute(owner, index)) => {
                let own = self.read(Entity::Attribute(owner, index));
                // A base class may only declare what a subclass assigns, and the other way round.
                if own.is_unknown() {
                    self.inherited_attribute(class, owner, name)
                } else {
                    own
                }
            }
            Some(Member::External(external)) => self.external_member(external, name),
            None => Ty::Unknown,
        }
    }

    fn inherited_attribute(&mut self, class: ClassId, found_in: ClassId, name: &str) -> Ty {
        let names = self.names;
        for base in &names.classes.get(class).lineage {
            if let super::classes::Base::Own(base) = base
                && *base != found_in
                && let Some(Member::Attribute(owner, index)) = names.classes.own_member(&names.modules, *base, name)
            {
                let ty = self.read(Entity::Attribute(owner, index));
                if !ty.is_unknown() {
                    return ty;
                }
            }
        }
        Ty::Unknown
    }

    fn class_member(&mut self, class: ClassId, name: &str) -> Ty {
        let names = self.names;
        match names.classes.member(&names.modules, class, name, 0) {
            Some(Member::Function(function)) => match names.method_kind(function) {
                super::MethodKind::Class => Ty::Bound(function),
                _ => Ty::Function(function),
            },
            Some(Member::Class(class)) => Ty::Class(class),
            Some(Member::Attribute(owner, index)) => self.read(Entity::Attribute(owner, index)),
            Some(Member::External(external)) => match names.catalog.method(external, name) {
                Some(entry) => Ty::Method(external, entry),
                None => names
                    .catalog
                    .attribute(external, name)
                    .map_or(Ty::Unknown, |it| self.ext(it, external)),
            },
            None => Ty::Unknown,
        }
    }

    /// What a call gives.
    fn call(&mut self, node: NodeId) -> Ty {
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
    fn super_instance(&mut self, node: NodeId) -> Ty {
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
                    Some(super::classes::Base::Own(parent)) => Ty::Instance(*parent),
                    Some(super::classes::Base::External(parent)) => Ty::External(*parent),
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
    fn special_call(&mut self, node: NodeId, func: NodeId, callee: &Ty) -> Option<Ty> {
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
    fn wrapped_awaitable(&mut self, node: NodeId, name: Name) -> Option<Ty> {
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

    fn is_act(&mut self, call: NodeId, act: Act) -> bool {
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
    pub(super) fn result_of(&mut self, callee: &Ty, node: Option<NodeId>) -> Ty {
        match callee {
            Ty::Function(function) => self.called(*function, None),
            Ty::Bound(function) => {
                let receiver = node.and_then(|it| self.receiver_class(it));
                self.called(*function, receiver)
            }
            Ty::Class(class) => Ty::Instance(*class),
            Ty::Name(name) => self.library_call(*name),
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

    fn receiver_class(&mut self, call: NodeId) -> Option<ClassId> {
        let func = self.facts.child(call, Role::Func)?;
        let value = self.facts.child(func, Role::Value)?;
        match self.expr(value) {
            Ty::Instance(class) | Ty::Class(class) => Some(class),
            _ => None,
        }
    }

    fn library_call(&mut self, name: Name) -> Ty {
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

    fn entry_result(&mut self, entry: EntryId, receiver: Option<ExtClass>) -> Ty {
        let catalog = &self.names.catalog;
        let result = match (catalog.returns(entry), receiver) {
            (Some(ExtType::Receiver), None) => Ty::Foreign,
            (Some(ty), receiver) => match (ty, receiver) {
                (ExtType::Instance(class), _) => Ty::External(class),
                (ExtType::CollectionOf(class), _) => Ty::collection(Ty::External(class)),
                (ExtType::Receiver, Some(class)) => Ty::External(class),
                (ExtType::Receiver, None) => Ty::Foreign,
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
    fn called(&mut self, function: FnId, receiver: Option<ClassId>) -> Ty {
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
                .contains(&super::classes::Base::Own(*made))
        {
            result = Ty::Instance(receiver);
        }
        if of.kind == FnKind::Async && !of.is_generator {
            Ty::Awaitable(Arc::new(result))
        } else {
            result
        }
    }

    /// What a function of this module returns.
    fn returned(&mut self, function: LocalFn) -> Ty {
        let facts = self.facts;
        let of = facts.function(function);
        let declared = of.returns.map_or(Ty::Unknown, |it| self.annotation(it));
        if is_object(&declared) || declared == Ty::None || declared == Ty::Plain {
            return declared;
        }
        if of.kind == FnKind::Lambda {
            return facts.child(of.node, Role::Body).map_or(Ty::Unknown, |it| self.expr(it));
        }
        let wanted = if of.is_generator { Kind::Yield } else { Kind::Return };
        let mut found = Ty::Unknown;
        let mut returns = 0;
        for node in facts.body_nodes(function) {
            if facts.kind(node) == wanted {
                returns += 1;
                let one = facts.child(node, Role::Value).map_or(Ty::None, |it| self.expr(it));
                found = found.or(one);
            }
        }
        match (of.is_generator, returns) {
            (true, _) => Ty::collection(found),
            (false, 0) => Ty::None,
            _ => declared.or(found),
        }
    }
}

/// Whether a type says more than "some value".
pub(super) fn is_object(ty: &Ty) -> bool {
    !matches!(ty, Ty::Unknown | Ty::None | Ty::Plain | Ty::Foreign)
}

/// Builtin functions and classes that are not in the catalog because calling them has no effect that matters.
fn is_builtin(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "classmethod",
        "complex",
        "delattr",
        "dict",
        "dir",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "globals",
        "hasattr",
        "hash",
        "hex",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "locals",
        "map",
        "max",
        "memoryview",
        "min",
        "next",
        "object",
        "oct",
        "ord",
        "pow",
        "print",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "vars",
        "zip",
        "aiter",
        "anext",
        "Exception",
        "BaseException",
        "ValueError",
        "TypeError",
        "RuntimeError",
        "KeyError",
        "AttributeError",
        "NotImplementedError",
        "OSError",
        "IOError",
        "IndexError",
        "StopIteration",
        "TimeoutError",
        "PermissionError",
        "FileNotFoundError",
        "ConnectionError",
        "AssertionError",
        "ImportError",
        "LookupError",
        "ExceptionGroup",
        "StopAsyncIteration",
        "UnicodeDecodeError",
        "ConnectionResetError",
        "SystemExit",
        "KeyboardInterrupt",
        "DeprecationWarning",
        "UserWarning",
        "ModuleNotFoundError",
        "NameError",
        "ZeroDivisionError",
    ];
    NAMES.contains(&name)
}

/// Builtin types by name, as annotations and constructors.
fn plain_or_collection(name: &str) -> Option<Ty> {
    Some(match name {
        "str" | "int" | "float" | "bool" | "bytes" | "bytearray" | "complex" | "object" | "len" | "repr" | "id"
        | "hash" | "sum" | "abs" | "round" | "ord" | "chr" | "isinstance" | "hasattr" | "format" | "any" | "all"
        | "LiteralString" => Ty::Plain,
        "list" | "List" | "set" | "Set" | "tuple" | "Tuple" | "frozenset" | "deque" | "Iterable" | "Sequence"
        | "range" | "enumerate" | "zip" | "map" => Ty::collection(Ty::Unknown),
        "dict" | "Dict" | "Mapping" | "defaultdict" | "OrderedDict" | "Counter" => Ty::Mapping(Arc::new(Ty::Unknown)),
        _ => return None,
    })
}
