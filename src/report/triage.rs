//! The triage report for programs, as JSON.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::triage::Triage;
use crate::triage::gaps::Gap;
use crate::triage::report::Told;
use rustc_hash::FxHashMap;
use serde_json::Value;
use serde_json::json;
use std::io::Result;
use std::io::Write;

/// Everything that a triage report shows.
pub struct TriageReport<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Every diagnostic that was weighed.
    pub diagnostics: &'a [Diagnostic],
    /// Their fingerprints.
    pub fingerprints: &'a [String],
    /// The result.
    pub triage: &'a Triage,
    /// The findings as they are told.
    pub told: &'a [Told],
    /// Where to log more.
    pub gaps: &'a [Gap],
    /// Lines of the log by number, safe to print.
    pub quotes: &'a FxHashMap<u32, String>,
    /// What to know about the log itself.
    pub notes: &'a [String],
}

/// What mending all that is told would save together: every second is claimed once, so the ranges add up.
#[must_use]
pub(super) fn saving(told: &[Told]) -> [f64; 2] {
    let sum = |side: fn(&Told) -> f64| told.iter().map(side).sum();
    [sum(|it| it.saving.0), sum(|it| it.saving.1)]
}

/// Seconds and shares with three digits behind the point are exact enough for any log.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Writes schema `tailspike/1`.
pub fn write_json(report: &TriageReport<'_>, out: &mut dyn Write) -> Result<()> {
    let run = &report.triage.run;
    let findings: Vec<Value> = report.told.iter().map(|it| finding(report, it)).collect();
    let others: Vec<Value> = report
        .triage
        .not_observed
        .iter()
        .map(|it| diagnostic(report, *it))
        .collect();
    let timeline = report.triage.windows.iter().zip(&report.triage.measures).map(|(window, measures)| {
        json!({"start": rounded(window.start), "end": rounded(window.end), "items": measures[0].items})
    });
    let gaps = report.gaps.iter().map(|it| {
        json!({"path": report.sources.path(it.spot.file), "line": it.spot.line, "qualname": it.spot.qualname, "text": it.text})
    });
    let document = json!({
        "schema": "tailspike/1",
        "tool": {"name": "tailspike", "version": env!("CARGO_PKG_VERSION")},
        "summary": {
            "findings": findings.len(),
            "not_observed": others.len(),
            "run_seconds": rounded(run.seconds),
            "lines": run.lines,
            "matched": run.matched,
            "library_lines": run.of_libraries,
            "hint": run.is_thin(),
            "saving": {"seconds": saving(report.told).map(rounded)},
            "notes": report.notes,
        },
        "findings": findings,
        "not_observed": others,
        "timeline": timeline.collect::<Vec<Value>>(),
        "gaps": gaps.collect::<Vec<Value>>(),
        "errors": [],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn finding(report: &TriageReport<'_>, told: &Told) -> Value {
    let mut made = told
        .diagnostic
        .map_or_else(|| unexplained(report, told), |it| diagnostic(report, it));
    let observed = &told.observed;
    let quoted: Vec<Value> = observed
        .lines
        .iter()
        .map(|it| json!({"line": it, "text": report.quotes.get(it)}))
        .collect();
    let windows: Vec<Value> = observed
        .windows
        .iter()
        .map(|it| json!([rounded(it.0), rounded(it.1)]))
        .collect();
    made["rank"] = json!(told.rank);
    made["evidence"] = json!({
        "seconds": rounded(observed.seconds),
        "share": rounded(observed.share),
        "memory_bytes": (observed.memory_kib * 1024.0) as u64,
        "score": rounded(told.score),
        "items": observed.items,
        "windows": windows,
        "notes": observed.notes,
        "log": quoted,
        "alternatives": told.alternatives.iter().map(|it| diagnostic(report, *it)).collect::<Vec<Value>>(),
    });
    let bytes = observed.memory_kib * 1024.0;
    made["saving"] = json!({
        "seconds": [rounded(told.saving.0), rounded(told.saving.1)],
        "bytes": [(bytes * 0.4) as u64, bytes as u64],
    });
    made["validation"] = json!(told.validation);
    made
}

fn unexplained(report: &TriageReport<'_>, told: &Told) -> Value {
    json!({
        "rule": "unexplained-wait",
        "pattern": told.pattern.map_or("unexplained", |it| it.name()),
        "severity": "medium",
        "confidence": "low",
        "path": report.sources.path(told.spot.file),
        "line": told.spot.line,
        "module": told.spot.module,
        "qualname": told.spot.qualname,
        "message": told.message,
        "why": told.why,
        "help": told.help,
        "witness": [],
        "related": [],
    })
}

fn diagnostic(report: &TriageReport<'_>, index: usize) -> Value {
    let it = &report.diagnostics[index];
    let step = |location: &crate::source::Location, qualname: &str, text: &str| json!({"path": report.sources.path(location.file), "line": location.line, "qualname": qualname, "text": text});
    json!({
        "rule": it.rule.name,
        "pattern": it.rule.pattern.name(),
        "severity": it.severity,
        "confidence": it.confidence,
        "path": report.sources.path(it.location.file),
        "line": it.location.line,
        "module": it.module,
        "qualname": it.qualname,
        "message": it.message,
        "why": it.why,
        "help": it.help,
        "group": it.group,
        "exposure": it.exposure,
        "accepted": it.accepted,
        "witness": it.witness.iter().map(|it| step(&it.location, &it.qualname, &it.text)).collect::<Vec<Value>>(),
        "related": it.labels.iter().map(|it| step(&it.location, "", &it.text)).collect::<Vec<Value>>(),
        "fingerprint": report.fingerprints.get(index),
    })
}
