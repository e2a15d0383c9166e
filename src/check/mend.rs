//! `--fix` and `--diff`: the mends of the findings that are shown, as new texts, as files or as a difference.

use super::{Found, Status, say, shown};
use crate::analysis::Analysis;
use crate::cli::MendArgs;
use crate::config::Config;
use crate::diagnostic::ErrorKind;
use crate::diagnostic::FileError;
use crate::diagnostic::Fix;
use crate::diagnostic::Safety;
use crate::edit;
use crate::edit::Mended;
use crate::pipeline::dialect;
use crate::report;
use crate::report::plural;
use crate::source;
use crate::source::FileId;
use crate::source::SourceFile;
use crate::source::Sources;
use crate::suppress;
use crate::syntax;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Spells the mends in the words of their files, and drops those after which a file would not parse.
pub(super) fn settle(sources: &Sources, config: &Config, analysis: &mut Analysis) {
    let mut last: Option<(FileId, String)> = None;
    for it in &mut analysis.findings {
        let Some(fix) = it.fix.take() else { continue };
        let file = it.location.file;
        if !config.shows(it, sources.path(file)) {
            continue;
        }
        if last.as_ref().is_none_or(|(of, _)| *of != file) {
            last = sources.read(file).ok().map(|text| (file, text));
        }
        let Some((_, text)) = &last else { continue };
        if analysis.hashes.get(file.0 as usize) == Some(&source::text_hash(text)) {
            let fix = edit::spelled(text, &fix);
            let parses = |text: &str| parses(sources.file(file), text);
            it.fix = edit::mend(text, &[&fix], &parses).applied[0].then_some(fix);
        }
    }
}

fn parses(source: &SourceFile, text: &str) -> bool {
    syntax::lower_as(text, dialect(source)).error.is_none()
}

/// What was mended in this run.
#[derive(Default)]
pub(super) struct Tally {
    files: BTreeSet<String>,
    mended: usize,
    /// Files that could not be written.
    pub(super) failed: Vec<FileError>,
}

impl Tally {
    /// Writes every file that can be mended; says whether there was one.
    pub(super) fn write(&mut self, args: MendArgs, found: &Found<'_>) -> Result<bool> {
        let mut any = false;
        for (file, mended) in mends(args, found)? {
            let source = found.sources.file(file);
            if self.failed.iter().any(|it| it.path == source.path) {
                continue;
            }
            match replace(source, &mended) {
                Ok(()) => {
                    any = true;
                    self.mended += mended.applied.iter().filter(|it| **it).count();
                    self.files.insert(source.path.clone());
                }
                Err(reason) => self.failed.push(FileError {
                    path: source.path.clone(),
                    line: None,
                    column: None,
                    kind: ErrorKind::Read,
                    message: format!("can't be mended: {reason}"),
                }),
            }
        }
        Ok(any)
    }

    /// Says how much was mended, and how much more could be.
    pub(super) fn tell(&self, found: &Found<'_>, err: &mut dyn Write) -> Result<()> {
        let hint = unsafe_ones(found, "more ")?;
        let what = plural(self.mended, "finding");
        let files = plural(self.files.len(), "file");
        say(err, &format!("mended {what} in {files}{hint}"));
        Ok(())
    }
}

/// How many mends are left for `--unsafe-fixes`, as the end of a sentence.
fn unsafe_ones(found: &Found<'_>, further: &str) -> Result<String> {
    let left = shown::findings(found)?.iter().filter(|it| it.fix.is_some()).count();
    Ok(match left {
        0 => String::new(),
        _ => format!("; {left} {further}with `--unsafe-fixes`"),
    })
}

/// Writes the new text in the encoding of the old one.
fn replace(source: &SourceFile, mended: &Mended) -> Result<(), String> {
    let old = std::fs::read(&source.absolute).map_err(|error| source::reason(&error))?;
    let text = match source.is_notebook {
        true => around(&String::from_utf8_lossy(&old), mended)?,
        false => mended.text.clone(),
    };
    let new = source::encode(&text, &old).ok_or("its encoding has no bytes for the new text")?;
    suppress::replace(&source.absolute, &new).map_err(|error| source::reason(&error))
}

/// The notebook around new code.
fn around(json: &str, mended: &Mended) -> Result<String, String> {
    source::with_code(json, &mended.edits, &mended.text).map_err(|error| error.to_string())
}

/// Prints what would be written.
pub(super) fn print(
    mends: &[(FileId, Mended)],
    found: &Found<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Status> {
    for error in &found.analysis.errors {
        say(err, &report::error_line(error));
    }
    for (file, mended) in mends {
        let source = found.sources.file(*file);
        let (old, new) = match source.is_notebook {
            true => {
                let old = std::fs::read_to_string(&source.absolute)?;
                let new = around(&old, mended).map_err(anyhow::Error::msg)?;
                (old, new)
            }
            false => (found.sources.read(*file)?, mended.text.clone()),
        };
        let difference = edit::unified(&source.path, &old, &new);
        out.write_all(difference.as_bytes())?;
    }
    if mends.is_empty() {
        let hint = unsafe_ones(found, "")?;
        say(err, &format!("note: nothing can be mended safely{hint}"));
    }
    let internal = found.analysis.errors.iter().any(|it| it.kind == ErrorKind::Internal);
    Ok(match (internal, mends.is_empty()) {
        (true, _) => Status::Failed,
        (false, true) => Status::Clean,
        (false, false) => Status::Findings,
    })
}

/// The new texts of the files that can be mended, in their order.
pub(super) fn mends(args: MendArgs, found: &Found<'_>) -> Result<Vec<(FileId, Mended)>> {
    let mut fixes: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
    for it in shown::findings(found)? {
        let wanted = |fix: &&Fix| fix.safety == Safety::Safe || args.unsafe_fixes;
        if let Some(fix) = it.fix.as_ref().filter(wanted) {
            fixes.entry(it.location.file).or_default().push(fix);
        }
    }
    let mut mends = Vec::new();
    for (file, fixes) in fixes {
        let Ok(text) = found.sources.read(file) else { continue };
        if found.analysis.hashes.get(file.0 as usize) != Some(&source::text_hash(&text)) {
            continue;
        }
        let mended = edit::mend(&text, &fixes, &|new| parses(found.sources.file(file), new));
        if mended.text != text {
            mends.push((file, mended));
        }
    }
    Ok(mends)
}
