//! A log too long to keep line by line: what is rare stays, what is frequent is counted by call and stretch of time.

use super::level::Level;
use super::records::Log;
use super::records::Record;
use super::roles::Role;
use super::texts::Text;
use rustc_hash::FxHashMap;

/// A call that wrote no more lines than this is not counted together: phases, totals and failures are told one by one.
/// Fewer where so many calls wrote that these alone would fill a quarter of the room.
const RARE: usize = 256;

/// Into so many stretches a log is cut at first; they double until the records are few enough.
const FINEST: i64 = 1 << 14;

/// What lines that may be counted together have in common.
type Kind = (u32, u16, Option<Level>, Option<Role>);

/// Lines that may be counted together, and the stretch they stand in.
type Alike = (Kind, i64);

impl Log {
    /// Halves the records if there are more than `most`.
    pub(super) fn compact(&mut self, most: usize) {
        if self.records.len() <= most {
            return;
        }
        let common = self.common(RARE.min(most / 4 / self.ties.len().max(1)));
        let timed = self.span.map(|(first, last)| (first, last.saturating_sub(first)));
        let (origin, length) = timed.unwrap_or((0, i64::from(self.lines)));
        let finest = self.bucket.unwrap_or(0).max(length / FINEST).max(1);
        let width = self.width(&common, origin, finest, length, timed.is_some(), most / 2);
        self.merge(&common, origin, width, timed.is_some());
        self.bucket = Some(width);
        self.drop_unused();
    }

    /// For each tie whether it stands on more lines than `rare`.
    fn common(&self, rare: usize) -> Vec<bool> {
        let mut hits = vec![0usize; self.ties.len()];
        for record in &self.records {
            hits[record.tie as usize] += record.count as usize;
        }
        hits.iter().map(|it| *it > rare).collect()
    }

    /// The narrowest of `finest`, twice that, and so on, with which at most `most` records are left. Stretches twice as wide
    /// are the old ones in pairs, so one pass tells for every width how many records it leaves.
    fn width(&self, common: &[bool], origin: i64, finest: i64, length: i64, timed: bool, most: usize) -> i64 {
        let mut lasts: FxHashMap<Kind, i64> = FxHashMap::default();
        // How many records stay for good, and how many become one with the one before them after so many doublings.
        let mut left = 0usize;
        let mut joined = [0usize; 65];
        let mut now = origin;
        for record in &self.records {
            now = record.time().unwrap_or(now);
            let at = if timed { now } else { i64::from(record.line) };
            let Some(kind) = kind_of(record, common) else {
                left += 1;
                continue;
            };
            let bucket = at.saturating_sub(origin) / finest;
            match lasts.insert(kind, bucket) {
                Some(before) => joined[64 - (before ^ bucket).leading_zeros() as usize] += 1,
                None => left += 1,
            }
        }
        left += joined.iter().sum::<usize>();
        let mut width = finest;
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
    fn merge(&mut self, common: &[bool], origin: i64, width: i64, timed: bool) {
        let mut firsts: FxHashMap<Alike, usize> = FxHashMap::default();
        let mut now = origin;
        let mut kept: Vec<Record> = Vec::new();
        for mut record in std::mem::take(&mut self.records) {
            now = record.time().unwrap_or(now);
            let at = if timed { now } else { i64::from(record.line) };
            let Some(kind) = kind_of(&record, common) else {
                kept.push(record);
                continue;
            };
            let alike: Alike = (kind, at.saturating_sub(origin) / width);
            let first = *firsts.entry(alike).or_insert(kept.len());
            if let Some(before) = kept.get_mut(first) {
                before.count = before.count.saturating_add(record.count);
                before.wait = before.wait.max(record.wait);
            } else {
                if is_silent(&record) {
                    record.values = 0;
                }
                kept.push(record);
            }
        }
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

/// With which lines a line may be counted together; `None` for one that is kept.
fn kind_of(record: &Record, common: &[bool]) -> Option<Kind> {
    (common[record.tie as usize] || is_silent(record)).then_some((
        record.tie,
        record.process,
        record.level,
        record.role,
    ))
}

/// What no call wrote and no word marks is only counted, in a few places over the whole run.
fn is_silent(record: &Record) -> bool {
    record.tie == 0 && record.role.is_none()
}
