//! From `pyproject.toml` or `tailspike.toml` and the command line to one [`Config`].
//!
//! Takes the list of rules as an argument: it knows their names and not what they do.

mod error;
mod file;
mod keys;
mod select;
mod suggest;
#[cfg(test)]
mod tests;

use crate::catalog::Entry;
use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::Severity;
use crate::diagnostic::UNUSED_IGNORE;
use crate::source::PathGlobs;
use crate::source::reason;
pub use error::ConfigError;
pub use keys::schema;
pub use select::Names;
use std::path::{Path, PathBuf};
pub use suggest::nearest;

/// The words for severities, in configuration and on the command line.
pub const SEVERITIES: [(&str, Severity); 3] = [
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
];

/// The words for confidences.
pub const CONFIDENCES: [(&str, Confidence); 3] = [
    ("low", Confidence::Low),
    ("medium", Confidence::Medium),
    ("high", Confidence::High),
];

/// What the command line says; it wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Replaces the file's selection, and what the file ignores.
    pub select: Vec<String>,
    /// Taken away last.
    pub ignore: Vec<String>,
    /// Added to the selection.
    pub extend_select: Vec<String>,
    /// Also the pedantic rules and the microsecond tier.
    pub pedantic: bool,
    /// The least severity shown.
    pub min_severity: Option<Severity>,
    /// The least confidence shown.
    pub min_confidence: Option<Confidence>,
    /// The least severity that makes the exit status 1.
    pub fail_on: Option<Severity>,
    /// Whether git's ignore files count.
    pub respect_gitignore: Option<bool>,
    /// Threads; all of the machine's where absent.
    pub jobs: Option<usize>,
    /// Accepted findings.
    pub baseline: Option<PathBuf>,
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    enabled: Names,
    per_file_ignores: Vec<(PathGlobs, Names)>,
    severities: Vec<(Names, Severity)>,
    /// `# noqa` comments that name a code of the same meaning accept findings too.
    pub noqa: bool,
    /// The pedantic rules and the microsecond tier are on.
    pub pedantic: bool,
    /// The least severity shown.
    pub min_severity: Severity,
    /// The least confidence shown.
    pub min_confidence: Confidence,
    /// The least severity that makes the exit status 1.
    pub fail_on: Severity,
    /// Files and folders left out.
    pub exclude: PathGlobs,
    /// Further import roots, relative to the project root.
    pub src: Vec<String>,
    /// The user's own catalog entries.
    pub calls: Vec<Entry>,
    /// The oldest Python that the project supports, from `requires-python`.
    pub python: Option<(u8, u8)>,
    /// Whether git's ignore files count.
    pub respect_gitignore: bool,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// The file of accepted findings.
    pub baseline: Option<PathBuf>,
}

