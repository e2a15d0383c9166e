//! What a log call writes, as far as the code says: literal text with holes.

use serde::Serialize;

/// What may stand in a hole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Anything, also nothing.
    #[default]
    Any,
    /// Digits with a sign, padded.
    Int,
    /// A number.
    Number,
}

/// How arguments are put into a text that arrives as a parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// The text as it is.
    #[default]
    Plain,
    /// `text % args`.
    Percent,
    /// `text.format(args)`.
    Braces,
    /// The message of a record that is written as JSON: what arrives is the record.
    Record,
    /// The text, filled up with blanks behind it.
    Padded,
}

/// A hole.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hole {
    /// The expression in it, as far as names say; empty where it is none of them.
    pub source: String,
    /// What may stand in it.
    pub class: Class,
    /// In a wrapper: the parameter that it shows, and how.
    pub param: Option<(u32, Style)>,
}

impl Hole {
    /// A hole that shows this expression.
    #[must_use]
    pub fn named(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            ..Self::default()
        }
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Text.
    Text(String),
    /// A value.
    Hole(Hole),
}

/// Pieces in order; neighbouring texts are one, and no text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template {
    /// The pieces.
    pub parts: Vec<Part>,
}

impl Template {
    /// A template of one text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut made = Self::default();
        made.push_text(text);
        made
    }

    /// A template of one hole.
    #[must_use]
    pub fn hole(source: String) -> Self {
        let hole = Hole {
            source,
            ..Hole::default()
        };
        Self {
            parts: vec![Part::Hole(hole)],
        }
    }

    /// Adds text at the end.
    pub fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    /// Adds a hole at the end.
    pub fn push_hole(&mut self, hole: Hole) {
        self.parts.push(Part::Hole(hole));
    }

    /// Adds the pieces of another template.
    pub fn extend(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Text(text) => self.push_text(text),
                Part::Hole(hole) => self.push_hole(hole.clone()),
            }
        }
    }

    /// The same with other texts.
    #[must_use]
    pub fn map_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let mut made = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => made.push_text(&change(text)),
                Part::Hole(hole) => made.push_hole(hole.clone()),
            }
        }
        made
    }

    /// Characters of text that are not white space.
    #[must_use]
    pub fn literal_chars(&self) -> usize {
        self.texts()
            .map(|it| it.chars().filter(|it| !it.is_whitespace()).count())
            .sum()
    }

    /// The texts in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|it| {
            if let Part::Text(text) = it {
                Some(text.as_str())
            } else {
                None
            }
        })
    }

    /// The holes in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts
            .iter()
            .filter_map(|it| if let Part::Hole(hole) = it { Some(hole) } else { None })
    }

    /// The same with its parameters' texts formatted in this style.
    #[must_use]
    pub fn restyled(mut self, style: Style) -> Self {
        for part in &mut self.parts {
            if let Part::Hole(Hole {
                param: Some((_, how)), ..
            }) = part
                && *how == Style::Plain
            {
                *how = style;
            }
        }
        self
    }

    /// Puts arguments into the texts, as a format string takes them.
    #[must_use]
    pub fn formatted(&self, style: Style, arguments: &[Hole]) -> Self {
        let mut made = Self::default();
        let mut arguments = arguments.iter();
        for part in &self.parts {
            match (part, style) {
                (Part::Text(text), Style::Percent) => percent(text, &mut arguments, &mut made),
                (Part::Text(text), Style::Braces) => braces(text, &mut arguments, &mut made),
                (Part::Text(text), Style::Plain | Style::Record | Style::Padded) => made.push_text(text),
                (Part::Hole(hole), _) => made.push_hole(hole.clone()),
            }
        }
        made
    }

    /// The template as people write it: `fetched {doc.id} in {}`.
    #[must_use]
    pub fn display(&self) -> String {
        let shown = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Hole(hole) => format!("{{{}}}", hole.source),
        });
        shown.collect()
    }

    /// Only the first line that holds something: a log line is one line. What follows a line break in the text is cut.
    #[must_use]
    pub fn first_line(&self) -> Self {
        let mut made = Self::default();
        for part in &self.parts {
            let Part::Text(text) = part else {
                made.parts.push(part.clone());
                continue;
            };
            let text = if made.parts.is_empty() { text.trim_start() } else { text };
            let Some(end) = text.find('\n') else {
                made.push_text(text);
                continue;
            };
            made.push_text(text[..end].trim_end());
            if !made.parts.is_empty() {
                break;
            }
        }
        made
    }
}

