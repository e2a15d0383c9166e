//! A stretch of a log, read on its own: what its lines say and which calls can have written them. Stretches are read side
//! by side and put together in order.

use super::finds::Finds;
use super::lines::LineParser;
use super::lines::LogLine;
use super::lines::Stamp;
use super::matching::Matcher;
use super::matching::Scratch;
use super::messages::TRACEBACK;
use super::prefix::Layout;
use super::reader::Batch;
use super::reader::each_line_of;
use super::records::FILE_COLUMN;
use super::records::LINE_COLUMN;
use super::records::NAMED_VALUE;
use super::records::Record;
use super::roles::Role;
use super::roles::Roles;
use super::roles::announced_wait;
use super::tracebacks::Tracebacks;
use super::values::Values;

/// What reading needs to know of the program.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Their templates, indexed.
    pub matcher: &'a Matcher,
    /// Words that tell roles.
    pub roles: &'a Roles,
}

/// A stretch of a log; its lines, finds, values and processes count from its own beginning.
#[derive(Default)]
pub struct Section {
    /// The lines.
    pub records: Vec<Record>,
    /// What each line says of its time.
    pub stamps: Vec<Stamp>,
    /// What the patterns found are, each with a level; a line's tie is one more than the index.
    pub finds: Finds,
    /// The traceback that is being read.
    tracebacks: Tracebacks,
    /// Values and columns.
    pub values: Values,
    /// What names each process.
    pub processes: Vec<u64>,
    /// Physical lines.
    pub lines: u32,
    /// Of these, cut for their length.
    pub cut: u64,
    /// Of these, not text.
    pub garbled: u64,
    /// The layouts that were known, and those found on the way.
    pub layouts: Vec<Layout>,
}

/// Lines of logs are rarely shorter on average, so that lists with room for so many need not grow.
const USUAL_LINE: usize = 64;

/// More values than this in one line are a dump.
const MAX_VALUES: usize = 16;

impl Section {
    /// Reads whole lines, whose prefixes are known.
    #[must_use]
    pub fn read(batch: &Batch, layouts: &[Layout], known: Known<'_>) -> Self {
        let asked = std::cell::RefCell::new(Scratch::default());
        let oracle = |message: &[u8]| known.matcher.find(message.trim_ascii(), &mut asked.borrow_mut()) as usize;
        let mut parser = LineParser::knowing(layouts.to_vec(), Some(&oracle));
        let lines = batch.bytes.len() / USUAL_LINE;
        let mut section = Self {
            cut: batch.cut,
            records: Vec::with_capacity(lines),
            stamps: Vec::with_capacity(lines),
            ..Self::default()
        };
        parser.expect(&batch.bytes);
        let mut scratch = Scratch::default();
        let mut each = |line: &LogLine| section.take(line, known, &mut scratch);
        let mut lines = 0;
        let cut = each_line_of(&batch.bytes, |raw| {
            lines += 1;
            parser.push(lines, raw, &mut each);
        });
        parser.finish(&mut each);
        section.lines = lines;
        section.cut += cut;
        section.garbled = garbled(&batch.bytes);
        section.layouts = parser.layouts().to_vec();
        section
    }

    fn take(&mut self, line: &LogLine, known: Known<'_>, scratch: &mut Scratch) {
        // A bare traceback belongs to the line above it, whoever wrote that.
        if line.message.is_empty() || (!line.prefixed && line.message == TRACEBACK.as_bytes()) {
            return;
        }
        known.matcher.find(&line.message, scratch);
        if scratch.best().is_empty() {
            known.matcher.find_beginning(&line.message, scratch);
        }
        let is_open = scratch.best().is_empty() && line.prefixed && line.level.is_none();
        if is_open && self.tracebacks.is_part(&line.message) {
            return;
        }
        let tie = self.finds.number(scratch.best(), line.level);
        let first = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let values = self.keep_values(line, scratch);
        let columns = self.keep_columns(line);
        let process = self.process(line.process);
        let role = match scratch.whole() {
            Some(pattern) => known.roles.of_pattern(&line.message, pattern, scratch.captures()),
            None => known.roles.of(&line.message),
        };
        let announced = role
            .filter(|it| matches!(it, Role::Retry | Role::SlowCallback))
            .and_then(|_| announced_wait(&line.message));
        self.stamps.push(line.stamp);
        self.records.push(Record {
            line: line.number,
            time: i64::MIN,
            count: 1,
            tie,
            first,
            values,
            columns,
            level: line.level,
            prefixed: line.prefixed,
            process,
            role,
            wait: announced.map_or(0, |it| (it * 1000.0) as u32),
        });
    }

    fn process(&mut self, name: u64) -> u16 {
        // One stretch of a log holds few processes, and the last line's is the likeliest.
        let known = self.processes.iter().rposition(|it| *it == name);
        let index = known.unwrap_or_else(|| {
            self.processes.push(name);
            self.processes.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    fn keep_values(&mut self, line: &LogLine, scratch: &Scratch) -> u8 {
        let before = self.values.len();
        if !scratch.best().is_empty() {
            for (hole, &(start, end)) in (0..).zip(scratch.captures().iter().take(MAX_VALUES)) {
                self.values.push(hole, line.message[start..end].trim_ascii());
            }
            let named = line.fields.members().take(MAX_VALUES);
            for (key, value) in named.chain(tail_pairs(&line.message).take(MAX_VALUES)) {
                self.values.push(named_slot(key), value);
            }
        }
        u8::try_from(self.values.len() - before).unwrap_or(u8::MAX)
    }

    fn keep_columns(&mut self, line: &LogLine) -> u8 {
        let before = self.values.len();
        for (column, value) in line.fields.columns().take(MAX_VALUES) {
            self.values.push(column, value);
        }
        if let Some((file, number)) = line.fields.written_place() {
            self.values.push(FILE_COLUMN, file);
            self.values.push(LINE_COLUMN, number.to_string().as_bytes());
        }
        u8::try_from(self.values.len() - before).unwrap_or(u8::MAX)
    }
}

/// How many lines are not text: bytes that no encoding of a log gives, or that only files of other kinds have.
fn garbled(bytes: &[u8]) -> u64 {
    let is_text = |it: &[u8]| memchr::memchr(0, it).is_none() && std::str::from_utf8(it).is_ok();
    if is_text(bytes) {
        return 0;
    }
    let lines = bytes.split(|it| *it == b'\n');
    lines.map(|it| u64::from(!is_text(it))).sum()
}

/// `key=value` pairs at the end of a message; only messages that have some are looked at.
fn tail_pairs(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let text = if memchr::memchr(b'=', message).is_some() {
        message
    } else {
        &[]
    };
    super::structured::pairs(text)
}

/// The slot of a value that is written with a name.
#[must_use]
pub fn named_slot(key: &[u8]) -> u16 {
    NAMED_VALUE | (hash(key) & 0x0fff)
}

fn hash(bytes: &[u8]) -> u16 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    (hasher.finish() >> 40) as u16
}
