//! The triage report: JSON for programs, text for people.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::triage::Triage;
use crate::triage::report::Gap;
use crate::triage::report::Spot;
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

/// Writes the report for people; `markdown` adds headings.
pub fn write_text(report: &TriageReport<'_>, markdown: bool, out: &mut dyn Write) -> Result<()> {
    let run = &report.triage.run;
    let share = if run.lines == 0 {
        0.0
    } else {
        100.0 * run.matched as f64 / run.lines as f64
    };
    let head = if markdown { "# " } else { "" };
    writeln!(
        out,
        "{head}{:.1} s of run, {} log lines, {share:.0} % matched to the code that wrote them",
        run.seconds, run.lines
    )?;
    for note in report.notes {
        writeln!(out, "note: {note}")?;
    }
    writeln!(out)?;
    timeline(report, out)?;
    if report.told.is_empty() {
        writeln!(
            out,
            "Nothing stood out: no stretch of at least 2 % of the run is explained by a pattern that tailspike knows."
        )?;
    }
    for told in report.told {
        one(report, told, markdown, out)?;
    }
    write_gaps(report, markdown, out)?;
    if !report.triage.not_observed.is_empty() {
        let n = report.triage.not_observed.len();
        writeln!(
            out,
            "{n} other findings in the code cost nothing that this log shows; `tailspike check` lists them"
        )?;
    }
    Ok(())
}

fn timeline(report: &TriageReport<'_>, out: &mut dyn Write) -> Result<()> {
    /// Wide enough to tell a tenth of the run, narrow enough for a terminal.
    const WIDTH: f64 = 60.0;
    let run = &report.triage.run;
    if run.seconds <= 0.0 || report.told.is_empty() {
        return Ok(());
    }
    let mut bar = vec!['.'; WIDTH as usize];
    for told in report.told.iter().rev() {
        let mark = char::from_digit(u32::try_from(told.rank).unwrap_or(0), 36).unwrap_or('#');
        for (start, end) in &told.observed.windows {
            let (first, last) = (
                (start / run.seconds * WIDTH) as usize,
                (end / run.seconds * WIDTH).ceil() as usize,
            );
            for cell in bar.iter_mut().take(last).skip(first) {
                *cell = mark;
            }
        }
    }
    writeln!(
        out,
        "    0 s |{}| {:.1} s\n",
        bar.into_iter().collect::<String>(),
        run.seconds
    )
}

fn one(report: &TriageReport<'_>, told: &Told, markdown: bool, out: &mut dyn Write) -> Result<()> {
    let head = if markdown { "## " } else { "" };
    let observed = &told.observed;
    let sure = if told.score >= 0.6 { "" } else { " (a hypothesis)" };
    writeln!(
        out,
        "{head}{}. {}: {:.1} s, {:.0} % of the run{sure}",
        told.rank,
        told.pattern.map_or("unexplained wait", |it| it.name()),
        observed.seconds,
        observed.share * 100.0
    )?;
    writeln!(out, "   Location    {}", place(report, &told.spot))?;
    for (index, note) in observed.notes.iter().enumerate() {
        writeln!(
            out,
            "   {}{note}",
            if index == 0 { "Evidence    " } else { "            " }
        )?;
    }
    for line in &observed.lines {
        if let Some(text) = report.quotes.get(line) {
            writeln!(out, "               {line:>6} | {text}")?;
        }
    }
    writeln!(out, "   Diagnosis   {}; {}", told.message, told.why)?;
    for index in &told.alternatives {
        let it = &report.diagnostics[*index];
        writeln!(out, "               or `{}` in `{}`", it.rule.name, it.qualname)?;
    }
    writeln!(out, "   Next step   {}", told.help)?;
    writeln!(out, "   Validation  {}\n", told.validation)
}

fn place(report: &TriageReport<'_>, spot: &Spot) -> String {
    format!(
        "{}:{} {}:{}",
        report.sources.path(spot.file),
        spot.line,
        spot.module,
        spot.qualname
    )
}

fn write_gaps(report: &TriageReport<'_>, markdown: bool, out: &mut dyn Write) -> Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}What to log to see more", if markdown { "## " } else { "" })?;
    for gap in report.gaps {
        writeln!(
            out,
            "   {}:{} {}",
            report.sources.path(gap.spot.file),
            gap.spot.line,
            gap.text
        )?;
    }
    writeln!(out)
}
