//! Findings accepted at a moment: written to a file, and silent from then on.

use super::replace::replace;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

const SCHEMA: &str = "tailspike-baseline/1";

/// A baseline that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineError {
    path: String,
    message: String,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the baseline `{}` {}", self.path, self.message)
    }
}

impl std::error::Error for BaselineError {}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry {
    path: String,
    rule: String,
    qualname: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    findings: Vec<Entry>,
}

/// A finding as the baseline sees it.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// Relative to the root.
    pub path: &'a str,
    /// The rule's name.
    pub rule: &'a str,
    /// The function.
    pub qualname: &'a str,
    /// See [`fingerprints`](super::fingerprints).
    pub fingerprint: &'a str,
}

/// A multiset of accepted findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The file can't be read or is no baseline.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let fail = |message: String| BaselineError {
            path: path.display().to_string(),
            message,
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            fail(format!(
                "can't be read: {}; make it with `--write-baseline`",
                plainly(&error)
            ))
        })?;
        let file: File = serde_json::from_str(&text).map_err(|error| {
            fail(format!(
                "is not a baseline: {error}; make it again with `--write-baseline`"
            ))
        })?;
        if file.schema != SCHEMA {
            return Err(fail(format!(
                "has the schema `{}` and not `{SCHEMA}`; make it again with `--write-baseline`",
                file.schema
            )));
        }
        Ok(Self { entries: file.findings })
    }

    /// A baseline of these findings.
    #[must_use]
    pub fn of<'a>(findings: impl IntoIterator<Item = Accepted<'a>>) -> Self {
        let mut entries: Vec<Entry> = findings
            .into_iter()
            .map(|it| Entry {
                path: it.path.to_owned(),
                rule: it.rule.to_owned(),
                qualname: it.qualname.to_owned(),
                fingerprint: it.fingerprint.to_owned(),
            })
            .collect();
        entries.sort();
        Self { entries }
    }

    /// Keeps what an older baseline says of files that this run did not look at.
    pub fn keep(&mut self, older: Self, elsewhere: impl Fn(&str) -> bool) {
        self.entries
            .extend(older.entries.into_iter().filter(|entry| elsewhere(&entry.path)));
        self.entries.sort();
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// The file system says no.
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        let fail = |error: &dyn fmt::Display| BaselineError {
            path: path.display().to_string(),
            message: format!("can't be written: {error}"),
        };
        let file = File {
            schema: SCHEMA.to_owned(),
            findings: self.entries.clone(),
        };
        let mut text = serde_json::to_vec_pretty(&file).map_err(|error| fail(&error))?;
        text.push(b'\n');
        replace(path, &text).map_err(|error| fail(&plainly(&error)))
    }

    /// For each finding whether it is accepted: matched by path and fingerprint first, then by fingerprint alone
    /// where the path of an entry is gone (the file was moved). Every entry accepts one finding.
    #[must_use]
    pub fn accepts(&self, findings: &[Accepted<'_>], paths: &BTreeSet<&str>) -> Vec<bool> {
        let mut left: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut moved: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &self.entries {
            *left.entry((&entry.path, &entry.fingerprint)).or_default() += 1;
            if !paths.contains(entry.path.as_str()) {
                *moved.entry(&entry.fingerprint).or_default() += 1;
            }
        }
        let mut accepted: Vec<bool> = findings
            .iter()
            .map(|it| take(&mut left, &(it.path, it.fingerprint)))
            .collect();
        for (accepted, it) in accepted.iter_mut().zip(findings) {
            *accepted = *accepted || take(&mut moved, &it.fingerprint);
        }
        accepted
    }
}

/// Why the operating system refused, in words.
fn plainly(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn take<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding<'a>(path: &'a str, fingerprint: &'a str) -> Accepted<'a> {
        Accepted {
            path,
            rule: "r",
            qualname: "f",
            fingerprint,
        }
    }

    #[test]
    fn every_entry_accepts_one_finding() {
        let baseline = Baseline::of([finding("a.py", "1")]);
        let paths = BTreeSet::from(["a.py", "b.py"]);
        let now = [finding("a.py", "1"), finding("a.py", "1"), finding("b.py", "1")];
        assert_eq!(baseline.accepts(&now, &paths), [true, false, false]);
    }

    #[test]
    fn a_moved_file_keeps_its_entries() {
        let baseline = Baseline::of([finding("old.py", "1"), finding("b.py", "2")]);
        let paths = BTreeSet::from(["new.py", "b.py"]);
        let now = [finding("new.py", "1"), finding("new.py", "2")];
        assert_eq!(baseline.accepts(&now, &paths), [true, false]);
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("baseline.json");
        let baseline = Baseline::of([finding("b.py", "2"), finding("a.py", "1")]);
        baseline.write(&path).expect("written");
        assert_eq!(Baseline::read(&path), Ok(baseline));
        std::fs::write(&path, "{}").expect("written");
        assert!(Baseline::read(&path).is_err());
    }

    #[test]
    fn files_not_looked_at_keep_their_entries() {
        let mut now = Baseline::of([finding("a.py", "1")]);
        now.keep(Baseline::of([finding("b.py", "2"), finding("a.py", "9")]), |path| {
            path == "b.py"
        });
        assert_eq!(now, Baseline::of([finding("a.py", "1"), finding("b.py", "2")]));
    }
}
