//! A comment for a pull request: a table of root causes, then each finding behind a fold.

use super::fold::{Fold, fold};
use super::place::Texts;
use super::{Report, severity, summary};
use crate::diagnostic::Diagnostic;
use crate::source::printable;
use std::fmt::Write as _;
use std::io::{self, Write};

/// GitHub refuses a comment of more than 65,536 characters; the last line needs some of them.
const MOST_CHARS: usize = 65_000;

/// Writes the comment; says how many findings were left out.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<usize> {
    let mut texts = Texts::new(report);
    let mut last = Vec::new();
    summary::write(report, &mut last)?;
    let mut text = String::from("### tailspike\n\n");
    text.push_str(String::from_utf8_lossy(&last).trim_end());
    text.push('\n');
    let mut left_out = 0;
    let mut length = text.chars().count();
    for it in fold(report) {
        let section = section(report, &it, &mut texts);
        length += section.chars().count();
        if length > MOST_CHARS {
            left_out += 1 + it.others.len();
        } else {
            text.push_str(&section);
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n{left_out} more did not fit into one comment.");
    }
    out.write_all(text.as_bytes())?;
    Ok(left_out)
}

fn section(report: &Report<'_>, fold: &Fold<'_>, texts: &mut Texts<'_>) -> String {
    let it = fold.first.diagnostic;
    let place = texts.place(&it.location);
    let path = report.path_in_checkout(it.location.file);
    let mut text = format!(
        "\n<details><summary><b>{}</b> <code>{}</code> <code>{}:{}{}</code> {}</summary>\n\n",
        severity(it),
        it.rule.name,
        html(&path),
        place.cell_before_line(),
        place.line,
        html(&it.message.replace('`', "")),
    );
    for (what, value) in [("Why", &it.why), ("Next step", &it.help)] {
        if !value.is_empty() {
            let _ = writeln!(text, "- {what}: {}", prose(value));
        }
    }
    if let Some(mend) = fold.mend {
        let _ = writeln!(text, "- Mend once in {}", code(mend));
    }
    chain(report, it, &mut text);
    for other in &fold.others {
        let at = &other.diagnostic.location;
        let place = code(&report.spot_in_checkout(at));
        let _ = writeln!(text, "- also {place} in {}", code(&other.diagnostic.qualname));
    }
    text.push_str("\n</details>\n");
    text
}

fn chain(report: &Report<'_>, it: &Diagnostic, text: &mut String) {
    if it.witness.is_empty() {
        return;
    }
    text.push_str("- Chain:\n");
    for step in &it.witness {
        let place = report.spot_in_checkout(&step.location);
        let _ = writeln!(
            text,
            "  1. {} {} → {}",
            code(&place),
            code(&step.qualname),
            code(&step.text)
        );
    }
}

/// Our own sentence: its code stays code, and nothing in it becomes markup.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 0 { markup(part) } else { code(part) })
        .collect()
}

fn markup(text: &str) -> String {
    let mut escaped = String::new();
    for c in printable(text).chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '@') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Code from a source file or a path, which may hold anything.
fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn html(text: &str) -> String {
    let text = printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_code_becomes_markup() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(prose("see @all in `x*`"), "see \\@all in `x*`");
        assert_eq!(html("<script>"), "&lt;script&gt;");
    }
}
