//! The spine's result, and the ignore comments that shaped it.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::ErrorKind;
use crate::diagnostic::FileError;
use crate::facts::IgnoreComment;
use crate::pipeline::Failure;
use crate::source::FileId;
use crate::source::Sources;

/// The ignore comments of one file, and which of them stopped something.
#[derive(Clone, Debug)]
pub struct FileIgnores {
    /// The file.
    pub file: FileId,
    /// Its comments in source order.
    pub comments: Vec<IgnoreComment>,
    /// Parallel to `comments`.
    pub used: Vec<bool>,
}

impl FileIgnores {
    /// Marks the comments that cover a line and name a rule as used; says whether there is one.
    pub fn accept(&mut self, line: u32, rule: &str) -> bool {
        let mut accepted = false;
        for (comment, used) in self.comments.iter().zip(&mut self.used) {
            let covers = comment.whole_file || (comment.covers.0 <= line && line <= comment.covers.1);
            if covers && comment.rules.iter().any(|name| name == rule) {
                *used = true;
                accepted = true;
            }
        }
        accepted
    }
}

/// Everything that was found out about a project: data, in an order that does not depend on threads.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Every finding of every rule that ran, in the order of [`Diagnostic::order`], whatever is shown of it.
    pub findings: Vec<Diagnostic>,
    /// Files that could not be analysed.
    pub errors: Vec<FileError>,
    /// Files that have ignore comments.
    pub ignores: Vec<FileIgnores>,
    /// By file: the hash of the text that was analysed, 0 where the file was not read.
    pub hashes: Vec<u64>,
    /// What `--statistics` prints: name and value.
    pub statistics: Vec<(String, String)>,
}

/// A failure as users see it.
#[must_use]
pub fn file_error(sources: &Sources, failure: Failure) -> FileError {
    let kind = match (failure.internal, failure.place) {
        (true, _) => ErrorKind::Internal,
        (false, Some(_)) => ErrorKind::Syntax,
        (false, None) => ErrorKind::Read,
    };
    let cell = failure.place.and_then(|(line, _)| sources.cell(failure.file, line));
    let message = match cell {
        Some((cell, _)) => format!("cell {cell}: {}", failure.message),
        None => failure.message,
    };
    FileError {
        path: sources.path(failure.file).to_owned(),
        line: cell.map(|(_, line)| line).or(failure.place.map(|(line, _)| line)),
        column: failure.place.map(|(_, column)| column),
        kind,
        message,
    }
}
