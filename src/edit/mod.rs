//! Mends applied to text: which of them go together, in the file's own line ends, and the difference to what was there.
//!
//! Takes the text of one file and the fixes of its findings, gives the new text. Knows no files and no parser: whoever
//! calls says what parses.

mod diff;

use crate::diagnostic::Fix;
use crate::source::Location;
pub use diff::unified;

/// A text with as many of the fixes as go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The new text.
    pub text: String,
    /// What made it of the old one, in order; no two share a byte.
    pub edits: Vec<(Location, String)>,
    /// By fix: whether it is in.
    pub applied: Vec<bool>,
}

/// The fix as it is written into this text: with its line ends, and no blanks left before them.
#[must_use]
pub fn spelled(text: &str, fix: &Fix) -> Fix {
    let line_end = line_end(text);
    let edits = fix.edits.iter().map(|(location, new)| {
        let ends_line = text
            .get(location.end as usize..)
            .is_some_and(|rest| rest.starts_with(['\n', '\r']));
        let new = if ends_line { new.trim_end_matches(' ') } else { new };
        (*location, new.replace('\n', line_end))
    });
    Fix {
        edits: edits.collect(),
        ..fix.clone()
    }
}

/// Applies the fixes that go together, first come first served; the result parses where the text does.
///
/// A fix that touches what an earlier one has changed is left for another time.
#[must_use]
pub fn mend(text: &str, fixes: &[&Fix], parses: &dyn Fn(&str) -> bool) -> Mended {
    let mut chosen = Chosen::default();
    let mut applied: Vec<bool> = fixes.iter().map(|fix| chosen.add(text, fix)).collect();
    let mut new = chosen.apply(text);
    // Each parses alone; where they don't together, the ones that came first are right.
    if applied.iter().filter(|it| **it).count() > 1 && !parses(&new) {
        chosen = Chosen::default();
        for (fix, applied) in fixes.iter().zip(&mut applied) {
            let mut with = chosen.clone();
            *applied = with.add(text, fix) && parses(&with.apply(text));
            if *applied {
                chosen = with;
            }
        }
        new = chosen.apply(text);
    } else if !parses(&new) {
        return Mended {
            text: text.to_owned(),
            edits: Vec::new(),
            applied: vec![false; fixes.len()],
        };
    }
    Mended {
        text: new,
        edits: chosen.in_order(),
        applied,
    }
}

/// Edits that do not touch each other.
#[derive(Clone, Default)]
struct Chosen {
    edits: Vec<(Location, String)>,
}

impl Chosen {
    /// Adds all edits of a fix or none. What another fix does as well, such as an import, is done once.
    fn add(&mut self, text: &str, fix: &Fix) -> bool {
        let fits = |edit: &(Location, String)| {
            is_inside(text, &edit.0) && self.edits.iter().all(|it| it == edit || are_apart(it, edit))
        };
        if fix.edits.is_empty() || !fix.edits.iter().all(fits) {
            return false;
        }
        // A fix all of whose edits are there already would say that it did something.
        let new: Vec<_> = fix
            .edits
            .iter()
            .filter(|it| !self.edits.contains(it))
            .cloned()
            .collect();
        self.edits.extend(new);
        true
    }

    fn in_order(&self) -> Vec<(Location, String)> {
        let mut edits = self.edits.clone();
        edits.sort_by(|a, b| (a.0.start, a.0.end, &a.1).cmp(&(b.0.start, b.0.end, &b.1)));
        edits
    }

    fn apply(&self, text: &str) -> String {
        let edits = self.in_order();
        let mut new = String::with_capacity(text.len() + 256);
        let mut done = 0;
        for (location, inserted) in &edits {
            new.push_str(&text[done..location.start as usize]);
            new.push_str(inserted);
            done = location.end as usize;
        }
        new.push_str(&text[done..]);
        new
    }
}

fn is_inside(text: &str, it: &Location) -> bool {
    it.start <= it.end && text.get(it.start as usize..it.end as usize).is_some()
}

/// Whether two edits can be made in any order: they share no byte and no place, except that whole lines may be added at one.
fn are_apart(a: &(Location, String), b: &(Location, String)) -> bool {
    let adds_lines = |it: &(Location, String)| it.0.start == it.0.end && it.1.ends_with(['\n', '\r']);
    if a.0.start == b.0.start {
        return adds_lines(a) && adds_lines(b);
    }
    a.0.end <= b.0.start || b.0.end <= a.0.start
}

/// The line end that the text uses first.
fn line_end(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Safety;
    use crate::source::FileId;

    fn fix(edits: &[(u32, u32, &str)]) -> Fix {
        let edits = edits.iter().map(|&(start, end, text)| {
            let location = Location {
                file: FileId(0),
                start,
                end,
                line: 1,
            };
            (location, text.to_owned())
        });
        Fix {
            title: "mend it".to_owned(),
            safety: Safety::Safe,
            edits: edits.collect(),
        }
    }

    fn mended(text: &str, fixes: &[Fix]) -> (String, Vec<bool>) {
        let fixes: Vec<&Fix> = fixes.iter().collect();
        let it = mend(text, &fixes, &|new| !new.contains("broken"));
        (it.text, it.applied)
    }

    #[test]
    fn an_import_that_two_fixes_need_comes_once() {
        let one = fix(&[(0, 0, "import a\n"), (2, 3, "a.f")]);
        let two = fix(&[(0, 0, "import a\n"), (4, 5, "a.g")]);
        assert_eq!(
            mended("x f g", &[one, two]),
            ("import a\nx a.f a.g".to_owned(), vec![true, true])
        );
    }

    #[test]
    fn what_touches_is_left_for_another_time() {
        let one = fix(&[(0, 3, "abc")]);
        let two = fix(&[(2, 2, "!"), (5, 5, "?")]);
        let three = fix(&[(0, 0, "await ")]);
        assert_eq!(
            mended("xyz..", &[one, two, three]),
            ("abc..".to_owned(), vec![true, false, false])
        );
    }

    #[test]
    fn what_does_not_parse_is_left_out() {
        let one = fix(&[(0, 0, "broken ")]);
        let two = fix(&[(1, 1, "y")]);
        assert_eq!(mended("x", std::slice::from_ref(&one)), ("x".to_owned(), vec![false]));
        assert_eq!(mended("x", &[one, two]), ("xy".to_owned(), vec![false, true]));
    }

    #[test]
    fn places_outside_the_text_change_nothing() {
        assert_eq!(mended("é", &[fix(&[(1, 2, "x")])]), ("é".to_owned(), vec![false]));
        assert_eq!(mended("x", &[fix(&[(0, 9, "")])]), ("x".to_owned(), vec![false]));
    }

    #[test]
    fn line_ends_are_the_files_own() {
        let it = spelled("a\r\nf(\r\n1)", &fix(&[(3, 3, "import b\n"), (4, 5, ", ")]));
        let texts: Vec<&str> = it.edits.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(texts, ["import b\r\n", ","]);
    }
}
