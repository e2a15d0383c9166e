//! Modules by name, and what their imports mean.

use super::ids::{ClassId, FnId, ModuleId};
use super::members::NameHash;
use super::ty::Ty;
use crate::catalog::{Catalog, Name};
use crate::facts::{FileFacts, How, Import, Imported, PlaceId, PlaceKind};
use crate::source::FileId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// One file, as the project sees it.
#[derive(Clone, Debug)]
pub struct Module {
    /// The file.
    pub file: FileId,
    /// Number of its import root.
    pub root: u32,
    /// Dotted name below the import root.
    pub name: String,
    /// Another name by which it can be imported, since folders without `__init__.py` are packages too: from the package
    /// around it, else from the project root.
    pub path_name: Option<String>,
    /// `__init__.py`.
    pub is_package: bool,
    /// Its findings are wanted.
    pub reported: bool,
    /// A test, an example, or documentation.
    pub is_test: bool,
    /// Its facts.
    pub facts: FileFacts,
}

/// What an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module of the project.
    Module(ModuleId),
    /// A module-level name of the project.
    Member(ModuleId, PlaceId),
    /// A library's name that the catalog knows.
    External(Name),
    /// A library's name that it does not know.
    Foreign,
    /// A module of the project that has no such name.
    Missing,
}

/// Modules by name.
#[derive(Default)]
pub struct ModuleTable {
    by_root: FxHashMap<u32, FxHashMap<String, ModuleId>>,
    unique: FxHashMap<String, Option<ModuleId>>,
    /// By module, the places of its own names, by the names' hashes.
    members: Vec<Box<[(NameHash, PlaceId)]>>,
    stars: Vec<Vec<u32>>,
    tops: FxHashMap<String, ()>,
}

/// Re-exports are followed this far.
const MAX_REEXPORTS: u32 = 12;

impl ModuleTable {
    /// Indexes the modules. A loose file that bears a library's name (`schemas/openai.py` in a folder that is no package)
    /// means that library only to its own neighbours.
    #[must_use]
    pub fn new(modules: &[Module], is_library: &dyn Fn(&str) -> bool) -> Self {
        let mut table = Self::default();
        for (id, module) in (0..).map(ModuleId).zip(modules) {
            let root = table.by_root.entry(module.root).or_default();
            root.entry(module.name.clone()).or_insert(id);
            let is_loose = !module.is_package && !module.name.contains('.') && module.path_name.is_some();
            let names_library = is_loose && is_library(&module.name);
            if !names_library {
                table
                    .unique
                    .entry(module.name.clone())
                    .and_modify(|it| *it = None)
                    .or_insert(Some(id));
            }
            if let Some(path_name) = &module.path_name {
                let entry = table.unique.entry(path_name.clone());
                entry.and_modify(|it| *it = None).or_insert(Some(id));
                let top = path_name.split('.').next().unwrap_or_default();
                table.tops.insert(top.to_owned(), ());
            }
            let top = module.name.split('.').next().unwrap_or_default();
            if !names_library {
                table.tops.insert(top.to_owned(), ());
            }
        }
        table.members = modules.par_iter().map(|it| members(&it.facts)).collect();
        table.stars = modules.par_iter().map(|it| stars(&it.facts)).collect();
        table
    }

    /// Indexes the names of a module anew.
    pub(super) fn renew(&mut self, module: ModuleId, facts: &FileFacts) {
        self.members[module.0 as usize] = members(facts);
        self.stars[module.0 as usize] = stars(facts);
    }

    /// The `import *` of a module, as indices of its imports.
    pub(super) fn stars(&self, module: ModuleId) -> &[u32] {
        &self.stars[module.0 as usize]
    }

    /// The module with this dotted name, seen from a root: its own root first, then a unique match.
    #[must_use]
    pub fn find(&self, root: u32, dotted: &str) -> Option<ModuleId> {
        let own = self.by_root.get(&root).and_then(|it| it.get(dotted)).copied();
        own.or_else(|| self.unique.get(dotted).copied().flatten())
    }

    /// Whether the top package of a dotted name belongs to the project.
    #[must_use]
    pub fn is_own(&self, dotted: &str) -> bool {
        self.tops.contains_key(dotted.split('.').next().unwrap_or_default())
    }

    /// The module-level place of a name, `import *` not followed.
    #[must_use]
    pub fn place(&self, modules: &[Module], module: ModuleId, name: &str) -> Option<PlaceId> {
        let members = &self.members[module.0 as usize];
        let facts = &modules[module.0 as usize].facts;
        let hash = NameHash::of(name);
        let first = members.partition_point(|it| it.0 < hash);
        let same = members[first..].iter().take_while(|it| it.0 == hash).map(|it| it.1);
        same.filter(|&it| facts.text(facts.place(it).name) == name).last()
    }
}

fn members(facts: &FileFacts) -> Box<[(NameHash, PlaceId)]> {
    let places = (0..).map(PlaceId).zip(&facts.places);
    let own = places.filter(|(_, place)| place.kind == PlaceKind::Module);
    let mut members: Vec<(NameHash, PlaceId)> = own
        .map(|(id, place)| (NameHash::of(facts.text(place.name)), id))
        .collect();
    members.sort_unstable();
    members.into()
}

fn stars(facts: &FileFacts) -> Vec<u32> {
    let imports = (0..).zip(&facts.imports);
    imports
        .filter(|(_, it)| it.what == Imported::Star)
        .map(|(index, _)| index)
        .collect()
}

