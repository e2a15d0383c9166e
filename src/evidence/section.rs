//! A stretch of a log, read on its own: what its lines say and which calls can have written them. Stretches are read side
//! by side and put together in order.

use super::level::Level;
use super::lines::LineParser;
use super::lines::LogLine;
use super::lines::Stamp;
use super::matching::Matcher;
use super::matching::PatternId;
use super::matching::Scratch;
use super::messages::TRACEBACK;
use super::pattern::Captures;
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
use super::sites::LogSite;
use super::sites::SiteId;
use super::sites::Sites;
use super::texts::Text;
use super::texts::Texts;
use rustc_hash::FxHashMap;

/// What reading needs to know of the program.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Its log sites.
    pub sites: &'a Sites,
    /// Their templates, indexed.
    pub matcher: &'a Matcher,
    /// Words that tell roles.
    pub roles: &'a Roles,
}

/// A stretch of a log; its lines, ties, texts and processes count from its own beginning.
#[derive(Default)]
pub struct Section {
    /// The lines.
    pub records: Vec<Record>,
    /// What each line says of its time.
    pub stamps: Vec<Stamp>,
    /// Sets of sites; the first one is empty.
    pub ties: Vec<Vec<SiteId>>,
    /// Kept texts.
    pub texts: Texts,
    /// Values and columns.
    pub data: Vec<(u16, Text)>,
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
    tie_ids: FxHashMap<Vec<SiteId>, u32>,
    by_pattern: FxHashMap<(PatternId, Option<Level>), u32>,
}

/// More values than this in one line are a dump.
const MAX_VALUES: usize = 16;

#[derive(Default)]
struct Working {
    scratch: Scratch,
    candidates: Vec<SiteId>,
    captures: Captures,
}

impl Section {
    /// Reads whole lines, whose prefixes are known.
    #[must_use]
    pub fn read(batch: &Batch, layouts: &[Layout], known: Known<'_>) -> Self {
        let scratch = std::cell::RefCell::new(Scratch::default());
        let oracle = |message: &[u8]| known.matcher.find(message.trim_ascii(), &mut scratch.borrow_mut()) as usize;
        let mut parser = LineParser::knowing(layouts.to_vec(), Some(&oracle));
        let mut section = Self {
            cut: batch.cut,
            ..Self::default()
        };
        section.ties.push(Vec::new());
        let mut working = Working::default();
        let mut each = |line: &LogLine| section.take(line, known, &mut working);
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

    fn take(&mut self, line: &LogLine, known: Known<'_>, working: &mut Working) {
        // A bare traceback belongs to the line above it, whoever wrote that.
        if line.message.is_empty() || (!line.prefixed && line.message == TRACEBACK.as_bytes()) {
            return;
        }
        known.matcher.find(&line.message, &mut working.scratch);
        let whole = !working.scratch.best().is_empty();
        if !whole {
            known.matcher.find_beginning(&line.message, &mut working.scratch);
        }
        let tie = self.tie_of(line.level, known, working);
        let first = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let values = self.keep_values(line, known.matcher, working);
        let columns = self.keep_columns(line);
        let process = self.process(line.process);
        let role = known.roles.of(&line.message);
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

    /// The set of sites that the patterns found belong to.
    fn tie_of(&mut self, level: Option<Level>, known: Known<'_>, working: &mut Working) -> u32 {
        let best = working.scratch.best();
        let [only] = best else {
            if best.is_empty() {
                return 0;
            }
            let sites = best.iter().flat_map(|it| known.matcher.sites(*it));
            working.candidates.clear();
            working.candidates.extend(sites);
            return self.tie(level, known, &mut working.candidates);
        };
        let key = (*only, level);
        if let Some(&id) = self.by_pattern.get(&key) {
            return id;
        }
        working.candidates.clear();
        working.candidates.extend_from_slice(known.matcher.sites(*only));
        let id = self.tie(level, known, &mut working.candidates);
        self.by_pattern.insert(key, id);
        id
    }

    fn tie(&mut self, level: Option<Level>, known: Known<'_>, candidates: &mut Vec<SiteId>) -> u32 {
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|it| level_fits(&known.sites.all[it.0 as usize], level));
        tie_id(&mut self.ties, &mut self.tie_ids, candidates)
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
            for (key, value) in named.chain(tail_pairs(&line.message).take(MAX_VALUES)) {
                let id = self.texts.keep(value);
                self.data.push((named_slot(key), id));
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

/// How many lines are not text: bytes that no encoding of a log gives, or that only files of other kinds have.
fn garbled(bytes: &[u8]) -> u64 {
    let is_text = |it: &[u8]| memchr::memchr(0, it).is_none() && std::str::from_utf8(it).is_ok();
    if is_text(bytes) {
        return 0;
    }
    let lines = bytes.split(|it| *it == b'\n');
    lines.map(|it| u64::from(!is_text(it))).sum()
}

/// The index of a set of sites, which is added if it is new; the empty set is the first.
pub(super) fn tie_id(ties: &mut Vec<Vec<SiteId>>, ids: &mut FxHashMap<Vec<SiteId>, u32>, candidates: &[SiteId]) -> u32 {
    if candidates.is_empty() {
        return 0;
    }
    if let Some(&id) = ids.get(candidates) {
        return id;
    }
    let id = u32::try_from(ties.len()).unwrap_or(0);
    ties.push(candidates.to_vec());
    ids.insert(candidates.to_vec(), id);
    id
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

/// A line's level and a call's method must agree where both are known.
fn level_fits(site: &LogSite, written: Option<Level>) -> bool {
    match (site.level, written) {
        (Some(site), Some(written)) => site == written,
        _ => true,
    }
}
