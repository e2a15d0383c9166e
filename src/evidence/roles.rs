//! What a message says by its words alone, whoever wrote it: retries, limits, time-outs, stalls.

use aho_corasick::AhoCorasick;
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
    automaton: Option<AhoCorasick>,
    /// The bits of what the words begin with.
    beginnings: Vec<u64>,
}

/// Of each word so many bytes are looked for first: every word has them, and few lines have those of any word.
const BEGINNING: usize = 4;
/// A set of bits by the hash of these bytes: with this many, other bytes rarely fall on a word's, and 8 KiB stay in the first
/// cache.
const BITS: u32 = 16;

impl Default for Roles {
    fn default() -> Self {
        let words = WORDS.map(|it| it.0);
        let mut beginnings = vec![0; 1 << (BITS - 6)];
        for word in words {
            if let Some(first) = word.as_bytes().first_chunk() {
                let bit = bit(*first);
                beginnings[bit / 64] |= 1 << (bit % 64);
            }
        }
        Self {
            beginnings,
            automaton: AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok(),
        }
    }
}

impl Roles {
    /// The role of a message. A retry outranks the reason it gives, since the wait is its own.
    #[must_use]
    pub fn of(&self, message: &[u8]) -> Option<Role> {
        if !self.may_have_one(message) {
            return None;
        }
        let found = self
            .automaton
            .as_ref()?
            .find_overlapping_iter(message)
            .map(|it| WORDS[it.pattern().as_usize()].1);
        let mut best = None;
        for role in found {
            if role == Role::Retry {
                return Some(role);
            }
            best = best.max(Some(role));
        }
        best
    }

    /// Whether the first bytes of some word are in the message: most lines have none, and this costs less than the automaton.
    fn may_have_one(&self, message: &[u8]) -> bool {
        message.array_windows().any(|it| {
            let bit = bit(*it);
            self.beginnings[bit / 64] & (1 << (bit % 64)) != 0
        })
    }
}

/// The place of a beginning among the bits, the same for both cases of its letters: they differ in one bit, and other bytes
/// that fall together are only looked at in vain.
fn bit(beginning: [u8; BEGINNING]) -> usize {
    const LOWER: u32 = 0x2020_2020;
    ((u32::from_le_bytes(beginning) | LOWER).wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
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
