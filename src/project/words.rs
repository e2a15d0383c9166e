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

/// Whether one of these words is in the name.
#[must_use]
pub fn has_word(name: &str, any: &[&str]) -> bool {
    words(name).iter().any(|it| any.contains(&it.as_str()))
}

/// The name's last word.
pub(super) fn last_word(name: &str) -> String {
    words(name).pop().unwrap_or_default()
}
