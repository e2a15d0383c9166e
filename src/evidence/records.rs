//! A log as compact records: which sites each line can come from, its time and its values. Text is kept once.

use super::level::Level;
use super::lines::LineParser;
use super::lines::LogLine;
use super::matching::Matcher;
use super::matching::Scratch;
use super::messages::TRACEBACK;
use super::pattern::Captures;
use super::reader::each_line;
use super::roles::Role;
use super::roles::Roles;
use super::roles::announced_wait;
use super::sites::LogSite;
use super::sites::SiteId;
use super::sites::Sites;
use super::times::Scale;
use rustc_hash::FxHashMap;
use std::io::Read;

/// Index of a kept text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub u32);

/// Texts kept once each. A log whose values never repeat must not fill the memory: beyond the cap a text is [`Texts::OTHER`].
#[derive(Debug, Default)]
pub struct Texts {
    ids: FxHashMap<Box<[u8]>, Text>,
    all: Vec<Box<[u8]>>,
}

impl Texts {
    /// What was not kept.
    pub const OTHER: Text = Text(u32::MAX);
    const MAX_TEXTS: usize = 1 << 19;
    const MAX_LENGTH: usize = 96;

    fn keep(&mut self, text: &[u8]) -> Text {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        if text.len() > Self::MAX_LENGTH || self.all.len() >= Self::MAX_TEXTS {
            return Self::OTHER;
        }
        let id = Text(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }

    /// The text.
    #[must_use]
    pub fn get(&self, id: Text) -> &[u8] {
        self.all.get(id.0 as usize).map_or(&[], |it| it)
    }
}

/// One line of the log, as far as it is of use later.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Physical line, from 1.
    pub line: u32,
    /// Nanoseconds on the log's timeline; `i64::MIN` where the line has none.
    pub time: i64,
    /// Which candidates, index into [`Log::ties`]; 0 for none.
    pub tie: u32,
    /// Values and columns: `data[first .. first + values + columns]`.
    first: u32,
    values: u8,
    columns: u8,
    /// The level written.
    pub level: Option<Level>,
    /// It has a prefix of its own.
    pub prefixed: bool,
    /// The process, dense.
    pub process: u16,
    /// What the message is about.
    pub role: Option<Role>,
    /// The wait it announces, in milliseconds; 0 for none.
    pub wait: u32,
}

/// A log read against a program's sites.
#[derive(Default)]
pub struct Log {
    /// The lines.
    pub records: Vec<Record>,
    /// Sets of sites that share their heaviest template; the first one is empty.
    pub ties: Vec<Vec<SiteId>>,
    /// Kept texts.
    pub texts: Texts,
    data: Vec<(u16, Text)>,
    tie_ids: FxHashMap<Vec<SiteId>, u32>,
    processes: FxHashMap<u64, u16>,
    /// Lines cut for their length.
    pub cut: u64,
    /// Lines whose time lay before the one above.
    pub backwards: u64,
    /// What its times count from.
    pub scale: Option<Scale>,
    /// The finest step of its times.
    pub resolution: Option<i64>,
}

impl Record {
    /// The time, if there is one.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        (self.time != i64::MIN).then_some(self.time)
    }
}

/// More values than this in one line are a dump.
const MAX_VALUES: usize = 16;

impl Log {
    /// Reads a log to its end.
    pub fn read(input: impl Read, sites: &Sites, matcher: &Matcher) -> std::io::Result<Self> {
        let scratch = std::cell::RefCell::new(Scratch::default());
        let oracle = |message: &[u8]| matcher.find(message.trim_ascii(), &mut scratch.borrow_mut()) as usize;
        let mut parser = LineParser::new(Some(&oracle));
        let mut log = Self::default();
        log.ties.push(Vec::new());
        let mut working = Working::default();
        let mut each = |line: &LogLine| log.take(line, sites, matcher, &mut working);
        let cut = each_line(input, |number, raw| {
            parser.push(number, raw, &mut each);
            true
        })?;
        parser.finish(&mut each);
        log.cut = cut;
        log.backwards = parser.clock().backwards;
        log.scale = parser.clock().scale();
        log.resolution = parser.clock().resolution();
        Ok(log)
    }

    /// The values in a record's holes: the hole's index, or 256 and more for a named field.
    pub fn values(&self, record: &Record) -> &[(u16, Text)] {
        let first = record.first as usize;
        &self.data[first..first + usize::from(record.values)]
    }

    /// The columns of a record's prefix.
    #[must_use]
    pub fn columns(&self, record: &Record) -> &[(u16, Text)] {
        let first = record.first as usize + usize::from(record.values);
        &self.data[first..first + usize::from(record.columns)]
    }

