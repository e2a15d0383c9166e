//! A template ready to be compared with messages: literals in order, checked without a regular expression.

use super::template::Class;
use super::template::Part;
use super::template::Template;
use memchr::memmem;

/// A piece of a pattern; holes and literals alternate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// These bytes.
    Literal(Vec<u8>),
    /// A value.
    Hole(Class),
}

/// What a template requires of a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// `key=value` pairs may follow.
    pub open_tail: bool,
}

/// Byte ranges of a message's values, hole by hole.
pub type Captures = Vec<(usize, usize)>;

impl Pattern {
    /// The pattern of a template. White space at its ends is not compared, since prefixes and line endings swallow it.
    #[must_use]
    pub fn new(template: &Template, open_tail: bool) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => pieces.push(Piece::Literal(text.clone().into_bytes())),
                // Two values without text between them can't be told apart.
                Part::Hole(_) if matches!(pieces.last(), Some(Piece::Hole(_))) => {
                    pieces.pop();
                    pieces.push(Piece::Hole(Class::Any));
                }
                Part::Hole(hole) => pieces.push(Piece::Hole(hole.class)),
            }
        }
        if let Some(Piece::Literal(first)) = pieces.first_mut() {
            *first = first.trim_ascii_start().to_vec();
        }
        if let Some(Piece::Literal(last)) = pieces.last_mut() {
            *last = last.trim_ascii_end().to_vec();
        }
        pieces.retain(|it| !matches!(it, Piece::Literal(text) if text.is_empty()));
        Self { pieces, open_tail }
    }

    /// Bytes of literal text that are not white space: how much a match proves.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.literals()
            .map(|it| it.iter().filter(|it| !it.is_ascii_whitespace()).count())
            .sum()
    }

    /// The literals in order.
    pub fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().filter_map(|it| {
            if let Piece::Literal(text) = it {
                Some(text.as_slice())
            } else {
                None
            }
        })
    }

    /// The text before the first hole.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => &[],
        }
    }

    /// Whether it has no holes, so that equality decides.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        !self.open_tail && matches!(self.pieces.as_slice(), [Piece::Literal(_)])
    }

    /// Whether `message` can be written by this template; its values go to `captures`.
    pub fn matches(&self, message: &[u8], captures: &mut Captures) -> bool {
        captures.clear();
        let mut at = 0;
        let mut open: Option<Class> = None;
        let last = self.pieces.len().saturating_sub(1);
        for (index, piece) in self.pieces.iter().enumerate() {
            let literal = match piece {
                Piece::Hole(class) => {
                    open = Some(*class);
                    continue;
                }
                Piece::Literal(literal) => literal.as_slice(),
            };
            let rest = &message[at..];
            let Some(found) = place(rest, literal, open.is_some(), index == last && !self.open_tail) else {
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
        at == message.len() || (self.open_tail && is_tail(&message[at..]))
    }

    /// Whether `message` is the first line of what this template writes, its last literals on lines that follow.
    #[must_use]
    pub fn begins(&self, message: &[u8]) -> Option<usize> {
        let mut at = 0;
        let mut weight = 0;
        let mut open = false;
        for piece in &self.pieces {
            let Piece::Literal(literal) = piece else {
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

/// Where the literal stands: at the start, after a hole at the first place, or at the very end.
fn place(rest: &[u8], literal: &[u8], after_hole: bool, is_last: bool) -> Option<usize> {
    if !after_hole {
        return rest.starts_with(literal).then_some(0);
    }
    if is_last {
        return rest.ends_with(literal).then(|| rest.len() - literal.len());
    }
    memmem::find(rest, literal)
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

    fn pattern(text: &str) -> Pattern {
        Pattern::new(
            &Template::text(text).formatted(Style::Percent, &[Hole::default(), Hole::default()]),
            false,
        )
    }

    fn values(text: &str, message: &str) -> Option<Vec<String>> {
        let mut captures = Captures::new();
        let found = pattern(text).matches(message.as_bytes(), &mut captures);
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
