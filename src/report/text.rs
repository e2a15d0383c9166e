//! For people: message, the code with its labels, the chain of calls, why, and what to do.

use super::fold::{Fold, fold};
use super::place::{Place, Text, Texts};
use super::{Report, summary};
use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::source::Location;
use crate::source::printable;
use codespan_reporting::diagnostic as codespan;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

/// Longer lines (generated code, data) are not shown.
const LONGEST_LINE: usize = 400;
/// More places than this of one root cause are counted instead of listed.
const MOST_PLACES: usize = 50;

pub(super) fn write(report: &Report<'_>, color: bool, out: &mut dyn Write) -> io::Result<()> {
    if color {
        write_all(report, &mut Ansi::new(&mut *out))?;
    } else {
        write_all(report, &mut NoColor::new(&mut *out))?;
    }
    summary::write(report, out)
}

fn write_all<W: WriteColor>(report: &Report<'_>, out: &mut W) -> io::Result<()> {
    let mut texts = Texts::new(report);
    for fold in fold(report) {
        write_one(report, &fold, &mut texts, out)?;
    }
    Ok(())
}

fn write_one<W: WriteColor>(
    report: &Report<'_>,
    fold: &Fold<'_>,
    texts: &mut Texts<'_>,
    out: &mut W,
) -> io::Result<()> {
    let it = fold.first.diagnostic;
    let place = texts.place(&it.location);
    let others = others(report, fold, texts);
    let path = match place.cell {
        Some(cell) => Cow::Owned(format!(
            "{}:cell {cell}",
            report.sources.path_from_here(it.location.file)
        )),
        None => report.sources.path_from_here(it.location.file),
    };
    let path = printable(&path);
    // Lines are counted from the beginning of the cell.
    let above = place.cell.map_or(0, |_| it.location.line - place.line);
    let snippet = texts
        .text(it.location.file)
        .filter(|text| is_showable(text, &it.location))
        .map(|text| Snippet {
            path: &path,
            source: text.shown(),
            text,
            above,
        });
    let mut notes = notes(report, it);
    notes.extend(others);
    if snippet.is_none() {
        let path = printable(&report.sources.path_from_here(it.location.file)).into_owned();
        notes.insert(0, format!("at {path}:{}", line_and_column(place)));
    }
    let diagnostic = codespan::Diagnostic::new(level(it.severity))
        .with_code(it.rule.name)
        .with_message(printable(&it.message))
        .with_labels(snippet.as_ref().map(|text| labels(it, text)).unwrap_or_default())
        .with_notes(notes);
    let nothing = Text::empty();
    let snippet = snippet.unwrap_or(Snippet {
        path: &path,
        source: "",
        text: &nothing,
        above,
    });
    term::emit_to_write_style(out, &term::Config::default(), &snippet, &diagnostic).map_err(|error| match error {
        Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    })
}

fn level(severity: Severity) -> codespan::Severity {
    match severity {
        Severity::High => codespan::Severity::Error,
        Severity::Medium => codespan::Severity::Warning,
        Severity::Low => codespan::Severity::Note,
    }
}

fn line_and_column(place: Place) -> String {
    match place.column {
        Some(column) => format!("{}{}:{column}", place.cell_before_line(), place.line),
        None => format!("{}{}", place.cell_before_line(), place.line),
    }
}

fn is_showable(text: &Text, location: &Location) -> bool {
    let line = text.lines.line_of(location.start as usize);
    text.lines.range(line, &text.text).len() <= LONGEST_LINE
}

/// The labels in the finding's own file; what stands elsewhere is in the notes.
fn labels(it: &Diagnostic, snippet: &Snippet<'_>) -> Vec<codespan::Label<()>> {
    let mut primary = codespan::Label::primary((), snippet.first_line(&it.location));
    if !it.group.is_empty() && it.witness.len() > 1 {
        primary = primary.with_message(format!("reaches `{}`", printable(&it.group)));
    }
    let secondary = it
        .labels
        .iter()
        .filter(|label| label.location.file == it.location.file && is_showable(snippet.text, &label.location))
        .map(|label| {
            codespan::Label::secondary((), snippet.first_line(&label.location)).with_message(printable(&label.text))
        });
    [primary].into_iter().chain(secondary).collect()
}

