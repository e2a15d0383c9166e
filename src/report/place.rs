//! Lines and columns of findings, from the text that was analysed.

use super::Report;
use crate::source::FileId;
use crate::source::LineIndex;
use crate::source::Location;
use crate::source::text_hash;

/// The text of a file as it was when it was analysed.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) lines: LineIndex,
}

impl Text {
    /// Stands in where there is none.
    pub(super) fn empty() -> Self {
        Self {
            text: String::new(),
            lines: LineIndex::new(""),
        }
    }
}

/// A range as people count it. Only the line is known where the file has changed since it was analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: Option<u32>,
    pub(super) end_line: u32,
    pub(super) end_column: Option<u32>,
}

/// Reads files one at a time, for reports that go through them in order.
pub(super) struct Texts<'a> {
    report: &'a Report<'a>,
    last: Option<(FileId, Option<Text>)>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(report: &'a Report<'a>) -> Self {
        Self { report, last: None }
    }

    /// The text of a file, unless it can't be read any more or has changed.
    pub(super) fn text(&mut self, file: FileId) -> Option<&Text> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != file) {
            self.last = Some((file, self.load(file)));
        }
        self.last.as_ref()?.1.as_ref()
    }

    fn load(&self, file: FileId) -> Option<Text> {
        let text = self.report.sources.read(file).ok()?;
        let analysed = self.report.hashes.get(file.0 as usize).copied()?;
        (text_hash(&text) == analysed).then(|| Text {
            lines: LineIndex::new(&text),
            text,
        })
    }

    pub(super) fn place(&mut self, location: &Location) -> Place {
        let Some(Text { text, lines }) = self.text(location.file) else {
            return Place {
                line: location.line,
                column: None,
                end_line: location.line,
                end_column: None,
            };
        };
        let start = lines.position(text, location.start as usize);
        let end = lines.position(text, location.end as usize);
        Place {
            line: start.line,
            column: Some(start.column),
            end_line: end.line,
            end_column: Some(end.column),
        }
    }
}
