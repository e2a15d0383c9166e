//! `path:line:column: severity[rule] message`, one line a finding.

use super::place::Texts;
use super::{Report, severity, summary};
use crate::source::printable;
use std::io::{self, Write};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut texts = Texts::new(report);
    for finding in &report.findings {
        let it = finding.diagnostic;
        let place = texts.place(&it.location);
        writeln!(
            out,
            "{}:{}{}:{}: {}[{}] {}",
            printable(&report.sources.path_from_here(it.location.file)),
            place.cell_before_line(),
            place.line,
            place.column.unwrap_or(1),
            severity(it),
            it.rule.name,
            printable(&it.message),
        )?;
    }
    summary::write(report, out)
}
