//! Findings as people and machines read them. Decides nothing about them: what is here is printed.
//!
//! Every text that comes from source is made printable where it is written; only the files that have
//! findings are read again, and one that has changed since is shown without its lines.

mod concise;
mod fold;
mod github;
mod json;
mod place;
mod rules;
mod summary;
#[cfg(test)]
mod tests;
mod text;
pub mod triage;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::FileError;
use crate::source::Sources;
use crate::source::printable;
pub use rules::{Table, write_rules};
use std::io::{self, Write};
pub use summary::plural;

/// The forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: the code, the chain, why, and what to do.
    Text,
    /// One line a finding.
    Concise,
    /// Schema `tailspike/1`, see `docs/json-schema.md`.
    Json,
    /// Workflow commands that annotate a pull request.
    Github,
}

/// A finding with its identity.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// What the rule says.
    pub diagnostic: &'a Diagnostic,
    /// See `suppress::fingerprints`.
    pub fingerprint: &'a str,
}

/// Everything that a report shows.
#[derive(Debug)]
pub struct Report<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// By file: the hash of the text that was analysed, see `source::text_hash`.
    pub hashes: &'a [u64],
    /// What is shown, in order.
    pub findings: Vec<Finding<'a>>,
    /// Files that could not be analysed.
    pub errors: &'a [FileError],
    /// How many files were asked about.
    pub files: usize,
    /// Findings of enabled rules below the thresholds.
    pub hidden: usize,
    /// Findings that the baseline accepts.
    pub baselined: usize,
    /// No summary.
    pub quiet: bool,
}

/// Writes the report.
///
/// # Errors
/// The output can't be written to.
pub fn write(report: &Report<'_>, format: Format, color: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, color, out),
        Format::Concise => concise::write(report, out),
        Format::Json => json::write(report, out),
        Format::Github => github::write(report, out),
    }
}

/// Writes the lines of `--statistics`.
///
/// # Errors
/// The output can't be written to.
pub fn write_statistics(statistics: &[(String, String)], out: &mut dyn Write) -> io::Result<()> {
    let width = statistics.iter().map(|(name, _)| name.chars().count()).max();
    for (name, value) in statistics {
        writeln!(out, "{name:<width$}  {value}", width = width.unwrap_or(0))?;
    }
    Ok(())
}

/// One line for a file that could not be analysed.
#[must_use]
pub fn error_line(error: &FileError) -> String {
    let mut line = match error.kind {
        crate::diagnostic::ErrorKind::Internal => "internal-error: ".to_owned(),
        _ => "error: ".to_owned(),
    };
    if !error.path.is_empty() {
        line.push_str(&printable(&error.path));
        for number in [error.line, error.column].into_iter().flatten() {
            line.push_str(&format!(":{number}"));
        }
        line.push_str(": ");
    }
    line.push_str(&printable(&error.message));
    line
}

/// The name of a finding's pattern, where its rule belongs to one.
fn pattern(diagnostic: &Diagnostic) -> Option<&'static str> {
    (diagnostic.rule.name != crate::diagnostic::UNUSED_IGNORE).then(|| diagnostic.rule.pattern.name())
}

/// The word for a severity.
fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        crate::diagnostic::Severity::High => "high",
        crate::diagnostic::Severity::Medium => "medium",
        crate::diagnostic::Severity::Low => "low",
    }
}
