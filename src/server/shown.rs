//! Findings as an editor shows them.

use super::documents::{Document, range};
use super::engine::{Engine, Said};
use super::uri::uri_of;
use crate::diagnostic;
use crate::diagnostic::Fix;
use crate::diagnostic::Severity;
use crate::pipeline::Failure;
use crate::source::FileId;
use crate::source::LineIndex;
use crate::source::Location;
use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, NumberOrString, Position, Range, Uri};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is shown of one text of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// The editor's number of the text.
    pub(super) version: i32,
    /// In the order of the text.
    pub(super) items: Vec<Item>,
}

/// One finding.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// As the editor gets it.
    pub(super) diagnostic: Diagnostic,
    /// The rule's name; none for a file that can't be analysed.
    pub(super) rule: Option<&'static str>,
    /// The 1-based line of the finding, and of its end.
    pub(super) lines: (u32, u32),
    /// Its mend, not yet asked whether the result parses.
    pub(super) fix: Option<Fix>,
}

/// Makes what an editor shows of a file.
pub(super) struct Shower<'a> {
    pub(super) engine: &'a Engine,
    pub(super) documents: &'a BTreeMap<PathBuf, Document>,
    pub(super) texts: BTreeMap<FileId, Option<(String, LineIndex)>>,
}

impl Shower<'_> {
    pub(super) fn items(&mut self, said: &Said) -> Vec<Item> {
        let mut items: Vec<Item> = said.findings.iter().filter_map(|it| self.item(it)).collect();
        items.extend(said.failure.as_ref().map(failed));
        items
    }

    fn item(&mut self, it: &diagnostic::Diagnostic) -> Option<Item> {
        let (_, range) = self.place(&it.location)?;
        let mut parts = vec![it.message.as_str(), &it.why, &it.help];
        parts.retain(|part| !part.is_empty());
        let diagnostic = Diagnostic {
            range,
            severity: Some(match it.severity {
                Severity::High => DiagnosticSeverity::ERROR,
                Severity::Medium => DiagnosticSeverity::WARNING,
                Severity::Low => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(it.rule.name.to_owned())),
            code_description: None,
            source: Some("tailspike".to_owned()),
            message: parts.join("\n"),
            related_information: Some(self.related(it)).filter(|it| !it.is_empty()),
            tags: None,
            data: None,
        };
        Some(Item {
            lines: (range.start.line + 1, range.end.line + 1),
            diagnostic,
            rule: Some(it.rule.name),
            fix: it.fix.clone(),
        })
    }

    /// The chain of calls, then the other places.
    fn related(&mut self, it: &diagnostic::Diagnostic) -> Vec<DiagnosticRelatedInformation> {
        let steps = it
            .witness
            .iter()
            .map(|step| (&step.location, format!("`{}` calls `{}`", step.qualname, step.text)));
        let labels = it.labels.iter().map(|label| (&label.location, label.text.clone()));
        steps
            .chain(labels)
            .filter_map(|(location, message)| {
                let (uri, range) = self.place(location)?;
                let location = lsp_types::Location { uri, range };
                Some(DiagnosticRelatedInformation { location, message })
            })
            .collect()
    }

    fn place(&mut self, location: &Location) -> Option<(Uri, Range)> {
        let sources = self.engine.sources();
        let path = &sources.file(location.file).absolute;
        let read = || {
            let text = sources.read(location.file).ok()?;
            let lines = LineIndex::new(&text);
            Some((text, lines))
        };
        let (text, lines) = self.texts.entry(location.file).or_insert_with(read).as_ref()?;
        let range = range(lines, text, location.start as usize, location.end as usize);
        let open = self.documents.get(path).map(|it| it.uri.clone());
        Some((open.or_else(|| uri_of(path))?, range))
    }
}

/// A file that can't be analysed says so where its parser stopped.
fn failed(failure: &Failure) -> Item {
    let (line, column) = failure.place.unwrap_or((1, 1));
    let at = Position::new(line.saturating_sub(1), column.saturating_sub(1));
    Item {
        diagnostic: Diagnostic {
            range: Range { start: at, end: at },
            severity: Some(DiagnosticSeverity::INFORMATION),
            source: Some("tailspike".to_owned()),
            message: format!("not analysed: {}", failure.message),
            ..Diagnostic::default()
        },
        rule: None,
        lines: (line, line),
        fix: None,
    }
}
