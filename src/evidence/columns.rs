//! What the columns of a prefix mean, learned from lines whose site is certain.

use super::records::FILE_COLUMN;
use super::records::LINE_COLUMN;
use super::records::Log;
use super::records::Record;
use super::sites::LogSite;
use super::sites::Sites;
use super::sites::Source;
use super::sites::module_name;
use super::sites::stem_of;
use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// What a column can say about the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// The logger's name.
    Logger,
    /// The function.
    Function,
    /// The file or module.
    File,
    /// The line.
    Line,
}

const MEANINGS: [Meaning; 4] = [Meaning::Logger, Meaning::Function, Meaning::File, Meaning::Line];

/// The columns whose meaning is known.
#[derive(Debug, Default)]
pub struct Columns {
    known: FxHashMap<u16, Meaning>,
    /// Lines whose own line number names no call of the matching template: the source is newer, or older, than the log.
    pub moved: usize,
}

/// More lines than this teach nothing new.
const MOST_LEARNED: usize = 1 << 16;

/// A column means what it agrees with on this share of the certain lines.
const AGREEMENT: f64 = 0.95;
/// ... and on at least so many lines.
const ENOUGH: usize = 3;

impl Columns {
    /// Learns from the lines that only one site can have written.
    #[must_use]
    pub fn learn(log: &Log, sites: &Sites, files: &[Source<'_>]) -> Self {
        let mut agree: FxHashMap<(u16, Meaning), (usize, usize)> = FxHashMap::default();
        let certain = log.records.iter().filter_map(|record| {
            if let [only] = log.candidates(record) {
                Some((record, *only))
            } else {
                None
            }
        });
        for (record, only) in certain.take(MOST_LEARNED) {
            let site = &sites.all[only.0 as usize];
            for &(column, text) in log.columns(record) {
                for meaning in MEANINGS {
                    if let Some(says) = says(meaning, log.texts.get(text), site, files) {
                        let counts = agree.entry((column, meaning)).or_default();
                        counts.0 += usize::from(says);
                        counts.1 += 1;
                    }
                }
            }
        }
        let mut pairs: Vec<((u16, Meaning), (usize, usize))> = agree.into_iter().collect();
        pairs.sort_unstable();
        let counts: FxHashMap<(u16, Meaning), (usize, usize)> = pairs.iter().copied().collect();
        let mut made = Self::default();
        let mut best: FxHashMap<u16, f64> = FxHashMap::default();
        for ((column, meaning), (yes, all)) in pairs {
            let share = yes as f64 / all as f64;
            if all >= ENOUGH && share >= AGREEMENT && best.get(&column).is_none_or(|it| share > *it) {
                best.insert(column, share);
                made.known.insert(column, meaning);
            }
        }
        // A file with a line number needs no learning, unless the lines say that the source has moved since.
        for (column, meaning) in [(FILE_COLUMN, Meaning::File), (LINE_COLUMN, Meaning::Line)] {
            let (yes, all) = counts.get(&(column, meaning)).copied().unwrap_or_default();
            if all < ENOUGH || yes as f64 >= AGREEMENT * all as f64 {
                made.known.insert(column, meaning);
            } else {
                made.known.remove(&column);
                made.moved = made.moved.max(all - yes);
            }
        }
        made
    }

    /// Whether what the line says of its call fits the site.
    #[must_use]
    pub fn fit(&self, log: &Log, record: &Record, site: &LogSite, files: &[Source<'_>]) -> bool {
        log.columns(record).iter().all(|&(column, text)| {
            let meaning = self.known.get(&column);
            meaning
                .and_then(|it| says(*it, log.texts.get(text), site, files))
                .unwrap_or(true)
        })
    }

    /// What the line says of its call in the columns that are understood, as one number.
    #[must_use]
    pub fn said(&self, log: &Log, record: &Record) -> u64 {
        let mut hasher = FxHasher::default();
        for &(column, text) in log.columns(record) {
            if self.known.contains_key(&column) {
                hasher.write_u64(u64::from(column) << 32 | u64::from(text.0));
            }
        }
        hasher.finish()
    }

    /// Whether any column's meaning is known.
    #[must_use]
    pub fn any(&self) -> bool {
        self.known.len() > 2
    }
}

/// Whether a column's text is what the site would write there; `None` where the site doesn't say.
fn says(meaning: Meaning, text: &[u8], site: &LogSite, files: &[Source<'_>]) -> Option<bool> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_matches(['"', '\'']);
    let path = files.get(site.file as usize)?.path;
    Some(match meaning {
        Meaning::Logger => {
            let name = site.logger.as_deref()?;
            // A module's name may be written from another root, or as `__main__`.
            text == name || (text == "__main__") || (name.contains('.') && ends_with_part(name, text))
        }
        Meaning::Function => {
            let last = site.qualname.rsplit('.').next()?;
            text == last || text == site.qualname
        }
        Meaning::File => {
            let base = path.rsplit('/').next()?;
            let tail = text.rsplit(['/', '\\']).next()?;
            tail == base || text == stem_of(path) || ends_with_part(&module_name(path), text) || text == "__main__"
        }
        Meaning::Line => {
            let line: u32 = text.parse().ok()?;
            (site.line..=site.end_line).contains(&line)
        }
    })
}

fn ends_with_part(name: &str, tail: &str) -> bool {
    !tail.is_empty()
        && name
            .strip_suffix(tail)
            .is_some_and(|it| it.is_empty() || it.ends_with('.'))
}
