//! What is known by module, kept from an earlier linking where a module has nothing new to say.

use super::ids::ModuleId;
use rayon::prelude::*;

/// What an earlier linking has left, and the modules that have to be looked at anew.
pub(super) struct Before<'a, T> {
    /// What it has left.
    pub(super) left: T,
    /// Whom to look at, sorted.
    pub(super) anew: &'a [ModuleId],
}

impl<'a, T> Before<'a, T> {
    pub(super) fn new(left: T, anew: &'a [ModuleId]) -> Self {
        Self { left, anew }
    }

    /// A part of what it has left.
    pub(super) fn map<U>(self, part: impl FnOnce(T) -> U) -> Before<'a, U> {
        Before {
            left: part(self.left),
            anew: self.anew,
        }
    }
}

/// One row a module; those of before stay for whoever has nothing new to say.
pub(super) fn rows<T: Send>(
    n: usize,
    before: Option<Before<'_, Vec<T>>>,
    row: impl Fn(ModuleId) -> T + Sync,
) -> Vec<T> {
    let Some(Before { left: mut rows, anew }) = before else {
        return (0..n).into_par_iter().map(|it| row(module_id(it))).collect();
    };
    let found: Vec<T> = anew.par_iter().map(|&it| row(it)).collect();
    for (module, found) in anew.iter().zip(found) {
        rows[module.0 as usize] = found;
    }
    rows
}

/// The module at an index.
pub(super) fn module_id(index: usize) -> ModuleId {
    ModuleId(u32::try_from(index).unwrap_or(u32::MAX))
}
