//! Prints what tailspike reads from the lines of logs: time, level, bare message, fields. For development.

use std::io::Write;
use tailspike::evidence::clean::printable;
use tailspike::evidence::lines::LineParser;
use tailspike::evidence::lines::LogLine;
use tailspike::evidence::lines::Sample;
use tailspike::evidence::lines::Stamp;
use tailspike::evidence::reader::each_line_of;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let text = std::fs::read(&path)?;
        let layouts = LineParser::learn(&Sample::of(&text), None);
        writeln!(out, "{path}:")?;
        for layout in &layouts {
            writeln!(out, "  layout {:?}", layout.pieces)?;
        }
        let mut parser = LineParser::knowing(layouts, None);
        let mut rows = Vec::new();
        let mut show = |line: &LogLine| {
            let time = match line.stamp {
                Stamp::At(moment) => Some(moment.nanos as f64 / 1e9),
                Stamp::None | Stamp::Repeated => None,
            };
            rows.push(format!("  {time:?} {:?} {}", line.level, printable(&line.message)));
        };
        let mut number = 0;
        each_line_of(&text, |line| {
            number += 1;
            parser.push(number, line, &mut show);
        });
        parser.finish(&mut show);
        for row in rows {
            writeln!(out, "{row}")?;
        }
    }
    Ok(())
}
