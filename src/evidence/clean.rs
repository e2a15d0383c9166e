//! What a terminal would swallow: colours, links, overwritten progress.

use memchr::memchr;
use std::borrow::Cow;

/// What begins an escape sequence.
pub(super) const ESCAPE: u8 = 0x1b;

/// The line without escape sequences. Untouched, and uncopied, where it has none.
#[must_use]
pub fn visible(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(ESCAPE, line) else {
        return Cow::Borrowed(line);
    };
    let mut kept = line[..first].to_vec();
    let mut at = first;
    while at < line.len() {
        if line[at] == ESCAPE {
            at += sequence(&line[at..]);
        } else {
            let next = memchr(ESCAPE, &line[at..]).map_or(line.len(), |it| at + it);
            kept.extend_from_slice(&line[at..next]);
            at = next;
        }
    }
    Cow::Owned(kept)
}

/// The length of the escape sequence at the start of `text`; one that never ends takes only its introducer.
fn sequence(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'[') => text[2..]
            .iter()
            .position(|it| (0x40..=0x7e).contains(it))
            .map_or(2, |it| it + 3),
        Some(b']') => system_command(text),
        Some(_) => 2,
        None => 1,
    }
}

/// `ESC ] ... BEL` or `ESC ] ... ESC \`, which carries links and titles.
fn system_command(text: &[u8]) -> usize {
    for at in 2..text.len() {
        if text[at] == 0x07 {
            return at + 1;
        }
        if text[at] == ESCAPE {
            return at + if text.get(at + 1) == Some(&b'\\') { 2 } else { 0 };
        }
    }
    2
}

/// The parts of a line that overwrote each other, without empty ones; a final carriage return is a line ending.
pub fn overwritten(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        while let Some((b'\r', after)) = rest.split_first() {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\r', rest).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

/// The text for a report: valid UTF-8, control characters shown as their pictures, so that a log can't drive the terminal.
#[must_use]
pub fn printable(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().map(picture).collect()
}

fn picture(it: char) -> char {
    match it {
        '\t' => ' ',
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(it)).unwrap_or('\u{fffd}'),
        // C1 controls, and characters that reorder the text around them.
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => it,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_links_vanish() {
        let line = b"\x1b[2;36m[19:18:23]\x1b[0m hi \x1b]8;id=1;file:///a.py\x1b\\a.py\x1b]8;;\x1b\\";
        assert_eq!(visible(line).as_ref(), b"[19:18:23] hi a.py");
        assert_eq!(visible(b"cut \x1b[3").as_ref(), b"cut 3");
        assert_eq!(visible(b"cut \x1b").as_ref(), b"cut ");
    }

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(printable(b"a\x1b[31m\x00\xff"), "a\u{241b}[31m\u{2400}\u{fffd}");
    }
}
