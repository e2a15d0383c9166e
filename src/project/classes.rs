//! Classes: bases, members and attributes, looked up along the method resolution order.

use super::ids::{ClassId, FnId, ModuleId};
use super::members::{MemberIndex, NameHash};
use super::modules::{Importer, Module, Target};
use super::ty::Ty;
use crate::catalog::ExtClass;
use crate::facts::{FileFacts, How, Kind, LocalClass, NodeId, PlaceId, PlaceKind, Role, Sym};
use rayon::prelude::*;

/// A base class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A class of the project.
    Own(ClassId),
    /// A class of the catalog.
    External(ExtClass),
    /// Anything else: the class may have methods that nobody sees.
    Unknown,
}

/// What is known of a class.
#[derive(Clone, Debug, Default)]
pub struct ClassInfo {
    /// The class and its bases, nearest first, breadth first; unknown ones included once.
    pub lineage: Vec<Base>,
    /// Names of its attributes that are values, not methods.
    pub attributes: Vec<Sym>,
    /// Its own bases, as written.
    bases: Box<[Base]>,
    /// Direct subclasses in the project.
    pub subclasses: Vec<ClassId>,
    members: MemberIndex,
}

/// All classes of the program: `[module][class]`.
#[derive(Default)]
pub struct ClassTable {
    rows: Vec<Vec<ClassInfo>>,
}

/// A member found along the lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// A method, property or nested function.
    Function(FnId),
    /// A nested class.
    Class(ClassId),
    /// A value: the `index`-th of the class's attributes.
    Attribute(ClassId, u32),
    /// It may come from this catalog class.
    External(ExtClass),
}

const MAX_LINEAGE: usize = 64;

impl ClassTable {
    /// Resolves the bases of every class.
    #[must_use]
    pub fn new(importer: Importer<'_>) -> Self {
        let bases: Vec<Vec<Vec<Base>>> = (0..importer.modules.len())
            .into_par_iter()
            .map(|index| module_bases(importer, index))
            .collect();
        let rows = importer.modules.par_iter().enumerate().map(|(index, module)| {
            let id = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
            let n = u32::try_from(module.facts.classes.len()).unwrap_or(u32::MAX);
            let classes = (0..n).map(|local| ClassId {
                module: id,
                local: LocalClass(local),
            });
            classes.map(|it| class_info(&module.facts, &bases, it)).collect()
        });
        let mut table = Self { rows: rows.collect() };
        for (module, classes) in (0..).map(ModuleId).zip(&bases) {
            for (local, bases) in (0..).map(LocalClass).zip(classes) {
                for base in bases {
                    if let Base::Own(base) = base {
                        table.rows[base.module.0 as usize][base.local.0 as usize]
                            .subclasses
                            .push(ClassId { module, local });
                    }
                }
            }
        }
        table
    }

    /// Looks at the members of a module's classes anew; says whether the classes themselves and their bases are still the same.
    pub(super) fn renew(&mut self, importer: Importer<'_>, module: ModuleId) -> bool {
        let index = module.0 as usize;
        let facts = &importer.modules[index].facts;
        let bases = module_bases(importer, index);
        let row = &mut self.rows[index];
        let same = row.len() == bases.len() && row.iter().zip(&bases).all(|(it, now)| *it.bases == **now);
        for (local, class) in (0..).map(LocalClass).zip(row).filter(|_| same) {
            class.attributes = attribute_names(facts, local);
            class.members = MemberIndex::new(facts, ClassId { module, local }, &class.attributes);
        }
        same
    }

    /// The classes that have this one among their bases, itself included.
    pub(super) fn heirs(&self, class: ClassId) -> Vec<ClassId> {
        let mut heirs = vec![class];
        let mut at = 0;
        while at < heirs.len() {
            for &it in &self.get(heirs[at]).subclasses {
                if !heirs.contains(&it) {
                    heirs.push(it);
                }
            }
            at += 1;
        }
        heirs
    }

    /// What is known of a class.
    #[must_use]
    pub fn get(&self, class: ClassId) -> &ClassInfo {
        &self.rows[class.module.0 as usize][class.local.0 as usize]
    }

    /// Whether the class has a base that nobody knows.
    #[must_use]
    pub fn has_unknown_base(&self, class: ClassId) -> bool {
        self.get(class).lineage.contains(&Base::Unknown)
    }

