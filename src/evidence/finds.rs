//! From the patterns that a line matched to the calls that can have written it. Lines of few calls fill a log, so each answer
//! is worked out once.

use super::level::Level;
use super::matching::Matcher;
use super::matching::PatternId;
use super::sites::LogSite;
use super::sites::SiteId;
use super::sites::Sites;
use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hash;
use std::hash::Hasher;

/// What lines of a stretch matched: patterns equally good, and the level written beside.
#[derive(Default)]
pub struct Finds {
    all: Vec<Find>,
    patterns: Vec<PatternId>,
    by_key: FxHashMap<u64, u32>,
}

#[derive(Clone, Copy)]
struct Find {
    key: u64,
    level: Option<Level>,
    first: u32,
    length: u32,
}

impl Finds {
    /// The number of these patterns with this level, which are added if they are new; 0 for none.
    pub fn number(&mut self, patterns: &[PatternId], level: Option<Level>) -> u32 {
        if patterns.is_empty() {
            return 0;
        }
        let key = key_of(patterns, level);
        let next = u32::try_from(self.all.len() + 1).unwrap_or(0);
        let known = self.by_key.get(&key).copied();
        if let Some(number) = known
            && self.get(number) == Some((patterns, level))
        {
            return number;
        }
        self.all.push(Find {
            key,
            level,
            first: u32::try_from(self.patterns.len()).unwrap_or(u32::MAX),
            length: u32::try_from(patterns.len()).unwrap_or(u32::MAX),
        });
        self.patterns.extend_from_slice(patterns);
        self.by_key.insert(key, next);
        next
    }

    fn get(&self, number: u32) -> Option<(&[PatternId], Option<Level>)> {
        let find = self.all.get(number.checked_sub(1)? as usize)?;
        let patterns = self.patterns.get(find.first as usize..)?.get(..find.length as usize)?;
        Some((patterns, find.level))
    }
}

/// The sets of sites that lines of a log can come from.
#[derive(Default)]
pub(super) struct Ties {
    /// The sets; the first one is empty.
    pub all: Vec<Vec<SiteId>>,
    by_sites: FxHashMap<Vec<SiteId>, u32>,
    by_patterns: FxHashMap<u64, Known>,
}

/// What patterns with a level have turned out to be.
struct Known {
    patterns: Vec<PatternId>,
    level: Option<Level>,
    tie: u32,
}

impl Ties {
    /// For each number of a stretch's finds the set of sites.
    pub(super) fn of(&mut self, finds: &Finds, sites: &Sites, matcher: &Matcher) -> Vec<u32> {
        if self.all.is_empty() {
            self.all.push(Vec::new());
        }
        let mut ties = vec![0];
        for (find, number) in finds.all.iter().zip(1..) {
            let Some((patterns, level)) = finds.get(number) else {
                continue;
            };
            let known = self.by_patterns.get(&find.key);
            let known = known.filter(|it| it.patterns == patterns && it.level == level);
            let tie = known.map(|it| it.tie);
            ties.push(tie.unwrap_or_else(|| self.settle(find.key, patterns, level, sites, matcher)));
        }
        ties
    }

    fn settle(
        &mut self,
        key: u64,
        patterns: &[PatternId],
        level: Option<Level>,
        sites: &Sites,
        matcher: &Matcher,
    ) -> u32 {
        let mut candidates: Vec<SiteId> = patterns.iter().flat_map(|it| matcher.sites(*it)).copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|it| level_fits(&sites.all[it.0 as usize], level));
        let tie = self.number(candidates);
        let patterns = patterns.to_vec();
        self.by_patterns.insert(key, Known { patterns, level, tie });
        tie
    }

    /// The number of a set, which is added if it is new.
    fn number(&mut self, candidates: Vec<SiteId>) -> u32 {
        if candidates.is_empty() {
            return 0;
        }
        if let Some(&known) = self.by_sites.get(&candidates) {
            return known;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(0);
        self.all.push(candidates.clone());
        self.by_sites.insert(candidates, number);
        number
    }
}

fn key_of(patterns: &[PatternId], level: Option<Level>) -> u64 {
    let mut hasher = FxHasher::default();
    patterns.iter().for_each(|it| hasher.write_u32(it.0));
    level.hash(&mut hasher);
    hasher.finish()
}

/// A line's level and a call's method must agree where both are known.
fn level_fits(site: &LogSite, written: Option<Level>) -> bool {
    match (site.level, written) {
        (Some(site), Some(written)) => site == written,
        _ => true,
    }
}
