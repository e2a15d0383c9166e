//! Which patterns begin as a message does: their first bytes, found by hash.

use super::matching::PatternId;
use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Lengths of leading text that are looked up. Long ones keep frequent beginnings (`Failed to `) from leading to many patterns.
const KEYS: [usize; 4] = [24, 12, 8, 4];

/// Beside the keys' numbers, in what a message's first bytes tell.
const CONSTANT: u8 = 1 << 7;

/// What can follow the first bytes of a message: keys of which lengths, a constant. Most lines need no more than one look
/// here, and no hash of what they are not. 16 KiB stay in the first cache.
struct Leads(Vec<u8>);

impl Default for Leads {
    fn default() -> Self {
        Self(vec![0; 1 << Self::BITS])
    }
}

impl Leads {
    const BITS: u32 = 14;

    fn add(&mut self, text: &[u8], what: u8) {
        self.0[Self::place(text)] |= what;
    }

    #[inline]
    fn of(&self, message: &[u8]) -> u8 {
        self.0[Self::place(message)]
    }

    /// Texts that are too short share a place, which no others have unless by chance.
    #[inline]
    fn place(text: &[u8]) -> usize {
        let first = text.first_chunk().map_or(0, |it| u32::from_le_bytes(*it));
        (first.wrapping_mul(0x9e37_79b1) >> (u32::BITS - Self::BITS)) as usize
    }
}

/// Patterns by their first bytes.
#[derive(Default)]
pub(super) struct Beginnings {
    leads: Leads,
    /// The keys there are, one set for each length.
    there: [Filter; KEYS.len()],
    /// Where the patterns of a key are.
    lists: FxHashMap<u64, (u32, u32)>,
    /// Weights and patterns, those of one key together, the heaviest first: what comes first is all that is tried where it
    /// matches.
    all: Vec<(u32, PatternId)>,
}

impl Beginnings {
    /// Indexes patterns by their leading texts, each with its weight. Gives those whose text is too short.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = (PatternId, u32, &'a [u8])>) -> (Self, Vec<PatternId>) {
        let mut made = Self::default();
        let mut rest = Vec::new();
        let mut keyed: Vec<(u64, std::cmp::Reverse<u32>, PatternId)> = Vec::new();
        for (id, weight, head) in patterns {
            let Some(slot) = KEYS.iter().position(|it| *it <= head.len()) else {
                rest.push(id);
                continue;
            };
            let key = key(slot, &head[..KEYS[slot]]);
            made.there[slot].add(key);
            made.leads.add(head, 1 << slot);
            keyed.push((key, std::cmp::Reverse(weight), id));
        }
        keyed.sort_unstable();
        for (key, weight, id) in keyed {
            let next = u32::try_from(made.all.len()).unwrap_or(u32::MAX);
            made.lists.entry(key).or_insert((next, next)).1 = next.saturating_add(1);
            made.all.push((weight.0, id));
        }
        (made, rest)
    }

    /// Notes a pattern that is this text and nothing else.
    pub(super) fn add_constant(&mut self, text: &[u8]) {
        self.leads.add(text, CONSTANT);
    }

    /// Whether a constant may begin as the message does.
    pub(super) fn may_be_constant(&self, message: &[u8]) -> bool {
        self.leads.of(message) & CONSTANT != 0
    }

    /// The lists of patterns with which a message can begin, those of longer keys first.
    pub(super) fn lists(&self, message: &[u8]) -> impl Iterator<Item = &[(u32, PatternId)]> {
        let led = self.leads.of(message);
        let slots = KEYS.iter().enumerate().filter(move |it| led & (1 << it.0) != 0);
        let keys = slots.filter_map(|(slot, length)| {
            let key = key(slot, message.get(..*length)?);
            self.there[slot].has(key).then_some(key)
        });
        let lists = keys.filter_map(|it| self.lists.get(&it));
        lists.map(|&(start, end)| &self.all[start as usize..end as usize])
    }
}

fn key(slot: usize, head: &[u8]) -> u64 {
    hash(head).wrapping_add(slot as u64)
}

/// The hash of a text.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// A set of bits by hash, which tells most of what is not there without a look at a table: 8 KiB stay in the first cache.
pub(super) struct Filter(Vec<u64>);

impl Default for Filter {
    fn default() -> Self {
        Self(vec![0; 1 << (Self::BITS - 6)])
    }
}

impl Filter {
    const BITS: u32 = 16;

    /// Adds a hash.
    pub(super) fn add(&mut self, hash: u64) {
        let at = Self::place(hash);
        self.0[at / 64] |= 1 << (at % 64);
    }

    /// Whether a hash may be there.
    #[inline]
    pub(super) fn has(&self, hash: u64) -> bool {
        let at = Self::place(hash);
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    #[inline]
    fn place(hash: u64) -> usize {
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS)) as usize
    }
}