    /// The catalog classes among the bases.
    pub fn external_bases(&self, class: ClassId) -> impl Iterator<Item = ExtClass> + '_ {
        self.get(class).lineage.iter().filter_map(|it| match it {
            Base::External(class) => Some(*class),
            _ => None,
        })
    }

    /// The first definition of a member along the lineage, `skip` classes left out (1 for `super()`).
    #[must_use]
    pub fn member(&self, modules: &[Module], class: ClassId, name: &str, skip: usize) -> Option<Member> {
        let hash = NameHash::of(name);
        for base in self.get(class).lineage.iter().skip(skip) {
            match *base {
                Base::Own(id) => {
                    if let Some(found) = self.find(modules, id, hash, name) {
                        return Some(found);
                    }
                }
                Base::External(id) => return Some(Member::External(id)),
                Base::Unknown => {}
            }
        }
        None
    }

    /// A member that the class itself defines.
    #[must_use]
    pub fn own_member(&self, modules: &[Module], id: ClassId, name: &str) -> Option<Member> {
        self.find(modules, id, NameHash::of(name), name)
    }

    fn find(&self, modules: &[Module], id: ClassId, hash: NameHash, name: &str) -> Option<Member> {
        let facts = &modules[id.module.0 as usize].facts;
        self.get(id).members.find(facts, hash, name)
    }
}

fn class_info(facts: &FileFacts, bases: &[Vec<Vec<Base>>], class: ClassId) -> ClassInfo {
    let attributes = attribute_names(facts, class.local);
    ClassInfo {
        lineage: lineage(bases, class),
        members: MemberIndex::new(facts, class, &attributes),
        attributes,
        bases: bases[class.module.0 as usize][class.local.0 as usize].clone().into(),
        subclasses: Vec::new(),
    }
}

pub(super) fn attribute_names(facts: &FileFacts, local: LocalClass) -> Vec<Sym> {
    let class = &facts.classes[local.0 as usize];
    let mut names: Vec<Sym> = Vec::new();
    for &(name, place) in &class.members {
        let callable = facts
            .definitions_of(place)
            .iter()
            .any(|it| matches!(it.how, How::Function(_) | How::Class(_)));
        if !callable && !names.contains(&name) {
            names.push(name);
        }
    }
    for attribute in &class.attributes {
        if !names.contains(&attribute.name) {
            names.push(attribute.name);
        }
    }
    names
}

fn lineage(bases: &[Vec<Vec<Base>>], class: ClassId) -> Vec<Base> {
    let mut line = vec![Base::Own(class)];
    let mut at = 0;
    while at < line.len() && line.len() < MAX_LINEAGE {
        if let Base::Own(id) = line[at] {
            for base in &bases[id.module.0 as usize][id.local.0 as usize] {
                if !line.contains(base) {
                    line.push(*base);
                }
            }
        }
        at += 1;
    }
    line
}

fn module_bases(importer: Importer<'_>, index: usize) -> Vec<Vec<Base>> {
    let id = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
    let facts = &importer.modules[index].facts;
    facts
        .classes
        .iter()
        .map(|class| {
            facts
                .children_as(class.node, Role::Base)
                .filter_map(|base| match static_expr(importer, id, base, 8) {
                    Some(Ty::Class(class)) => Some(Base::Own(class)),
                    Some(Ty::Name(name)) => match importer.catalog.class(name) {
                        Some(class) => Some(Base::External(class)),
                        None if is_harmless(importer.catalog.dotted(name)) => None,
                        None => Some(Base::Unknown),
                    },
                    _ if is_harmless(last_written(facts, base)) => None,
                    _ => Some(Base::Unknown),
                })
                .collect()
        })
        .collect()
}

/// Bases that bring no behaviour.
fn is_harmless(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "object"
            | "ABC"
            | "Protocol"
            | "Generic"
            | "TypedDict"
            | "NamedTuple"
            | "Enum"
            | "IntEnum"
            | "StrEnum"
            | "Exception"
    )
}

/// The dotted text of a name or attribute expression; empty for anything else.
#[must_use]
pub fn written(facts: &FileFacts, node: NodeId) -> String {
    let mut text = String::new();
    write(facts, node, &mut text);
    text
}

