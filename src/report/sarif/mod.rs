//! SARIF 2.1.0 (OASIS): code scanning services, editors, and whatever else reads static analysis.
//!
//! Consumers refuse large logs, so the least severe results are left out beyond [`MOST_RESULTS`] and [`MOST_BYTES`];
//! the caller says so.

mod descriptors;
mod results;

use super::Report;
use super::place::Texts;
use crate::diagnostic::ErrorKind;
use crate::diagnostic::FileError;
use descriptors::Descriptors;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::io::{self, Write};

/// GitHub's code scanning reads at most so many results of a run.
const MOST_RESULTS: usize = 25_000;
/// GitHub's code scanning refuses more than 10 MB.
const MOST_BYTES: usize = 10_000_000;
/// The folder that paths are relative to; consumers know this name as the root of the checkout.
const ROOT: &str = "%SRCROOT%";
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the log; says how many results were left out.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<usize> {
    let descriptors = Descriptors::new(report);
    let results = rendered(report, &descriptors)?;
    let kept = fitting(report, &results);
    let left_out = kept.iter().filter(|kept| !**kept).count();
    // The run is an object; its last key, the results, is written piece by piece.
    let run = run(report, &descriptors).to_string();
    let open = run.strip_suffix('}').unwrap_or(&run);
    write!(
        out,
        "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{open},\"results\":["
    )?;
    let mut first = true;
    for result in results.iter().zip(&kept).filter_map(|(it, kept)| kept.then_some(it)) {
        write!(out, "{}{result}", if first { "\n" } else { ",\n" })?;
        first = false;
    }
    writeln!(out, "\n]}}]}}")?;
    Ok(left_out)
}

/// Everything of a run but its results.
fn run(report: &Report<'_>, descriptors: &Descriptors) -> Value {
    json!({
        "tool": {"driver": {
            "name": "tailspike",
            "fullName": "tailspike, a static analyzer for async Python",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": descriptors.rules(),
        }},
        "invocations": [{
            "executionSuccessful": report.errors.iter().all(|error| error.kind != ErrorKind::Internal),
            "toolExecutionNotifications": report.errors.iter().map(|it| notification(report, it)).collect::<Vec<_>>(),
        }],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the checkout, or of the project where there is no checkout."}}},
    })
}

/// One JSON object a result, in the order of the report.
fn rendered(report: &Report<'_>, descriptors: &Descriptors) -> io::Result<Vec<String>> {
    let mut texts = Texts::new(report);
    let shown = report.findings.iter().map(|finding| (finding, None));
    let accepted = report.accepted.iter().map(|it| (&it.finding, Some(it.by)));
    shown
        .chain(accepted)
        .map(|(finding, by)| {
            let result = results::result(report, finding, by, descriptors, &mut texts);
            serde_json::to_string(&result).map_err(io::Error::from)
        })
        .collect()
}

/// Which results fit: what is reported before what is accepted, the severe and sure before the others.
fn fitting(report: &Report<'_>, results: &[String]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..results.len()).collect();
    order.sort_by_key(|&index| {
        let finding = report.findings.get(index);
        Reverse(finding.map(|it| (it.diagnostic.severity, it.diagnostic.confidence)))
    });
    let mut kept = vec![false; results.len()];
    let mut bytes = 0;
    for index in order.into_iter().take(MOST_RESULTS) {
        bytes += results[index].len();
        if bytes > MOST_BYTES {
            break;
        }
        kept[index] = true;
    }
    kept
}

fn notification(report: &Report<'_>, error: &FileError) -> Value {
    let mut it = json!({
        "level": if error.kind == ErrorKind::Internal { "error" } else { "warning" },
        "message": {"text": results::sentence(&error.message)},
    });
    if !error.path.is_empty() {
        let mut physical = json!({"artifactLocation": results::artifact(&format!("{}{}", report.folder, error.path))});
        if let Some(line) = error.line {
            physical["region"] = json!({"startLine": line, "startColumn": error.column.unwrap_or(1)});
        }
        it["locations"] = json!([{"physicalLocation": physical}]);
    }
    it
}
