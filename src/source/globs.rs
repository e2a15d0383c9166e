//! Path patterns of the configuration: `exclude`, `per-file-ignores`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::fmt;

/// A pattern that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a path pattern: {}", self.pattern, self.message)
    }
}

impl std::error::Error for GlobError {}

/// A set of path patterns. A pattern without `/` matches that name at any depth, one with `/` counts from the root;
/// either covers everything below a folder that it matches.
#[derive(Clone, Debug, Default)]
pub struct PathGlobs {
    set: GlobSet,
}

impl PathGlobs {
    /// Compiles patterns.
    ///
    /// # Errors
    /// The first pattern that can't be understood.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, GlobError> {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let fail = |error: globset::Error| GlobError {
                pattern: pattern.to_owned(),
                message: error.kind().to_string(),
            };
            let base = anchored(pattern);
            for form in [base.clone(), format!("{base}/**")] {
                builder.add(GlobBuilder::new(&form).literal_separator(true).build().map_err(fail)?);
            }
        }
        let set = builder.build().map_err(|error| GlobError {
            pattern: String::new(),
            message: error.kind().to_string(),
        })?;
        Ok(Self { set })
    }

    /// Whether a path relative to the root is matched.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

fn anchored(pattern: &str) -> String {
    let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
    match trimmed.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if trimmed.contains('/') => trimmed.to_owned(),
        None => format!("**/{trimmed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_anywhere_and_a_path_from_the_root() {
        let globs = PathGlobs::new(&["gen", "a/b/*.py", "/top.py"]).expect("globs");
        for path in ["gen", "x/gen/y.py", "a/b/c.py", "top.py"] {
            assert!(globs.matches(path), "{path}");
        }
        for path in ["x/a/b/c.py", "a/b/d/c.py", "x/top.py", "generated/x.py"] {
            assert!(!globs.matches(path), "{path}");
        }
    }

    #[test]
    fn a_bad_pattern_is_an_error() {
        assert!(PathGlobs::new(&["a[".to_owned()]).is_err());
    }
}
