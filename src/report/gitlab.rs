//! GitLab's code quality report: a JSON array of issues.

use super::Report;
use super::place::Texts;
use crate::diagnostic::Severity;
use crate::source::printable;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut texts = Texts::new(report);
    let issues: Vec<Issue> = report
        .findings
        .iter()
        .map(|finding| {
            let it = finding.diagnostic;
            let place = texts.place(&it.location);
            let (line, end_line, cell) = place.in_file();
            let path = report.path_in_checkout(it.location.file);
            Issue {
                description: printable(&format!("{cell}{}; {}", it.message, it.help)).into_owned(),
                check_name: it.rule.name,
                // GitLab takes two issues with one fingerprint for one, and ours does not depend on the path.
                fingerprint: format!("{}:{path}", finding.fingerprint),
                severity: match it.severity {
                    Severity::High => "critical",
                    Severity::Medium => "major",
                    Severity::Low => "minor",
                },
                location: Place {
                    path,
                    lines: Lines {
                        begin: line,
                        end: end_line,
                    },
                },
            }
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}
