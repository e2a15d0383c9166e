//! What git says has changed: files, and lines of them, since a revision.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

/// The changed files below the project root, each with its new lines; a file that git does not know yet is all new.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    files: BTreeMap<String, Lines>,
}

#[derive(Debug, PartialEq, Eq)]
enum Lines {
    All,
    /// 1-based, in order.
    Some(Vec<RangeInclusive<u32>>),
}

impl Changes {
    /// Asks git what differs between a revision and the work tree.
    ///
    /// # Errors
    /// There is no git, the folder is no checkout, or the revision does not exist.
    pub fn since(revision: &str, root: &Path) -> Result<Self> {
        if revision.starts_with('-') {
            bail!("`{revision}` is no revision; name a branch, a tag or a commit");
        }
        if git(root, &["rev-parse", "--is-inside-work-tree"], revision).is_err() {
            bail!(
                "`--changed-since` asks git what has changed, and `{}` is no git checkout; leave it out there",
                root.display()
            );
        }
        let mut changes = Self::of_diff(&git(
            root,
            &[
                "diff",
                "--relative",
                "--unified=0",
                "--no-color",
                "--no-ext-diff",
                "--no-textconv",
                "--no-renames",
                "--src-prefix=",
                "--dst-prefix=",
                revision,
                "--",
            ],
            revision,
        )?);
        let untracked = git(root, &["ls-files", "--others", "--exclude-standard", "-z"], revision)?;
        for path in untracked.split('\0').filter(|path| !path.is_empty()) {
            changes.files.insert(path.to_owned(), Lines::All);
        }
        Ok(changes)
    }

    /// Reads `git diff --unified=0`: the names after `+++`, the new lines of each `@@`.
    fn of_diff(diff: &str) -> Self {
        let mut files: BTreeMap<String, Lines> = BTreeMap::new();
        let mut path = None;
        for line in diff.lines() {
            if line.starts_with("diff --git ") {
                path = None;
            } else if path.is_none()
                && let Some(name) = line.strip_prefix("+++ ")
            {
                // A name with blanks ends in a tab; a deleted file is called `/dev/null`, which no file of ours is.
                let name = unquoted(name.trim_end_matches('\t'));
                files.insert(name.clone(), Lines::Some(Vec::new()));
                path = Some(name);
            } else if let Some(new) = line.strip_prefix("@@ ").and_then(new_lines)
                && let Some(Lines::Some(lines)) = path.as_ref().and_then(|path| files.get_mut(path))
            {
                lines.push(new);
            }
        }
        Self { files }
    }

    /// Whether a file has changed.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether a finding stands in a changed file, or a changed line is a step on its way.
    #[must_use]
    pub fn concern(&self, finding: &Diagnostic, sources: &Sources) -> bool {
        let mut steps = finding.witness.iter();
        self.has(sources.path(finding.location.file))
            || steps.any(|step| self.has_line(sources.path(step.location.file), step.location.line))
    }

    fn has_line(&self, path: &str, line: u32) -> bool {
        match self.files.get(path) {
            None => false,
            Some(Lines::All) => true,
            Some(Lines::Some(lines)) => lines.iter().any(|new| new.contains(&line)),
        }
    }
}

/// The new side of `-1,2 +3,4 @@ ...`; `None` where lines were only taken away.
fn new_lines(hunk: &str) -> Option<RangeInclusive<u32>> {
    let new = hunk.split(' ').nth(1)?.strip_prefix('+')?;
    let (start, count) = new.split_once(',').unwrap_or((new, "1"));
    let (start, count): (u32, u32) = (start.parse().ok()?, count.parse().ok()?);
    (count > 0).then(|| start..=start.saturating_add(count - 1))
}

/// A name as git writes it; one with unusual characters stands in quotes, with escapes as in C.
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(first @ b'0'..=b'7') => {
                let octal = rest.by_ref().take(2).fold(u32::from(first - b'0'), |sum, digit| {
                    sum * 8 + u32::from(digit.saturating_sub(b'0'))
                });
                bytes.push(u8::try_from(octal & 0xff).unwrap_or(b'?'));
            }
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs git so that nothing of the repository's own configuration is executed.
fn git(root: &Path, arguments: &[&str], revision: &str) -> Result<String> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .context(
            "git can't be started, and only it knows what has changed; install it or leave out `--changed-since`",
        )?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said
            .lines()
            .next()
            .unwrap_or("it failed")
            .trim_start_matches("fatal: ")
            .to_owned();
        bail!("git can't tell what has changed since `{revision}`: {reason}; name a revision that this checkout has");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_gives_files_and_new_lines() {
        let changes = Changes::of_diff(
            "diff --git a.py a.py\n--- a.py\n+++ a.py\n@@ -1 +1,2 @@ def f():\n-x\n+++ y\n+z\n@@ -9,2 +10,0 @@\n-a\n-b\n\
             diff --git \"b \\303\\274.py\" c\n--- /dev/null\n+++ \"b \\303\\274.py\"\n@@ -0,0 +1 @@\n+x\n",
        );
        assert!(changes.has("a.py") && changes.has("b ü.py") && !changes.has("y"));
        let lines: Vec<u32> = (1..12).filter(|&line| changes.has_line("a.py", line)).collect();
        assert_eq!(lines, [1, 2]);
    }
}
