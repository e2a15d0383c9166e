//! What definitions, parameters and returns make of places.

use super::super::ids::{ClassId, FnId, ModuleId};
use super::super::ty::Ty;
use super::super::types::Entity;
use super::Eval;
use super::is_object;
use crate::facts::{Definition, FnKind, How, Kind, LocalFn, NodeId, ParamKind, PlaceId, Role};
use crate::project::arguments::says_nothing;
use crate::project::classes::written;
use std::sync::Arc;

impl Eval<'_> {
    /// Every definition of a place, joined.
    pub(super) fn place_union(&mut self, place: PlaceId) -> Ty {
        let facts = self.facts;
        let all = facts.definitions_of(place);
        let imported: Vec<bool> = all.iter().map(|it| matches!(it.how, How::Import(_))).collect();
        if all.len() > 1 && imported.contains(&true) {
            let importer = self.names.importer();
            let named = crate::project::classes::static_target(
                importer,
                crate::project::modules::Target::Member(self.module, place),
                8,
            );
            return self.seen(named.unwrap_or_default());
        }
        all.iter()
            .map(|it| self.definition(it))
            .reduce(Ty::or)
            .unwrap_or_default()
    }

    pub(super) fn attribute(&mut self, class: ClassId, index: u32) -> Ty {
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
    pub(in crate::project) fn definition(&mut self, definition: &Definition) -> Ty {
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

    pub(super) fn how(&mut self, how: How, function: LocalFn) -> Ty {
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

    pub(super) fn import(&mut self, index: u32) -> Ty {
        let (module, index) = (self.module.0 as usize, index as usize);
        match &self.names.imported[module][index] {
            Some(known) => self.seen(known.clone()),
            None => self.target(self.names.imports[module][index]),
        }
    }

    pub(super) fn target(&mut self, target: crate::project::modules::Target) -> Ty {
        match target {
            crate::project::modules::Target::Member(module, place) => self.foreign_place(module, place),
            other => {
                let ty = self.names.importer().target_ty(other).unwrap_or_default();
                self.seen(ty)
            }
        }
    }

    /// A module-level name of another module (or of this one, seen from a function).
    pub(super) fn foreign_place(&mut self, module: ModuleId, place: PlaceId) -> Ty {
        let facts = &self.names.modules[module.0 as usize].facts;
        if let [only] = facts.definitions_of(place)
            && let Some(ty) = crate::project::modules::Importer::static_ty(module, only.how)
        {
            return self.seen(ty);
        }
        self.read(Entity::Place(module, place))
    }

    pub(super) fn param(&mut self, function: LocalFn, index: u32) -> Ty {
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
                crate::project::MethodKind::Instance => return Ty::Instance(class),
                crate::project::MethodKind::Class => return Ty::Class(class),
                crate::project::MethodKind::Static => {}
            }
        }
        let told = param.annotation.filter(|&it| !says_nothing(facts, it));
        let one = told.map_or(Ty::Unknown, |it| self.annotation(it));
        match param.kind {
            ParamKind::VarArgs => return Ty::collection(one),
            ParamKind::VarKeywords => return Ty::Mapping(Arc::new(one)),
            _ => {}
        }
        if is_object(&one) || told.is_some() && one == Ty::Plain {
            return one;
        }
        let default = param.default.map_or(Ty::Unknown, |it| self.default(it));
        let id = FnId {
            module: self.module,
            local: function,
        };
        match one.or(default) {
            Ty::Unknown if self.names.arguments.of(id, index).is_some() => self.read(Entity::Param(id, index)),
            known => known,
        }
    }

    /// What all callers give for a parameter, where they agree on one object.
    pub(super) fn given(&mut self, function: FnId, index: u32) -> Ty {
        let mut agreed = Ty::Unknown;
        for at in self.names.arguments.of(function, index).unwrap_or_default() {
            let ty = if at.module == self.module {
                self.expr(at.node)
            } else {
                let reader = self.noted.as_ref().map_or(self.module, |it| it.0);
                let mut theirs = Eval::recording(self.names, self.types, at.module)
                    .noting(reader, self.noted.is_some())
                    .before(self.round);
                let ty = theirs.expr(at.node);
                self.also_read(theirs.take_unknown_reads());
                theirs.into_reads().into_iter().for_each(|it| self.notes(it));
                ty
            };
            match ty {
                Ty::None => {}
                Ty::Instance(_) | Ty::External(_) if agreed.is_unknown() || agreed == ty => agreed = ty,
                // Callers may hand over different functions: each is called.
                Ty::Function(_) | Ty::Bound(_) | Ty::Method(..) | Ty::Name(_)
                    if agreed.is_unknown() || is_callable(&agreed) =>
                {
                    agreed = agreed.or(ty);
                }
                _ => return Ty::Unknown,
            }
        }
        agreed
    }

    /// A default says what a parameter is if it is an object; `None`, `""` and `0` say nothing.
    pub(super) fn default(&mut self, node: NodeId) -> Ty {
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

    /// What a function of this module returns.
    pub(super) fn returned(&mut self, function: LocalFn) -> Ty {
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

fn is_callable(ty: &Ty) -> bool {
    ty.alternatives()
        .iter()
        .all(|it| matches!(it, Ty::Function(_) | Ty::Bound(_) | Ty::Method(..) | Ty::Name(_)))
}
