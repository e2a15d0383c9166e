//! The parallel walk: every Python file below the root, and what was named though it is left out.

use super::root::Named;
use super::{PathGlobs, SourceError, WalkOptions, classify};
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// The files of the project and the folders and links that could not be followed, both unordered by nature; problems come sorted.
pub(super) fn walk(named: &[Named], options: &WalkOptions) -> (Vec<PathBuf>, Vec<SourceError>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let depth = options.shallow.then_some(1);
    collect(&options.root, options, true, depth, &mut found, &mut problems);
    if options.force_exclude {
        problems.sort_by(|a, b| a.path.cmp(&b.path));
        return (found, problems);
    }
    // Named, yet not reached from the root: ignored, hidden or excluded. Named paths are always read.
    for it in named.iter().filter(|it| it.is_folder) {
        if !found.iter().any(|file| file.starts_with(&it.path)) {
            collect(&it.path, options, false, None, &mut found, &mut problems);
        }
    }
    // A file that was reached twice is dropped by the caller, with all duplicates.
    found.extend(named.iter().filter(|it| !it.is_folder).map(|it| it.path.clone()));
    problems.sort_by(|a, b| a.path.cmp(&b.path));
    (found, problems)
}

fn collect(
    start: &Path,
    options: &WalkOptions,
    from_root: bool,
    depth: Option<usize>,
    found: &mut Vec<PathBuf>,
    problems: &mut Vec<SourceError>,
) {
    let git = !options.no_gitignore;
    // What is named is read although it is excluded.
    let is_excluded = !from_root && options.exclude.matches(&relative(start, &options.root));
    let exclude = if is_excluded {
        PathGlobs::default()
    } else {
        options.exclude.clone()
    };
    let root = options.root.clone();
    let walker = WalkBuilder::new(start)
        .standard_filters(false)
        .git_ignore(git)
        .git_exclude(git)
        .parents(git && from_root)
        .max_depth(depth)
        .threads(options.threads)
        .filter_entry(move |entry| entry.depth() == 0 || keep(entry, from_root, &root, &exclude))
        .build_parallel();
    let (sender, receiver) = channel();
    walker.visit(&mut Collectors {
        sender,
        root: &options.root,
    });
    for item in receiver {
        match item {
            Ok(path) => found.push(path),
            Err(problem) => problems.push(problem),
        }
    }
}

fn keep(entry: &DirEntry, from_root: bool, root: &Path, exclude: &PathGlobs) -> bool {
    let path = entry.path();
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    if is_folder && classify::is_excluded(path, entry.file_name(), from_root && entry.depth() == 1) {
        return false;
    }
    if !is_folder && !classify::is_python(entry.file_name()) && !entry.path_is_symlink() {
        return false;
    }
    !exclude.matches(&relative(path, root))
}

/// A path below the root as users see it: with `/`, and readable where it is not Unicode.
pub(super) fn relative(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let text = below.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

type Item = Result<PathBuf, SourceError>;

struct Collectors<'a> {
    sender: Sender<Item>,
    root: &'a Path,
}

impl<'a> ParallelVisitorBuilder<'a> for Collectors<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Collector {
            sender: self.sender.clone(),
            root: self.root,
        })
    }
}

struct Collector<'a> {
    sender: Sender<Item>,
    root: &'a Path,
}

impl ParallelVisitor for Collector<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        let items = match entry {
            Ok(entry) => self.look(&entry),
            Err(error) => vec![Err(self.unwalkable(&error))],
        };
        for item in items {
            // The receiver outlives the walk, so this can't fail.
            let _ = self.sender.send(item);
        }
        WalkState::Continue
    }
}

impl Collector<'_> {
    fn look(&self, entry: &DirEntry) -> Vec<Item> {
        let path = entry.path();
        let is_python = classify::is_python(entry.file_name());
        match entry.file_type() {
            Some(kind) if kind.is_dir() && is_python && entry.depth() > 0 => {
                vec![Err(self.problem(
                    path,
                    "a folder with the name of a Python file; the files in it are read, it is not",
                ))]
            }
            Some(kind) if kind.is_symlink() => self.look_through(path, is_python),
            Some(kind) if kind.is_file() && is_python => vec![Ok(path.to_path_buf())],
            _ => Vec::new(),
        }
    }

    /// Links to files are read; links to folders are not followed, for their files have a path of their own.
    fn look_through(&self, path: &Path, is_python: bool) -> Vec<Item> {
        match std::fs::metadata(path) {
            Ok(target) if target.is_file() && is_python => vec![Ok(path.to_path_buf())],
            Ok(target) if target.is_dir() && leads_back(path) => {
                vec![Err(
                    self.problem(path, "a link to a folder that contains it; not followed")
                )]
            }
            Ok(_) => Vec::new(),
            Err(error) if is_python || error.kind() != std::io::ErrorKind::NotFound => {
                vec![Err(self.problem(path, "a link that leads nowhere; not read"))]
            }
            Err(_) => Vec::new(),
        }
    }

    fn problem(&self, path: &Path, message: &str) -> SourceError {
        SourceError {
            path: relative(path, self.root),
            message: message.to_owned(),
        }
    }

    fn unwalkable(&self, error: &ignore::Error) -> SourceError {
        let (path, message) = match error {
            ignore::Error::WithDepth { err, .. } => return self.unwalkable(err),
            ignore::Error::WithPath { path, err } => (path.as_path(), err.to_string()),
            other => (Path::new(OsStr::new("")), other.to_string()),
        };
        self.problem(
            path,
            &format!("{message}; what is below it is not read, check its permissions"),
        )
    }
}

fn leads_back(link: &Path) -> bool {
    let own = link.parent().and_then(|folder| folder.canonicalize().ok());
    match (own, link.canonicalize()) {
        (Some(own), Ok(target)) => own.starts_with(target),
        _ => false,
    }
}
