//! What was expected against what was reported.

use super::expect::{Expectation, Expected, Kind};
use super::tool::{self, Finding, Report};
use std::fmt::Write as _;
use std::path::Path;

/// A file and what is expected in it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Its path in the project that is checked.
    pub(crate) path: String,
    /// Where a reader finds it: a path in the repository.
    pub(crate) shown: String,
    /// Lines of the shown file before its first line.
    pub(crate) before: usize,
    /// What is expected.
    pub(crate) expected: Expected,
}

/// A project and how to check it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    /// The folder to run in.
    pub(crate) folder: &'a Path,
    /// Flags beside those that the files ask for.
    pub(crate) flags: Vec<String>,
    /// The rule of an expectation that names none.
    pub(crate) rule: Option<&'a str>,
    /// Its files.
    pub(crate) subjects: Vec<Subject>,
}

/// Runs a case, and says what is missing and what nobody announced.
pub(crate) fn judge(case: &Case<'_>) -> Result<(), String> {
    let mut flags: Vec<&str> = case.flags.iter().map(String::as_str).collect();
    for subject in &case.subjects {
        flags.extend(subject.expected.flags.iter().map(String::as_str));
    }
    let report = tool::check(case.folder, &flags)?;
    let mut account = Account::default();
    account.settle(case, &report);
    let quiet = |subject: &Subject| subject.expected.expectations.iter().any(|one| one.kind == Kind::Quiet);
    if case.subjects.iter().any(quiet) {
        flags.extend(["--min-severity", "low", "--min-confidence", "low"]);
        account.settle_quiet(case, &tool::check(case.folder, &flags)?);
    }
    account.verdict(&report)
}

#[derive(Debug, Default)]
struct Account {
    missing: Vec<String>,
    unexpected: Vec<String>,
}

impl Account {
    fn settle(&mut self, case: &Case<'_>, report: &Report) {
        let mut open: Vec<Option<&Finding>> = report.findings.iter().map(Some).collect();
        for subject in &case.subjects {
            for expectation in &subject.expected.expectations {
                self.settle_one(case, subject, expectation, report, &mut open);
            }
        }
        for finding in open.into_iter().flatten() {
            self.unexpected.push(show_finding(case, finding));
        }
    }

    fn settle_one(
        &mut self,
        case: &Case<'_>,
        subject: &Subject,
        wanted: &Expectation,
        report: &Report,
        open: &mut [Option<&Finding>],
    ) {
        match wanted.kind {
            Kind::Error | Kind::FalseAlarm => {
                match open
                    .iter_mut()
                    .find(|slot| slot.is_some_and(|found| meets(case, subject, wanted, found)))
                {
                    Some(slot) => *slot = None,
                    None => self.missing.push(show_expectation(case, subject, wanted)),
                }
            }
            Kind::Missed => {
                if report.findings.iter().any(|found| meets(case, subject, wanted, found)) {
                    let place = show_expectation(case, subject, wanted);
                    self.missing
                        .push(format!("{place}: it is reported now, so this is `# error`"));
                }
            }
            Kind::Note => {
                let remarks = report.findings.iter().flat_map(|found| &found.remarks);
                let part = wanted.part.as_deref().unwrap_or_default();
                let met = |line: usize, path: &str, text: &str| {
                    line == wanted.line && path == subject.path && text.contains(part)
                };
                if !remarks.into_iter().any(|one| met(one.line, &one.path, &one.text)) {
                    self.missing.push(show_expectation(case, subject, wanted));
                }
            }
            Kind::Quiet | Kind::Later => {}
        }
    }

    /// With the thresholds lowered every quiet finding must be there; all else was settled before.
    fn settle_quiet(&mut self, case: &Case<'_>, report: &Report) {
        for subject in &case.subjects {
            for wanted in subject
                .expected
                .expectations
                .iter()
                .filter(|one| one.kind == Kind::Quiet)
            {
                if !report.findings.iter().any(|found| meets(case, subject, wanted, found)) {
                    self.missing.push(show_expectation(case, subject, wanted));
                }
            }
        }
    }

    fn verdict(self, report: &Report) -> Result<(), String> {
        let mut text = String::new();
        for (title, list) in [
            ("missing", &self.missing),
            ("unexpected", &self.unexpected),
            ("could not be analysed", &report.errors),
        ] {
            if !list.is_empty() {
                let _ = writeln!(text, "{title}:\n  {}", list.join("\n  "));
            }
        }
        if text.is_empty() { Ok(()) } else { Err(text) }
    }
}

fn meets(case: &Case<'_>, subject: &Subject, wanted: &Expectation, found: &Finding) -> bool {
    let rule = wanted.rule.as_deref().or(case.rule);
    // The quoted part of a known wrong answer is a reason, not a part of the message.
    let says = matches!(wanted.kind, Kind::Error | Kind::Quiet);
    let part = wanted.part.as_deref().filter(|_| says).unwrap_or_default();
    found.path == subject.path
        && found.line == wanted.line
        && rule.is_none_or(|rule| rule == found.rule)
        && wanted.column.is_none_or(|column| column == found.column)
        && wanted
            .weights
            .iter()
            .all(|weight| *weight == found.exposure || *weight == found.severity)
        && found.message.contains(part)
}

fn show_expectation(case: &Case<'_>, subject: &Subject, wanted: &Expectation) -> String {
    let word = match wanted.kind {
        Kind::Error => "error",
        Kind::Quiet => "quiet",
        Kind::Note => "note",
        Kind::Missed => "missed",
        Kind::FalseAlarm => "false-alarm",
        Kind::Later => "later",
    };
    let rule = wanted.rule.as_deref().or(case.rule).unwrap_or("any rule");
    let part = wanted
        .part
        .as_deref()
        .map_or_else(String::new, |part| format!(" {part:?}"));
    let column = wanted.column.map_or_else(String::new, |column| format!(":{column}"));
    let weights = if wanted.weights.is_empty() {
        String::new()
    } else {
        format!(" ({})", wanted.weights.join(" "))
    };
    format!(
        "{}:{}{column}: {word} [{rule}]{weights}{part}",
        subject.shown,
        subject.before + wanted.line
    )
}

fn show_finding(case: &Case<'_>, found: &Finding) -> String {
    let subject = case.subjects.iter().find(|one| one.path == found.path);
    let (shown, before) = subject.map_or((found.path.as_str(), 0), |one| (one.shown.as_str(), one.before));
    let mut text = format!(
        "{shown}:{}:{}: [{}] {} ({} severity, {} confidence, {})",
        before + found.line,
        found.column,
        found.rule,
        found.message,
        found.severity,
        found.confidence,
        found.exposure
    );
    for remark in &found.remarks {
        let _ = write!(text, "\n      {}:{}: {}", remark.path, remark.line, remark.text);
    }
    text
}
