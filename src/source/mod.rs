//! The source tree: project root, walk, read, decode; file ids; positions.
//!
//! Gives every file of the project a dense [`FileId`] in the order of its path, and its text on demand.
//! Must not know what is in the files: no syntax, no rules, no configuration.

mod classify;
mod decode;
mod globs;
mod module;
mod notebook;
mod position;
mod printable;
mod read;
mod root;
mod walk;

pub use classify::is_source_name;
pub use decode::{decode, encode};
pub use globs::{GlobError, PathGlobs};
pub use notebook::{Cells, is_notebook, with_code};
pub use position::{LineIndex, Position, line_col};
pub use printable::{printable, printable_in_place};
pub use read::{MAX_BYTES, ReadError, reason};
pub use root::{Root, find_root, folder_in_checkout};
use rustc_hash::FxHasher;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file of this run, in the order of sorted paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FileId(pub u32);

/// A range in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// First byte of the decoded text.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// 1-based line of `start`.
    pub line: u32,
}

/// What is known of a file before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the project root, with `/`; what users see.
    pub path: String,
    /// Where the file system has it.
    pub absolute: PathBuf,
    /// Findings in it are shown.
    pub reported: bool,
    /// Tests, examples and documentation.
    pub is_test: bool,
    /// A `.pyi` stub.
    pub is_stub: bool,
    /// A notebook; its text is the code of its cells.
    pub is_notebook: bool,
    /// An `__init__` file; its `module` is the package.
    pub is_package: bool,
    /// The folder above its topmost package, relative to the root; empty for the root itself.
    pub import_root: String,
    /// Dotted name below the import root; empty for an `__init__` file at the root.
    pub module: String,
    /// Dotted name from the package around it, where a folder without `__init__` lies between: it can be imported by that too.
    pub portion: Option<String>,
}

/// How to walk.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// The project root; see [`find_root`].
    pub root: PathBuf,
    /// Read only the folder of the root and not those below it (a lone script).
    pub shallow: bool,
    /// Read what git ignores.
    pub no_gitignore: bool,
    /// Files and folders left out, relative to the root.
    pub exclude: PathGlobs,
    /// Leave out excluded files and tests even where they are named.
    pub force_exclude: bool,
    /// Threads of the walk; 0 for as many as the machine has.
    pub threads: usize,
    /// A path whose text is given instead of read, as an editor does.
    pub stdin: Option<(PathBuf, String)>,
    /// The folder from which a terminal opens paths, with links followed.
    pub here: Option<PathBuf>,
    /// Absolute paths of files that so far exist only in an editor.
    pub unsaved: Vec<PathBuf>,
}

/// Why nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The path as the user wrote it.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

impl std::error::Error for SourceError {}

/// Every file of the project.
#[derive(Debug, Default)]
pub struct Sources {
    root: PathBuf,
    files: Vec<SourceFile>,
    injected: BTreeMap<FileId, String>,
    problems: Vec<SourceError>,
    reads: AtomicUsize,
    /// Where the reader stands.
    here: Option<PathBuf>,
}

impl Sources {
    /// Finds the files of the project and decides which of them are reported.
    ///
    /// # Errors
    /// A path that does not exist or can't be looked at.
    pub fn discover(paths: &[PathBuf], options: &WalkOptions) -> Result<Self, SourceError> {
        let named = root::named_paths(paths, options.stdin.as_ref().map(|(path, _)| path.as_path()))?;
        let (mut found, problems) = walk::walk(&named, options);
        let excluded = |path: &Path| options.exclude.matches(&walk::relative(path, &options.root));
        found.extend(options.unsaved.iter().filter(|it| !excluded(it)).cloned());
        found.sort();
        found.dedup();
        let files = module::describe(found, &named, options);
        let injected = options.stdin.as_ref().and_then(|(path, text)| {
            let path = root::resolve(path).ok()?;
            let index = files.iter().position(|file| file.absolute == path)?;
            Some((FileId(u32::try_from(index).ok()?), text.clone()))
        });
        Ok(Self {
            root: options.root.clone(),
            files,
            injected: injected.into_iter().collect(),
            problems,
            reads: AtomicUsize::new(0),
            here: options.here.clone(),
        })
    }

