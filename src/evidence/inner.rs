//! Finding text inside messages for templates that begin with a value: one look at every position, no automaton.

use super::matching::PatternId;
use rustc_hash::FxHashMap;

/// The shortest text that is looked for by its place in a message; shorter ones are tried on every message.
const SHORT: usize = 3;
/// The usual length: four bytes tell most texts apart and are read in one step.
pub(super) const LONG: usize = 4;

/// Bits of the place of a text in its table: 64 KiB stay in the second cache, and a thousand texts leave most of it empty.
const BITS: u32 = 16;

/// Texts of templates that begin with a value, found anywhere in a message.
#[derive(Default)]
pub(super) struct Inner {
    long: Keys,
    short: Keys,
    always: Vec<PatternId>,
}

#[derive(Default)]
struct Keys {
    /// By the hash of a text the weight of its heaviest pattern, as far as a byte tells; 0 where there is no such text.
    weights: Vec<u8>,
    patterns: FxHashMap<u32, Vec<PatternId>>,
    heaviest: u32,
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
        keys.add(number(key), weight, id);
    }

    /// Hands every pattern to `each` whose text is in `message`, and some whose text is not; a pattern may come several times.
    /// `each` gives the weight below which a pattern is of no use from then on; `least` is that weight at first.
    pub(super) fn each(&self, message: &[u8], mut least: u32, mut each: impl FnMut(PatternId) -> u32) {
        let longs = message.array_windows().map(|it| u32::from_le_bytes(*it));
        self.long.each(longs, &mut least, &mut each);
        let shorts = message
            .array_windows()
            .map(|[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]));
        self.short.each(shorts, &mut least, &mut each);
    }

    /// The patterns whose texts are too short to be looked for.
    pub(super) fn always(&self) -> &[PatternId] {
        &self.always
    }
}

impl Keys {
    fn add(&mut self, key: u32, weight: u32, id: PatternId) {
        if self.weights.is_empty() {
            self.weights = vec![0; 1 << BITS];
        }
        self.heaviest = self.heaviest.max(weight);
        let known = &mut self.weights[place(key)];
        *known = told(weight).max(*known);
        self.patterns.entry(key).or_default().push(id);
    }

    fn each(&self, keys: impl Iterator<Item = u32>, least: &mut u32, each: &mut impl FnMut(PatternId) -> u32) {
        if self.weights.is_empty() || self.heaviest < *least {
            return;
        }
        let mut bar = told(*least);
        for key in keys {
            if self.weights[place(key)] >= bar
                && let Some(patterns) = self.patterns.get(&key)
            {
                patterns.iter().for_each(|it| *least = each(*it));
                bar = told(*least);
            }
        }
    }
}

/// A weight as a byte; never 0, which no pattern has.
#[inline]
fn told(weight: u32) -> u8 {
    u8::try_from(weight.max(1)).unwrap_or(u8::MAX)
}

fn number(bytes: &[u8]) -> u32 {
    match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        _ => 0,
    }
}

/// The place of a key in its table: the upper bits of a product with a large odd number spread well.
#[inline]
fn place(key: u32) -> usize {
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
        assert_eq!(found(b"x completed in 3"), [0]);
        assert_eq!(found(b"x ok"), [1]);
        assert_eq!(found(b"").len(), 0);
        assert_eq!(inner.always(), [PatternId(2)]);
    }
}
