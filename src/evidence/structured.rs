//! Lines that name their fields: JSON, logfmt, and the wrappers and columns around plain ones.

use super::json;
use super::json::Member;
use super::level::Level;
use super::times;
use super::times::Moment;
use super::times::SECOND;
use super::times::Scale;

/// What a line says beside its message, as ranges in one reused buffer.
#[derive(Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    columns: Vec<(u16, usize, usize)>,
    named: Vec<(usize, usize, usize)>,
    place: Option<(usize, usize, u32)>,
    /// The level, where a field named it.
    pub level: Option<Level>,
}

impl Fields {
    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.columns.clear();
        self.named.clear();
        self.place = None;
        self.level = None;
    }

    /// Adds a column of the prefix.
    pub fn column(&mut self, id: u16, value: &[u8]) {
        let range = self.keep(value);
        self.columns.push((id, range.0, range.1));
    }

    /// Adds the place that the line itself names.
    pub fn place(&mut self, file: &[u8], line: u32) {
        let (start, end) = self.keep(file);
        self.place = Some((start, end, line));
    }

    fn named(&mut self, key: &[u8], value: &[u8]) {
        let (start, middle) = self.keep(key);
        let end = self.keep(value).1;
        self.named.push((start, middle, end));
    }

    fn keep(&mut self, value: &[u8]) -> (usize, usize) {
        let start = self.text.len();
        self.text.extend_from_slice(value);
        (start, self.text.len())
    }

    /// The columns: which one, and its text. A number is the same column on every line of one layout.
    pub fn columns(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.columns
            .iter()
            .map(|&(id, start, end)| (id, &self.text[start..end]))
    }

    /// Fields with names, the message, time and level excluded.
    pub fn members(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.named
            .iter()
            .map(|&(start, middle, end)| (&self.text[start..middle], &self.text[middle..end]))
    }

    /// The file and line that the line itself names.
    #[must_use]
    pub fn written_place(&self) -> Option<(&[u8], u32)> {
        self.place.map(|(start, end, line)| (&self.text[start..end], line))
    }
}

/// Keys of the message, the surest first; the last ones count where a record has no other.
pub(super) const MESSAGE: [&[u8]; 19] = [
    b"message",
    b"msg",
    b"event",
    b"record.message",
    b"log",
    b"text",
    b"action",
    b"step",
    b"stage",
    b"phase",
    b"ev",
    b"evt",
    b"event_type",
    b"event_name",
    b"kind",
    b"type",
    b"what",
    b"op",
    b"m",
];
const TIME: [&[u8]; 9] = [
    b"timestamp",
    b"asctime",
    b"time",
    b"ts",
    b"@timestamp",
    b"record.time.timestamp",
    b"created",
    b"datetime",
    b"t",
];
const LEVEL: [&[u8]; 6] = [
    b"level",
    b"levelname",
    b"severity",
    b"lvl",
    b"record.level.name",
    b"log_level",
];
const FILE: [&[u8]; 5] = [
    b"pathname",
    b"record.file.path",
    b"filename",
    b"file",
    b"record.file.name",
];
const LINE: [&[u8]; 3] = [b"lineno", b"record.line", b"line"];
/// Columns from named fields start here, above any prefix's.
const NAMED_COLUMN: u16 = 1 << 12;
/// Keys whose values say where the call stands; they become columns, split at colons.
const SITE: [&[u8]; 16] = [
    b"name",
    b"logger",
    b"logger_name",
    b"src",
    b"source",
    b"caller",
    b"module",
    b"funcName",
    b"func_name",
    b"function",
    b"func",
    b"record.function",
    b"record.name",
    b"record.module",
    b"filename",
    b"location",
];

/// Reads a structured line into `fields` and `message` and gives its times; `None` if it is not structured, or names no message.
pub fn read(text: &[u8], fields: &mut Fields, message: &mut Vec<u8>) -> Option<Vec<Moment>> {
    let members = match text.trim_ascii_start().first()? {
        b'{' => json::members(text)?,
        _ => logfmt(text)?,
    };
    let find = |keys: &[&[u8]]| keys.iter().find_map(|key| members.iter().find(|it| it.key == *key));
    // A record inside the line knows its message without the formatter's prefix.
    let body = find(&[b"record.message"]).or_else(|| find(&MESSAGE))?;
    message.clear();
    message.extend_from_slice(body.value.trim_ascii());
    fields.level = find(&LEVEL).and_then(|it| Level::parse(&it.value));
    let line = find(&LINE).and_then(|it| number(&it.value));
    if let (Some(file), Some(line)) = (find(&FILE), line) {
        fields.place(&file.value, line);
    }
    for member in &members {
        if let Some(at) = SITE.iter().position(|it| *it == member.key) {
            let first = NAMED_COLUMN + u16::try_from(at).unwrap_or(0) * 4;
            for (id, part) in (first..first + 4).zip(member.value.split(|&it| it == b':')) {
                fields.column(id, part);
            }
        }
        if !std::ptr::eq(member, body)
            && !TIME.contains(&member.key.as_slice())
            && !LEVEL.contains(&member.key.as_slice())
        {
            fields.named(&member.key, &member.value);
        }
    }
    let times = members.iter().filter(|it| TIME.contains(&it.key.as_slice()));
    let times: Vec<Moment> = times.filter_map(|it| moment(&it.value)).collect();
    // Under another name, a whole date with its time of day is the line's time all the same.
    let dated = || members.iter().find_map(|it| dated(&it.value));
    Some(if times.is_empty() {
        dated().into_iter().collect()
    } else {
        times
    })
}

