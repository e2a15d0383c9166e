//! Which templates a message can come from: buckets of leading text, and a look inside for templates that begin with a value.

use super::arena::Arena;
use super::beginnings::Beginnings;
use super::beginnings::Filter;
use super::beginnings::hash;
use super::inner::Inner;
use super::loggers::Sink;
use super::pattern::Captures;
use super::pattern::Pattern;
use super::sites::SiteId;
use super::sites::Sites;
use rustc_hash::FxHashMap;

/// Index of a pattern; several sites may share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// Text shorter than this says nothing: a template with no more is only told by what else the line says.
const MIN_WEIGHT: usize = 3;

/// All patterns of a program, indexed.
pub struct Matcher {
    patterns: Vec<Pattern>,
    sites: Vec<Vec<SiteId>>,
    weights: Vec<u32>,
    arena: Arena,
    /// Patterns without holes, by the hash of their text.
    constants: FxHashMap<u64, PatternId>,
    any_constant: Filter,
    beginnings: Beginnings,
    inner: Inner,
    /// The most text that a template has which begins with a value.
    inner_weight: u32,
    /// For each pattern whether only its values can show a template that begins with a value and weighs as much.
    closed: Vec<bool>,
}

/// Reused from message to message.
#[derive(Default)]
pub struct Scratch {
    /// The values of the pattern that is tried.
    tried: Captures,
    best: Vec<PatternId>,
    /// What the first of the best patterns has in its holes.
    captures: Captures,
    /// Parts of the message that the first of them leaves open.
    open: Vec<(usize, usize)>,
    /// The best patterns are only begun by the message.
    begun: bool,
    seen: Vec<PatternId>,
}

impl Scratch {
    /// The patterns that matched best, all equal in weight.
    #[must_use]
    pub fn best(&self) -> &[PatternId] {
        &self.best
    }

    /// The values that the message has in the holes of the first of them.
    #[must_use]
    pub fn captures(&self) -> &Captures {
        &self.captures
    }

    /// The first of them, if all of the message but these values is its text.
    #[must_use]
    pub fn whole(&self) -> Option<PatternId> {
        self.best.first().copied().filter(|_| !self.begun)
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
        let mut any_constant = Filter::default();
        let numbered = || (0..).map(PatternId).zip(&patterns);
        for (id, pattern) in numbered().filter(|it| it.1.is_constant()) {
            let hash = hash(pattern.head());
            any_constant.add(hash);
            constants.insert(hash, id);
        }
        let open = numbered().filter(|it| !it.1.is_constant());
        let (mut beginnings, rest) = Beginnings::new(open.map(|(id, it)| (id, weight_of(&weights, id), it.head())));
        for (_, pattern) in numbered().filter(|it| it.1.is_constant()) {
            beginnings.add_constant(pattern.head());
        }
        let mut inner = Inner::default();
        let mut inner_weight = 0;
        let common = commonness(&patterns);
        for id in rest {
            let literals = patterns[id.0 as usize].literals();
            if let Some(longest) = literals.max_by_key(|it| it.trim_ascii().len()) {
                let weight = weight_of(&weights, id);
                inner.add(id, weight, longest, |it| common[usize::from(it)]);
                inner_weight = inner_weight.max(weight);
            }
        }
        let closed = (0..).map(PatternId).zip(&patterns);
        let closed = closed
            .map(|(id, it)| is_closed(it, weight_of(&weights, id), &inner, &weights))
            .collect();
        Self {
            closed,
            inner,
            inner_weight,
            arena: Arena::new(&patterns),
            patterns,
            sites,
            weights,
            constants,
            any_constant,
            beginnings,
        }
    }

    /// Finds the patterns with the most literal text that `message` can come from. All that are equal are kept.
    pub fn find(&self, message: &[u8], scratch: &mut Scratch) -> u32 {
        scratch.best.clear();
        scratch.captures.clear();
        scratch.begun = false;
        if let Some(id) = self.constant(message) {
            scratch.best.push(id);
            return self.weights[id.0 as usize];
        }
        let mut weight = 0;
        for list in self.beginnings.lists(message) {
            for &(own, id) in list {
                if own < weight {
                    break;
                }
                weight = self.consider(id, own, message, weight, scratch);
            }
        }
        self.find_inner(message, weight, scratch)
    }

    /// The pattern that is this text.
    fn constant(&self, message: &[u8]) -> Option<PatternId> {
        if !self.beginnings.may_be_constant(message) {
            return None;
        }
        let hash = hash(message);
        if !self.any_constant.has(hash) {
            return None;
        }
        let found = self.constants.get(&hash).copied();
        found.filter(|it| self.arena.is_text(*it, message))
    }

    fn find_inner(&self, message: &[u8], mut weight: u32, scratch: &mut Scratch) -> u32 {
        if self.inner_weight < weight.max(1) {
            return weight;
        }
        let mut seen = std::mem::take(&mut scratch.seen);
        let mut open = std::mem::take(&mut scratch.open);
        seen.clear();
        open.clear();
        match scratch.best.first() {
            Some(first) if self.closed[first.0 as usize] => open.extend(scratch.captures.iter().copied()),
            _ => open.push((0, message.len())),
        }
        for &(start, end) in &open {
            // With what stands around it a value can show a text, too.
            let around = start.saturating_sub(REACH)..message.len().min(end + REACH);
            self.inner.each(&message[around], weight, |id| {
                let own = self.weights[id.0 as usize];
                if own >= weight && !seen.contains(&id) {
                    seen.push(id);
                    weight = self.consider(id, own, message, weight, scratch);
                }
                weight
            });
        }
        for &id in self.inner.always() {
            weight = self.consider(id, self.weights[id.0 as usize], message, weight, scratch);
        }
        (scratch.seen, scratch.open) = (seen, open);
        weight
    }

    /// Keeps the pattern if it matches and is at least as heavy as the best one.
    fn consider(&self, id: PatternId, own: u32, message: &[u8], weight: u32, scratch: &mut Scratch) -> u32 {
        if own < weight || !self.arena.matches(id, message, &mut scratch.tried) {
            return weight;
        }
        if own > weight {
            scratch.best.clear();
            std::mem::swap(&mut scratch.tried, &mut scratch.captures);
        }
        scratch.best.push(id);
        own
    }

    /// The patterns of which `message` can be the first of several lines.
    pub fn find_beginning(&self, message: &[u8], scratch: &mut Scratch) {
        /// The first line must prove as much as a whole message does that is rarely mistaken.
        const MIN_BEGINNING: usize = 10;
        scratch.best.clear();
        scratch.captures.clear();
        scratch.begun = true;
        let mut weight = MIN_BEGINNING;
        for &(_, id) in self.beginnings.lists(message).flatten() {
            match self.arena.begins(id, message) {
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

    /// The sites that share a pattern.
    #[must_use]
    pub fn sites(&self, id: PatternId) -> &[SiteId] {
        &self.sites[id.0 as usize]
    }

    /// The patterns, by their numbers.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
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

/// So many bytes around a value belong to texts that are looked for: one less than the longest.
const REACH: usize = super::inner::LONG - 1;

/// Whether the pattern's own texts hold none that an inner template of its weight is looked for by.
fn is_closed(pattern: &Pattern, weight: u32, inner: &Inner, weights: &[u32]) -> bool {
    let mut found = pattern.open_tail;
    for text in pattern.literals() {
        inner.each(text, weight, |id| {
            found |= weight_of(weights, id) >= weight;
            weight
        });
    }
    !found
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