/// Resolves imports; borrows everything, keeps nothing.
#[derive(Clone, Copy)]
pub struct Importer<'a> {
    /// The modules.
    pub modules: &'a [Module],
    /// Their table.
    pub table: &'a ModuleTable,
    /// The libraries.
    pub catalog: &'a Catalog,
}

impl Importer<'_> {
    /// What an import of a module binds (for `import *`, the module it opens).
    #[must_use]
    pub fn resolve(&self, module: ModuleId, import: &Import) -> Target {
        let here = &self.modules[module.0 as usize];
        let Some(dotted) = absolute(here, import) else {
            return Target::Missing;
        };
        match import.what {
            Imported::Top => {
                let top = dotted.split('.').next().unwrap_or_default().to_owned();
                self.module_target(here.root, &top)
            }
            Imported::Module | Imported::Star => self.module_target(here.root, &dotted),
            Imported::Member(name) => self.member_of(here.root, &dotted, here.facts.text(name), MAX_REEXPORTS),
        }
    }

    fn module_target(&self, root: u32, dotted: &str) -> Target {
        if let Some(id) = self.table.find(root, dotted) {
            return Target::Module(id);
        }
        match self.catalog.find(dotted) {
            Some(name) => Target::External(name),
            None if self.table.is_own(dotted) => Target::Missing,
            None => Target::Foreign,
        }
    }

    fn member_of(&self, root: u32, dotted: &str, name: &str, fuel: u32) -> Target {
        if let Some(id) = self.table.find(root, dotted) {
            let found = self.member(id, name, fuel);
            if found != Target::Missing {
                return found;
            }
        }
        let full = if dotted.is_empty() {
            name.to_owned()
        } else {
            format!("{dotted}.{name}")
        };
        if let Some(id) = self.table.find(root, &full) {
            return Target::Module(id);
        }
        match self.catalog.find(&full) {
            Some(name) if !self.table.is_own(dotted) => Target::External(name),
            _ if self.table.is_own(dotted) => Target::Missing,
            _ => Target::Foreign,
        }
    }

    /// A member of a module of the project; names that are imported there are followed to where they are made.
    #[must_use]
    pub fn member(&self, module: ModuleId, name: &str, fuel: u32) -> Target {
        let Some(fuel) = fuel.checked_sub(1) else {
            return Target::Missing;
        };
        let here = &self.modules[module.0 as usize];
        if let Some(place) = self.table.place(self.modules, module, name) {
            let definitions = here.facts.definitions_of(place);
            // A name defined by one import is that import; anything else lives here.
            if let [only] = definitions
                && let How::Import(import) = only.how
            {
                let import = &here.facts.imports[import as usize];
                let found = self.follow(module, import, fuel);
                if found != Target::Missing {
                    return found;
                }
            }
            return Target::Member(module, place);
        }
        if here.is_package
            && let Some(id) = self.table.find(here.root, &format!("{}.{name}", here.name))
        {
            return Target::Module(id);
        }
        for &star in &self.table.stars[module.0 as usize] {
            let import = &here.facts.imports[star as usize];
            let opened = self.resolve(module, import);
            let found = match opened {
                Target::Module(id) if id != module => self.member(id, name, fuel),
                Target::External(package) => self
                    .catalog
                    .member(package, name)
                    .map_or(Target::Missing, Target::External),
                _ => Target::Missing,
            };
            if found != Target::Missing {
                return found;
            }
        }
        Target::Missing
    }

    fn follow(&self, module: ModuleId, import: &Import, fuel: u32) -> Target {
        let here = &self.modules[module.0 as usize];
        match import.what {
            Imported::Member(name) => match absolute(here, import) {
                Some(dotted) => self.member_of(here.root, &dotted, here.facts.text(name), fuel),
                None => Target::Missing,
            },
            _ => self.resolve(module, import),
        }
    }

    /// The type of a target, where it needs no inference; module-level variables do.
    #[must_use]
    pub fn target_ty(&self, target: Target) -> Option<Ty> {
        Some(match target {
            Target::Module(id) => Ty::Module(id),
            Target::External(name) => self.name_ty(name),
            Target::Foreign => Ty::Foreign,
            Target::Missing => Ty::Unknown,
            Target::Member(..) => return None,
        })
    }

    /// The type of a library's name.
    #[must_use]
    pub fn name_ty(&self, name: Name) -> Ty {
        match self.catalog.instance(name) {
            Some(class) => Ty::External(class),
            None => Ty::Name(name),
        }
    }

    /// The type of a definition that is a function or class.
    #[must_use]
    pub fn static_ty(module: ModuleId, how: How) -> Option<Ty> {
        match how {
            How::Function(local) => Some(Ty::Function(FnId { module, local })),
            How::Class(local) => Some(Ty::Class(ClassId { module, local })),
            _ => None,
        }
    }
}

/// The absolute dotted name of an import's module.
fn absolute<'a>(here: &'a Module, import: &Import) -> Option<String> {
    let written = here.facts.text(import.module);
    if import.level == 0 {
        return Some(written.to_owned());
    }
    let parts = |name: &'a str| name.split('.').filter(|it| !it.is_empty()).collect::<Vec<&str>>();
    let up = import.level as usize - usize::from(here.is_package);
    let mut package = parts(&here.name);
    // From a folder without `__init__.py` the way up leads into the package around it.
    if up >= package.len()
        && let Some(other) = &here.path_name
    {
        package = parts(other);
    }
    if up > package.len() {
        return None;
    }
    package.truncate(package.len() - up);
    package.extend(written.split('.').filter(|it| !it.is_empty()));
    Some(package.join("."))
}
