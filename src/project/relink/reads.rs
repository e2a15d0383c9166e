//! What the linking of each module has read of other modules, and the names that each module knows: whom an edit concerns.

use crate::facts::FileFacts;
use crate::project::ids::{ClassId, FnId, ModuleId};
use crate::project::modules::Module;
use crate::project::types::Entity;
use rayon::prelude::*;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::Hasher;

/// Something of another module that a conclusion rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::project) enum Read {
    /// The type of a variable, an attribute, a result.
    Entity(Entity),
    /// A function: how it is called, and what kind it is.
    Function(FnId),
    /// A class: its members.
    Class(ClassId),
    /// A module: its names.
    Module(ModuleId),
}

impl Read {
    /// The module that it is of.
    pub(in crate::project) fn module(self) -> ModuleId {
        match self {
            Self::Entity(entity) => entity.module(),
            Self::Function(function) => function.module,
            Self::Class(class) => class.module,
            Self::Module(module) => module,
        }
    }
}

/// What one module has read of others.
pub(in crate::project) type ReadSet = FxHashSet<Read>;

/// By module: the hashes of its names and short strings, sorted. Whoever looks a name up has it among its own, unless the
/// language does the looking up.
#[derive(Default)]
pub(super) struct Mentions {
    rows: Vec<Box<[u32]>>,
}

impl Mentions {
    pub(super) fn new(modules: &[Module]) -> Self {
        Self {
            rows: modules.par_iter().map(|it| row(&it.facts)).collect(),
        }
    }

    pub(super) fn renew(&mut self, module: ModuleId, facts: &FileFacts) {
        self.rows[module.0 as usize] = row(facts);
    }

    /// Whether a module has the name among its own.
    pub(super) fn has(&self, module: ModuleId, name: &str) -> bool {
        self.rows[module.0 as usize].binary_search(&hash(name)).is_ok()
    }

    /// The modules that have the name among their own.
    pub(super) fn of(&self, name: &str) -> Vec<ModuleId> {
        let hash = hash(name);
        let rows = (0..).map(ModuleId).zip(&self.rows);
        rows.filter(|it| it.1.binary_search(&hash).is_ok())
            .map(|it| it.0)
            .collect()
    }
}

fn row(facts: &FileFacts) -> Box<[u32]> {
    let mut row: Vec<u32> = facts.strings.iter().map(hash).collect();
    row.sort_unstable();
    row.into()
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    let hash = hasher.finish();
    // Both halves count.
    (hash ^ (hash >> 32)) as u32
}
