//! What the lines of a stretch have in their holes and columns, as bytes: only what is kept of the log becomes texts.

use super::records::Record;
use super::texts::Texts;

/// Values and columns, line after line.
#[derive(Default)]
pub struct Values {
    bytes: Vec<u8>,
    all: Vec<Value>,
}

#[derive(Clone, Copy)]
struct Value {
    slot: u16,
    length: u16,
    start: u32,
}

impl Values {
    /// Adds a value. Of one too long to become a text only so much is kept that this shows.
    pub fn push(&mut self, slot: u16, text: &[u8]) {
        let kept = &text[..text.len().min(Texts::MAX_LENGTH + 1)];
        self.all.push(Value {
            slot,
            length: u16::try_from(kept.len()).unwrap_or(u16::MAX),
            start: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
        });
        self.bytes.extend_from_slice(kept);
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

    /// Those of a line, first its values, then its columns.
    pub fn of(&self, record: &Record) -> impl Iterator<Item = (u16, &[u8])> {
        let first = record.first as usize;
        let length = usize::from(record.values) + usize::from(record.columns);
        let text = |it: &Value| &self.bytes[it.start as usize..][..usize::from(it.length)];
        self.all[first..first + length]
            .iter()
            .map(move |it| (it.slot, text(it)))
    }
}
