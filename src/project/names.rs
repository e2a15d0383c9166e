//! Names resolved: modules, imports, classes, and what functions say by themselves.

use super::Importer;
use super::arguments::Arguments;
use super::classes::ClassTable;
use super::ids::{At, FnId, ModuleId};
use super::marks::{Marks, marks};
use super::modules::{Module, ModuleTable, Target};
use super::rows::module_id;
use super::ty::Ty;
use crate::catalog::Catalog;
use crate::facts::{FileFacts, Function};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// How a function in a class body takes its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// `self`.
    Instance,
    /// `cls`.
    Class,
    /// Nothing.
    Static,
}

/// Names resolved: modules, imports, classes. What types are inferred from.
pub struct Names {
    /// Modules in the order of file ids.
    pub modules: Vec<Module>,
    /// Modules by name.
    pub table: ModuleTable,
    /// The libraries.
    pub catalog: Catalog,
    /// What each import of each module binds.
    pub imports: Vec<Vec<Target>>,
    /// The types of what they bind, where no inference is needed.
    pub(super) imported: Vec<Vec<Option<Ty>>>,
    /// Classes.
    pub classes: ClassTable,
    pub(super) marks: Vec<Vec<Marks>>,
    pub(super) properties: FxHashSet<String>,
    pub(super) arguments: Arguments,
}

impl Names {
    /// Links the modules, which must be in the order of their file ids.
    #[must_use]
    pub fn new(modules: Vec<Module>, catalog: Catalog) -> Self {
        let table = ModuleTable::new(&modules, &|name| catalog.find(name).is_some());
        let mut names = Self {
            modules,
            table,
            catalog,
            imports: Vec::new(),
            imported: Vec::new(),
            classes: ClassTable::default(),
            marks: Vec::new(),
            properties: FxHashSet::default(),
            arguments: Arguments::default(),
        };
        let importer = names.importer();
        let imports = importer.modules.par_iter().enumerate().map(|(index, module)| {
            let id = module_id(index);
            module.facts.imports.iter().map(|it| importer.resolve(id, it)).collect()
        });
        names.imports = imports.collect();
        let imported = names.imports.par_iter();
        names.imported = imported
            .map(|them| them.iter().map(|&it| names.static_ty(it)).collect())
            .collect();
        names.classes = ClassTable::new(names.importer());
        names.marks = names.modules.par_iter().map(|it| marks(&it.facts)).collect();
        names.properties = names.property_names();
        names.arguments = Arguments::new(&names);
        names
    }

    /// What the imports of a module bind, and the types of that where no inference is needed.
    pub(super) fn imports_of(&self, id: ModuleId) -> (Vec<Target>, Vec<Option<Ty>>) {
        let importer = self.importer();
        let imports = self.facts(id).imports.iter().map(|it| importer.resolve(id, it));
        let imports: Vec<Target> = imports.collect();
        let imported = imports.iter().map(|&it| self.static_ty(it)).collect();
        (imports, imported)
    }

    /// Looks at the members of a module's classes anew; `None` where the classes or their bases are others.
    pub(super) fn renew_classes(&mut self, id: ModuleId) -> Option<()> {
        let importer = Importer {
            modules: &self.modules,
            table: &self.table,
            catalog: &self.catalog,
        };
        self.classes.renew(importer, id).then_some(())
    }

    /// The type of what an import binds, where no inference is needed.
    pub(super) fn static_ty(&self, target: Target) -> Option<Ty> {
        let Target::Member(module, place) = target else {
            return Some(self.importer().target_ty(target).unwrap_or_default());
        };
        match self.facts(module).definitions_of(place) {
            [only] => Importer::static_ty(module, only.how),
            _ => None,
        }
    }

    fn property_names(&self) -> FxHashSet<String> {
        let modules = self.modules.iter().zip(&self.marks);
        modules
            .flat_map(|(module, marks)| {
                let functions = module
                    .facts
                    .functions
                    .iter()
                    .zip(marks)
                    .filter(|(_, marks)| marks.property);
                functions.map(|(function, _)| module.facts.text(function.name).to_owned())
            })
            .collect()
    }

    /// Whether some class has a property of this name.
    #[must_use]
    pub fn has_property(&self, name: &str) -> bool {
        self.properties.contains(name)
    }

    /// The resolver of imports.
    #[must_use]
    pub fn importer(&self) -> Importer<'_> {
        Importer {
            modules: &self.modules,
            table: &self.table,
            catalog: &self.catalog,
        }
    }

    /// The id of a module (its position).
    #[must_use]
    pub fn id_of(&self, module: &Module) -> ModuleId {
        let index = self
            .modules
            .binary_search_by_key(&module.file, |it| it.file)
            .unwrap_or(0);
        ModuleId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The ignore comment (its index in the file) that accepts a rule's effect at a node.
    #[must_use]
    pub fn accepted(&self, at: At, rule: &str) -> Option<usize> {
        let facts = self.facts(at.module);
        if facts.ignores.is_empty() {
            return None;
        }
        let line = facts.line(at.node);
        facts.ignores.iter().position(|it| {
            (it.whole_file || (it.covers.0 <= line && line <= it.covers.1)) && it.rules.iter().any(|name| name == rule)
        })
    }

    /// The facts of a module.
    #[must_use]
    pub fn facts(&self, module: ModuleId) -> &FileFacts {
        &self.modules[module.0 as usize].facts
    }

    /// A function's own facts.
    #[must_use]
    pub fn function(&self, function: FnId) -> &Function {
        self.facts(function.module).function(function.local)
    }

    fn marks(&self, function: FnId) -> Marks {
        self.marks[function.module.0 as usize][function.local.0 as usize]
    }

    /// Whether the function is read as an attribute.
    #[must_use]
    pub fn is_property(&self, function: FnId) -> bool {
        self.marks(function).property
    }

    /// Whether calling it runs it elsewhere (`@sync_to_async`).
    #[must_use]
    pub fn is_offload_decorated(&self, function: FnId) -> bool {
        self.marks(function).offload
    }

    /// Whether it stands in for something real by its name (`mock_completion`): proof of nothing.
    #[must_use]
    pub fn stands_in(&self, function: FnId) -> bool {
        self.marks(function).stands_in
    }

    /// Whether its results are remembered.
    #[must_use]
    pub fn is_memoized(&self, function: FnId) -> bool {
        self.marks(function).memoized
    }

    /// Whether it only declares what subclasses do.
    #[must_use]
    pub fn is_abstract(&self, function: FnId) -> bool {
        self.marks(function).is_abstract
    }

    /// How a method takes its first argument.
    #[must_use]
    pub fn method_kind(&self, function: FnId) -> MethodKind {
        let marks = self.marks(function);
        if marks.static_method {
            MethodKind::Static
        } else if marks.class_method {
            MethodKind::Class
        } else {
            MethodKind::Instance
        }
    }
}
