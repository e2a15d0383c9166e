//! The files of a program as its log calls need them: found by the paths that imports name.

use super::sites::Source;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::Imported;
use crate::facts::LocalClass;
use crate::facts::NodeId;
use crate::facts::PlaceId;
use crate::facts::PlaceKind;
use rustc_hash::FxHashMap;

/// Files by path.
pub struct Modules<'a> {
    files: &'a [Source<'a>],
    by_stem: FxHashMap<&'a str, usize>,
}

impl<'a> Modules<'a> {
    /// An index of the files.
    #[must_use]
    pub fn new(files: &'a [Source<'a>]) -> Self {
        let stems = files.iter().enumerate().map(|(index, it)| (stem(it.path), index));
        Self {
            files,
            by_stem: stems.collect(),
        }
    }

    /// A file by its index.
    #[must_use]
    pub fn file(&self, index: usize) -> Source<'a> {
        self.files[index]
    }

    /// A file with what its imports lead to.
    #[must_use]
    pub fn code(&'a self, index: usize) -> Code<'a> {
        Code {
            facts: self.files[index].facts,
            index,
            modules: self,
        }
    }

    /// The file that an import names.
    #[must_use]
    pub fn find(&self, path: &str, level: u32, module: &str) -> Option<usize> {
        let inner = module.replace('.', "/");
        let named = |folder: &str| {
            let stem = if folder.is_empty() {
                inner.clone()
            } else {
                format!("{folder}/{inner}")
            };
            self.by_stem.get(stem.trim_end_matches('/')).copied()
        };
        let mut folder = path;
        for _ in 0..level {
            folder = folder.rsplit_once('/').map_or("", |it| it.0);
        }
        if level > 0 {
            return named(folder);
        }
        // The folders above the importer are the likely roots, the nearest first.
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Some(found) = named(folder) {
                return Some(found);
            }
        }
        named("")
    }
}

/// A file with what its imports lead to.
#[derive(Clone, Copy)]
pub struct Code<'a> {
    /// What it says.
    pub facts: &'a FileFacts,
    index: usize,
    modules: &'a Modules<'a>,
}

/// A constant handed on through more modules than this is left unknown.
const MAX_STEPS: u32 = 3;

impl<'a> Code<'a> {
    /// The values that an imported name was given where it was made, each with its file.
    #[must_use]
    pub fn imported_values(self, place: PlaceId) -> Vec<(Self, NodeId)> {
        self.values_behind(place, 0)
    }

    fn values_behind(self, place: PlaceId, steps: u32) -> Vec<(Self, NodeId)> {
        let mut found = Vec::new();
        for definition in self.facts.definitions_of(place) {
            let How::Import(index) = definition.how else {
                continue;
            };
            let import = &self.facts.imports[index as usize];
            if let Imported::Member(name) = import.what
                && let Some(home) = self.other(import.level, self.facts.text(import.module))
            {
                found.extend(home.module_values(self.facts.text(name), steps + 1));
            }
        }
        found
    }

    /// The values that a name of this module was given.
    fn module_values(self, name: &str, steps: u32) -> Vec<(Self, NodeId)> {
        if steps > MAX_STEPS {
            return Vec::new();
        }
        let Some(place) = self.place(PlaceKind::Module, name) else {
            return Vec::new();
        };
        let own = self.assigned(place);
        if own.is_empty() {
            return self.values_behind(place, steps);
        }
        own.into_iter().map(|it| (self, it)).collect()
    }

    /// The values that `module.name` was given, where `place` is an imported module.
    #[must_use]
    pub fn member_values(self, place: PlaceId, name: &str) -> Vec<(Self, NodeId)> {
        let imports = self.facts.definitions_of(place).iter().filter_map(|it| match it.how {
            How::Import(index) => self.facts.imports.get(index as usize),
            _ => None,
        });
        let homes = imports.filter_map(|it| {
            let module = self.facts.text(it.module);
            match it.what {
                Imported::Member(member) => {
                    let member = self.facts.text(member);
                    let dotted = [module, member].join(".");
                    self.other(it.level, dotted.trim_start_matches('.'))
                }
                _ => self.other(it.level, module),
            }
        });
        homes.flat_map(|it| it.module_values(name, 1)).collect()
    }

    /// The values that a name was given in a class body of this file.
    #[must_use]
    pub fn class_values(self, class: LocalClass, name: &str) -> Vec<NodeId> {
        let place = self.place(PlaceKind::ClassBody(class), name);
        place.map_or_else(Vec::new, |it| self.assigned(it))
    }

    fn place(self, kind: PlaceKind, name: &str) -> Option<PlaceId> {
        let mut places = (0..).map(PlaceId).zip(&self.facts.places);
        let found = places.find(|(_, it)| it.kind == kind && self.facts.text(it.name) == name);
        found.map(|it| it.0)
    }

    fn assigned(self, place: PlaceId) -> Vec<NodeId> {
        let values = self.facts.definitions_of(place).iter().filter_map(|it| match it.how {
            How::Assign { value, .. } => Some(value),
            _ => None,
        });
        values.collect()
    }

    fn other(self, level: u32, module: &str) -> Option<Self> {
        let path = self.modules.file(self.index).path;
        self.modules.find(path, level, module).map(|it| self.modules.code(it))
    }
}

fn stem(path: &str) -> &str {
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__").unwrap_or(path)
}
