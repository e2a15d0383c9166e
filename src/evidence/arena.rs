//! The patterns of a program laid out one behind the other: comparing one with a message reads one stretch of memory.

use super::matching::PatternId;
use super::pattern::Captures;
use super::pattern::Pattern;
use super::pattern::Piece;
use super::template::Class;
use memchr::memchr;

/// Patterns by their numbers.
#[derive(Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    all: Vec<Laid>,
}

/// Where a pattern lies.
#[derive(Clone, Copy)]
struct Laid {
    start: u32,
    end: u32,
    open_tail: bool,
    /// It ends with a literal of so many bytes, which are the last ones here.
    last: u32,
}

/// A piece as it is read.
enum Step<'a> {
    Literal(&'a [u8]),
    Hole(Class),
}

/// The marks before the pieces.
const LITERAL: u8 = 0;
const ANY: u8 = 1;
const INT: u8 = 2;
const NUMBER: u8 = 3;
/// Bytes of a literal's length.
const LENGTH: usize = 4;

impl Arena {
    /// Lays out the patterns.
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut made = Self::default();
        patterns.iter().for_each(|it| made.add(it));
        made
    }

    fn add(&mut self, pattern: &Pattern) {
        let place = |bytes: &Vec<u8>| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let start = place(&self.bytes);
        let mut last = 0;
        for piece in &pattern.pieces {
            last = 0;
            match piece {
                Piece::Literal(text) => {
                    last = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    self.bytes.push(LITERAL);
                    self.bytes.extend_from_slice(&last.to_le_bytes());
                    self.bytes.extend_from_slice(text);
                }
                Piece::Hole(Class::Any) => self.bytes.push(ANY),
                Piece::Hole(Class::Int) => self.bytes.push(INT),
                Piece::Hole(Class::Number) => self.bytes.push(NUMBER),
            }
        }
        self.all.push(Laid {
            start,
            end: place(&self.bytes),
            open_tail: pattern.open_tail,
            last,
        });
    }

    /// Whether the pattern is this text and nothing else.
    pub(super) fn is_text(&self, id: PatternId, text: &[u8]) -> bool {
        let (laid, rest) = self.get(id);
        laid.last as usize == text.len() && rest.len() == 1 + LENGTH + text.len() && rest.ends_with(text)
    }

    fn get(&self, id: PatternId) -> (Laid, &[u8]) {
        let laid = self.all[id.0 as usize];
        (laid, &self.bytes[laid.start as usize..laid.end as usize])
    }

    /// Whether `message` can be written by this pattern; its values go to `captures`.
    pub(super) fn matches(&self, id: PatternId, message: &[u8], captures: &mut Captures) -> bool {
        captures.clear();
        let (laid, mut pieces) = self.get(id);
        // Most messages that are not of the pattern end otherwise.
        let ending = &pieces[pieces.len() - laid.last as usize..];
        if !laid.open_tail && !message.ends_with(ending) {
            return false;
        }
        let mut at = 0;
        let mut open: Option<Class> = None;
        while let Some(step) = next(&mut pieces) {
            let literal = match step {
                Step::Hole(class) => {
                    open = Some(class);
                    continue;
                }
                Step::Literal(literal) => literal,
            };
            let rest = &message[at..];
            let is_last = pieces.is_empty() && !laid.open_tail;
            let Some(found) = place(rest, literal, open.is_some(), is_last) else {
                return false;
            };
            if let Some(class) = open.take() {
                if !fits(class, &rest[..found]) {
                    return false;
                }
                captures.push((at, at + found));
            }
            at += found + literal.len();
        }
        if let Some(class) = open {
            captures.push((at, message.len()));
            return fits(class, &message[at..]);
        }
        at == message.len() || (laid.open_tail && is_tail(&message[at..]))
    }

    /// Whether `message` is the first line of what this pattern writes, its last literals on lines that follow.
    pub(super) fn begins(&self, id: PatternId, message: &[u8]) -> Option<usize> {
        let (_, mut pieces) = self.get(id);
        let mut at = 0;
        let mut weight = 0;
        let mut open = false;
        while let Some(step) = next(&mut pieces) {
            let Step::Literal(literal) = step else {
                open = true;
                continue;
            };
            let Some(found) = place(&message[at..], literal, open, false) else {
                return (open && weight > 0).then_some(weight);
            };
            weight += literal.iter().filter(|it| !it.is_ascii_whitespace()).count();
            at += found + literal.len();
            open = false;
        }
        None
    }
}

/// Takes the next piece off.
#[inline]
fn next<'a>(pieces: &mut &'a [u8]) -> Option<Step<'a>> {
    let (&mark, rest) = pieces.split_first()?;
    let class = match mark {
        LITERAL => {
            let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
            let (literal, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            *pieces = rest;
            return Some(Step::Literal(literal));
        }
        INT => Class::Int,
        NUMBER => Class::Number,
        _ => Class::Any,
    };
    *pieces = rest;
    Some(Step::Hole(class))
}

/// Where the literal stands: at the start, after a hole at the first place, or at the very end.
fn place(rest: &[u8], literal: &[u8], after_hole: bool, is_last: bool) -> Option<usize> {
    if !after_hole {
        return rest.starts_with(literal).then_some(0);
    }
    if is_last {
        return rest.ends_with(literal).then(|| rest.len() - literal.len());
    }
    find(rest, literal)
}

/// The first place of a text. Both are so short that preparing a search would take longer than the search.
fn find(rest: &[u8], text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    let mut at = 0;
    while let Some(found) = memchr(first, &rest[at..]) {
        at += found;
        if rest[at..].starts_with(text) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// `  key=value ...` after a structured event.
fn is_tail(rest: &[u8]) -> bool {
    rest.first() == Some(&b' ') && rest.contains(&b'=')
}

fn fits(class: Class, value: &[u8]) -> bool {
    let value = value.trim_ascii();
    match class {
        Class::Any => true,
        Class::Int => {
            let digits = value
                .strip_prefix(b"-")
                .or_else(|| value.strip_prefix(b"+"))
                .unwrap_or(value);
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        Class::Number => {
            let number = |it: &u8| it.is_ascii_digit() || matches!(it, b'.' | b'-' | b'+' | b'e' | b'%');
            value == b"nan" || value == b"inf" || value == b"-inf" || (!value.is_empty() && value.iter().all(number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::template::Hole;
    use crate::evidence::template::Style;
    use crate::evidence::template::Template;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(
            &Template::text(text).formatted(Style::Percent, &[Hole::default(), Hole::default()]),
            false,
        )
    }

    fn values(text: &str, message: &str) -> Option<Vec<String>> {
        let mut captures = Captures::new();
        let arena = Arena::new(&[pattern(text)]);
        let found = arena.matches(PatternId(0), message.as_bytes(), &mut captures);
        found.then(|| {
            captures
                .iter()
                .map(|&(start, end)| message[start..end].to_owned())
                .collect()
        })
    }

    #[test]
    fn values_may_be_empty_and_hold_spaces() {
        assert_eq!(
            values("[%s] loaded %d docs", "[] loaded 3 docs"),
            Some(vec![String::new(), "3".to_owned()])
        );
        assert_eq!(values("got %s", "got a b c"), Some(vec!["a b c".to_owned()]));
        assert_eq!(values("%s done", "x done done"), Some(vec!["x done".to_owned()]));
    }

    #[test]
    fn classes_are_held() {
        assert_eq!(values("took %ds", "took longs"), None);
        assert_eq!(values("took %.1fs", "took 1.5s"), Some(vec!["1.5".to_owned()]));
        assert_eq!(values("all done", "all done!"), None);
    }
}
