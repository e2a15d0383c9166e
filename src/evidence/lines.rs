//! Physical lines to log lines: wrappers and prefixes off, times on one timeline, the message bare.

use super::clean::ESCAPE;
use super::clean::overwritten;
use super::clean::visible;
use super::clock::chosen;
use super::learn::Oracle;
use super::learn::layouts;
use super::level::Level;
use super::prefix::Layout;
use super::prefix::Prefix;
use super::structured;
use super::structured::Fields;
use super::times;
use super::times::Moment;
use memchr::memchr;
use memchr::memchr2;
use memchr::memmem;

/// What a line says of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamp {
    /// Nothing.
    #[default]
    None,
    /// The time of the line above, which its handler leaves blank.
    Repeated,
    /// This.
    At(Moment),
}

impl From<Option<Moment>> for Stamp {
    fn from(moment: Option<Moment>) -> Self {
        moment.map_or(Self::None, Self::At)
    }
}

/// One line of a log without what surrounds its message. Buffers are reused from line to line.
#[derive(Debug, Default)]
pub struct LogLine {
    /// Physical line, from 1.
    pub number: u32,
    /// What it says of its time.
    pub stamp: Stamp,
    /// Hash of what names the process: a pod, a container, a process number; 0 where nothing does.
    pub process: u64,
    /// The level written in the prefix.
    pub level: Option<Level>,
    /// The bare message, without white space around it.
    pub message: Vec<u8>,
    /// Whether a prefix or a JSON object was there; a bare line may be a `print` or the rest of the message above.
    pub prefixed: bool,
    /// Overwritten by a later part of the same physical line (a progress bar).
    pub overwritten: bool,
    /// Named and positional fields beside the message.
    pub fields: Fields,
}

/// Layouts are learned from so many lines.
const SAMPLE_LINES: usize = 400;
/// ... or so many bytes, so that `--follow` need not wait.
const SAMPLE_BYTES: usize = 1 << 18;
/// So many lines in a row without a known prefix make the parser learn again.
const STRANGE_LINES: usize = 64;

/// The lines from which layouts are learned.
pub struct Sample<'a> {
    lines: Vec<&'a [u8]>,
    bytes: usize,
}

impl<'a> Sample<'a> {
    /// The beginning of a log.
    #[must_use]
    pub fn of(text: &'a [u8]) -> Self {
        let mut sample = Self {
            lines: Vec::new(),
            bytes: 0,
        };
        let mut rest = text;
        while !rest.is_empty() && !sample.is_whole() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            sample.lines.push(&rest[..end.min(super::reader::MAX_LINE)]);
            sample.bytes += end;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        sample
    }

    /// Whether more lines would teach no more.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lines.len() >= SAMPLE_LINES || self.bytes >= SAMPLE_BYTES
    }
}

/// Turns physical lines into [`LogLine`]s.
pub struct LineParser<'a> {
    oracle: Option<Oracle<'a>>,
    layouts: Vec<Layout>,
    strange: Vec<Vec<u8>>,
    relearned: bool,
    prefix: Prefix,
    line: LogLine,
    partial: Vec<u8>,
    /// Nothing in the text must be taken off: no escape sequences, no carriage returns.
    plain: bool,
    /// No line of the text is marked as a part of one.
    whole: bool,
}

impl<'a> LineParser<'a> {
    /// The layouts of a log, found with the help of known templates where there are some.
    #[must_use]
    pub fn learn(sample: &Sample<'_>, oracle: Option<Oracle<'_>>) -> Vec<Layout> {
        let plain: Vec<Vec<u8>> = sample.lines.iter().filter_map(|it| sample_of(it)).collect();
        let plain: Vec<&[u8]> = plain.iter().map(Vec::as_slice).collect();
        layouts(&plain, oracle)
    }

    /// A parser of lines with these layouts.
    #[must_use]
    pub fn knowing(layouts: Vec<Layout>, oracle: Option<Oracle<'a>>) -> Self {
        Self {
            oracle,
            layouts,
            strange: Vec::new(),
            relearned: false,
            prefix: Prefix::default(),
            line: LogLine::default(),
            partial: Vec::new(),
            plain: false,
            whole: false,
        }
    }

    /// Looks at the text whose lines come next, so that what it has nowhere need not be looked for in every line.
    pub fn expect(&mut self, text: &[u8]) {
        self.plain = memchr2(ESCAPE, b'\r', text).is_none();
        // What both `stderr P` and `stdout P` have: one search for it, and other lines that have it only take longer.
        self.whole = memmem::find(text, b" P ").is_none();
    }

