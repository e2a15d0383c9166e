//! Which of the candidate sites wrote a line: what the line says of itself first, then the company its values keep.

use super::columns::Columns;
use super::records::Log;
use super::records::Record;
use super::sites::LogSite;
use super::sites::SiteId;
use super::sites::Sites;
use super::sites::Source;
use super::texts::Text;
use super::texts::Texts;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

/// The answer for one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This call.
    Site(SiteId),
    /// One of so many calls.
    Open(u32),
    /// No call of this program.
    Nothing,
    /// Not asked for: the line is of an earlier run.
    Earlier,
}

/// The answers for all lines, in order.
#[must_use]
pub fn resolve(log: &Log, sites: &Sites, files: &[Source<'_>]) -> (Vec<Answer>, Columns) {
    let columns = Columns::learn(log, sites, files);
    let mut candidates = Vec::new();
    let mut known: FxHashMap<(u32, u64), Answer> = FxHashMap::default();
    let mut answers: Vec<Answer> = log
        .records
        .iter()
        .map(|record| {
            // Lines that say the same of their call have the same answer.
            let said = (record.tie, columns.said(log, record));
            *known.entry(said).or_insert_with(|| {
                fitting(log, record, sites, files, &columns, &mut candidates);
                match candidates.as_slice() {
                    [] => Answer::Nothing,
                    [only] => Answer::Site(*only),
                    several => Answer::Open(u32::try_from(several.len()).unwrap_or(u32::MAX)),
                }
            })
        })
        .collect();
    let scopes: Vec<[u64; 3]> = sites.all.iter().map(scopes).collect();
    let votes = Votes::count(log, &scopes, &answers);
    for (record, answer) in log.records.iter().zip(&mut answers) {
        if matches!(answer, Answer::Open(_)) {
            fitting(log, record, sites, files, &columns, &mut candidates);
            *answer = decided(log, record, &candidates, &votes);
        }
    }
    (answers, columns)
}

fn fitting(log: &Log, record: &Record, sites: &Sites, files: &[Source<'_>], columns: &Columns, into: &mut Vec<SiteId>) {
    let fits = |it: &SiteId| columns.fit(log, record, &sites.all[it.0 as usize], files);
    into.clear();
    into.extend(log.candidates(record).iter().copied().filter(fits));
}

/// How often a value was seen in a file and in a class, on lines whose site is certain.
struct Votes<'a> {
    scopes: &'a [[u64; 3]],
    by_scope: FxHashMap<(u64, Text), u32>,
    lines: FxHashMap<u64, u32>,
}

/// Values shorter than this, and plain numbers, occur everywhere.
const MIN_VALUE: usize = 3;

impl<'a> Votes<'a> {
    fn count(log: &Log, scopes: &'a [[u64; 3]], answers: &[Answer]) -> Self {
        let mut votes = Self {
            scopes,
            by_scope: FxHashMap::default(),
            lines: FxHashMap::default(),
        };
        let both = || log.records.iter().zip(answers);
        // Only the values of open lines will be asked for.
        let open = both().filter(|it| matches!(it.1, Answer::Open(_)));
        let asked: FxHashSet<Text> = open.flat_map(|it| telling(log, it.0)).collect();
        for (record, answer) in both() {
            let Answer::Site(only) = answer else {
                continue;
            };
            for scope in scopes[only.0 as usize] {
                *votes.lines.entry(scope).or_default() += 1;
                for text in telling(log, record).filter(|it| asked.contains(it)) {
                    *votes.by_scope.entry((scope, text)).or_default() += 1;
                }
            }
        }
        votes
    }

    /// The one candidate whose class wrote other lines, if the classes of all others wrote none: twins of a backend that is not in use.
    fn only_active(&self, candidates: &[SiteId], scope: usize) -> Option<SiteId> {
        /// So many lines show that the class is in use.
        const ENOUGH: u32 = 3;
        let lines = |it: &SiteId| self.lines.get(&self.scopes[it.0 as usize][scope]).copied().unwrap_or(0);
        let mut active = candidates.iter().filter(|it| lines(it) > 0);
        let only = active.next().filter(|it| lines(it) >= ENOUGH)?;
        active.next().is_none().then_some(*only)
    }

    /// How well a site's surroundings know the values of a line.
    fn affinity(&self, log: &Log, record: &Record, site: SiteId) -> f64 {
        /// A value seen often proves no more than one seen three times.
        const MOST: u32 = 3;
        let [class, file, _] = self.scopes[site.0 as usize];
        let mut score = 0.0;
        for text in telling(log, record) {
            let votes = |scope| f64::from(self.by_scope.get(&(scope, text)).copied().unwrap_or(0).min(MOST));
            score += votes(class) + votes(file) / 2.0;
        }
        score
    }
}

/// Index of the class among [`scopes`].
const CLASS: usize = 0;
/// Index of the function among [`scopes`].
const FUNCTION: usize = 2;

/// The class (or outermost function), the file, and the function of a site.
fn scopes(site: &LogSite) -> [u64; 3] {
    let first = site.qualname.split('.').next().unwrap_or_default();
    [
        hash(site.file, first) | 1 << 63,
        u64::from(site.file),
        hash(site.file, &site.qualname) & !(1 << 63) | 1 << 62,
    ]
}

fn hash(file: u32, name: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write_u32(file + 1);
    hasher.write(name.as_bytes());
    hasher.finish()
}

fn telling<'a>(log: &'a Log, record: &'a Record) -> impl Iterator<Item = Text> + 'a {
    let values = log
        .values(record)
        .iter()
        .map(|it| it.1)
        .filter(|it| *it != Texts::OTHER);
    values.filter(|it| {
        let text = log.texts.get(*it);
        text.len() >= MIN_VALUE && !text.iter().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'-'))
    })
}

/// The best of several candidates, if it stands out.
fn decided(log: &Log, record: &Record, candidates: &[SiteId], votes: &Votes<'_>) -> Answer {
    /// A lead of less than one sighting is chance.
    const MARGIN: f64 = 1.0;
    let mut scored: Vec<(f64, SiteId)> = candidates
        .iter()
        .map(|it| (votes.affinity(log, record, *it), *it))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let open = Answer::Open(u32::try_from(candidates.len()).unwrap_or(u32::MAX));
    match scored.as_slice() {
        [best, second, ..] if best.0 - second.0 >= MARGIN => Answer::Site(best.1),
        _ => {
            let by_class = votes.only_active(candidates, CLASS);
            by_class
                .or_else(|| votes.only_active(candidates, FUNCTION))
                .map_or(open, Answer::Site)
        }
    }
}
