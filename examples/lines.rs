//! Prints how each line of a log is read: time, level, columns, message.

use std::io::Write;
use tailspike::evidence::lines::LineParser;
use tailspike::evidence::reader::each_line;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let mut parser = LineParser::new(None);
        let mut rows = Vec::new();
        let mut show = |line: &tailspike::evidence::lines::LogLine| {
            let columns: Vec<_> = line
                .fields
                .columns()
                .map(|it| String::from_utf8_lossy(it.1).into_owned())
                .collect();
            let time = line.time.map(|it| it as f64 / 1e9);
            let message = String::from_utf8_lossy(&line.message).into_owned();
            rows.push(format!(
                "{} {time:?} {:?} p{:x} {columns:?} | {message}",
                line.number,
                line.level,
                line.process & 0xffff
            ));
        };
        each_line(std::fs::File::open(&path)?, |number, line| {
            parser.push(number, line, &mut show);
            true
        })?;
        parser.finish(&mut show);
        writeln!(out, "== {path} {:?}", parser.layouts())?;
        for row in rows.iter().take(6) {
            writeln!(out, "{}", row.chars().take(200).collect::<String>())?;
        }
    }
    Ok(())
}
