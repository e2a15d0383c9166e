//! The difference between two texts, as `patch` and people read it.

use similar::TextDiff;

/// The unified difference of one file; empty where nothing differs.
#[must_use]
pub fn unified(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_file_twice() {
        assert_eq!(
            unified("x.py", "a\nb\n", "a\nc\n"),
            "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
        assert_eq!(unified("x.py", "a", "a"), "");
    }
}
