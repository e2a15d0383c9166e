//! The report in its form, to a terminal, a pipe or a file.

use super::say;
use crate::cli::CheckArgs;
use crate::cli::Color;
use crate::cli::OutputFormat;
use crate::report;
use crate::report::Format;
use crate::report::Report;
use crate::source;
use crate::suppress;
use anyhow::{Result, anyhow};
use std::io::{IsTerminal, Write};

/// Writes the report in its form, to where it is wanted.
pub(super) fn print(
    args: &CheckArgs,
    report: &Report<'_>,
    statistics: &[(String, String)],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<()> {
    let format = match args.output.format {
        OutputFormat::Text => Format::Text,
        OutputFormat::Concise => Format::Concise,
        OutputFormat::Json => Format::Json,
        OutputFormat::Github => Format::Github,
        OutputFormat::Gitlab => Format::Gitlab,
        OutputFormat::Markdown => Format::Markdown,
        OutputFormat::Sarif => Format::Sarif,
    };
    let left_out = match &args.output.output {
        None => report::write(report, format, colored(args.output.color), out)?,
        Some(path) => {
            let mut bytes = Vec::new();
            let left_out = report::write(report, format, args.output.color == Color::Always, &mut bytes)?;
            suppress::replace(path, &bytes)
                .map_err(|error| anyhow!("`{}` can't be written: {}", path.display(), source::reason(&error)))?;
            left_out
        }
    };
    if left_out > 0 {
        let what = report::plural(left_out, "finding");
        say(
            err,
            &format!("note: {what} left out, the least severe first: those who read this form take no more"),
        );
    }
    if args.output.statistics {
        // Programs read standard output; people read both.
        let to_out = matches!(format, Format::Text | Format::Concise) && args.output.output.is_none();
        let mut lines = statistics.to_vec();
        lines.extend(report::counts(report));
        report::write_statistics(&lines, if to_out { out } else { err })?;
    }
    Ok(())
}

/// Whether standard output gets colours.
fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
        }
    }
}
