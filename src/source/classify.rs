//! What a path says about a file: Python or not, test or not, left out or not.

use std::ffi::OsStr;
use std::path::Path;

const TEST_FOLDERS: [&str; 5] = ["tests", "test", "testing", "cookbook", "docs"];
const EXCLUDED_FOLDERS: [&str; 3] = ["__pycache__", "node_modules", "site-packages"];
/// Left out only directly below the root: deeper down these are ordinary package names.
const EXCLUDED_AT_ROOT: [&str; 2] = ["build", "dist"];

/// Whether the name is one of a Python source file or a notebook.
pub(super) fn is_python(name: &OsStr) -> bool {
    matches!(
        Path::new(name).extension().and_then(OsStr::to_str),
        Some("py" | "pyi" | "pyw" | "ipynb")
    )
}

/// Whether the path names a Python source file, which a notebook is not.
#[must_use]
pub fn is_source_name(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("py" | "pyi" | "pyw"))
}

/// Whether a folder of this name holds tests, examples or documentation.
pub(super) fn is_test_folder(name: &str) -> bool {
    TEST_FOLDERS.contains(&name) || name.starts_with("example")
}

/// Whether a path relative to the root is a test, an example or documentation.
pub(super) fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    folders.split('/').any(is_test_folder) || stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest"
}

/// Whether a folder is left out by default; `at_root` for one directly below the project root.
pub(super) fn is_excluded(folder: &Path, name: &OsStr, at_root: bool) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.')
        || EXCLUDED_FOLDERS.contains(&&*name)
        || (at_root && EXCLUDED_AT_ROOT.contains(&&*name))
        || folder.join("pyvenv.cfg").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_folder_or_name() {
        for path in [
            "tests/a.py",
            "pkg/testing/a.py",
            "test_a.py",
            "pkg/a_test.py",
            "pkg/conftest.py",
            "docs/conf.py",
            "example_config/a.py",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["pkg/contest.py", "latest/a.py", "pkg/testing.py", "tester_a.py"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