    fn take(&mut self, line: &LogLine, sites: &Sites, matcher: &Matcher, working: &mut Working) {
        // A bare traceback belongs to the line above it, whoever wrote that.
        if line.message.is_empty() || (!line.prefixed && line.message == TRACEBACK.as_bytes()) {
            return;
        }
        matcher.find(&line.message, &mut working.scratch);
        working.candidates.clear();
        for &id in working.scratch.best() {
            working.candidates.extend_from_slice(matcher.sites(id));
        }
        if working.candidates.is_empty() {
            matcher.find_beginning(&line.message, &mut working.scratch);
            let found = working.scratch.best().iter().flat_map(|it| matcher.sites(*it));
            working.candidates.extend(found);
        }
        working.candidates.sort_unstable();
        working.candidates.dedup();
        working
            .candidates
            .retain(|it| level_fits(&sites.all[it.0 as usize], line.level));
        let first = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let values = self.keep_values(line, matcher, working);
        let columns = self.keep_columns(line);
        let tie = self.tie(&working.candidates);
        let next = u16::try_from(self.processes.len()).unwrap_or(u16::MAX);
        let process = *self.processes.entry(line.process).or_insert(next);
        let role = working.roles.of(&line.message);
        let announced = role
            .filter(|it| *it == Role::Retry)
            .and_then(|_| announced_wait(&line.message));
        let wait = announced.map_or(0, |it| (it * 1000.0) as u32);
        self.records.push(Record {
            line: u32::try_from(line.number).unwrap_or(u32::MAX),
            time: line.time.unwrap_or(i64::MIN),
            tie,
            first,
            values,
            columns,
            level: line.level,
            prefixed: line.prefixed,
            process,
            role,
            wait,
        });
    }

    fn tie(&mut self, candidates: &[SiteId]) -> u32 {
        if candidates.is_empty() {
            return 0;
        }
        if let Some(&id) = self.tie_ids.get(candidates) {
            return id;
        }
        let id = u32::try_from(self.ties.len()).unwrap_or(0);
        self.ties.push(candidates.to_vec());
        self.tie_ids.insert(candidates.to_vec(), id);
        id
    }

    fn keep_values(&mut self, line: &LogLine, matcher: &Matcher, working: &mut Working) -> u8 {
        let before = self.data.len();
        if let Some(&best) = working.scratch.best().first() {
            matcher.captures(best, &line.message, &mut working.captures);
            for (hole, &(start, end)) in (0..).zip(working.captures.iter().take(MAX_VALUES)) {
                let id = self.texts.keep(line.message[start..end].trim_ascii());
                self.data.push((hole, id));
            }
            let named = line.fields.members().take(MAX_VALUES);
            for (key, value) in named {
                let key = NAMED_VALUE | (hash(key) & 0x0fff);
                let id = self.texts.keep(value);
                self.data.push((key, id));
            }
            for (key, value) in tail_pairs(&line.message).take(MAX_VALUES) {
                let key = NAMED_VALUE | (hash(key) & 0x0fff);
                let id = self.texts.keep(&value);
                self.data.push((key, id));
            }
        }
        u8::try_from(self.data.len() - before).unwrap_or(u8::MAX)
    }

    fn keep_columns(&mut self, line: &LogLine) -> u8 {
        let before = self.data.len();
        for (column, value) in line.fields.columns().take(MAX_VALUES) {
            let id = self.texts.keep(value);
            self.data.push((column, id));
        }
        if let Some((file, number)) = line.fields.written_place() {
            let id = self.texts.keep(file);
            self.data.push((FILE_COLUMN, id));
            let id = self.texts.keep(number.to_string().as_bytes());
            self.data.push((LINE_COLUMN, id));
        }
        u8::try_from(self.data.len() - before).unwrap_or(u8::MAX)
    }
}

/// Values with names have slots from here on.
pub const NAMED_VALUE: u16 = 0x1000;
/// The column of a file that the line names beside a line number.
pub const FILE_COLUMN: u16 = 0x7ffe;
/// The column of that line number.
pub const LINE_COLUMN: u16 = 0x7fff;

#[derive(Default)]
struct Working {
    roles: Roles,
    scratch: Scratch,
    candidates: Vec<SiteId>,
    captures: Captures,
}

/// `key=value` pairs at the end of a message; only messages that have some are looked at.
fn tail_pairs(message: &[u8]) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
    let text = if memchr::memchr(b'=', message).is_some() {
        message
    } else {
        &[]
    };
    super::structured::pairs(text)
}

fn hash(bytes: &[u8]) -> u16 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    (hasher.finish() >> 40) as u16
}

/// A line's level and a call's method must agree where both are known.
fn level_fits(site: &LogSite, written: Option<Level>) -> bool {
    match (site.level, written) {
        (Some(site), Some(written)) => site == written,
        _ => true,
    }
}
