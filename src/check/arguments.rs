//! From arguments to what they mean.

use crate::cli::CheckArgs;
use crate::cli::Level;
use crate::config::Overrides;
use crate::diagnostic::Confidence;
use crate::diagnostic::Severity;
use crate::source;
use anyhow::{Context, Result};
use std::io::Read;
use std::path::PathBuf;

/// `-` stands for standard input, whose name is given apart.
pub(super) fn paths(args: &CheckArgs) -> Vec<PathBuf> {
    let mut paths = args.paths.clone();
    if args.stdin_filename.is_some() {
        paths.retain(|path| path.as_os_str() != "-");
    } else if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    paths
}

/// The text of the file that is given on standard input, and its path.
pub(super) fn read_stdin(args: &CheckArgs) -> Result<Option<(PathBuf, String)>> {
    let Some(path) = &args.stdin_filename else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(source::MAX_BYTES)
        .read_to_end(&mut bytes)
        .context("standard input can't be read")?;
    let text = source::decode(bytes).with_context(|| format!("`{}`", path.display()))?;
    Ok(Some((path.clone(), text)))
}

/// What the command line says of the configuration.
pub(super) fn overrides(args: &CheckArgs) -> Overrides {
    let respect = match (args.respect_gitignore, args.no_respect_gitignore) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Overrides {
        select: args.rules.select.clone(),
        ignore: args.rules.ignore.clone(),
        extend_select: args.rules.extend_select.clone(),
        pedantic: args.rules.pedantic,
        min_severity: args.rules.min_severity.map(Severity::from),
        min_confidence: args.rules.min_confidence.map(confidence),
        fail_on: args.rules.fail_on.map(Severity::from),
        respect_gitignore: respect,
        jobs: args.jobs,
        baseline: args.baseline.clone(),
    }
}

fn confidence(level: Level) -> Confidence {
    match level {
        Level::Low => Confidence::Low,
        Level::Medium => Confidence::Medium,
        Level::High => Confidence::High,
    }
}
