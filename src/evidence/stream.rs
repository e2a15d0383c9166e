//! Reading a log of any length: stretches of it side by side, put together in order.

use super::lines::LineParser;
use super::lines::Sample;
use super::matching::Matcher;
use super::matching::Scratch;
use super::prefix::Layout;
use super::reader::Batch;
use super::reader::Batcher;
use super::records::Log;
use super::roles::Roles;
use super::section::Known;
use super::section::Section;
use super::sites::Sites;
use rayon::prelude::*;
use std::io::Read;

/// So many stretches are read side by side. The number is fixed, so that the number of threads changes nothing: what one
/// round learns of the log's layouts is known in the round after the next.
const ROUND: usize = 8;

/// More layouts than this would make every strange line slow.
const MAX_LAYOUTS: usize = 12;

/// A log on its way.
pub struct Stream<'a> {
    sites: &'a Sites,
    matcher: &'a Matcher,
    roles: Roles,
    batcher: Batcher,
    layouts: Option<Vec<Layout>>,
    /// Whole lines from before the layouts were known.
    held: Batch,
    log: Log,
    most: usize,
}

impl<'a> Stream<'a> {
    /// A log of which at most `most` records are kept one by one.
    #[must_use]
    pub fn new(sites: &'a Sites, matcher: &'a Matcher, most: usize) -> Self {
        Self {
            sites,
            matcher,
            roles: Roles::knowing(matcher.patterns()),
            batcher: Batcher::default(),
            layouts: None,
            held: Batch::default(),
            log: Log::default(),
            most,
        }
    }

    /// Reads `input` to its end.
    ///
    /// # Errors
    /// An input that can't be read.
    pub fn read(&mut self, mut input: impl Read) -> std::io::Result<()> {
        let mut before: Vec<Section> = Vec::new();
        let mut ended = false;
        while !ended {
            let mut batches: Vec<Batch> = Vec::new();
            while batches.len() < ROUND && !ended {
                match self.batcher.next(&mut input)? {
                    Some(batch) => batches.extend(self.opened(batch)),
                    None => ended = true,
                }
            }
            before = self.round(&before, &batches);
        }
        self.absorb(&before);
        Ok(())
    }

    /// Takes the next bytes of a log that still grows.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some(batch) = self.batcher.take(bytes) {
            self.take(batch);
        }
    }

    /// Takes what has come of a last line without waiting for its ending.
    pub fn end_line(&mut self) {
        if let Some(batch) = self.batcher.finish() {
            self.take(batch);
        }
    }

    /// The log as it is now. A last line without its ending is not in it yet.
    pub fn look<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        if self.layouts.is_some() {
            return look(&self.log);
        }
        let mut log = Log::default();
        let section = Section::read(&self.held, &self.learned(&self.held), self.known());
        log.absorb(&section, self.sites, self.matcher);
        look(&log)
    }

    /// The whole log.
    #[must_use]
    pub fn finish(mut self) -> Log {
        self.end_line();
        self.open_held();
        self.log
    }

    fn take(&mut self, batch: Batch) {
        if let Some(batch) = self.opened(batch) {
            let section = Section::read(&batch, self.layouts.as_deref().unwrap_or_default(), self.known());
            self.absorb(&[section]);
        }
    }

    /// The batch, once the layouts are known; until then it is held back.
    fn opened(&mut self, batch: Batch) -> Option<Batch> {
        if self.layouts.is_some() {
            return Some(batch);
        }
        self.held.bytes.extend_from_slice(&batch.bytes);
        if !self.held.bytes.ends_with(b"\n") {
            self.held.bytes.push(b'\n');
        }
        self.held.cut += batch.cut;
        if Sample::of(&self.held.bytes).is_whole() {
            self.open_held();
        }
        None
    }

    fn open_held(&mut self) {
        if self.layouts.is_some() {
            return;
        }
        let held = std::mem::take(&mut self.held);
        let layouts = self.learned(&held);
        let section = Section::read(&held, &layouts, self.known());
        self.layouts = Some(layouts);
        self.absorb(&[section]);
    }

    fn learned(&self, batch: &Batch) -> Vec<Layout> {
        let scratch = std::cell::RefCell::new(Scratch::default());
        let oracle = |message: &[u8]| self.matcher.find(message.trim_ascii(), &mut scratch.borrow_mut()) as usize;
        LineParser::learn(&Sample::of(&batch.bytes), Some(&oracle))
    }

    fn known(&self) -> Known<'_> {
        Known {
            matcher: self.matcher,
            roles: &self.roles,
        }
    }

    /// Reads a round of stretches while those of the round before are put together.
    fn round(&mut self, before: &[Section], batches: &[Batch]) -> Vec<Section> {
        let layouts = self.layouts.clone().unwrap_or_default();
        let roles = std::mem::take(&mut self.roles);
        let known = Known {
            matcher: self.matcher,
            roles: &roles,
        };
        let (sections, ()) = rayon::join(
            || {
                let read = |it: &Batch| Section::read(it, &layouts, known);
                batches.par_iter().map(read).collect()
            },
            || self.absorb(before),
        );
        self.roles = roles;
        sections
    }

    fn absorb(&mut self, sections: &[Section]) {
        for section in sections {
            self.log.absorb(section, self.sites, self.matcher);
            self.log.compact(self.most);
            let known = self.layouts.get_or_insert_default();
            for layout in &section.layouts {
                if known.len() < MAX_LAYOUTS && !known.contains(layout) {
                    known.push(layout.clone());
                }
            }
        }
    }
}
