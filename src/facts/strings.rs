//! The strings of a file behind one another in one buffer.

use super::node::Sym;
use serde::Deserialize;
use serde::Serialize;

/// Names and short strings, each once; a [`Sym`] is the index. One allocation holds them all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strings {
    text: String,
    /// Where each string ends in `text`.
    ends: Vec<u32>,
}

impl Strings {
    /// The text of a symbol.
    #[inline]
    #[must_use]
    pub fn get(&self, sym: Sym) -> &str {
        &self.text[self.range(sym)]
    }

    /// The same as bytes, which spares looking for the characters' bounds.
    #[inline]
    pub(crate) fn bytes(&self, sym: Sym) -> &[u8] {
        &self.text.as_bytes()[self.range(sym)]
    }

    #[inline]
    fn range(&self, sym: Sym) -> std::ops::Range<usize> {
        let at = sym.0 as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start as usize..self.ends[at] as usize
    }

    /// Adds a string, whether it is there already or not.
    pub fn push(&mut self, text: &str) -> Sym {
        let sym = Sym(u32::try_from(self.ends.len()).unwrap_or(u32::MAX));
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        sym
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All strings in the order of their symbols.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).take(self.len()).map(|it| self.get(Sym(it)))
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Room for some strings of some bytes.
    pub fn reserve(&mut self, strings: usize, bytes: usize) {
        self.text.reserve(bytes);
        self.ends.reserve(strings);
    }

    /// Gives back what was reserved and not used.
    pub fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
