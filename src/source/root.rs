//! The project root: where a project begins, whatever part of it was named.

use super::SourceError;
use std::path::{Component, Path, PathBuf};

const MARKERS: [&str; 3] = ["tailspike.toml", "pyproject.toml", ".git"];

/// Where the project of some paths begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The folder.
    pub path: PathBuf,
    /// Files below its sub-folders are not part of the project (a lone script without a marker).
    pub shallow: bool,
}

/// The nearest folder with a marker above all of `paths`; without one the path itself or the folder above its topmost package.
///
/// # Errors
/// A path that does not exist or can't be looked at.
pub fn find_root(paths: &[PathBuf], stdin: Option<&Path>, isolated: bool) -> Result<Root, SourceError> {
    let named = named_paths(paths, stdin)?;
    let common = common_folder(&named);
    if !isolated && let Some(marked) = common.ancestors().find(|folder| has_marker(folder)) {
        return Ok(Root {
            path: marked.to_path_buf(),
            shallow: false,
        });
    }
    let packages = common.ancestors().take_while(|folder| is_package(folder)).count();
    let path = common.ancestors().nth(packages).unwrap_or(&common).to_path_buf();
    let shallow = packages == 0 && named.iter().all(|it| !it.is_folder);
    Ok(Root { path, shallow })
}

/// Where a project lies in its checkout: `services/api/`, or nothing where it is the whole of it or there is none.
#[must_use]
pub fn folder_in_checkout(root: &Path) -> String {
    let checkout = root.ancestors().find(|folder| folder.join(".git").exists());
    let inner = checkout.and_then(|checkout| root.strip_prefix(checkout).ok());
    let parts = inner.into_iter().flat_map(Path::components);
    parts
        .map(|part| format!("{}/", part.as_os_str().to_string_lossy()))
        .collect()
}

/// Whether a project says that it begins here.
pub(super) fn has_marker(folder: &Path) -> bool {
    MARKERS.iter().any(|marker| folder.join(marker).exists())
}

fn is_package(folder: &Path) -> bool {
    // A file system's root is nobody's package, and there must be a folder above.
    folder.parent().is_some() && folder.join("__init__.py").is_file()
}

/// A path of the command line, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
}

/// The paths of the command line as the file system knows them.
pub(super) fn named_paths(paths: &[PathBuf], stdin: Option<&Path>) -> Result<Vec<Named>, SourceError> {
    let mut named = Vec::new();
    for path in paths {
        let resolved = resolve(path).map_err(|error| missing(path, &error))?;
        let metadata = std::fs::metadata(&resolved).map_err(|error| missing(path, &error))?;
        named.push(Named {
            path: resolved,
            is_folder: metadata.is_dir(),
        });
    }
    if let Some(path) = stdin {
        named.push(Named {
            path: resolve(path).map_err(|error| missing(path, &error))?,
            is_folder: false,
        });
    }
    Ok(named)
}

fn missing(path: &Path, error: &std::io::Error) -> SourceError {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder; check the path".to_owned(),
        _ => format!("{error}; check the path and its permissions"),
    };
    SourceError {
        path: path.display().to_string(),
        message,
    }
}

/// Absolute, with links in the folders followed; the last part keeps its name, so that a linked file is reported where it was named.
pub(super) fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    let ends_in_name = matches!(path.components().next_back(), Some(Component::Normal(_)));
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if ends_in_name && !path.is_dir() => {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            Ok(parent.canonicalize()?.join(name))
        }
        _ => path.canonicalize(),
    }
}

fn common_folder(named: &[Named]) -> PathBuf {
    let mut folders = named.iter().map(|it| match it.path.parent() {
        Some(parent) if !it.is_folder => parent,
        _ => it.path.as_path(),
    });
    let Some(first) = folders.next() else {
        return PathBuf::from(".");
    };
    let mut common = first;
    for folder in folders {
        while !folder.starts_with(common) {
            let Some(parent) = common.parent() else { break };
            common = parent;
        }
    }
    common.to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("temporary folder");
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::fs::write(path, "").expect("file");
        }
        let root = folder.path().canonicalize().expect("root");
        (folder, root)
    }

    #[test]
    fn the_nearest_marker_above_every_path_is_the_root() {
        let (_keep, at) = tree(&["pyproject.toml", "a/pyproject.toml", "a/x.py", "b/y.py"]);
        let root = |paths: &[&str], isolated| {
            let paths: Vec<PathBuf> = paths.iter().map(|path| at.join(path)).collect();
            find_root(&paths, None, isolated).expect("root").path
        };
        assert_eq!(root(&["a/x.py"], false), at.join("a"));
        assert_eq!(root(&["a"], false), at.join("a"));
        assert_eq!(root(&["b"], false), at);
        assert_eq!(root(&["a", "b"], false), at);
        assert_eq!(root(&["b"], true), at.join("b"));
    }

    #[test]
    fn without_a_marker_the_topmost_package_decides() {
        let (_keep, at) = tree(&["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/x.py", "lone.py"]);
        let root = |path: &str| find_root(&[at.join(path)], None, true).expect("root");
        assert_eq!(root("pkg/sub/x.py").path, at);
        assert_eq!(root("pkg/sub").path, at);
        assert!(!root("pkg/sub").shallow);
        assert!(root("lone.py").shallow);
    }

    #[test]
    fn the_checkout_may_begin_above_the_project() {
        let (_keep, at) = tree(&[".git", "services/api/pyproject.toml"]);
        assert_eq!(folder_in_checkout(&at.join("services/api")), "services/api/");
        assert_eq!(folder_in_checkout(&at), "");
    }

    #[test]
    fn a_missing_path_is_an_error_that_names_it() {
        let error = find_root(&[PathBuf::from("/no/such/thing.py")], None, false).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "`/no/such/thing.py`: no such file or folder; check the path"
        );
    }
}
