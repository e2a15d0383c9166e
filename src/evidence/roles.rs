//! What a message says by its words alone, whoever wrote it: retries, limits, time-outs, stalls.

use super::matching::PatternId;
use super::pattern::Captures;
use super::pattern::Pattern;
use serde::Serialize;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// asyncio's debug mode: a callback held the loop.
    SlowCallback,
    /// The other side asked for less.
    RateLimit,
    /// Something is tried again.
    Retry,
    /// A wait ended without an answer.
    Timeout,
    /// The connections of a pool were used up; a time-out that says so tells more than one that doesn't.
    PoolFull,
    /// A session or task that nobody closed or kept.
    Leak,
}

/// Words of libraries and of people, lower case. The wording of libraries drifts, so each is as short as it can be.
const WORDS: [(&str, Role); 39] = [
    ("executing <task", Role::SlowCallback),
    ("executing <handle", Role::SlowCallback),
    ("event loop blocked", Role::SlowCallback),
    ("blocking call to ", Role::SlowCallback),
    ("connection pool is full", Role::PoolFull),
    ("pooltimeout", Role::PoolFull),
    ("pool timeout", Role::PoolFull),
    ("queuepool limit", Role::PoolFull),
    ("too many requests", Role::RateLimit),
    ("rate limit", Role::RateLimit),
    ("ratelimit", Role::RateLimit),
    ("got 429", Role::RateLimit),
    (" 429 ", Role::RateLimit),
    ("code: 429", Role::RateLimit),
    ("throttl", Role::RateLimit),
    ("by quota", Role::RateLimit),
    ("retrying", Role::Retry),
    ("retry ", Role::Retry),
    ("backing off", Role::Retry),
    ("backoff", Role::Retry),
    ("attempt ", Role::Retry),
    ("trying again", Role::Retry),
    ("giving up ", Role::Retry),
    ("nd time calling it", Role::Retry),
    ("rd time calling it", Role::Retry),
    ("th time calling it", Role::Retry),
    ("try again", Role::Retry),
    ("next try", Role::Retry),
    ("next attempt", Role::Retry),
    ("re-try", Role::Retry),
    ("reattempt", Role::Retry),
    ("timed out", Role::Timeout),
    ("timeout", Role::Timeout),
    ("was never awaited", Role::Leak),
    ("unclosed client session", Role::Leak),
    ("unclosed connector", Role::Leak),
    ("destroyed but it is pending", Role::Leak),
    ("task exception was never retrieved", Role::Leak),
    ("future exception was never retrieved", Role::Leak),
];

/// Finds roles.
pub struct Roles {
    /// The bits of what the words begin with.
    beginnings: Vec<u64>,
    /// What each word begins with.
    words: Vec<(u32, &'static str, Role)>,
    /// What the texts of each pattern say.
    patterns: Vec<Said>,
}

/// What a pattern's own texts say of the role of its messages.
#[derive(Clone, Copy)]
enum Said {
    /// This, and no word begins in them that its values could end.
    All(Option<Role>),
    /// A word begins in them.
    Open,
}

/// Of each word so many bytes are looked for first: every word has them, and few lines have those of any word.
const BEGINNING: usize = 4;
/// A set of bits by the hash of these bytes: with this many, other bytes rarely fall on a word's, and 8 KiB stay in the first
/// cache.
const BITS: u32 = 16;

impl Default for Roles {
    fn default() -> Self {
        let mut beginnings = vec![0; 1 << (BITS - 6)];
        let mut words = Vec::new();
        for (word, role) in WORDS {
            if let Some(first) = word.as_bytes().first_chunk() {
                let beginning = folded(*first);
                let bit = bit(beginning);
                beginnings[bit / 64] |= 1 << (bit % 64);
                words.push((beginning, word, role));
            }
        }
        Self {
            beginnings,
            words,
            patterns: Vec::new(),
        }
    }
}

impl Roles {
    /// Roles of messages of these patterns, whose own texts need to be looked through only once.
    #[must_use]
    pub fn knowing(patterns: &[Pattern]) -> Self {
        let mut made = Self::default();
        made.patterns = patterns.iter().map(|it| made.said(it)).collect();
        made
    }

