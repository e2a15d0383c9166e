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

/// Lines that may be counted together, and the stretch they stand in.
type Alike = (u32, u16, Option<Level>, Option<Role>, i64);

impl Log {
    /// Halves the records if there are more than `most`.
    pub(super) fn compact(&mut self, most: usize) {
        if self.records.len() <= most {
            return;
        }
        let common = self.common(RARE.min(most / 4 / self.ties.len().max(1)));
        let timed = self.span.map(|(first, last)| (first, last.saturating_sub(first)));
        let (origin, length) = timed.unwrap_or((0, i64::from(self.lines)));
        let mut width = self.bucket.unwrap_or(0).max(length / FINEST).max(1);
        loop {
            self.merge(&common, origin, width, timed.is_some());
            if self.records.len() <= most / 2 || width >= length {
                break;
            }
            width = width.saturating_mul(2);
        }
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

    /// Counts lines alike within a stretch at the place of the first of them.
    fn merge(&mut self, common: &[bool], origin: i64, width: i64, timed: bool) {
        let mut firsts: FxHashMap<Alike, usize> = FxHashMap::default();
        let mut now = origin;
        let mut kept: Vec<Record> = Vec::new();
        for mut record in std::mem::take(&mut self.records) {
            now = record.time().unwrap_or(now);
            let at = if timed { now } else { i64::from(record.line) };
            // What no call wrote and no word marks is only counted, in a few places over the whole run.
            let silent = record.tie == 0 && record.role.is_none();
            if !common[record.tie as usize] && !silent {
                kept.push(record);
                continue;
            }
            let bucket = at.saturating_sub(origin) / width;
            let alike = (record.tie, record.process, record.level, record.role, bucket);
            let first = *firsts.entry(alike).or_insert(kept.len());
            if let Some(before) = kept.get_mut(first) {
                before.count = before.count.saturating_add(record.count);
                before.wait = before.wait.max(record.wait);
            } else {
                if silent {
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
