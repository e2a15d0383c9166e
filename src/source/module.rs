//! From a set of paths to modules: import roots, dotted names, what is reported. Looks at no file.

use super::root::{self, Named};
use super::{SourceFile, WalkOptions, classify, notebook, walk};
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};

/// Describes the files, in the order of their relative paths.
pub(super) fn describe(found: Vec<PathBuf>, named: &[Named], options: &WalkOptions) -> Vec<SourceFile> {
    let root = options.root.as_path();
    let mut paths: Vec<(String, PathBuf)> = found
        .into_iter()
        .map(|absolute| (walk::relative(&absolute, root), absolute))
        .collect();
    paths.sort();
    let packages: FxHashSet<String> = paths
        .iter()
        .filter_map(|(path, _)| {
            let (folder, name) = split(path);
            is_init(name).then(|| folder.to_owned())
        })
        .collect();
    let named = Reported::new(named, root);
    let forced = options.force_exclude;
    let mut roots = FxHashMap::default();
    paths
        .into_iter()
        .filter_map(|(path, absolute)| {
            let (folder, name) = split(&path);
            let import_root = roots
                .entry(folder.to_owned())
                .or_insert_with(|| import_root(folder, &packages))
                .clone();
            let is_notebook = notebook::is_notebook(&absolute);
            // Nobody can import a notebook, so it must not bear the name of the module beside it.
            let own = if is_notebook { ".ipynb" } else { "" };
            let module = module(&path, &import_root) + own;
            let portion = portion(&path, &import_root, &packages);
            let is_test = classify::is_test(&path);
            let is_stub = name.ends_with(".pyi");
            let reported = !(is_stub || forced && is_test) && named.covers(&absolute, is_test);
            // Nor is one read that nobody asks about: they are large.
            (reported || !is_notebook).then_some(SourceFile {
                reported,
                is_notebook,
                is_test,
                is_stub,
                is_package: is_init(name),
                import_root,
                module,
                portion,
                absolute,
                path,
            })
        })
        .collect()
}

/// What the named paths cover.
struct Reported<'a> {
    /// Reported whatever they are called.
    files: FxHashSet<&'a Path>,
    /// With whether the tests below are reported because the path names tests.
    folders: Vec<(&'a Path, bool)>,
}

impl<'a> Reported<'a> {
    fn new(named: &'a [Named], root: &Path) -> Self {
        let (folders, files): (Vec<&Named>, Vec<&Named>) = named.iter().partition(|it| it.is_folder);
        Self {
            files: files.iter().map(|it| it.path.as_path()).collect(),
            folders: folders
                .iter()
                .map(|it| (it.path.as_path(), names_tests(&it.path, root)))
                .collect(),
        }
    }

    fn covers(&self, file: &Path, is_test: bool) -> bool {
        self.files.contains(file)
            || self
                .folders
                .iter()
                .any(|(folder, with_tests)| (!is_test || *with_tests) && file.starts_with(folder))
    }
}

/// Whether a folder was named because of the tests or examples in it; a whole project may be called `examples` without being one.
fn names_tests(folder: &Path, root: &Path) -> bool {
    if folder == root {
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        return classify::is_test_folder(&name) && !root::has_marker(root);
    }
    walk::relative(folder, root).split('/').any(classify::is_test_folder)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn is_init(name: &str) -> bool {
    matches!(name, "__init__.py" | "__init__.pyi" | "__init__.pyw")
}

/// The folder above the topmost package; the project root is never taken for a package, since nothing above it is read.
fn import_root(folder: &str, packages: &FxHashSet<String>) -> String {
    let mut at = folder;
    while !at.is_empty() && packages.contains(at) {
        at = split(at).0;
    }
    at.to_owned()
}

/// The name of a file in a folder without `__init__` that lies in a package.
fn portion(path: &str, import_root: &str, packages: &FxHashSet<String>) -> Option<String> {
    let mut around = import_root;
    while !around.is_empty() && !packages.contains(around) {
        around = split(around).0;
    }
    (!around.is_empty()).then(|| module(path, self::import_root(around, packages).as_str()))
}

fn module(path: &str, import_root: &str) -> String {
    let below = path
        .strip_prefix(import_root)
        .map_or(path, |rest| rest.trim_start_matches('/'));
    let (folder, name) = split(below);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let folder = folder.replace('/', ".");
    match (is_init(name), folder.is_empty()) {
        (true, _) => folder,
        (false, true) => stem.to_owned(),
        (false, false) => format!("{folder}.{stem}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe_all(paths: &[&str], named: &[(&str, bool)]) -> Vec<SourceFile> {
        let root = Path::new("/r");
        let named: Vec<Named> = named
            .iter()
            .map(|(path, is_folder)| Named {
                path: if path.is_empty() {
                    root.to_path_buf()
                } else {
                    root.join(path)
                },
                is_folder: *is_folder,
            })
            .collect();
        let options = WalkOptions {
            root: root.to_path_buf(),
            ..WalkOptions::default()
        };
        describe(paths.iter().map(|path| root.join(path)).collect(), &named, &options)
    }

    #[test]
    fn modules_are_named_from_the_topmost_package() {
        let files = describe_all(
            &[
                "src/pkg/__init__.py",
                "src/pkg/a.py",
                "src/pkg/sub/__init__.py",
                "src/pkg/sub/b.py",
                "src/pkg/data/c.py",
                "setup.py",
            ],
            &[("", true)],
        );
        let names: Vec<(&str, &str, &str)> = files
            .iter()
            .map(|file| (&*file.path, &*file.import_root, &*file.module))
            .collect();
        assert_eq!(
            names,
            [
                ("setup.py", "", "setup"),
                ("src/pkg/__init__.py", "src", "pkg"),
                ("src/pkg/a.py", "src", "pkg.a"),
                ("src/pkg/data/c.py", "src/pkg/data", "c"),
                ("src/pkg/sub/__init__.py", "src", "pkg.sub"),
                ("src/pkg/sub/b.py", "src", "pkg.sub.b"),
            ]
        );
    }

    #[test]
    fn a_folder_without_init_belongs_to_the_package_around_it() {
        let paths = [
            "a/src/pkg/__init__.py",
            "a/src/pkg/data/deep/c.py",
            "a/src/pkg/data/own/__init__.py",
            "a/src/pkg/data/own/d.py",
            "a/src/lone/e.py",
        ];
        let files = describe_all(&paths, &[("", true)]);
        let names: Vec<Option<&str>> = files.iter().map(|file| file.portion.as_deref()).collect();
        let portions = [Some("pkg.data.deep.c"), Some("pkg.data.own"), Some("pkg.data.own.d")];
        assert_eq!(names, [None, None, portions[0], portions[1], portions[2]]);
    }

    #[test]
    fn tests_are_reported_only_where_they_are_named() {
        let paths = ["pkg/a.py", "pkg/b.pyi", "tests/test_a.py"];
        let reported = |named: &[(&str, bool)]| -> Vec<bool> {
            describe_all(&paths, named).iter().map(|file| file.reported).collect()
        };
        assert_eq!(reported(&[("", true)]), [true, false, false]);
        assert_eq!(reported(&[("tests", true)]), [false, false, true]);
        assert_eq!(reported(&[("tests/test_a.py", false)]), [false, false, true]);
        assert_eq!(reported(&[("pkg", true), ("tests", true)]), [true, false, true]);
    }

    #[test]
    fn the_project_root_is_not_a_package() {
        let files = describe_all(&["__init__.py", "a.py"], &[("", true)]);
        assert_eq!(files[0].module, "");
        assert!(files[0].is_package);
        assert_eq!(files[1].module, "a");
    }
}
