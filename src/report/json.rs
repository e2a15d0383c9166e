//! Schema `tailspike/1`, described in `docs/json-schema.md`. Fields are only ever added.

use super::place::Texts;
use super::{Finding, Report, pattern, summary};
use crate::diagnostic::Confidence;
use crate::diagnostic::Exposure;
use crate::diagnostic::FileError;
use crate::diagnostic::Fix;
use crate::diagnostic::Safety;
use crate::diagnostic::Severity;
use crate::source::Location;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use std::io::{self, Write};

/// The report of `tailspike check --format json`; `docs/json-schema.md` explains every field.
#[derive(JsonSchema, Serialize)]
#[schemars(title = "tailspike/1")]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    summary: Summary,
    findings: Vec<Item<'a>>,
    errors: &'a [FileError],
}

#[derive(JsonSchema, Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(JsonSchema, Serialize)]
struct Summary {
    files: usize,
    findings: usize,
    high: usize,
    medium: usize,
    low: usize,
    hidden: usize,
    baselined: usize,
    errors: usize,
}

#[derive(JsonSchema, Serialize)]
struct Item<'a> {
    rule: &'static str,
    pattern: Option<&'static str>,
    severity: Severity,
    confidence: Confidence,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    column: Option<u32>,
    end_line: u32,
    end_column: Option<u32>,
    module: &'a str,
    qualname: &'a str,
    message: &'a str,
    why: &'a str,
    help: &'a str,
    group: Option<&'a str>,
    exposure: Exposure,
    witness: Vec<Step<'a>>,
    related: Vec<Related<'a>>,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixItem<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct Step<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    qualname: &'a str,
    text: &'a str,
}

#[derive(JsonSchema, Serialize)]
struct Related<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    text: &'a str,
}

#[derive(JsonSchema, Serialize)]
struct FixItem<'a> {
    title: &'a str,
    safety: Safety,
    edits: Vec<Edit<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct Edit<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    column: Option<u32>,
    end_line: u32,
    end_column: Option<u32>,
    text: &'a str,
}

/// The form of the report, as a JSON Schema.
pub(super) fn schema() -> Schema {
    schemars::schema_for!(Document<'static>)
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut texts = Texts::new(report);
    let counts = summary::count(report);
    let document = Document {
        schema: "tailspike/1",
        tool: Tool {
            name: "tailspike",
            version: env!("CARGO_PKG_VERSION"),
        },
        summary: Summary {
            files: report.files,
            findings: report.findings.len(),
            high: counts.high,
            medium: counts.medium,
            low: counts.low,
            hidden: report.hidden,
            baselined: report.baselined(),
            errors: report.errors.len(),
        },
        findings: report
            .findings
            .iter()
            .map(|finding| item(report, finding, &mut texts))
            .collect(),
        errors: report.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn item<'a>(report: &'a Report<'_>, finding: &'a Finding<'_>, texts: &mut Texts<'_>) -> Item<'a> {
    let it = finding.diagnostic;
    let place = texts.place(&it.location);
    Item {
        rule: it.rule.name,
        pattern: pattern(it),
        severity: it.severity,
        confidence: it.confidence,
        path: report.sources.path(it.location.file),
        cell: place.cell,
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        module: &it.module,
        qualname: &it.qualname,
        message: &it.message,
        why: &it.why,
        help: &it.help,
        group: (!it.group.is_empty()).then_some(it.group.as_str()),
        exposure: it.exposure,
        witness: it
            .witness
            .iter()
            .map(|step| Step {
                path: report.sources.path(step.location.file),
                cell: report
                    .sources
                    .cell(step.location.file, step.location.line)
                    .map(|it| it.0),
                line: line(report, &step.location),
                qualname: &step.qualname,
                text: &step.text,
            })
            .collect(),
        related: it
            .labels
            .iter()
            .map(|label| Related {
                path: report.sources.path(label.location.file),
                cell: report
                    .sources
                    .cell(label.location.file, label.location.line)
                    .map(|it| it.0),
                line: line(report, &label.location),
                text: &label.text,
            })
            .collect(),
        fingerprint: finding.fingerprint,
        fix: it.fix.as_ref().map(|fix| fix_item(report, fix, texts)),
    }
}

/// In a notebook the line in its cell.
fn line(report: &Report<'_>, location: &Location) -> u32 {
    let cell = report.sources.cell(location.file, location.line);
    cell.map_or(location.line, |it| it.1)
}

fn fix_item<'a>(report: &'a Report<'_>, fix: &'a Fix, texts: &mut Texts<'_>) -> FixItem<'a> {
    FixItem {
        title: &fix.title,
        safety: fix.safety,
        edits: fix
            .edits
            .iter()
            .map(|(location, text)| {
                let place = texts.place(location);
                Edit {
                    path: report.sources.path(location.file),
                    cell: place.cell,
                    line: place.line,
                    column: place.column,
                    end_line: place.end_line,
                    end_column: place.end_column,
                    text,
                }
            })
            .collect(),
    }
}
