//! Text from files made harmless for terminals and logs.

use std::borrow::Cow;

/// Controls, and the marks that reorder the text around them.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// One line without control characters: each is shown as `\n`, `\u{1b}` and so on.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_harmful(letter) {
            clean.extend(letter.escape_default());
        } else {
            clean.push(letter);
        }
    }
    Cow::Owned(clean)
}

/// The text with every control character but line ends and tabs replaced by one of the same length in bytes, so that offsets stay right.
#[must_use]
pub fn printable_in_place(text: &str) -> Cow<'_, str> {
    // Most files are plain, and a long one may be asked for once a finding.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    if text.as_bytes().iter().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let harmful = |letter: char| is_harmful(letter) && !matches!(letter, '\n' | '\r' | '\t');
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|letter| match (harmful(letter), letter.len_utf8()) {
        (false, _) => letter,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => char::REPLACEMENT_CHARACTER,
    });
    Cow::Owned(replaced.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\nc");
        assert_eq!(printable("naïve 日本"), "naïve 日本");
    }

    #[test]
    fn offsets_stay_where_they_are() {
        let text = "a\u{1b}\u{85}\u{202E}\tb\r\n";
        let clean = printable_in_place(text);
        assert_eq!(clean, "a?¿\u{FFFD}\tb\r\n");
        assert_eq!(clean.len(), text.len());
    }
}
