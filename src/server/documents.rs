//! The texts that an editor has open, and how its changes are made to them.

use crate::source::LineIndex;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};

/// An open file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// As the editor names it.
    pub(super) uri: Uri,
    /// The editor's number of the text.
    pub(super) version: i32,
    /// What the editor shows.
    pub(super) text: String,
}

impl Document {
    /// Makes the changes of one notification, in their order.
    pub(super) fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        self.version = version;
        for change in changes {
            match change.range {
                None => self.text = change.text,
                Some(range) => {
                    let lines = LineIndex::new(&self.text);
                    let start = offset(&lines, &self.text, range.start);
                    // An end before the start would be a fault of the editor; it then replaces nothing.
                    let end = offset(&lines, &self.text, range.end).max(start);
                    self.text.replace_range(start..end, &change.text);
                }
            }
        }
    }
}

fn offset(lines: &LineIndex, text: &str, at: Position) -> usize {
    lines.offset_of_utf16(text, at.line, at.character)
}

/// A range of a text as editors count it.
pub(super) fn range(lines: &LineIndex, text: &str, start: usize, end: usize) -> Range {
    let position = |at| {
        let (line, character) = lines.utf16(text, at);
        Position { line, character }
    };
    Range {
        start: position(start),
        end: position(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range {
                start: Position::new(from.0, from.1),
                end: Position::new(to.0, to.1),
            }),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn changes_are_made_one_after_the_other() {
        let mut document = Document {
            uri: Uri::from_str("file:///x.py").expect("a URI"),
            version: 1,
            text: "a = '\u{1F600}'\nb\n".to_owned(),
        };
        document.change(2, vec![change((0, 5), (0, 7), "x"), change((1, 0), (1, 1), "é\nc")]);
        assert_eq!((document.text.as_str(), document.version), ("a = 'x'\né\nc\n", 2));
        document.change(3, vec![change((9, 9), (9, 9), "end"), change((1, 1), (0, 0), "!")]);
        assert_eq!(document.text, "a = 'x'\né!\nc\nend");
    }
}
