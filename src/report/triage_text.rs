//! The triage report for people: plain text, or Markdown.

use super::triage::TriageReport;
use super::triage::saving;
use crate::triage::report::Spot;
use crate::triage::report::Told;
use crate::triage::report::quiet;
use crate::triage::words::tells_apart;
use std::borrow::Cow;
use std::io::Result;
use std::io::Write;

/// A line with less of a pattern than this is a guess.
const SURE: f64 = 0.6;

/// Writes the report.
pub fn write_text(report: &TriageReport<'_>, markdown: bool, out: &mut dyn Write) -> Result<()> {
    let run = &report.triage.run;
    let share = if run.lines == 0 {
        0.0
    } else {
        100.0 * run.matched as f64 / run.lines as f64
    };
    let head = if markdown { "# " } else { "" };
    let others = match run.of_libraries {
        0 => String::new(),
        others => format!(", beside {others} of libraries"),
    };
    writeln!(
        out,
        "{head}{:.1} s of run, {} log lines{others}, {share:.0} % matched to the code that wrote them",
        run.seconds, run.lines
    )?;
    for note in report.notes {
        writeln!(out, "{}note: {note}", if markdown { "\n" } else { "" })?;
    }
    writeln!(out)?;
    timeline(report, markdown, out)?;
    let hidden = report.triage.found.len() - report.told.len();
    if report.triage.found.is_empty() {
        writeln!(out, "Nothing stood out: {}.", quiet(report.triage))?;
    }
    for told in report.told {
        one(report, told, markdown, out)?;
    }
    if hidden > 0 {
        let noun = if hidden == 1 { "finding is" } else { "findings are" };
        writeln!(out, "{hidden} more {noun} not shown; a larger `--top` shows them\n")?;
    }
    together(report, out)?;
    write_gaps(report, markdown, out)?;
    let others = report.triage.not_observed.len();
    if others > 0 {
        let (noun, verb) = if others == 1 {
            ("finding", "shows")
        } else {
            ("findings", "show")
        };
        writeln!(
            out,
            "{others} other {noun} in the code {verb} no cost in this log; `tailspike check` lists what it reports"
        )?;
    }
    Ok(())
}

fn timeline(report: &TriageReport<'_>, markdown: bool, out: &mut dyn Write) -> Result<()> {
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
    // Markdown shows four spaces as code, so that the bar keeps its width there too.
    let bar: String = bar.into_iter().collect();
    let gap = if markdown { "\n" } else { "" };
    writeln!(out, "{gap}    0 s |{bar}| {:.1} s\n", run.seconds)
}

fn one(report: &TriageReport<'_>, told: &Told, markdown: bool, out: &mut dyn Write) -> Result<()> {
    let observed = &told.observed;
    let sure = match told.score >= SURE {
        _ if report.triage.run.is_thin() => " (a hint)",
        true => "",
        false => " (a hypothesis)",
    };
    let name = told.pattern.map_or("unexplained wait", |it| it.name());
    let cost = if observed.seconds > 0.0 {
        format!("{:.1} s, {:.0} % of the run", observed.seconds, observed.share * 100.0)
    } else {
        format!("{:.0} MB of memory", observed.memory_kib / 1024.0)
    };
    let head = if markdown { "## " } else { "" };
    let rule = told.diagnostic.map(|it| report.diagnostics[it].rule.name);
    let rule = rule.map(|it| format!(" ({it})")).unwrap_or_default();
    writeln!(out, "{head}{}. {name}{rule}: {cost}{sure}", told.rank)?;
    if markdown {
        writeln!(out)?;
    }
    let mut evidence = observed.notes.clone();
    for line in &observed.lines {
        if let Some(text) = report.quotes.get(line) {
            let quoted = if markdown { format!("`{text}`") } else { text.clone() };
            evidence.push(format!("{line:>6} | {quoted}"));
        }
    }
    row(out, markdown, "Location", &[place(report, markdown, &told.spot)])?;
    row(out, markdown, "Evidence", &evidence)?;
    row(out, markdown, "Diagnosis", &diagnosis(report, told))?;
    row(out, markdown, "Next step", std::slice::from_ref(&told.help))?;
    row(out, markdown, "Validation", std::slice::from_ref(&told.validation))?;
    writeln!(out)
}

/// One part of a finding: its name, then its lines below each other.
fn row(out: &mut dyn Write, markdown: bool, name: &str, lines: &[String]) -> Result<()> {
    for (index, line) in lines.iter().enumerate() {
        match (markdown, index) {
            (true, 0) => writeln!(out, "- **{name}** {line}")?,
            (true, _) => writeln!(out, "  - {}", line.trim_start())?,
            (false, 0) => writeln!(out, "   {name:<12}{line}")?,
            (false, _) => writeln!(out, "               {line}")?,
        }
    }
    Ok(())
}

/// What is thought to happen, then what else it could be and what would tell.
fn diagnosis(report: &TriageReport<'_>, told: &Told) -> Vec<String> {
    /// More guesses confuse.
    const MOST: usize = 2;
    let mut lines = vec![told.message.clone(), told.why.clone()];
    if told.diagnostic.is_some_and(|it| report.diagnostics[it].accepted) {
        lines.push("an ignore comment accepts it".to_owned());
    }
    for index in told.alternatives.iter().take(MOST) {
        let it = &report.diagnostics[*index];
        let apart = (told.pattern != Some(it.rule.pattern)).then(|| tells_apart(it.rule.pattern));
        let apart = apart.map_or_else(String::new, |it| format!(": {it}"));
        lines.push(format!("or `{}` in `{}`{apart}", it.rule.name, it.qualname));
    }
    lines
}

fn together(report: &TriageReport<'_>, out: &mut dyn Write) -> Result<()> {
    let [low, high] = saving(report.told);
    if report.told.len() > 1 && high > 0.0 {
        let left = (report.triage.run.seconds - low).max(0.0);
        writeln!(
            out,
            "All of them mended: {low:.1} to {high:.1} s less, so the run takes {left:.1} s or less.\n"
        )?;
    }
    Ok(())
}

fn place(report: &TriageReport<'_>, markdown: bool, spot: &Spot) -> String {
    format!("{}:{} {}", path(report, markdown, spot), spot.line, spot.qualname)
}

/// A terminal opens what lies relative to its folder; what is pasted elsewhere is read by people who know the project.
fn path<'a>(report: &TriageReport<'a>, markdown: bool, spot: &Spot) -> Cow<'a, str> {
    match markdown {
        true => Cow::Borrowed(report.sources.path(spot.file)),
        false => report.sources.path_from_here(spot.file),
    }
}

fn write_gaps(report: &TriageReport<'_>, markdown: bool, out: &mut dyn Write) -> Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{}What to log to see more{}",
        if markdown { "## " } else { "" },
        if markdown { "\n" } else { "" }
    )?;
    for gap in report.gaps {
        let path = path(report, markdown, &gap.spot);
        let mark = if markdown { "- " } else { "   " };
        writeln!(out, "{mark}{path}:{} {}", gap.spot.line, gap.text)?;
    }
    writeln!(out)
}
