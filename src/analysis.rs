//! What the spine gives to whoever prints, counts or serves it.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::FileError;
use crate::facts::IgnoreComment;
use crate::source::FileId;

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

/// Everything that was found out about a project: data, in an order that does not depend on threads.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Every finding of every rule that ran, in the order of [`Diagnostic::order`], whatever is shown of it.
    pub findings: Vec<Diagnostic>,
    /// Files that could not be analysed, in the order of their paths.
    pub errors: Vec<FileError>,
    /// Files that have ignore comments.
    pub ignores: Vec<FileIgnores>,
    /// By file: the hash of the text that was analysed, 0 where the file was not read.
    pub hashes: Vec<u64>,
    /// What `--statistics` prints: name and value.
    pub statistics: Vec<(String, String)>,
}
