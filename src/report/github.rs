//! GitHub workflow commands: `::error file=...,line=...::message`.

use super::Report;
use super::place::Texts;
use crate::diagnostic::Severity;
use crate::source::printable;
use std::io::{self, Write};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut texts = Texts::new(report);
    for finding in &report.findings {
        let it = finding.diagnostic;
        let place = texts.place(&it.location);
        let (line, end_line, cell) = place.in_file();
        let command = match it.severity {
            Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low => "notice",
        };
        write!(
            out,
            "::{command} title={},file={},line={},endLine={}",
            property(it.rule.name),
            property(&report.path_in_checkout(it.location.file)),
            line,
            end_line,
        )?;
        // GitHub refuses columns of a range that spans lines.
        if let (Some(column), Some(end)) = (place.column, place.end_column)
            && line == end_line
            && place.cell.is_none()
        {
            write!(out, ",col={column},endColumn={end}")?;
        }
        let text = [&it.message, &it.why, &it.help]
            .map(|part| data(part))
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("%0A");
        writeln!(out, "::{cell}{text}")?;
    }
    Ok(())
}

/// The text of a command; line ends and other controls can't begin another command.
fn data(text: &str) -> String {
    printable(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

/// The value of a property, which `:` and `,` would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("50 %\r\n::error::x"), "50 %25%0D%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(data("\u{1b}[2J"), "\\u{1b}[2J");
    }
}
