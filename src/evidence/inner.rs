//! Finding text inside messages for templates that begin with a value: one look at every position, no automaton.

use super::matching::PatternId;
use rustc_hash::FxHashMap;

/// The shortest text that is looked for by its place in a message; shorter ones are tried on every message.
const SHORT: usize = 3;
/// The usual length: four bytes tell most texts apart and are read in one step.
const LONG: usize = 4;

/// A set of bits by the hash of a few bytes: 32 KiB stay in the first cache, and a thousand texts leave most of it empty.
const BITS: u32 = 18;

/// Texts of templates that begin with a value, found anywhere in a message.
#[derive(Default)]
pub(super) struct Inner {
    long: Keys,
    short: Keys,
    always: Vec<PatternId>,
}

#[derive(Default)]
struct Keys {
    bits: Vec<u64>,
    patterns: FxHashMap<u32, Vec<PatternId>>,
    /// The weight of the heaviest of them.
    weight: u32,
}

impl Inner {
    /// Adds a pattern of this weight by the longest of its texts. `rank` says how common a byte is.
    pub(super) fn add(&mut self, id: PatternId, weight: u32, text: &[u8], rank: impl Fn(u8) -> u32) {
        let width = text.len().min(LONG);
        if width < SHORT {
            self.always.push(id);
            return;
        }
        // The rarest stretch of the text is looked for; of two that are alike the first.
        let commonness = |it: &&[u8]| it.iter().map(|it| rank(*it)).sum::<u32>();
        let Some(key) = text.windows(width).min_by_key(commonness) else {
            return;
        };
        let keys = if width == LONG { &mut self.long } else { &mut self.short };
        keys.weight = keys.weight.max(weight);
        keys.add(number(key), id);
    }

    /// Hands every pattern to `each` whose text is in `message`, and some whose text is not; a pattern may come several times.
    /// `each` gives the weight below which a pattern is of no use from then on; `least` is that weight at first.
    pub(super) fn each(&self, message: &[u8], mut least: u32, mut each: impl FnMut(PatternId) -> u32) {
        self.long.each::<LONG>(message, &mut least, &mut each);
        self.short.each::<SHORT>(message, &mut least, &mut each);
        for &id in &self.always {
            each(id);
        }
    }
}

impl Keys {
    fn add(&mut self, key: u32, id: PatternId) {
        if self.bits.is_empty() {
            self.bits = vec![0; 1 << (BITS - 6)];
        }
        let bit = bit(key);
        self.bits[bit / 64] |= 1 << (bit % 64);
        self.patterns.entry(key).or_default().push(id);
    }

    fn each<const WIDTH: usize>(&self, message: &[u8], least: &mut u32, each: &mut impl FnMut(PatternId) -> u32) {
        if self.bits.is_empty() || self.weight < *least {
            return;
        }
        for window in message.windows(WIDTH) {
            let key = number(window);
            let bit = bit(key);
            if self.bits[bit / 64] & (1 << (bit % 64)) != 0
                && let Some(patterns) = self.patterns.get(&key)
            {
                patterns.iter().for_each(|it| *least = each(*it));
            }
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        _ => 0,
    }
}

/// The place of a key among the bits: the upper bits of a product with a large odd number spread well.
fn bit(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_are_found() {
        let mut inner = Inner::default();
        for (id, text) in (0..).zip([b" completed in ".as_slice(), b" ok", b"->"]) {
            inner.add(PatternId(id), 1, text, |_| 1);
        }
        let found = |message: &[u8]| {
            let mut found = Vec::new();
            inner.each(message, 0, |it| {
                found.push(it.0);
                0
            });
            found
        };
        assert_eq!(found(b"x completed in 3"), [0, 2]);
        assert_eq!(found(b"x ok"), [1, 2]);
        assert_eq!(found(b""), [2]);
    }
}