fn write(facts: &FileFacts, node: NodeId, text: &mut String) {
    match facts.kind(node) {
        Kind::Name => text.push_str(facts.name_text(node).unwrap_or_default()),
        Kind::Attribute => {
            if let Some(value) = facts.child(node, Role::Value) {
                write(facts, value, text);
            }
            text.push('.');
            text.push_str(facts.payload_text(node).unwrap_or_default());
        }
        Kind::Subscript => {
            if let Some(value) = facts.child(node, Role::Value) {
                write(facts, value, text);
            }
        }
        _ => {}
    }
}

/// The last part of what [`written`] gives.
#[must_use]
pub(super) fn last_written(facts: &FileFacts, node: NodeId) -> &str {
    match facts.kind(node) {
        Kind::Name => facts.name_text(node).unwrap_or_default(),
        Kind::Attribute => facts.payload_text(node).unwrap_or_default(),
        Kind::Subscript => facts.child(node, Role::Value).map_or("", |it| last_written(facts, it)),
        _ => "",
    }
}

/// The class, function, module or library name that an expression names, by imports and definitions alone.
#[must_use]
pub(super) fn static_expr(importer: Importer<'_>, module: ModuleId, node: NodeId, fuel: u32) -> Option<Ty> {
    let fuel = fuel.checked_sub(1)?;
    let facts = &importer.modules[module.0 as usize].facts;
    match facts.kind(node) {
        Kind::Name => static_place(importer, module, facts.name_place(node)?, fuel),
        Kind::Subscript => static_expr(importer, module, facts.child(node, Role::Value)?, fuel),
        Kind::Attribute => {
            let value = static_expr(importer, module, facts.child(node, Role::Value)?, fuel)?;
            let name = facts.payload_text(node)?;
            match value {
                Ty::Module(id) => static_target(importer, importer.member(id, name, fuel), fuel),
                Ty::Name(at) => match importer.catalog.member(at, name) {
                    Some(at) => Some(importer.name_ty(at)),
                    None => Some(Ty::Foreign),
                },
                Ty::Foreign => Some(Ty::Foreign),
                Ty::Class(class) => {
                    let facts = &importer.modules[class.module.0 as usize].facts;
                    let own = &facts.classes[class.local.0 as usize];
                    let place = own.members.iter().find(|(sym, _)| facts.text(*sym) == name)?.1;
                    facts
                        .definitions_of(place)
                        .iter()
                        .find_map(|it| Importer::static_ty(class.module, it.how))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn static_place(importer: Importer<'_>, module: ModuleId, place: PlaceId, fuel: u32) -> Option<Ty> {
    let fuel = fuel.checked_sub(1)?;
    let facts = &importer.modules[module.0 as usize].facts;
    let at = facts.place(place);
    if at.kind == PlaceKind::Global {
        let name = facts.text(at.name);
        if let Some(name) = importer.catalog.builtin(name) {
            return Some(importer.name_ty(name));
        }
        return static_target(importer, importer.member(module, name, fuel), fuel);
    }
    // `try: from fast import X / except ImportError: from slow import X`: arms must agree, or nothing is known.
    let mut found: Option<Ty> = None;
    for definition in facts.definitions_of(place) {
        let one = match definition.how {
            How::Import(index) => {
                let target = importer.resolve(module, &facts.imports[index as usize]);
                static_target(importer, target, fuel)
            }
            How::Assign { value, .. } if facts.kind(value) == Kind::None => continue,
            How::Assign { value, .. } => static_expr(importer, module, value, fuel),
            how => Importer::static_ty(module, how),
        };
        match (&found, one) {
            (_, None | Some(Ty::Unknown)) => {}
            (None, one) => found = one,
            (Some(before), Some(one)) if *before == one => {}
            (Some(Ty::Foreign), one) => found = one,
            (Some(_), Some(Ty::Foreign)) => {}
            _ => return None,
        }
    }
    found
}

/// The type of what an import binds, by imports and definitions alone.
#[must_use]
pub(super) fn static_target(importer: Importer<'_>, target: Target, fuel: u32) -> Option<Ty> {
    match target {
        Target::Member(module, place) => static_place(importer, module, place, fuel),
        other => importer.target_ty(other),
    }
}