    /// The project root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many files there are; ids are `0..len`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All ids in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = FileId> + ExactSizeIterator + use<> {
        (0..u32::try_from(self.files.len()).unwrap_or(u32::MAX)).map(FileId)
    }

    /// What is known of a file.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The path that users see.
    #[must_use]
    pub fn path(&self, id: FileId) -> &str {
        &self.file(id).path
    }

    /// Folders and links that could not be walked, in order of their paths.
    #[must_use]
    pub fn problems(&self) -> &[SourceError] {
        &self.problems
    }

    /// The file at a place of the file system, as [`SourceFile::absolute`] has it.
    #[must_use]
    pub fn find(&self, absolute: &Path) -> Option<FileId> {
        let path = absolute.strip_prefix(&self.root).ok()?;
        let shown = path.to_string_lossy().replace('\\', "/");
        let known = self
            .files
            .iter()
            .position(|it| it.path == shown && it.absolute == absolute);
        let index = known.or_else(|| self.files.iter().position(|it| it.absolute == absolute))?;
        Some(FileId(u32::try_from(index).ok()?))
    }

    /// Gives a file a text that wins over the one on disk, as an editor does, or takes it away again.
    pub fn set_text(&mut self, id: FileId, text: Option<String>) {
        match text {
            Some(text) => self.injected.insert(id, text),
            None => self.injected.remove(&id),
        };
    }

    /// The cell of a place in a notebook, and the line in it, counted from 1; `None` for other files.
    #[must_use]
    pub fn cell(&self, file: FileId, line: u32) -> Option<(u32, u32)> {
        if !self.file(file).is_notebook {
            return None;
        }
        let (_, cells) = self.read_with_cells(file).ok()?;
        cells.map(|it| it.place(line))
    }

    /// The path as a terminal opens it: relative to the current folder, absolute where it lies outside.
    #[must_use]
    pub fn path_from_here(&self, id: FileId) -> Cow<'_, str> {
        let it = self.file(id);
        match &self.here {
            Some(here) if *here != self.root => match it.absolute.strip_prefix(here) {
                Ok(path) => Cow::Owned(path.display().to_string().replace('\\', "/")),
                Err(_) => it.absolute.to_string_lossy(),
            },
            _ => Cow::Borrowed(&it.path),
        }
    }

    /// `path:line`, or `path:cell 3:line` in a notebook.
    #[must_use]
    pub fn spot(&self, location: &Location) -> String {
        self.spot_at(self.path(location.file), location)
    }

    /// The same for a terminal.
    #[must_use]
    pub fn spot_from_here(&self, location: &Location) -> String {
        self.spot_at(&self.path_from_here(location.file), location)
    }

    fn spot_at(&self, path: &str, location: &Location) -> String {
        match self.cell(location.file, location.line) {
            Some((cell, line)) => format!("{path}:cell {cell}:{line}"),
            None => format!("{path}:{}", location.line),
        }
    }

    /// How many files have been read so far, for whoever waits.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// The decoded text of a file; of a notebook the code of its cells.
    ///
    /// # Errors
    /// The file can't be read, is not text, or its encoding is unknown.
    pub fn read(&self, id: FileId) -> Result<String, ReadError> {
        self.read_with_cells(id).map(|it| it.0)
    }

    /// The same, and for a notebook which of its lines stand in which cell.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn read_with_cells(&self, id: FileId) -> Result<(String, Option<Cells>), ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let text = match self.injected.get(&id) {
            Some(text) => text.clone(),
            None => read::read(&self.file(id).absolute)?,
        };
        if !self.file(id).is_notebook {
            return Ok((text, None));
        }
        let (code, cells) = notebook::code(&text)?;
        Ok((code, Some(cells)))
    }
}

/// The hash by which the report sees that a file has changed since it was analysed.
#[must_use]
pub fn text_hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
pub(crate) mod testing {
    //! Sources for the tests of other layers.
    use super::{Sources, WalkOptions};

    /// A folder of files that lives as long as the returned guard.
    pub(crate) fn sources(files: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path().canonicalize().expect("root");
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder");
            std::fs::write(path, text).expect("file");
        }
        let options = WalkOptions {
            root: root.clone(),
            ..WalkOptions::default()
        };
        let sources = Sources::discover(&[root], &options).expect("sources");
        (folder, sources)
    }
}
