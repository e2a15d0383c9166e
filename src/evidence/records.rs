//! A log as compact records: which sites each line can come from, its time and its values. Text is kept once.

use super::clock::Clock;
use super::compact::Groups;
use super::finds::Ties;
use super::level::Level;
use super::lines::Stamp;
use super::matching::Matcher;
use super::roles::Role;
use super::section::Section;
use super::sites::SiteId;
use super::sites::Sites;
use super::stream::Stream;
pub use super::texts::Text;
pub use super::texts::Texts;
use super::times::Scale;
use rustc_hash::FxHashMap;
use std::io::Read;

/// One line of the log, or several alike, as far as they are of use later.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Physical line, from 1.
    pub line: u32,
    /// Nanoseconds on the log's timeline; `i64::MIN` where the line has none.
    pub time: i64,
    /// How many lines it stands for: more than one only where a log was too long to keep each.
    pub count: u32,
    /// Which candidates; 0 for none. [`Log::candidates`] tells them.
    pub tie: u32,
    /// Values and columns: `data[first .. first + values + columns]`.
    pub(super) first: u32,
    pub(super) values: u8,
    pub(super) columns: u8,
    /// The level written.
    pub level: Option<Level>,
    /// It has a prefix of its own.
    pub prefixed: bool,
    /// The process, dense.
    pub process: u16,
    /// What the message is about.
    pub role: Option<Role>,
    /// The wait it announces, or the stall it reports, in milliseconds; 0 for none.
    pub wait: u32,
}

impl Record {
    /// The time, if there is one.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        (self.time != i64::MIN).then_some(self.time)
    }
}

/// Values with names have slots from here on.
pub const NAMED_VALUE: u16 = 0x1000;
/// The column of a file that the line names beside a line number.
pub const FILE_COLUMN: u16 = 0x7ffe;
/// The column of that line number.
pub const LINE_COLUMN: u16 = 0x7fff;

/// So many records are kept one by one: with their values and what triage makes of them about 100 bytes each, which leaves
/// room in 200 MB for the program. A longer log keeps what is rare and counts what is frequent.
pub const MOST_RECORDS: usize = 1 << 19;

/// A log read against a program's sites.
#[derive(Default)]
pub struct Log {
    /// The lines.
    pub records: Vec<Record>,
    ties: Ties,
    /// Kept texts.
    pub texts: Texts,
    pub(super) data: Vec<(u16, Text)>,
    processes: FxHashMap<u64, u16>,
    /// Physical lines.
    pub lines: u32,
    /// Lines cut for their length.
    pub cut: u64,
    /// Lines that are not text.
    pub garbled: u64,
    /// Lines whose time lay before the one above.
    pub backwards: u64,
    /// What its times count from.
    pub scale: Option<Scale>,
    /// The finest step of its times.
    pub resolution: Option<i64>,
    /// The first and the last time.
    pub span: Option<(i64, i64)>,
    /// How long the stretches are in which lines of one call were counted together, in nanoseconds or, without times, in
    /// lines; `None` where each line is kept.
    pub bucket: Option<i64>,
    clock: Clock,
    pub(super) groups: Option<Groups>,
}

impl Log {
    /// Reads a log to its end, keeping at most so many records.
    pub fn read(input: impl Read, sites: &Sites, matcher: &Matcher, most: usize) -> std::io::Result<Self> {
        let mut stream = Stream::new(sites, matcher, most);
        stream.read(input)?;
        Ok(stream.finish())
    }

    /// The sites that can have written a record's line: those that share the heaviest template it matches.
    #[must_use]
    pub fn candidates(&self, record: &Record) -> &[SiteId] {
        self.ties.all.get(record.tie as usize).map_or(&[], Vec::as_slice)
    }

    /// How many sets of sites lines come from.
    pub(super) fn n_ties(&self) -> usize {
        self.ties.all.len()
    }

    /// The values in a record's holes: the hole's index, or 256 and more for a named field.
    #[must_use]
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

    /// Takes the next stretch.
    pub(super) fn absorb(&mut self, section: &Section, sites: &Sites, matcher: &Matcher) {
        let ties = self.ties.of(&section.finds, sites, matcher);
        let processes: Vec<u16> = section.processes.iter().map(|it| self.process(*it)).collect();
        for (read, stamp) in section.records.iter().zip(&section.stamps) {
            let time = self.place(*stamp);
            let record = Record {
                line: read.line.saturating_add(self.lines),
                time: time.unwrap_or(i64::MIN),
                tie: ties[read.tie as usize],
                first: u32::try_from(self.data.len()).unwrap_or(u32::MAX),
                process: processes.get(usize::from(read.process)).copied().unwrap_or(u16::MAX),
                ..*read
            };
            if let Some(groups) = &mut self.groups
                && groups.count(&mut self.records, &record)
            {
                continue;
            }
            for (slot, text) in section.values.of(read) {
                self.data.push((slot, self.texts.keep(text)));
            }
            self.records.push(record);
        }
        self.lines = self.lines.saturating_add(section.lines);
        self.cut += section.cut;
        self.garbled += section.garbled;
        self.backwards = self.clock.backwards;
        self.scale = self.clock.scale();
        self.resolution = self.clock.resolution();
    }

    fn process(&mut self, name: u64) -> u16 {
        let next = u16::try_from(self.processes.len()).unwrap_or(u16::MAX);
        *self.processes.entry(name).or_insert(next)
    }

    fn place(&mut self, stamp: Stamp) -> Option<i64> {
        let time = match stamp {
            Stamp::None => return None,
            Stamp::Repeated => self.clock.repeat()?,
            Stamp::At(moment) => self.clock.place(moment),
        };
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        Some(time)
    }
}
