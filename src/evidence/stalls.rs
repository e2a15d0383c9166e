//! What asyncio's debug mode says: which callback held the loop, and for how long.

use super::clean::visible;
use super::clock::Clock;
use super::reader::each_line;
use super::times;
use super::times::Moment;
use memchr::memmem;
use std::io::Read;

/// A callback that held the loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Stall {
    /// When it ended, nanoseconds on the log's timeline.
    pub time: Option<i64>,
    /// How long it held the loop.
    pub seconds: f64,
    /// The coroutine or function, as asyncio names it.
    pub function: String,
    /// Where that stands: the definition of a coroutine that has ended, the `await` that ended a step of one that goes on.
    pub path: String,
    /// The line there.
    pub line: u32,
    /// It goes on: what held the loop stands before the line.
    pub pending: bool,
}

/// Stalls are told one by one up to this many; a run with more is told by the first.
const MOST: usize = 100_000;

/// Reads the stalls out of a log of any format.
///
/// # Errors
/// An input that can't be read.
pub fn read(input: impl Read) -> std::io::Result<Vec<Stall>> {
    let mut clock = Clock::default();
    let mut found = Vec::new();
    each_line(input, |_, line| {
        let line = visible(line);
        if let Some(stall) = parse(&line) {
            let time = written_time(&line).map(|it| clock.place(it));
            found.push(Stall { time, ..stall });
        }
        found.len() < MOST
    })?;
    Ok(found)
}

/// The first time that a line writes, where a word may begin.
fn written_time(line: &[u8]) -> Option<Moment> {
    let begins = |at: &usize| *at == 0 || matches!(line[at - 1], b' ' | b'[' | b'"' | b'(' | b'=' | b'|');
    let starts = (0..line.len()).filter(begins);
    starts.filter_map(|it| times::parse(&line[it..])).map(|it| it.0).next()
}

/// Reads `Executing <Task finished name='x' coro=<f() done, defined at a.py:6> ...> took 0.254 seconds`, whatever stands before it.
#[must_use]
pub fn parse(message: &[u8]) -> Option<Stall> {
    let start = memmem::find(message, b"Executing <")?;
    let text = std::str::from_utf8(&message[start..]).ok()?;
    let (what, took) = text.rsplit_once("> took ")?;
    let seconds: f64 = took.split_once(" seconds")?.0.parse().ok()?;
    if !(0.0..=LONGEST).contains(&seconds) {
        return None;
    }
    let (function, rest, pending) = if let Some((_, coroutine)) = what.split_once("coro=<") {
        let (function, rest) = coroutine.split_once("()")?;
        let pending = rest.trim_start().starts_with("running at");
        let place = rest.split_once(" at ")?.1;
        (function, place, pending)
    } else {
        // A plain callback: the function, and after the debug mode's `created at` the place that scheduled it.
        let handle = what
            .strip_prefix("Executing <Handle ")
            .or(what.strip_prefix("Executing <TimerHandle "))?;
        let function = handle.split('(').next().unwrap_or_default();
        (function, handle.split_once(" at ").map_or("", |it| it.1), false)
    };
    let (path, line) = place(rest);
    Some(Stall {
        time: None,
        seconds,
        function: function.to_owned(),
        path: path.to_owned(),
        line,
        pending,
    })
}

/// No callback holds a loop for a day; such a number is not one.
const LONGEST: f64 = 86_400.0;

/// `a/b.py:12` at the start of a text, up to what ends it.
fn place(text: &str) -> (&str, u32) {
    let Some(at) = text.find(".py:") else {
        return ("", 0);
    };
    let digits = &text[at + 4..];
    let length = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    (&text[..at + 3], digits[..length].parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_handles_are_read() {
        let done = parse(b"Executing <Task finished name='t' coro=<Parser.parse() done, defined at /app/a.py:6> result=None created at /app/b.py:9> took 0.254 seconds").unwrap();
        assert_eq!(
            (done.function.as_str(), done.path.as_str(), done.line),
            ("Parser.parse", "/app/a.py", 6)
        );
        assert_eq!((done.seconds, done.pending), (0.254, false));
        let pending = parse(b"Executing <Task pending name='Task-1' coro=<main() running at m.py:37> wait_for=<x> cb=[]> took 0.132 seconds").unwrap();
        assert!(pending.pending);
        assert_eq!(pending.line, 37);
        let handle = parse(b"Executing <Handle sleep(0.15) created at h.py:21> took 0.150 seconds").unwrap();
        assert_eq!((handle.function.as_str(), handle.line), ("sleep", 21));
        assert_eq!(parse(b"Executing <Task took x seconds"), None);
    }

    #[test]
    fn times_come_from_any_prefix() {
        let text = b"2026-11-22 19:18:15,732 WARNING asyncio: Executing <Handle f() created at h.py:2> took 0.5 seconds\nother\n";
        let found = read(text.as_slice()).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].time.is_some());
    }
}