/// The class of a value with this conversion letter.
fn class_of(letter: char) -> Class {
    match letter {
        'd' | 'i' | 'u' => Class::Int,
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => Class::Number,
        _ => Class::Any,
    }
}

/// The class of a value with this format specification (`!r:>10`, `:.2f`).
#[must_use]
pub fn class_of_spec(spec: &str) -> Class {
    let numeric = spec.contains(':') && !spec.starts_with('!') && !spec.contains([',', '_', '{']);
    spec.chars().last().filter(|_| numeric).map_or(Class::Any, class_of)
}

fn percent<'a>(text: &str, arguments: &mut impl Iterator<Item = &'a Hole>, made: &mut Template) {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        made.push_text(&rest[..at]);
        let Some((length, letter, name)) = conversion(&rest[at + 1..]) else {
            made.push_text("%");
            rest = &rest[at + 1..];
            continue;
        };
        if letter == '%' {
            made.push_text("%");
        } else {
            let given = name.map_or_else(|| arguments.next().cloned().unwrap_or_default(), Hole::named);
            let class = class_of(letter);
            let hole = Hole { class, ..given };
            made.push_hole(hole);
        }
        rest = &rest[at + 1 + length..];
    }
    made.push_text(rest);
}

/// `(name)-5.2f` after a percent sign: its length, its letter, the name.
fn conversion(text: &str) -> Option<(usize, char, Option<&str>)> {
    let mut at = 0;
    let mut name = None;
    if text.starts_with('(') {
        let close = text.find(')')?;
        name = Some(&text[1..close]);
        at = close + 1;
    }
    let flags = text[at..]
        .bytes()
        .take_while(|it| b"-+ #0123456789.*".contains(it))
        .count();
    at += flags;
    let letter = text[at..].chars().next()?;
    "diouxXeEfFgGcrsa%"
        .contains(letter)
        .then_some((at + letter.len_utf8(), letter, name))
}

fn braces<'a>(text: &str, arguments: &mut impl Iterator<Item = &'a Hole>, made: &mut Template) {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        made.push_text(&rest[..at]);
        let brace = &rest[at..=at];
        if rest[at + 1..].starts_with(brace) {
            made.push_text(brace);
            rest = &rest[at + 2..];
            continue;
        }
        let Some(close) = rest[at..].find('}').filter(|_| brace == "{") else {
            made.push_text(brace);
            rest = &rest[at + 1..];
            continue;
        };
        let inside = &rest[at + 1..at + close];
        let name_end = inside.find([':', '!']).unwrap_or(inside.len());
        let name = &inside[..name_end];
        let positional = name.is_empty() || name.bytes().all(|it| it.is_ascii_digit());
        let given = if positional {
            arguments.next().cloned().unwrap_or_default()
        } else {
            Hole::named(name)
        };
        let class = class_of_spec(&inside[name_end..]);
        let hole = Hole { class, ..given };
        made.push_hole(hole);
        rest = &rest[at + close + 1..];
    }
    made.push_text(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, style: Style, sources: &[&str]) -> String {
        let holes: Vec<Hole> = sources.iter().map(|it| Hole::named(it)).collect();
        Template::text(text).formatted(style, &holes).display()
    }

    #[test]
    fn format_strings_become_holes() {
        assert_eq!(
            shown("got %s in %.1fs (100%%)", Style::Percent, &["doc", "took"]),
            "got {doc} in {took}s (100%)"
        );
        assert_eq!(shown("%(a)s and %d", Style::Percent, &["b"]), "{a} and {b}");
        assert_eq!(
            shown("{} of {:>5} {{x}} {name!r}", Style::Braces, &["a", "b"]),
            "{a} of {b} {x} {name}"
        );
        assert_eq!(shown("odd } and {", Style::Braces, &[]), "odd } and {");
        assert_eq!(shown("50% done", Style::Percent, &[]), "50{}one");
    }

    #[test]
    fn one_line_is_kept() {
        assert_eq!(Template::text("\n== start\nmore").first_line().display(), "== start");
    }
}