    fn said(&self, pattern: &Pattern) -> Said {
        let mut best = None;
        for text in pattern.literals() {
            let rests = (0..text.len()).map(|it| &text[it..]);
            if pattern.open_tail || rests.clone().any(|it| self.begins_word(it)) {
                return Said::Open;
            }
            best = stronger(best, self.within(text, 0..text.len()));
        }
        Said::All(best)
    }

    /// Whether `text` is the beginning of a word and not all of it.
    fn begins_word(&self, text: &[u8]) -> bool {
        let begun = |it: &str| {
            it.as_bytes()
                .get(..text.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(text))
        };
        text.len() >= BEGINNING && self.words.iter().any(|it| it.1.len() > text.len() && begun(it.1))
    }

    /// The role of a message. A retry outranks the reason it gives, since the wait is its own.
    #[must_use]
    pub fn of(&self, message: &[u8]) -> Option<Role> {
        self.within(message, 0..message.len())
    }

    /// The role of a message of this pattern with these values.
    #[must_use]
    pub fn of_pattern(&self, message: &[u8], pattern: PatternId, values: &Captures) -> Option<Role> {
        let Some(Said::All(said)) = self.patterns.get(pattern.0 as usize) else {
            return self.of(message);
        };
        // The last bytes before a value can begin a word with it.
        let around = |it: &(usize, usize)| it.0.saturating_sub(BEGINNING - 1)..it.1;
        let found = values.iter().map(|it| self.within(message, around(it)));
        found.fold(*said, stronger)
    }

    /// The role that words give which begin in this part of the message.
    fn within(&self, message: &[u8], part: std::ops::Range<usize>) -> Option<Role> {
        let mut best = None;
        let firsts = message[part.start..].array_windows().take(part.len());
        for (first, at) in firsts.zip(part.start..) {
            let beginning = folded(*first);
            let bit = bit(beginning);
            if self.beginnings[bit / 64] & (1 << (bit % 64)) != 0 {
                best = stronger(best, self.word(beginning, &message[at..]));
            }
        }
        best
    }

