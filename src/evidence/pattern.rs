//! A template ready to be compared with messages: literals in order, checked without a regular expression.

use super::template::Class;
use super::template::Part;
use super::template::Template;

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
}