/// A date with a time of day, and nothing else.
fn dated(text: &[u8]) -> Option<Moment> {
    /// `2026-11-27T10:35:58`.
    const SHORTEST: usize = 19;
    let plausible = text.len() >= SHORTEST && text[0].is_ascii_digit() && text.contains(&b':');
    let (moment, length) = times::parse(text).filter(|_| plausible)?;
    (moment.scale == Scale::Absolute && length == text.len()).then_some(moment)
}

/// What the message of a logfmt line may be where its values have no quotes: all that follows its key, and that with the
/// key, where the program writes the pairs itself. `None` for JSON, whose values have ends.
#[must_use]
pub fn tails(text: &[u8]) -> Option<[&[u8]; 2]> {
    if text.trim_ascii_start().first() == Some(&b'{') {
        return None;
    }
    let start = text.as_ptr() as usize;
    let (key, _) = pairs(text).find(|it| MESSAGE.contains(&it.0))?;
    let at = key.as_ptr() as usize - start;
    Some([&text[at + key.len() + 1..], &text[at..]])
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A field known to be a time may also be plain seconds since the start.
fn moment(text: &[u8]) -> Option<Moment> {
    if let Some((moment, _)) = times::parse(text) {
        return Some(moment);
    }
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then_some(Moment {
        nanos: (seconds * SECOND as f64) as i64,
        scale: Scale::Elapsed,
        resolution: SECOND / 1_000_000,
    })
}

/// `ts=... level=info event="batch done" batch=3`: a level or a time among the keys tells it from an ordinary message.
fn logfmt(text: &[u8]) -> Option<Vec<Member>> {
    let first = text.iter().position(|it| !key_byte(*it))?;
    if first == 0 || text[first] != b'=' {
        return None;
    }
    let members: Vec<Member> = pairs(text)
        .map(|(key, value)| Member {
            key: key.to_vec(),
            value: value.to_vec(),
        })
        .collect();
    let has = |keys: &[&[u8]]| members.iter().any(|it| keys.contains(&it.key.as_slice()));
    (has(&MESSAGE) && (has(&TIME) || has(&LEVEL))).then_some(members)
}

/// The bytes of a key, as a table: every word of every line is looked at.
const IN_KEY: [bool; 256] = {
    let mut keys = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        keys[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@');
        byte += 1;
    }
    keys
};

#[inline]
fn key_byte(byte: u8) -> bool {
    IN_KEY[usize::from(byte)]
}

/// `key=value` and `key="quoted value"` pairs; what is not a pair is skipped.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            while text.get(at).is_some_and(|it| it.is_ascii_whitespace()) {
                at += 1;
            }
            let rest = text.get(at..).filter(|it| !it.is_empty())?;
            let key = rest.iter().take_while(|it| key_byte(**it)).count();
            if key > 0 && rest.get(key) == Some(&b'=') {
                let (value, length) = value(&rest[key + 1..]);
                at += key + 1 + length;
                return Some((&rest[..key], value));
            }
            at += rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        }
    })
}

fn value(text: &[u8]) -> (&[u8], usize) {
    if let Some(&quote @ (b'"' | b'\'')) = text.first()
        && let Some(length) = memchr::memchr(quote, &text[1..])
    {
        return (&text[1..=length], length + 2);
    }
    let length = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (&text[..length], length)
}

/// A line as a container runtime keeps it in JSON.
pub struct ContainerText {
    /// The line that the program wrote.
    pub text: Vec<u8>,
    /// When the runtime read it.
    pub moment: Option<Moment>,
}

/// The text inside `{"log": "...", "stream": "stderr", "time": "..."}`.
#[must_use]
pub fn container_text(line: &[u8]) -> Option<ContainerText> {
    if line.first() != Some(&b'{') || memchr::memmem::find(line, b"\"stream\"").is_none() {
        return None;
    }
    let members = json::members(line)?;
    let get = |key: &[u8]| members.iter().find(|it| it.key == key);
    get(b"stream")?;
    let text = get(b"log")?.value.trim_ascii_end().to_vec();
    let moment = get(b"time").and_then(|it| moment(&it.value));
    Some(ContainerText { text, moment })
}

/// Splits off a right-aligned `file.py:123`, as rich writes it.
#[must_use]
pub fn right_column(line: &[u8]) -> (&[u8], Option<(&[u8], u32)>) {
    let found = right_place(line);
    found.map_or((line, None), |(length, file, number)| {
        (&line[..length], Some((file, number)))
    })
}

fn right_place(line: &[u8]) -> Option<(usize, &[u8], u32)> {
    let digits = line.iter().rev().take_while(|it| it.is_ascii_digit()).count();
    let (place, digits) = line.split_at(line.len() - digits);
    let place = place.strip_suffix(b":").filter(|it| it.ends_with(b".py"))?;
    let start = memchr::memrchr(b' ', place)? + 1;
    // One space could be prose; a column is set off by more.
    line[..start].ends_with(b"  ").then_some(())?;
    Some((line[..start].trim_ascii_end().len(), &place[start..], number(digits)?))
}
