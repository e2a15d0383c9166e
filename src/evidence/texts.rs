//! Texts of a log, kept once each and found by their hash.

use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Index of a kept text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub u32);

/// Texts kept once each. A log whose values never repeat must not fill the memory: beyond the cap a text is [`Texts::OTHER`].
#[derive(Debug, Default)]
pub struct Texts {
    by_hash: FxHashMap<u64, Text>,
    bytes: Vec<u8>,
    all: Vec<Kept>,
    /// Texts that came when the cap was reached.
    pub dropped: u64,
}

/// Where a text stands among the bytes.
#[derive(Clone, Copy, Debug)]
struct Kept {
    start: u32,
    length: u32,
}

impl Texts {
    /// What was not kept.
    pub const OTHER: Text = Text(u32::MAX);
    /// Values that come back (ids, hosts, file names) are seen early; of values that never do, no number helps.
    const MAX_TEXTS: usize = 1 << 18;
    /// Longer ones are no names of anything.
    pub const MAX_LENGTH: usize = 96;

    /// The id of a text, which is kept if there is room.
    pub fn keep(&mut self, text: &[u8]) -> Text {
        if text.len() > Self::MAX_LENGTH {
            return Self::OTHER;
        }
        let hash = hash(text);
        if let Some(&id) = self.by_hash.get(&hash) {
            // Of two texts with one hash the first is kept.
            return if self.get(id) == text { id } else { Self::OTHER };
        }
        self.add(hash, text)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn add(&mut self, hash: u64, text: &[u8]) -> Text {
        if self.all.len() >= Self::MAX_TEXTS {
            self.dropped += 1;
            return Self::OTHER;
        }
        let (Ok(id), Ok(start), Ok(length)) = (
            u32::try_from(self.all.len()),
            u32::try_from(self.bytes.len()),
            u32::try_from(text.len()),
        ) else {
            return Self::OTHER;
        };
        self.bytes.extend_from_slice(text);
        self.all.push(Kept { start, length });
        self.by_hash.insert(hash, Text(id));
        Text(id)
    }

    /// The text.
    #[must_use]
    pub fn get(&self, id: Text) -> &[u8] {
        self.all
            .get(id.0 as usize)
            .map_or(&[], |it| &self.bytes[it.start as usize..][..it.length as usize])
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}
