//! The table of rules: what README and `tailspike rules` show.

use crate::diagnostic::RuleInfo;
use crate::diagnostic::RuleSet;
use crate::diagnostic::Severity;
use serde::Serialize;
use std::io::{self, Write};

/// Forms of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Aligned columns.
    Text,
    /// For the README.
    Markdown,
    /// A list of objects.
    Json,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    pattern: &'static str,
    set: RuleSet,
    severity: Severity,
    summary: &'static str,
}

/// Writes the table, sorted by pattern in the order of the documentation and then as registered.
///
/// # Errors
/// The output can't be written to.
pub fn write_rules(rules: &[&'static RuleInfo], table: Table, out: &mut dyn Write) -> io::Result<()> {
    let mut sorted = rules.to_vec();
    sorted.sort_by_key(|rule| rule.pattern);
    match table {
        Table::Text => text(&sorted, out),
        Table::Markdown => markdown(&sorted, out),
        Table::Json => {
            let rows: Vec<Row> = sorted.iter().map(|rule| row(rule)).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
    }
}

fn row(rule: &RuleInfo) -> Row {
    Row {
        name: rule.name,
        pattern: rule.pattern.name(),
        set: rule.set,
        severity: rule.severity,
        summary: rule.summary,
    }
}

fn set(rule: &RuleInfo) -> &'static str {
    match rule.set {
        RuleSet::Default => "default",
        RuleSet::Pedantic => "pedantic",
    }
}

fn text(rules: &[&'static RuleInfo], out: &mut dyn Write) -> io::Result<()> {
    let width = |of: fn(&RuleInfo) -> &'static str| rules.iter().map(|rule| of(rule).len()).max().unwrap_or(0);
    let (patterns, names) = (width(|rule| rule.pattern.name()), width(|rule| rule.name));
    for rule in rules {
        writeln!(
            out,
            "{:<patterns$}  {:<names$}  {:<8}  {}",
            rule.pattern.name(),
            rule.name,
            set(rule),
            rule.summary
        )?;
    }
    Ok(())
}

fn markdown(rules: &[&'static RuleInfo], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| pattern | rule | set | reports |")?;
    writeln!(out, "|---|---|---|---|")?;
    let mut last = "";
    for rule in rules {
        let pattern = rule.pattern.name();
        let shown = if pattern == last { "" } else { pattern };
        last = pattern;
        let name = rule.name;
        writeln!(
            out,
            "| {shown} | [`{name}`](rules/{name}.md) | {} | {} |",
            set(rule),
            rule.summary.replace('|', "\\|")
        )?;
    }
    Ok(())
}
