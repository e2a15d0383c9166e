//! Which templates a message can come from: buckets of leading text, and a look inside for templates that begin with a value.

use super::inner::Inner;
use super::loggers::Sink;
use super::pattern::Captures;
use super::pattern::Pattern;
use super::sites::SiteId;
use super::sites::Sites;
use rustc_hash::FxHashMap;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Index of a pattern; several sites may share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// Lengths of leading text that have a bucket each. Long keys keep frequent beginnings (`Failed to `) from filling one bucket.
const KEYS: [usize; 4] = [24, 12, 8, 4];

/// Text shorter than this says nothing: a template with no more is only told by what else the line says.
const MIN_WEIGHT: usize = 3;

/// All patterns of a program, indexed.
pub struct Matcher {
    patterns: Vec<Pattern>,
    sites: Vec<Vec<SiteId>>,
    weights: Vec<u32>,
    constants: FxHashMap<Vec<u8>, PatternId>,
    buckets: [FxHashMap<u64, Vec<PatternId>>; KEYS.len()],
    inner: Inner,
    /// The most text that a template has which begins with a value.
    inner_weight: u32,
}

/// Reused from message to message.
#[derive(Default)]
pub struct Scratch {
    captures: Captures,
    best: Vec<PatternId>,
    seen: Vec<PatternId>,
}

impl Scratch {
    /// The patterns that matched best, all equal in weight.
    #[must_use]
    pub fn best(&self) -> &[PatternId] {
        &self.best
    }
}

impl Matcher {
    /// Indexes the templates of all sites.
    #[must_use]
    pub fn new(sites: &Sites) -> Self {
        let mut owners: FxHashMap<Pattern, Vec<SiteId>> = FxHashMap::default();
        for (id, site) in (0..).map(SiteId).zip(&sites.all) {
            let open_tail = site.sink == Sink::Structlog;
            for template in &site.templates {
                let pattern = Pattern::new(template, open_tail);
                if pattern.weight() >= MIN_WEIGHT || pattern.is_constant() {
                    let list = owners.entry(pattern).or_default();
                    if list.last() != Some(&id) {
                        list.push(id);
                    }
                }
            }
        }
        let mut owners: Vec<(Pattern, Vec<SiteId>)> = owners.into_iter().collect();
        owners.sort_unstable();
        let (patterns, sites): (Vec<Pattern>, Vec<Vec<SiteId>>) = owners.into_iter().unzip();
        Self::indexed(patterns, sites)
    }

    fn indexed(patterns: Vec<Pattern>, sites: Vec<Vec<SiteId>>) -> Self {
        let weights: Vec<u32> = patterns
            .iter()
            .map(|it| u32::try_from(it.weight()).unwrap_or(u32::MAX))
            .collect();
        let mut constants = FxHashMap::default();
        let mut buckets: [FxHashMap<u64, Vec<PatternId>>; KEYS.len()] = Default::default();
        let mut inner = Inner::default();
        let mut inner_weight = 0;
        let common = commonness(&patterns);
        for (id, pattern) in (0..).map(PatternId).zip(&patterns) {
            let head = pattern.head();
            if pattern.is_constant() {
                constants.insert(head.to_vec(), id);
            } else if let Some(slot) = KEYS.iter().position(|it| *it <= head.len()) {
                buckets[slot].entry(hash(&head[..KEYS[slot]])).or_default().push(id);
            } else if let Some(longest) = pattern.literals().max_by_key(|it| it.trim_ascii().len()) {
                let weight = weight_of(&weights, id);
                inner.add(id, weight, longest, |it| common[usize::from(it)]);
                inner_weight = inner_weight.max(weight);
            }
        }
        Self {
            inner,
            inner_weight,
            patterns,
            sites,
            weights,
            constants,
            buckets,
        }
    }

    /// Finds the patterns with the most literal text that `message` can come from. All that are equal are kept.
    pub fn find(&self, message: &[u8], scratch: &mut Scratch) -> u32 {
        scratch.best.clear();
        if let Some(&id) = self.constants.get(message) {
            scratch.best.push(id);
            return self.weights[id.0 as usize];
        }
        let mut weight = 0;
        for (slot, &length) in KEYS.iter().enumerate() {
            let Some(head) = message.get(..length) else {
                continue;
            };
            for &id in self.buckets[slot].get(&hash(head)).map_or(&[][..], Vec::as_slice) {
                weight = self.consider(id, message, weight, scratch);
            }
        }
        self.find_inner(message, weight, scratch)
    }

    fn find_inner(&self, message: &[u8], mut weight: u32, scratch: &mut Scratch) -> u32 {
        if self.inner_weight < weight.max(1) {
            return weight;
        }
        let mut seen = std::mem::take(&mut scratch.seen);
        seen.clear();
        self.inner.each(message, weight, |id| {
            if self.weights[id.0 as usize] >= weight && !seen.contains(&id) {
                seen.push(id);
                weight = self.consider(id, message, weight, scratch);
            }
            weight
        });
        scratch.seen = seen;
        weight
    }

    /// Keeps the pattern if it matches and is at least as heavy as the best one.
    fn consider(&self, id: PatternId, message: &[u8], weight: u32, scratch: &mut Scratch) -> u32 {
        let own = self.weights[id.0 as usize];
        if own < weight || !self.patterns[id.0 as usize].matches(message, &mut scratch.captures) {
            return weight;
        }
        if own > weight {
            scratch.best.clear();
        }
        scratch.best.push(id);
        own
    }

    /// The patterns of which `message` can be the first of several lines.
    pub fn find_beginning(&self, message: &[u8], scratch: &mut Scratch) {
        /// The first line must prove as much as a whole message does that is rarely mistaken.
        const MIN_BEGINNING: usize = 10;
        scratch.best.clear();
        let mut weight = MIN_BEGINNING;
        for (slot, &length) in KEYS.iter().enumerate() {
            let Some(head) = message.get(..length) else {
                continue;
            };
            for &id in self.buckets[slot].get(&hash(head)).map_or(&[][..], Vec::as_slice) {
                match self.patterns[id.0 as usize].begins(message) {
                    Some(own) if own > weight => {
                        weight = own;
                        scratch.best.clear();
                        scratch.best.push(id);
                    }
                    Some(own) if own == weight => scratch.best.push(id),
                    _ => {}
                }
            }
        }
    }

    /// The values that `message` has in this pattern's holes.
    pub fn captures(&self, id: PatternId, message: &[u8], captures: &mut Captures) {
        if !self.patterns[id.0 as usize].matches(message, captures) {
            captures.clear();
        }
    }

    /// The sites that share a pattern.
    #[must_use]
    pub fn sites(&self, id: PatternId) -> &[SiteId] {
        &self.sites[id.0 as usize]
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether no site has a template.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

fn weight_of(weights: &[u32], id: PatternId) -> u32 {
    weights.get(id.0 as usize).copied().unwrap_or(0)
}

/// How often each byte stands in the templates: what is common in them is common in the messages.
fn commonness(patterns: &[Pattern]) -> [u32; 256] {
    let mut counts = [0; 256];
    for byte in patterns.iter().flat_map(Pattern::literals).flatten() {
        counts[usize::from(*byte)] += 1;
    }
    counts
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
