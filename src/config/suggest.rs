//! The nearest known word to a mistyped one.

/// The candidate that is closest to `word`, if one is close enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.replace('_', "-").to_lowercase();
    let limit = (wanted.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit || is_part(&wanted, candidate))
        .min_by_key(|(distance, candidate)| (!is_part(&wanted, candidate), *distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// `blocking-http` means `blocking-http-call`, though `blocking-wait` is nearer.
fn is_part(word: &str, candidate: &str) -> bool {
    word.len() >= 4 && candidate.contains(word)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["select", "extend-select", "exclude", "blocking-http-call"];
        assert_eq!(nearest("slect", known), Some("select"));
        assert_eq!(nearest("extend_select", known), Some("extend-select"));
        let rules = ["blocking-wait", "blocking-http-call", "blocking-sleep"];
        assert_eq!(nearest("blocking-http", rules), Some("blocking-http-call"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn swapped_letters_count_once() {
        assert_eq!(distance("selcet", "select"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
