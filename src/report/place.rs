//! Lines and columns of findings, from the text that was analysed.

use super::Report;
use crate::source::FileId;
use crate::source::LineIndex;
use crate::source::Location;
use crate::source::printable_in_place;
use crate::source::text_hash;
use std::borrow::Cow;

/// The text of a file as it was when it was analysed.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) lines: LineIndex,
    /// It is the code of a notebook.
    pub(super) is_notebook: bool,
    /// The same without what a terminal would obey, where there is any of it.
    clean: Option<String>,
}

impl Text {
    fn new(text: String, is_notebook: bool) -> Self {
        let clean = match printable_in_place(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        };
        Self {
            lines: LineIndex::new(&text),
            is_notebook,
            clean,
            text,
        }
    }

    /// What may be shown: every offset is that of the text.
    pub(super) fn shown(&self) -> &str {
        self.clean.as_deref().unwrap_or(&self.text)
    }

    /// Stands in where there is none.
    pub(super) fn empty() -> Self {
        Self::new(String::new(), false)
    }
}

/// A range as people count it. Only the line is known where the file has changed since it was analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In a notebook the cell in which the lines are counted.
    pub(super) cell: Option<u32>,
    pub(super) line: u32,
    pub(super) column: Option<u32>,
    pub(super) end_line: u32,
    pub(super) end_column: Option<u32>,
}

impl Place {
    /// `cell 3:` in a notebook, nothing elsewhere; it stands before a line.
    pub(super) fn cell_before_line(self) -> String {
        self.cell.map_or_else(String::new, |cell| format!("cell {cell}:"))
    }

    /// The line for those who know only files: a notebook's cells have none there, so it is the first, and the second
    /// value says where it really is.
    pub(super) fn in_file(self) -> (u32, u32, String) {
        match self.cell {
            Some(cell) => (1, 1, format!("cell {cell}, line {}: ", self.line)),
            None => (self.line, self.end_line, String::new()),
        }
    }
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
        let is_notebook = self.report.sources.file(file).is_notebook;
        (text_hash(&text) == analysed).then(|| Text::new(text, is_notebook))
    }

    pub(super) fn place(&mut self, location: &Location) -> Place {
        let place = self.place_in_text(location);
        match self.report.sources.cell(location.file, place.line) {
            Some((cell, line)) => Place {
                cell: Some(cell),
                line,
                end_line: line + (place.end_line - place.line),
                ..place
            },
            None => place,
        }
    }

    fn place_in_text(&mut self, location: &Location) -> Place {
        let Some(Text { text, lines, .. }) = self.text(location.file) else {
            return Place {
                cell: None,
                line: location.line,
                column: None,
                end_line: location.line,
                end_column: None,
            };
        };
        let start = lines.position(text, location.start as usize);
        let end = lines.position(text, location.end as usize);
        Place {
            cell: None,
            line: start.line,
            column: Some(start.column),
            end_line: end.line,
            end_column: Some(end.column),
        }
    }
}
