//! A log too long to keep line by line: what is rare stays, what is frequent is counted by call and stretch of time.

use super::records::Log;
use super::records::Record;
use super::texts::Text;
use rustc_hash::FxHashMap;

/// A call that wrote no more lines than this is not counted together: phases, totals and failures are told one by one.
/// Fewer where so many calls wrote that these alone would fill a quarter of the room.
const RARE: usize = 256;

/// Into so many stretches a log is cut at first; they double until the records are few enough.
const FINEST: i64 = 1 << 14;

/// What lines that may be counted together have in common: tie, process, level and role in one number.
type Kind = u64;

/// How a long log is counted from its first compaction on: a line that has its like in the same stretch needs no record of its
/// own, so that reading on costs no more rounds of compaction than the stretches double.
pub(super) struct Groups {
    /// For each tie whether its lines may be counted together.
    common: Vec<bool>,
    stretches: Stretches,
    /// The last stretch in which a kind was seen, and its record there.
    last: FxHashMap<Kind, (i64, usize)>,
}

/// The cut of the log's times, or of its lines, into stretches.
#[derive(Clone, Copy)]
struct Stretches {
    origin: i64,
    width: i64,
    timed: bool,
    now: i64,
    /// The last answer, and where its stretch begins: most lines are in the stretch of the one before.
    last: (i64, i64),
}

impl Stretches {
    /// The stretch of the next record.
    fn of(&mut self, record: &Record) -> i64 {
        self.now = record.time().unwrap_or(self.now);
        let at = if self.timed { self.now } else { i64::from(record.line) };
        if (0..self.width).contains(&at.saturating_sub(self.last.1)) {
            return self.last.0;
        }
        let stretch = at.saturating_sub(self.origin) / self.width;
        // What lies before the origin is rounded towards it, so those stretches begin elsewhere.
        if at >= self.origin {
            self.last = (stretch, self.origin.saturating_add(stretch.saturating_mul(self.width)));
        }
        stretch
    }
}

impl Groups {
    /// Counts a line with one before that is alike, if there is one in its stretch; else it has to be kept as the next record.
    pub(super) fn count(&mut self, records: &mut [Record], record: &Record) -> bool {
        let stretch = self.stretches.of(record);
        let Some(kind) = kind_of(record, &self.common) else {
            return false;
        };
        let next = (stretch, records.len());
        let last = self.last.entry(kind).or_insert(next);
        if last.0 == stretch
            && let Some(before) = records.get_mut(last.1)
        {
            add(before, record);
            return true;
        }
        *last = next;
        false
    }
}

impl Log {
    /// Halves the records if there are more than `most`.
    pub(super) fn compact(&mut self, most: usize) {
        if self.records.len() <= most {
            return;
        }
        let common = self.common(RARE.min(most / 4 / self.n_ties().max(1)));
        let spanned = self.span.map(|(first, last)| (first, last.saturating_sub(first)));
        let (origin, length) = spanned.unwrap_or((0, i64::from(self.lines)));
        let finest = self.bucket.unwrap_or(0).max(length / FINEST).max(1);
        let timed = self.span.is_some();
        let mut stretches = Stretches {
            origin,
            width: finest,
            timed,
            now: origin,
            last: (0, origin),
        };
        stretches.width = self.width(&common, stretches, length, most / 2);
        self.bucket = Some(stretches.width);
        self.merge(common, stretches);
        self.drop_unused();
    }

    /// For each tie whether it stands on more lines than `rare`.
    fn common(&self, rare: usize) -> Vec<bool> {
        let mut hits = vec![0usize; self.n_ties()];
        for record in &self.records {
            hits[record.tie as usize] += record.count as usize;
        }
        hits.iter().map(|it| *it > rare).collect()
    }

    /// The narrowest width, of that given, twice that, and so on, with which at most `most` records are left. Stretches twice
    /// as wide are the old ones in pairs, so one pass tells for every width how many records it leaves.
    fn width(&self, common: &[bool], mut finest: Stretches, length: i64, most: usize) -> i64 {
        let mut lasts: FxHashMap<Kind, i64> = FxHashMap::default();
        // How many records stay for good, and how many become one with the one before them after so many doublings.
        let mut left = 0usize;
        let mut joined = [0usize; 65];
        for record in &self.records {
            let stretch = finest.of(record);
            let before = kind_of(record, common).and_then(|it| lasts.insert(it, stretch));
            match before {
                Some(before) => joined[64 - (before ^ stretch).leading_zeros() as usize] += 1,
                None => left += 1,
            }
        }
        left += joined.iter().sum::<usize>();
        let mut width = finest.width;
        for merged in joined {
            left -= merged;
            if left <= most || width >= length {
                break;
            }
            width = width.saturating_mul(2);
        }
        width
    }

    /// Counts lines alike within a stretch at the place of the first of them.
    fn merge(&mut self, common: Vec<bool>, stretches: Stretches) {
        let mut groups = Groups {
            common,
            stretches,
            last: FxHashMap::default(),
        };
        let mut kept: Vec<Record> = Vec::new();
        for mut record in std::mem::take(&mut self.records) {
            if groups.count(&mut kept, &record) {
                continue;
            }
            if is_silent(&record) {
                record.values = 0;
            }
            kept.push(record);
        }
        self.groups = Some(groups);
        self.records = kept;
    }

    /// Lets go of the values of lines that are gone.
    fn drop_unused(&mut self) {
        let mut data: Vec<(u16, Text)> = Vec::new();
        for record in &mut self.records {
            let first = record.first as usize;
            let length = usize::from(record.values) + usize::from(record.columns);
            record.first = u32::try_from(data.len()).unwrap_or(u32::MAX);
            data.extend_from_slice(&self.data[first..first + length]);
        }
        self.data = data;
    }
}

/// Counts a line with one that is alike.
fn add(before: &mut Record, record: &Record) {
    before.count = before.count.saturating_add(record.count);
    before.wait = before.wait.max(record.wait);
}

/// With which lines a line may be counted together; `None` for one that is kept.
fn kind_of(record: &Record, common: &[bool]) -> Option<Kind> {
    let is_common = common.get(record.tie as usize).copied().unwrap_or(false);
    (is_common || is_silent(record)).then(|| {
        let level = record.level.map_or(0, |it| it as u64 + 1);
        let role = record.role.map_or(0, |it| it as u64 + 1);
        u64::from(record.tie) << 32 | u64::from(record.process) << 16 | level << 8 | role
    })
}

/// What no call wrote and no word marks is only counted, in a few places over the whole run.
fn is_silent(record: &Record) -> bool {
    record.tie == 0 && record.role.is_none()
}
