//! Members of modules, classes, instances and library objects.

use super::super::ids::ClassId;
use super::super::ty::Ty;
use super::super::types::Entity;
use super::Eval;
use crate::catalog::{ExtClass, ExtType, Name};
use crate::project::classes::Member;
use crate::project::relink::Read;

impl Eval<'_> {
    /// The member `name` of a value.
    pub(in crate::project) fn member(&mut self, value: &Ty, name: &str) -> Ty {
        value.map(|it| self.member_of_one(it, name))
    }

    pub(super) fn member_of_one(&mut self, value: &Ty, name: &str) -> Ty {
        let names = self.names;
        match value {
            Ty::Module(module) => {
                self.notes(Read::Module(*module));
                let target = names.importer().member(*module, name, 12);
                match target {
                    crate::project::modules::Target::Missing => {
                        let here = &names.modules[module.0 as usize];
                        let found = names.table.find(here.root, &format!("{}.{name}", here.name));
                        self.seen(found.map_or(Ty::Unknown, Ty::Module))
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

    pub(super) fn library_member(&mut self, at: Name, name: &str) -> Ty {
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

    pub(in crate::project) fn external_member(&mut self, class: ExtClass, name: &str) -> Ty {
        let catalog = &self.names.catalog;
        if let Some(entry) = catalog.method(class, name) {
            return Ty::Method(class, entry);
        }
        catalog
            .attribute(class, name)
            .map_or(Ty::Foreign, |it| self.ext(it, class))
    }

    /// A member of an instance; `skip` 1 for `super()`.
    pub(in crate::project) fn instance_member(&mut self, class: ClassId, name: &str, skip: usize) -> Ty {
        let names = self.names;
        match names.classes.member(&names.modules, class, name, skip) {
            Some(Member::Function(function)) if names.is_property(function) => {
                match self.read(Entity::Return(function)) {
                    Ty::Awaitable(inner) => Ty::Awaitable(inner),
                    other => other,
                }
            }
            Some(Member::Function(function)) => self.seen(Ty::Bound(function)),
            Some(Member::Class(class)) => self.seen(Ty::Class(class)),
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

    pub(super) fn inherited_attribute(&mut self, class: ClassId, found_in: ClassId, name: &str) -> Ty {
        let names = self.names;
        for base in &names.classes.get(class).lineage {
            if let crate::project::classes::Base::Own(base) = base
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

    pub(super) fn class_member(&mut self, class: ClassId, name: &str) -> Ty {
        let names = self.names;
        match names.classes.member(&names.modules, class, name, 0) {
            Some(Member::Function(function)) => match names.method_kind(function) {
                crate::project::MethodKind::Class => self.seen(Ty::Bound(function)),
                _ => self.seen(Ty::Function(function)),
            },
            Some(Member::Class(class)) => self.seen(Ty::Class(class)),
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

    pub(in crate::project) fn ext(&self, ty: ExtType, receiver: ExtClass) -> Ty {
        match ty {
            ExtType::Instance(class) => Ty::External(class),
            ExtType::CollectionOf(class) => Ty::collection(Ty::External(class)),
            ExtType::Receiver => Ty::External(receiver),
            ExtType::Argument => Ty::Foreign,
        }
    }
}
