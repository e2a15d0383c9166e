//! The table of a file's names and short strings, each once.

use crate::facts::Strings;
use crate::facts::Sym;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Interns with an open table of hashes, since every name of a file passes here. The strings themselves are in
/// [`Strings`] and nowhere else.
pub(super) struct Symbols {
    pub(super) strings: Strings,
    /// A power of two of entries, at most half of them taken.
    table: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    sym: u32,
}

const EMPTY: Entry = Entry { hash: 0, sym: u32::MAX };

impl Symbols {
    /// A table with room for a file of this size.
    pub(super) fn for_text(text: &str) -> Self {
        let names = text.len() / 128 + 16;
        let mut strings = Strings::default();
        strings.reserve(names, names * 12);
        Self {
            strings,
            table: vec![EMPTY; (2 * names).next_power_of_two()],
        }
    }

    /// The symbol of `name`.
    pub(super) fn intern(&mut self, name: &str) -> Sym {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let hash = hasher.finish();
        let hash = (hash ^ (hash >> 32)) as u32;
        let at = match self.find(hash, name) {
            Ok(found) => return found,
            Err(vacant) => vacant,
        };
        let sym = self.strings.push(name);
        self.table[at] = Entry { hash, sym: sym.0 };
        if 2 * self.strings.len() > self.table.len() {
            self.grow();
        }
        sym
    }

    /// The text of a symbol.
    pub(super) fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym)
    }

    /// The symbol of `name`, or the entry that it would take.
    fn find(&self, hash: u32, name: &str) -> Result<Sym, usize> {
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = self.table[at];
            if entry.sym == u32::MAX {
                return Err(at);
            }
            if entry.hash == hash && self.strings.bytes(Sym(entry.sym)) == name.as_bytes() {
                return Ok(Sym(entry.sym));
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let size = 2 * self.table.len();
        let old = std::mem::replace(&mut self.table, vec![EMPTY; size]);
        for entry in old.into_iter().filter(|it| it.sym != u32::MAX) {
            let mut at = entry.hash as usize & (size - 1);
            while self.table[at].sym != u32::MAX {
                at = (at + 1) & (size - 1);
            }
            self.table[at] = entry;
        }
    }
}
