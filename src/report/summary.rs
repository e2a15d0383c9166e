//! The last line of a report: how much there was, and of what.

use super::Report;
use crate::diagnostic::Severity;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
}

pub(super) fn count(report: &Report<'_>) -> Counts {
    let of = |severity| {
        report
            .findings
            .iter()
            .filter(|finding| finding.diagnostic.severity == severity)
            .count()
    };
    Counts {
        high: of(Severity::High),
        medium: of(Severity::Medium),
        low: of(Severity::Low),
    }
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.quiet {
        return Ok(());
    }
    let total = report.findings.len();
    let files = plural(report.files, "file");
    if total == 0 {
        write!(out, "no findings in {files}")?;
    } else {
        let counts = count(report);
        let parts: Vec<String> = [(counts.high, "high"), (counts.medium, "medium"), (counts.low, "low")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let places: BTreeSet<_> = report
            .findings
            .iter()
            .map(|finding| finding.diagnostic.location.file)
            .collect();
        write!(
            out,
            "{} ({}) in {} of {files}",
            plural(total, "finding"),
            parts.join(", "),
            places.len(),
        )?;
    }
    for (count, what) in [
        (
            report.hidden,
            "below the thresholds (`--min-severity low --min-confidence low`)",
        ),
        (report.baselined(), "accepted by the baseline"),
    ] {
        if count > 0 {
            write!(out, "; {count} {what}")?;
        }
    }
    let broken = broken_files(report);
    if broken > 0 {
        write!(out, "; {} not analysed", plural(broken, "file"))?;
    }
    writeln!(out)
}

/// Links and folders that were not followed are problems too, but no files.
fn broken_files(report: &Report<'_>) -> usize {
    let broken: BTreeSet<&str> = report.errors.iter().map(|error| error.path.as_str()).collect();
    if broken.is_empty() {
        return 0;
    }
    let sources = report.sources;
    sources.ids().filter(|&id| broken.contains(sources.path(id))).count()
}

/// A number and its noun.
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
