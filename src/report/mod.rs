//! Findings as people and machines read them. Decides nothing about them: what is here is printed.
//!
//! Every text that comes from source is made printable where it is written; only the files that have
//! findings are read again, and one that has changed since is shown without its lines.

mod concise;
mod fold;
mod github;
mod gitlab;
mod json;
mod markdown;
mod place;
mod rules;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;
mod text;
pub mod triage;
pub mod triage_text;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::FileError;
use crate::diagnostic::RuleInfo;
use crate::source::FileId;
use crate::source::Location;
use crate::source::Sources;
use crate::source::printable;
pub use rules::{Table, write_rules};
use std::cmp::Reverse;
use std::collections::BTreeMap;
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
    /// A code quality report.
    Gitlab,
    /// A comment on a pull request.
    Markdown,
    /// SARIF 2.1.0.
    Sarif,
}

/// A finding with its identity.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// What the rule says.
    pub diagnostic: &'a Diagnostic,
    /// See `suppress::fingerprints`.
    pub fingerprint: &'a str,
}

/// So many root causes are named in the statistics.
const MOST_CAUSES: usize = 5;

/// Who accepted a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptedBy {
    /// An ignore comment.
    Comment,
    /// The baseline.
    Baseline,
}

/// A finding that is not to be mended now.
#[derive(Clone, Debug)]
pub struct AcceptedFinding<'a> {
    /// What it is.
    pub finding: Finding<'a>,
    /// Why it is accepted.
    pub by: AcceptedBy,
}

/// Everything that a report shows.
#[derive(Debug)]
pub struct Report<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Where the project lies in its checkout, see `source::folder_in_checkout`: forges name files from there.
    pub folder: String,
    /// By file: the hash of the text that was analysed, see `source::text_hash`.
    pub hashes: &'a [u64],
    /// What is shown, in order.
    pub findings: Vec<Finding<'a>>,
    /// What is accepted, for the forms that keep a record of it.
    pub accepted: Vec<AcceptedFinding<'a>>,
    /// The rules that ran.
    pub rules: Vec<&'static RuleInfo>,
    /// Files that could not be analysed.
    pub errors: &'a [FileError],
    /// How many files were asked about.
    pub files: usize,
    /// Findings of enabled rules below the thresholds.
    pub hidden: usize,
    /// No summary.
    pub quiet: bool,
}

impl Report<'_> {
    /// The path of a file as those know it who look at the whole checkout.
    fn path_in_checkout(&self, file: FileId) -> String {
        format!("{}{}", self.folder, self.sources.path(file))
    }

    /// The same of a place, with its line.
    fn spot_in_checkout(&self, place: &Location) -> String {
        format!("{}{}", self.folder, self.sources.spot(place))
    }

    /// How many findings the baseline accepts.
    fn baselined(&self) -> usize {
        self.accepted.iter().filter(|it| it.by == AcceptedBy::Baseline).count()
    }
}

/// The form of the JSON report, as a JSON Schema.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    json::schema()
}

/// Writes the report; says how many findings were left out because the form has a limit.
///
/// # Errors
/// The output can't be written to.
pub fn write(report: &Report<'_>, format: Format, color: bool, out: &mut dyn Write) -> io::Result<usize> {
    let whole = match format {
        Format::Text => text::write(report, color, out),
        Format::Concise => concise::write(report, out),
        Format::Json => json::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Markdown => return markdown::write(report, out),
        Format::Sarif => return sarif::write(report, out),
    };
    whole.map(|()| 0)
}

/// What `--statistics` says of the findings: how many of each rule, and which root causes hold most of them.
#[must_use]
pub fn counts(report: &Report<'_>) -> Vec<(String, String)> {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        *rules.entry(finding.diagnostic.rule.name).or_default() += 1;
    }
    let mut causes: Vec<fold::Fold<'_>> = fold::fold(report)
        .into_iter()
        .filter(|it| !it.others.is_empty())
        .collect();
    causes.sort_by_key(|it| Reverse(it.others.len()));
    let of_rules = rules
        .iter()
        .map(|(rule, count)| (format!("findings of {rule}"), count.to_string()));
    let of_causes = causes.iter().take(MOST_CAUSES).map(|it| {
        let end = printable(&it.first.diagnostic.group).into_owned();
        let mend = it
            .mend
            .map(|mend| format!("; mend `{}` once", printable(mend)))
            .unwrap_or_default();
        (
            format!("findings that reach {end}"),
            format!("{}{mend}", it.others.len() + 1),
        )
    });
    of_rules.chain(of_causes).collect()
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
