//! `--fix` and `--diff` on the files of `fixtures/mends`: what is changed, and that nothing else is.
//!
//! A folder has `before.py`, and what becomes of it: `safe.py` with `--fix`, `unsafe.py` with `--unsafe-fixes` as well.
//! Where one of them is missing, that run changes nothing more.

mod support;

use std::path::{Path, PathBuf};
use std::process::Output;
use support::tool;
use tempfile::TempDir;

const EVERYTHING: [&str; 4] = ["--min-severity", "low", "--min-confidence", "low"];

/// The project with `before.py` as its `app.py`, and arguments that read it as it is.
struct Copy {
    folder: TempDir,
    configured: bool,
}

impl Copy {
    fn of(fixture: &Path) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::copy(fixture.join("before.py"), folder.path().join("app.py")).expect("copied");
        let configured = fixture.join("pyproject.toml").exists();
        if configured {
            std::fs::copy(fixture.join("pyproject.toml"), folder.path().join("pyproject.toml")).expect("copied");
        }
        Self { folder, configured }
    }

    fn with(text: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join("app.py"), text).expect("written");
        Self {
            folder,
            configured: false,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("app.py")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).expect("UTF-8")
    }

    fn run(&self, flags: &[&str]) -> Output {
        let mut arguments = vec!["check", "app.py"];
        arguments.extend(EVERYTHING);
        if !self.configured {
            arguments.push("--isolated");
        }
        arguments.extend(flags);
        tool::run(&arguments, self.folder.path())
    }
}

fn fixtures() -> Vec<PathBuf> {
    support::folders_in(&support::root().join("fixtures/mends"))
}

fn expected(fixture: &Path, names: &[&str]) -> String {
    let found = names.iter().map(|it| fixture.join(it)).find(|it| it.exists());
    std::fs::read_to_string(found.expect("a file of the fixture")).expect("UTF-8")
}

#[test]
fn safe_mends_are_what_the_fixtures_say() {
    for fixture in fixtures() {
        let copy = Copy::of(&fixture);
        copy.run(&["--fix"]);
        let name = fixture.display();
        assert_eq!(copy.text(), expected(&fixture, &["safe.py", "before.py"]), "{name}");
        copy.run(&["--fix"]);
        assert_eq!(
            copy.text(),
            expected(&fixture, &["safe.py", "before.py"]),
            "{name}, again"
        );
    }
}

#[test]
fn unsafe_mends_are_what_the_fixtures_say() {
    for fixture in fixtures() {
        let copy = Copy::of(&fixture);
        let name = fixture.display();
        for time in ["once", "again"] {
            copy.run(&["--fix", "--unsafe-fixes"]);
            let want = expected(&fixture, &["unsafe.py", "safe.py", "before.py"]);
            assert_eq!(copy.text(), want, "{name}, {time}");
        }
    }
}

#[test]
fn a_difference_is_shown_and_nothing_written() {
    let fixture = support::root().join("fixtures/mends/backoff");
    let copy = Copy::of(&fixture);
    let output = copy.run(&["--diff"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(copy.text(), expected(&fixture, &["before.py"]));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @r#"
    --- a/app.py
    +++ b/app.py
    @@ -4,6 +4,6 @@
     client = httpx.AsyncClient()
     
     
    -@backoff.on_exception(backoff.expo, httpx.HTTPError, max_tries=5, jitter=None)
    +@backoff.on_exception(backoff.expo, httpx.HTTPError, max_tries=5, jitter=backoff.full_jitter)
     async def ask(url):
         return await client.get(url)
    "#);
    copy.run(&["--fix"]);
    let output = copy.run(&["--diff"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}

#[test]
fn line_ends_and_encodings_stay() {
    let latin = "# coding: latin-1\r\nimport time\r\n\r\n\r\nasync def f():\r\n    time.sleep(1)  # d\u{e9}lai\r\n";
    let bytes: Vec<u8> = latin
        .chars()
        .map(|it| u8::try_from(u32::from(it)).expect("latin-1"))
        .collect();
    let copy = Copy::with(&bytes);
    copy.run(&["--fix"]);
    let after: String = std::fs::read(copy.file())
        .expect("readable")
        .into_iter()
        .map(char::from)
        .collect();
    let want = latin
        .replace("import time", "import asyncio\r\nimport time")
        .replace("time.sleep", "await asyncio.sleep");
    assert_eq!(after, want);
    let bom = "\u{feff}import time\nasync def f():\n    time.sleep(1)";
    let copy = Copy::with(bom.as_bytes());
    copy.run(&["--fix"]);
    assert_eq!(
        copy.text(),
        "\u{feff}import asyncio\nimport time\nasync def f():\n    await asyncio.sleep(1)"
    );
}

#[test]
fn a_file_that_may_not_be_written_stays_whole_and_is_named() {
    let copy = Copy::with(b"import time\nasync def f():\n    time.sleep(1)\n");
    let mut permissions = std::fs::metadata(copy.file()).expect("there").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(copy.file(), permissions).expect("set");
    let output = copy.run(&["--fix"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("app.py: can't be mended: permission denied"), "{said}");
    assert!(said.contains("mended 0 findings in 0 files"), "{said}");
    assert!(copy.text().contains("    time.sleep(1)"), "{}", copy.text());
}

#[test]
fn what_was_mended_is_said_and_the_rest_reported() {
    let copy = Copy::of(&support::root().join("fixtures/mends/awaits"));
    let output = copy.run(&["--fix", "--format", "concise"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.trim_end(),
        "mended 2 findings in 1 file; 2 more with `--unsafe-fixes`"
    );
    let left = String::from_utf8_lossy(&output.stdout);
    assert_eq!(left.matches("unawaited-coroutine").count(), 2, "{left}");
}