    /// The layouts known by now, the most frequent first.
    #[must_use]
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// Hands out the beginning of a line whose end never came.
    pub fn finish(&mut self, each: &mut dyn FnMut(&LogLine)) {
        if !self.partial.is_empty() {
            self.line.message = std::mem::take(&mut self.partial);
            each(&self.line);
        }
    }

    /// Takes a physical line.
    pub fn push(&mut self, number: u32, raw: &[u8], each: &mut dyn FnMut(&LogLine)) {
        self.line.number = number;
        if self.plain || memchr2(ESCAPE, b'\r', raw).is_none() {
            self.line.overwritten = false;
            if !raw.is_empty() && self.read_part(raw) {
                each(&self.line);
            }
            return;
        }
        let clean = visible(raw);
        let mut parts = overwritten(&clean).peekable();
        while let Some(part) = parts.next() {
            self.line.overwritten = parts.peek().is_some();
            if self.read_part(part) {
                each(&self.line);
            }
        }
    }

    /// Fills `self.line`; false if the part is only the beginning of a line that a container runtime cut.
    fn read_part(&mut self, part: &[u8]) -> bool {
        self.line.fields.clear();
        self.line.level = None;
        self.line.process = 0;
        if let Some(inner) = structured::container_text(part) {
            let outer = inner.moment;
            self.prefixed_text(&inner.text);
            if self.line.stamp == Stamp::None {
                self.line.stamp = outer.into();
            }
            return true;
        }
        match self.glued(part) {
            Some(whole) if whole.is_empty() => return false,
            Some(whole) => self.prefixed_text(&whole),
            None => self.prefixed_text(part),
        }
        true
    }

    fn prefixed_text(&mut self, text: &[u8]) {
        self.line.stamp = Stamp::None;
        self.line.prefixed = self.structured(text, &[]);
        if self.line.prefixed {
            return;
        }
        if is_progress(text) {
            self.progress(text);
            return;
        }
        let (text, place) = structured::right_column(text);
        let Some(layout) = self.layouts.iter().position(|it| it.parse(text, &mut self.prefix)) else {
            self.bare(text);
            return;
        };
        self.strange.clear();
        self.line.prefixed = true;
        let prefix = std::mem::take(&mut self.prefix);
        let message = &text[prefix.message..];
        if !self.structured(message, &prefix.moments) {
            self.line.level = prefix.level;
            self.line.stamp = match chosen(&prefix.moments) {
                Some(moment) => Stamp::At(moment),
                None if prefix.blank_time => Stamp::Repeated,
                None => Stamp::None,
            };
            set_message(&mut self.line.message, message);
            if self.layouts[layout].own {
                self.longer([text]);
            }
        }
        self.line.process = process_of(text, &prefix);
        for &(column, start, end) in &prefix.columns {
            let column = u16::try_from(layout).unwrap_or(0) * 64 + column;
            self.line.fields.column(column, &text[start..end]);
        }
        if let Some((file, line)) = place {
            self.line.fields.place(file, line);
        }
        self.prefix = prefix;
    }

    /// Reads JSON and logfmt; `outer` are the times of a wrapper in front of it.
    fn structured(&mut self, text: &[u8], outer: &[Moment]) -> bool {
        let Some(moments) = structured::read(text, &mut self.line.fields, &mut self.line.message) else {
            return false;
        };
        self.line.level = self.line.fields.level;
        if let Some(tails) = structured::tails(text) {
            self.longer(tails);
        }
        let inner = moments.iter().copied().min_by_key(|it| it.resolution);
        self.line.stamp = inner.or_else(|| chosen(outer)).into();
        true
    }

    /// Where no template is found in the message, it may be longer than it seems: the first of these that has one is it.
    fn longer<const N: usize>(&mut self, texts: [&[u8]; N]) {
        let Some(oracle) = self.oracle else {
            return;
        };
        if oracle(&self.line.message) == 0
            && let Some(text) = texts.into_iter().find(|it| oracle(it) > 0)
        {
            set_message(&mut self.line.message, text);
        }
    }