    /// The role of the word at the start of `text`.
    fn word(&self, beginning: u32, text: &[u8]) -> Option<Role> {
        let is_here = |word: &str| {
            let here = text.get(..word.len());
            here.is_some_and(|it| it.eq_ignore_ascii_case(word.as_bytes()))
        };
        let words = self.words.iter().filter(|it| it.0 == beginning);
        words
            .filter(|it| is_here(it.1))
            .map(|it| Some(it.2))
            .fold(None, stronger)
    }
}

fn stronger(a: Option<Role>, b: Option<Role>) -> Option<Role> {
    if a == Some(Role::Retry) {
        a
    } else if b == Some(Role::Retry) {
        b
    } else {
        a.max(b)
    }
}

/// A beginning in a form that both cases of its letters share: they differ in one bit, and other bytes that fall together are
/// only looked at in vain.
#[inline]
fn folded(beginning: [u8; BEGINNING]) -> u32 {
    const LOWER: u32 = 0x2020_2020;
    u32::from_le_bytes(beginning) | LOWER
}

/// The place of a beginning among the bits.
#[inline]
fn bit(beginning: u32) -> usize {
    (beginning.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

/// The wait that a message announces, in seconds: the last number before a unit of time (`in 0.43 seconds`, `waiting 1s`).
#[must_use]
pub fn announced_wait(message: &[u8]) -> Option<f64> {
    /// A longer wait is a deadline, not a back-off.
    const LONGEST: f64 = 600.0;
    let text = std::str::from_utf8(message).ok()?;
    let mut found = None;
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let number = &rest[start..];
        let length = number
            .find(|it: char| !it.is_ascii_digit() && it != '.')
            .unwrap_or(number.len());
        let after = number[length..].trim_start();
        let unit = after
            .split(|it: char| !it.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        let scale = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "ms" | "milliseconds" => 0.001,
            _ => 0.0,
        };
        if scale > 0.0
            && let Ok(value) = number[..length].trim_end_matches('.').parse::<f64>()
        {
            found = Some(value * scale).filter(|it| *it <= LONGEST).or(found);
        }
        rest = &number[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_roles() {
        let roles = Roles::default();
        let role = |text: &str| roles.of(text.as_bytes());
        assert_eq!(
            role("HTTP Request: POST http://x \"HTTP/1.1 429 Too Many Requests\""),
            Some(Role::RateLimit)
        );
        assert_eq!(
            role("Retrying request in 0.487580 seconds (retry 1 of 3)"),
            Some(Role::Retry)
        );
        assert_eq!(
            role("Executing <Task finished name='x'> took 0.254 seconds"),
            Some(Role::SlowCallback)
        );
        assert_eq!(role("fetched 3 documents"), None);
    }

    #[test]
    fn libraries_are_known_by_their_own_words() {
        let roles = Roles::default();
        for (text, role) in [
            (
                "Executing <Handle sleep(0.15) created at F:21> took 0.150 seconds",
                Role::SlowCallback,
            ),
            ("Event loop blocked for 0.100s (threshold: 0.100s)", Role::SlowCallback),
            (
                "blockbuster.blockbuster.BlockingError: Blocking call to time.sleep",
                Role::SlowCallback,
            ),
            ("F:23: RuntimeWarning: coroutine 'never' was never awaited", Role::Leak),
            ("Task exception was never retrieved", Role::Leak),
            ("Task was destroyed but it is pending!", Role::Leak),
            ("Unclosed client session", Role::Leak),
            ("Unclosed connector", Role::Leak),
            (
                "Connection pool is full, discarding connection: 127.0.0.1. Connection pool size: 10",
                Role::PoolFull,
            ),
            ("httpx.PoolTimeout", Role::PoolFull),
            ("httpx.ReadTimeout", Role::Timeout),
            (
                "HTTP Request: POST http://x/chat \"HTTP/1.1 429 Too Many Requests\"",
                Role::RateLimit,
            ),
            ("Retrying request to /chat/completions in 0.435545 seconds", Role::Retry),
            (
                "Retrying __main__.Client.method in 0.05 seconds as it raised HTTPStatusError: ...",
                Role::Retry,
            ),
            (
                "Finished call to '__main__.ten' after 0.238(s), this was the 2nd time calling it.",
                Role::Retry,
            ),
            ("Backing off bo(...) for 0.1s (httpx.HTTPStatusError: ...)", Role::Retry),
            (
                "Giving up bo(...) after 2 tries (httpx.HTTPStatusError: ...)",
                Role::Retry,
            ),
        ] {
            assert_eq!(roles.of(text.as_bytes()), Some(role), "{text}");
        }
        // A first call is no retry.
        assert_eq!(
            roles.of(b"Finished call to 'x' after 0.2(s), this was the 1st time calling it."),
            None
        );
    }

    #[test]
    fn every_word_is_found_in_both_cases() {
        let roles = Roles::default();
        for (word, _) in WORDS {
            assert!(word.len() >= BEGINNING, "{word}");
            for text in [word.to_owned(), word.to_uppercase()] {
                assert!(roles.of(format!("x{text}").as_bytes()).is_some(), "{text}");
            }
        }
    }

    #[test]
    fn waits_are_read() {
        assert_eq!(
            announced_wait(b"Retrying request in 0.5 seconds (retry 1 of 3)"),
            Some(0.5)
        );
        assert_eq!(announced_wait(b"attempt 1, waiting 2s"), Some(2.0));
        assert_eq!(announced_wait(b"attempt 1/3"), None);
    }
}
