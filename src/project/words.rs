//! What a name says: its words, whatever the spelling.

/// The words of an identifier or dotted path, lower case: `self._maxSlots` is `self`, `max`, `slots`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && after_lower);
        if starts && !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        after_lower = c.is_lowercase() || c.is_numeric();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

/// Whether one of these words, which are lower case, is in the name.
#[must_use]
pub fn has_word(name: &str, any: &[&str]) -> bool {
    if !name.is_ascii() {
        return words(name).iter().any(|it| any.contains(&it.as_str()));
    }
    // Nearly every name is ASCII, and this is asked of every name: no word is copied.
    let is_one = |word: &str| any.iter().any(|it| it.eq_ignore_ascii_case(word));
    let mut start = 0;
    let mut after_lower = false;
    for (at, letter) in name.bytes().enumerate() {
        let inside = letter.is_ascii_alphanumeric();
        if !inside || (letter.is_ascii_uppercase() && after_lower) {
            if start < at && is_one(&name[start..at]) {
                return true;
            }
            start = if inside { at } else { at + 1 };
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    start < name.len() && is_one(&name[start..])
}

/// The name's last word.
pub(super) fn last_word(name: &str) -> String {
    words(name).pop().unwrap_or_default()
}