    /// A progress bar has no prefix of its program's; a collector may have put a time before it.
    fn progress(&mut self, text: &[u8]) {
        let stamped = times::parse(text).filter(|it| matches!(text.get(it.1), Some(b' ' | b'\t')));
        let start = stamped.map_or(0, |it| it.1);
        self.line.stamp = stamped.map(|it| it.0).into();
        set_message(&mut self.line.message, &text[start..]);
    }

    fn bare(&mut self, text: &[u8]) {
        set_message(&mut self.line.message, text);
        if self.line.message.is_empty() {
            return;
        }
        if self.relearned {
            return;
        }
        self.strange.push(text.to_vec());
        if self.strange.len() < STRANGE_LINES {
            return;
        }
        self.relearned = true;
        let sample: Vec<&[u8]> = self.strange.iter().map(Vec::as_slice).collect();
        let fresh = layouts(&sample, self.oracle).into_iter().filter(Layout::has_time);
        self.layouts.extend(fresh.take(MAX_RELEARNED));
        self.strange.clear();
    }

    /// Container runtimes cut long lines and mark the parts `P`, the last one `F`: the text of the later ones belongs to
    /// the first. Gives the whole line when its last part has come.
    fn glued(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        if self.whole && self.partial.is_empty() {
            return None;
        }
        let (last, start) = container_part(part)?;
        if !last && self.partial.len() < super::reader::MAX_LINE {
            let from = if self.partial.is_empty() { 0 } else { start };
            self.partial.extend_from_slice(&part[from..]);
            return Some(Vec::new());
        }
        if self.partial.is_empty() {
            return None;
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(&part[start..]);
        Some(whole)
    }
}

/// Whether `TIME stderr F text` is the last part of its line, and where its text begins.
fn container_part(text: &[u8]) -> Option<(bool, usize)> {
    /// A time with nanoseconds and a zone, and the name of the stream.
    const MARK_WITHIN: usize = 48;
    memmem::find(&text[..text.len().min(MARK_WITHIN)], b" std")?;
    let at = times::parse(text)?.1;
    let stream = [b" stderr ".as_slice(), b" stdout "]
        .into_iter()
        .find(|it| text[at..].starts_with(it))?;
    let mark = at + stream.len();
    match text.get(mark..mark + 2)? {
        b"P " => Some((false, mark + 2)),
        b"F " => Some((true, mark + 2)),
        _ => None,
    }
}

/// A second look may add this many layouts. There is one in a stretch, so that a log without any can't make the parser slower and slower.
const MAX_RELEARNED: usize = 1;

/// A line as the learner should see it: no colours, nothing overwritten, inside a container's JSON; `None` for JSON proper.
fn sample_of(raw: &[u8]) -> Option<Vec<u8>> {
    let clean = visible(raw);
    let part = overwritten(&clean).last()?;
    let inner = structured::container_text(part);
    let text = inner.as_ref().map_or(part, |it| it.text.as_slice());
    let mut ignored = (Fields::default(), Vec::new());
    if is_progress(text) || structured::read(text, &mut ignored.0, &mut ignored.1).is_some() {
        return None;
    }
    Some(structured::right_column(text).0.to_vec())
}

/// A progress bar: `desc:  45%|####  | 18/40 [00:01<00:02, 9.1it/s]`. It has no prefix.
fn is_progress(text: &[u8]) -> bool {
    text.ends_with(b"]") && memmem::find(text, b"%|").is_some()
}

fn set_message(to: &mut Vec<u8>, text: &[u8]) {
    to.clear();
    to.extend_from_slice(text.trim_ascii());
}

/// What stands before the program's own time names where it ran, as does a number that opens a bracket.
fn process_of(text: &[u8], prefix: &Prefix) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    let mut any = false;
    for &(column, start, end) in &prefix.columns {
        let word = &text[start..end];
        let outer = prefix.moments.len() > 1 && prefix.last_time.is_some_and(|last| column < last);
        let service = prefix.moments.len() == 1
            && text.get(end..end + 3).is_some_and(|it| it == b" | " || it == b"  |")
            && column == 0;
        let bracketed = start > 0 && text[start - 1] == b'[' && word.iter().all(u8::is_ascii_digit) && word.len() > 1;
        let priority = start > 0 && text[start - 1] == b'<';
        if (outer || service || bracketed) && !priority && !matches!(word, b"stdout" | b"stderr" | b"F" | b"P") {
            hasher.write(word);
            any = true;
        }
    }
    if any { hasher.finish() | 1 } else { 0 }
}