fn notes(report: &Report<'_>, it: &Diagnostic) -> Vec<String> {
    let mut notes = Vec::new();
    let elsewhere = it.labels.iter().filter(|label| label.location.file != it.location.file);
    for label in elsewhere {
        let spot = report.sources.spot_from_here(&label.location);
        notes.push(format!("{}: {}", printable(&spot), printable(&label.text)));
    }
    // A chain of one step is the place that is shown anyway.
    if it.witness.len() > 1 {
        notes.push(chain(report, it));
    }
    for (word, text) in [("why", &it.why), ("help", &it.help)] {
        if !text.is_empty() {
            notes.push(format!("{word}: {}", printable(text)));
        }
    }
    match it.confidence {
        Confidence::High => {}
        Confidence::Medium => notes.push("confidence: medium, one step rests on a convention".to_owned()),
        Confidence::Low => notes.push("confidence: low, check that the code is as described".to_owned()),
    }
    notes
}

fn chain(report: &Report<'_>, it: &Diagnostic) -> String {
    let steps: Vec<[String; 3]> = it
        .witness
        .iter()
        .map(|step| {
            [
                printable(&report.sources.spot_from_here(&step.location)).into_owned(),
                printable(&step.qualname).into_owned(),
                printable(&step.text).into_owned(),
            ]
        })
        .collect();
    let width = |column: usize| steps.iter().map(|step| step[column].chars().count()).max();
    let (places, names) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    let mut text = "chain:".to_owned();
    for [place, name, what] in &steps {
        text.push_str(&format!("\n  {place:<places$}  {name:<names$}  {what}"));
    }
    text
}

fn others(report: &Report<'_>, fold: &Fold<'_>, texts: &mut Texts<'_>) -> Option<String> {
    if fold.others.is_empty() {
        return None;
    }
    let mut text = format!(
        "{} more reach `{}`",
        fold.others.len(),
        printable(&fold.first.diagnostic.group)
    );
    if let Some(function) = fold.mend {
        text.push_str(&format!(
            "; most chains pass through `{}`: mend that one",
            printable(function)
        ));
    }
    for finding in fold.others.iter().take(MOST_PLACES) {
        let it = finding.diagnostic;
        let place = line_and_column(texts.place(&it.location));
        let path = printable(&report.sources.path_from_here(it.location.file)).into_owned();
        text.push_str(&format!("\n  {path}:{place}  {}", printable(&it.qualname)));
    }
    if fold.others.len() > MOST_PLACES {
        text.push_str(&format!("\n  and {} more", fold.others.len() - MOST_PLACES));
    }
    Some(text)
}

/// One file for codespan, with line ends as Python sees them.
struct Snippet<'a> {
    path: &'a str,
    /// Same offsets as `text`, without control characters.
    source: &'a str,
    text: &'a Text,
    /// So many lines of a notebook stand before the cell.
    above: u32,
}

impl Snippet<'_> {
    /// The part of a range on its first line: a call over fifty lines is pointed at, not printed.
    fn first_line(&self, location: &Location) -> Range<usize> {
        let text = &self.text.text;
        let start = text.floor_char_boundary(location.start as usize);
        let line = self.text.lines.range(self.text.lines.line_of(start), text);
        let end = text.floor_char_boundary(location.end as usize).min(line.end).max(start);
        let shown = text.get(start..end).unwrap_or_default().trim_end();
        start..start + shown.len()
    }
}

impl<'f> Files<'f> for Snippet<'_> {
    type FileId = ();
    type Name = &'f str;
    type Source = &'f str;

    fn name(&'f self, (): ()) -> Result<&'f str, Error> {
        Ok(self.path)
    }

    fn source(&'f self, (): ()) -> Result<&'f str, Error> {
        Ok(self.source)
    }

    fn line_index(&'f self, (): (), byte_index: usize) -> Result<usize, Error> {
        Ok(self.text.lines.line_of(byte_index))
    }

    fn line_number(&'f self, (): (), line_index: usize) -> Result<usize, Error> {
        Ok((line_index + 1).saturating_sub(self.above as usize))
    }

    fn line_range(&'f self, (): (), line_index: usize) -> Result<Range<usize>, Error> {
        Ok(self.text.lines.range(line_index, &self.text.text))
    }
}
