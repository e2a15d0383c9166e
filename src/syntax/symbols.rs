//! The table of a file's names and short strings, each once.

use crate::facts::Strings;
use crate::facts::Sym;
use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Interns without holding keys twice: the map goes from a string's hash to its index, equal hashes probe on.
#[derive(Default)]
pub(super) struct Symbols {
    pub(super) strings: Strings,
    by_hash: FxHashMap<u64, Sym>,
}

impl Symbols {
    /// A table with room for a file of this size.
    pub(super) fn for_text(text: &str) -> Self {
        let names = text.len() / 160 + 16;
        let mut strings = Strings::default();
        strings.reserve(names, names * 12);
        Self {
            strings,
            by_hash: FxHashMap::with_capacity_and_hasher(names, rustc_hash::FxBuildHasher),
        }
    }

    /// The symbol of `name`.
    pub(super) fn intern(&mut self, name: &str) -> Sym {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let mut key = hasher.finish();
        loop {
            match self.by_hash.get(&key) {
                Some(&found) if self.strings.get(found) == name => return found,
                Some(_) => key = key.wrapping_add(1),
                None => break,
            }
        }
        let sym = self.strings.push(name);
        self.by_hash.insert(key, sym);
        sym
    }

    /// The text of a symbol.
    pub(super) fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym)
    }
}