/// Where to look for the file.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// No file at all.
    Isolated,
    /// This file.
    Explicit(&'a Path),
    /// `tailspike.toml` in this folder, else its `pyproject.toml`.
    Root(&'a Path),
}

impl Config {
    /// Reads the file, if there is one, and lets the command line win.
    ///
    /// # Errors
    /// A file that can't be read or holds a mistake, or a name that is no rule; with place and suggestion.
    pub fn load(origin: Origin<'_>, overrides: &Overrides, rules: &[&'static RuleInfo]) -> Result<Self, ConfigError> {
        let (settings, folder) = read_settings(origin, rules)?;
        Self::merge(settings, folder.as_deref(), overrides, rules)
    }

    fn merge(
        settings: file::Settings,
        folder: Option<&Path>,
        overrides: &Overrides,
        rules: &[&'static RuleInfo],
    ) -> Result<Self, ConfigError> {
        let pedantic = settings.pedantic || overrides.pedantic;
        let mut enabled = if overrides.select.is_empty() {
            let mut names = settings.select.unwrap_or_else(|| select::default_set(rules, pedantic));
            names.extend(settings.extend_select);
            names.retain(|name| !settings.ignore.contains(name));
            names
        } else {
            resolve_all(&overrides.select, rules)?
        };
        enabled.extend(resolve_all(&overrides.extend_select, rules)?);
        // It watches over the comments, not over the code, so a selection of rules leaves it on.
        if !settings.ignore.contains(UNUSED_IGNORE) {
            enabled.insert(UNUSED_IGNORE);
        }
        let ignored = resolve_all(&overrides.ignore, rules)?;
        enabled.retain(|name| !ignored.contains(name));
        let in_folder = |path: PathBuf| folder.map_or_else(|| path.clone(), |folder| folder.join(&path));
        Ok(Self {
            enabled,
            per_file_ignores: settings.per_file_ignores,
            severities: settings.severities,
            noqa: settings.noqa,
            pedantic,
            min_severity: overrides
                .min_severity
                .or(settings.min_severity)
                .unwrap_or(Severity::Medium),
            min_confidence: overrides
                .min_confidence
                .or(settings.min_confidence)
                .unwrap_or(Confidence::Medium),
            fail_on: overrides.fail_on.or(settings.fail_on).unwrap_or(Severity::Medium),
            exclude: settings.exclude,
            src: settings.src,
            calls: settings.calls,
            python: settings.python,
            respect_gitignore: overrides
                .respect_gitignore
                .or(settings.respect_gitignore)
                .unwrap_or(true),
            jobs: overrides.jobs.or(settings.jobs).unwrap_or(0),
            baseline: overrides.baseline.clone().or_else(|| settings.baseline.map(in_folder)),
        })
    }

    /// Whether a rule runs.
    #[must_use]
    pub fn enabled(&self, rule: &RuleInfo) -> bool {
        self.is_on(rule.name)
    }

    /// Whether a rule, or `unused-ignore`, is on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.enabled.contains(name)
    }

    /// Whether a finding in the file of this path is shown.
    #[must_use]
    pub fn shows(&self, diagnostic: &Diagnostic, path: &str) -> bool {
        // A stale comment costs nothing, so it fails no run; it is told because nobody would look for it.
        let is_heavy = diagnostic.severity >= self.min_severity || diagnostic.rule.name == UNUSED_IGNORE;
        is_heavy
            && diagnostic.confidence >= self.min_confidence
            && self.is_on(diagnostic.rule.name)
            && !self.ignores(diagnostic.rule.name, path)
    }

    /// The severity that the project gives all findings of a rule; a rule's own name wins over its pattern's.
    #[must_use]
    pub fn severity(&self, rule: &str) -> Option<Severity> {
        let naming = self.severities.iter().filter(|(names, _)| names.contains(rule));
        naming.min_by_key(|(names, _)| names.len()).map(|(_, level)| *level)
    }

    /// Whether `per-file-ignores` silences a rule in the file of this path.
    #[must_use]
    pub fn ignores(&self, rule: &str, path: &str) -> bool {
        self.per_file_ignores
            .iter()
            .any(|(globs, names)| names.contains(rule) && globs.matches(path))
    }
}

fn resolve_all(words: &[String], rules: &[&'static RuleInfo]) -> Result<Names, ConfigError> {
    let mut names = Names::new();
    for word in words {
        names.extend(select::resolve(word, rules)?);
    }
    Ok(names)
}

fn read_settings(
    origin: Origin<'_>,
    rules: &[&'static RuleInfo],
) -> Result<(file::Settings, Option<PathBuf>), ConfigError> {
    let path = match origin {
        Origin::Isolated => None,
        Origin::Explicit(path) => Some(path.to_path_buf()),
        Origin::Root(root) => ["tailspike.toml", "pyproject.toml"]
            .iter()
            .map(|name| root.join(name))
            .find(|path| path.is_file()),
    };
    let Some(path) = path else {
        return Ok((file::Settings::default(), None));
    };
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        ConfigError::new(
            format!("the configuration `{shown}` can't be read: {}", reason(&error)),
            "check the path and its permissions",
        )
    })?;
    let is_pyproject = path.file_name().is_some_and(|name| name == "pyproject.toml");
    let mut settings = file::parse(&shown, &text, is_pyproject, rules)?;
    if !is_pyproject && settings.python.is_none() {
        settings.python = python_beside(&path);
    }
    Ok((settings, path.parent().map(Path::to_path_buf)))
}

/// `requires-python` stands in the `pyproject.toml` even where our own keys don't; mistakes elsewhere in it are not ours to report.
fn python_beside(path: &Path) -> Option<(u8, u8)> {
    let text = std::fs::read_to_string(path.parent()?.join("pyproject.toml")).ok()?;
    file::parse("", &text, true, &[]).ok()?.python
}
