//! The binary as people run it: arguments, exit status, output.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SLEEPS: &str = "\
import time


async def handler(request):
    time.sleep(1)
";
const MARKER: (&str, &str) = ("pyproject.toml", "[project]\nname = 'x'\n");

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder");
        std::fs::write(path, text).expect("file");
    }
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tailspike"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder.path(), arguments).output().expect("the binary runs")
}

/// Status, standard output and standard error, as one reads them in a terminal.
fn show(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let root = folder.path().canonicalize().expect("root");
    let clean = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .replace(&root.display().to_string(), "ROOT")
            .replace(&folder.path().display().to_string(), "ROOT")
    };
    format!(
        "status {}\n{}--- standard error\n{}",
        output.status.code().expect("not killed"),
        clean(&output.stdout),
        clean(&output.stderr)
    )
}

fn status(folder: &TempDir, arguments: &[&str]) -> i32 {
    run(folder, arguments).status.code().expect("not killed")
}

#[test]
fn findings_give_status_1_with_code_and_reason() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    insta::assert_snapshot!(show(&folder, &["check"]), @r"
    status 1
    error[blocking-sleep]: `time.sleep` stops the event loop for as long as it sleeps
      ┌─ app.py:5:5
      │
    5 │     time.sleep(1)
      │     ^^^^^^^^^^^^^
      │
      = why: whatever else runs on the caller's loop waits meanwhile
      = help: use `asyncio.sleep` instead

    1 finding (1 high) in 1 of 1 file
    --- standard error
    ");
}

#[test]
fn the_exit_status_follows_fail_on() {
    let folder = project(&[MARKER, ("app.py", SLEEPS), ("clean.py", "x = 1\n")]);
    assert_eq!(status(&folder, &["check"]), 1);
    assert_eq!(status(&folder, &["check", "--exit-zero"]), 0);
    assert_eq!(status(&folder, &["check", "clean.py"]), 0);
    assert_eq!(status(&folder, &["check", "--ignore", "blocking-sleep"]), 0);
    assert_eq!(status(&folder, &["check", "--select", "lost-work"]), 0);
    assert_eq!(status(&folder, &["check", "--no-such-flag"]), 2);
    assert_eq!(status(&folder, &["--help"]), 0);
    assert_eq!(status(&folder, &["--version"]), 0);
}

#[test]
fn wrong_arguments_are_named() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    insta::assert_snapshot!(show(&folder, &["check", "ap.py"]), @r"
    status 2
    --- standard error
    error: `ap.py`: no such file or folder; check the path
    ");
    insta::assert_snapshot!(show(&folder, &["check", "--select", "blocking-slep"]), @r"
    status 2
    --- standard error
    error: there is no rule or pattern `blocking-slep`
      = did you mean `blocking-sleep`?
    ");
    insta::assert_snapshot!(show(&folder, &["check", "--config", "none.toml"]), @r"
    status 2
    --- standard error
    error: the configuration `none.toml` can't be read: it does not exist
      = check the path and its permissions
    ");
    insta::assert_snapshot!(show(&folder, &["check", "--write-baseline"]), @r"
    status 2
    --- standard error
    error: no baseline to write
      = name one with `--baseline FILE` or the key `baseline`
    ");
    insta::assert_snapshot!(show(&folder, &["explain", "blocking-dns"]), @r"
    status 2
    --- standard error
    error: there is no rule or pattern `blocking-dns`
      = did you mean `blocking-dns-lookup`?
    ");
}

#[test]
fn a_folder_without_python_is_said() {
    let folder = project(&[MARKER]);
    insta::assert_snapshot!(show(&folder, &["check", "-q"]), @r"
    status 2
    --- standard error
    error: no Python file was found, or all are excluded; name a folder that has some, or look at `exclude`
    ");
}

#[test]
fn configuration_mistakes_point_at_the_place() {
    let folder = project(&[
        ("app.py", SLEEPS),
        (
            "pyproject.toml",
            "[tool.tailspike]\nmin-confidence = 'low'\nselekt = ['blocking-sleep']\n",
        ),
    ]);
    insta::assert_snapshot!(show(&folder, &["check"]), @r"
    status 2
    --- standard error
    error: unknown key `selekt`
      ┌─ ROOT/pyproject.toml:3:1
      │
    3 │ selekt = ['blocking-sleep']
      │ ^^^^^^
      │
      = did you mean `select`?
    ");
    assert_eq!(status(&folder, &["check", "--isolated"]), 1);
}

#[test]
fn the_files_configuration_is_obeyed() {
    let folder = project(&[
        ("app.py", SLEEPS),
        ("gen/app.py", SLEEPS),
        ("scripts/app.py", SLEEPS),
        (
            "tailspike.toml",
            "exclude = ['gen']\n[per-file-ignores]\n'scripts/*' = ['blocking-*']\n",
        ),
    ]);
    insta::assert_snapshot!(show(&folder, &["check", "--format", "concise"]), @r"
    status 1
    app.py:5:5: high[blocking-sleep] `time.sleep` stops the event loop for as long as it sleeps
    1 finding (1 high) in 1 of 2 files
    --- standard error
    ");
    // What is named is read although it is excluded.
    insta::assert_snapshot!(show(&folder, &["check", "gen", "--format", "concise", "-q"]), @r"
    status 1
    gen/app.py:5:5: high[blocking-sleep] `time.sleep` stops the event loop for as long as it sleeps
    --- standard error
    ");
}

#[test]
fn own_calls_extend_the_catalog() {
    let config = "[[call]]\nname = 'mylib.fetch'\nblocks = 'http'\ninstead = 'mylib.afetch'\n";
    let code = "import mylib\n\n\nasync def handler(request):\n    return mylib.fetch()\n";
    let folder = project(&[("app.py", code), ("tailspike.toml", config)]);
    insta::assert_snapshot!(show(&folder, &["check", "--format", "concise", "-q"]), @r"
    status 1
    app.py:5:12: high[blocking-http-call] `mylib.fetch` blocks the event loop until the server has answered
    --- standard error
    ");
}

#[test]
fn tests_are_reported_only_when_named() {
    let folder = project(&[MARKER, ("tests/test_app.py", SLEEPS)]);
    insta::assert_snapshot!(show(&folder, &["check", "--format", "concise"]), @r"
    status 0
    no findings in 0 files
    --- standard error
    note: only tests, examples and stubs here; name their folder to have them reported
    ");
    let named = show(
        &folder,
        &["check", "tests", "--format", "concise", "--min-severity", "low"],
    );
    assert!(named.contains("tests/test_app.py:5:5:"), "{named}");
}

#[test]
fn findings_do_not_depend_on_where_one_stands() {
    let folder = project(&[MARKER, ("pkg/__init__.py", ""), ("pkg/app.py", SLEEPS)]);
    let found = |from: &str, path: &str| {
        let output = command(&folder.path().join(from), &["check", "--format", "json", path]).output();
        let report: serde_json::Value = serde_json::from_slice(&output.expect("the binary runs").stdout).expect("JSON");
        report["findings"].clone()
    };
    let findings = found("", "pkg/app.py");
    assert_eq!(findings, found("pkg", "."));
    assert_eq!(findings[0]["path"], "pkg/app.py");
}

#[test]
fn a_terminal_is_told_paths_that_it_can_open() {
    let folder = project(&[
        MARKER,
        ("pkg/__init__.py", ""),
        ("pkg/app.py", SLEEPS),
        ("other/x.py", ""),
    ]);
    let root = folder.path().canonicalize().expect("a root");
    let above = root.parent().expect("a folder above");
    let name = root.file_name().expect("a name").to_string_lossy();
    let said = |from: &std::path::Path, path: &str| {
        let output = command(from, &["check", "--format", "concise", "-q", path]).output();
        String::from_utf8(output.expect("the binary runs").stdout).expect("UTF-8")
    };
    assert!(said(&root, "pkg").starts_with("pkg/app.py:5:5:"));
    assert!(said(&root.join("pkg"), ".").starts_with("app.py:5:5:"));
    assert!(said(above, &name).starts_with(&format!("{name}/pkg/app.py:5:5:")));
    let outside = said(&root.join("other"), "../pkg");
    assert!(
        outside.starts_with(&format!("{}/pkg/app.py:5:5:", root.display())),
        "{outside}"
    );
}

#[test]
fn standard_input_stands_in_for_a_file() {
    let folder = project(&[MARKER, ("app.py", "x = 1\n")]);
    let mut child = command(
        folder.path(),
        &["check", "--stdin-filename", "app.py", "--format", "concise", "-q", "-"],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(SLEEPS.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"app.py:5:5: "), "{output:?}");
}

#[test]
fn the_output_file_is_written_whole() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    let output = run(&folder, &["check", "--format", "json", "-o", "report.json"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let text = std::fs::read(folder.path().join("report.json")).expect("written");
    let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(json["findings"][0]["rule"], "blocking-sleep");
    insta::assert_snapshot!(show(&folder, &["check", "-o", "no/such/folder/x"]), @r"
    status 2
    --- standard error
    error: `no/such/folder/x` can't be written: it does not exist
    ");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    let colored = |arguments: &[&str]| run(&folder, arguments).stdout.contains(&0x1b);
    assert!(!colored(&["check"]));
    assert!(colored(&["check", "--color", "always"]));
    assert!(!colored(&["check", "--color", "never"]));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command(folder.path(), &["check"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_baseline_silences_what_it_holds_and_no_more() {
    let folder = project(&[MARKER, ("app.py", SLEEPS)]);
    insta::assert_snapshot!(show(&folder, &["check", "--baseline", "b.json", "--write-baseline"]), @r"
    status 0
    --- standard error
    1 finding written to `b.json`
    ");
    insta::assert_snapshot!(show(&folder, &["check", "--baseline", "b.json"]), @r"
    status 0
    no findings in 1 file; 1 accepted by the baseline
    --- standard error
    ");
    std::fs::rename(folder.path().join("app.py"), folder.path().join("moved.py")).expect("moved");
    assert_eq!(status(&folder, &["check", "--baseline", "b.json"]), 0);
    std::fs::write(folder.path().join("other.py"), SLEEPS).expect("written");
    assert_eq!(status(&folder, &["check", "--baseline", "b.json"]), 1);
    insta::assert_snapshot!(show(&folder, &["check", "--baseline", "none.json"]), @r"
    status 2
    --- standard error
    error: the baseline `none.json` can't be read: it does not exist; make it with `--write-baseline`
    ");
}

#[test]
fn ignore_comments_accept_and_stale_ones_are_found() {
    let code = "\
import time


async def handler(request):
    time.sleep(1)  # tailspike: ignore[blocking-sleep] the test needs it
    print(2)  # tailspike: ignore[blocking-sleep]
    print(3)  # tailspike: ignore[blocking-slep]
";
    let folder = project(&[MARKER, ("app.py", code)]);
    insta::assert_snapshot!(show(&folder, &["check"]), @r"
    status 0
    note[unused-ignore]: `ignore[blocking-sleep]` stops no finding
      ┌─ app.py:6:15
      │
    6 │     print(2)  # tailspike: ignore[blocking-sleep]
      │               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      │
      = why: a stale comment hides the next real finding at its place
      = help: remove the comment

    note[unused-ignore]: there is no rule `blocking-slep`, so this ignore comment does not stop it
      ┌─ app.py:7:15
      │
    7 │     print(3)  # tailspike: ignore[blocking-slep]
      │               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      │
      = why: a stale comment hides the next real finding at its place
      = help: correct the name; `tailspike rules` lists them

    2 findings (2 low) in 1 of 1 file
    --- standard error
    ");
    insta::assert_snapshot!(show(&folder, &["check", "--min-severity", "low", "--format", "concise", "-q"]), @r"
    status 0
    app.py:6:15: low[unused-ignore] `ignore[blocking-sleep]` stops no finding
    app.py:7:15: low[unused-ignore] there is no rule `blocking-slep`, so this ignore comment does not stop it
    --- standard error
    ");
    let quiet = [
        "check",
        "--min-severity",
        "low",
        "--ignore",
        "unused-ignore",
        "--format",
        "concise",
        "-q",
    ];
    insta::assert_snapshot!(show(&folder, &quiet), @r"
    status 0
    --- standard error
    ");
}

#[test]
fn broken_files_are_told_and_the_others_analysed() {
    let folder = project(&[
        MARKER,
        ("app.py", SLEEPS),
        ("bad.py", "def f(:\n"),
        ("folder.py/inner.py", "x = 1\n"),
    ]);
    std::fs::write(folder.path().join("nul.py"), b"x = 1\ny = '\0'\n").expect("written");
    std::fs::write(folder.path().join("latin.py"), b"x = '\xE9'\n").expect("written");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop.py", folder.path().join("loop.py")).expect("link");
        std::os::unix::fs::symlink("..", folder.path().join("folder.py/up")).expect("link");
    }
    insta::assert_snapshot!(show(&folder, &["check", "--format", "concise"]), @r"
    status 1
    app.py:5:5: high[blocking-sleep] `time.sleep` stops the event loop for as long as it sleeps
    1 finding (1 high) in 1 of 5 files; 3 files not analysed
    --- standard error
    error: bad.py:1:7: can't be parsed: Expected a parameter or the end of the parameter list
    error: folder.py: a folder with the name of a Python file; the files in it are read, it is not
    error: folder.py/up: a link to a folder that contains it; not followed
    error: latin.py: is not UTF-8 at line 1 and declares no encoding; add a coding line such as `# -*- coding: latin-1 -*-`
    error: loop.py: a link that leads nowhere; not read
    error: nul.py: holds a NUL byte at line 2, which Python refuses; remove it or exclude the file
    ");
}

#[test]
fn when_no_file_can_be_analysed_the_status_is_2() {
    let folder = project(&[MARKER, ("bad.py", "def f(:\n")]);
    insta::assert_snapshot!(show(&folder, &["check", "-q"]), @r"
    status 2
    --- standard error
    error: bad.py:1:7: can't be parsed: Expected a parameter or the end of the parameter list
    error: not one file could be analysed; the lines above say why
    ");
}

#[test]
fn when_no_named_file_can_be_analysed_the_status_is_2_whatever_stands_beside_it() {
    let folder = project(&[MARKER, ("bad.py", "def f(:\n"), ("good.py", "x = 1\n")]);
    insta::assert_snapshot!(show(&folder, &["check", "-q", "bad.py"]), @r"
    status 2
    --- standard error
    error: bad.py:1:7: can't be parsed: Expected a parameter or the end of the parameter list
    error: not one file could be analysed; the lines above say why
    ");
    assert!(show(&folder, &["check", "-q"]).starts_with("status 0"));
}

#[test]
fn output_does_not_depend_on_threads() {
    let folder = project(&[
        MARKER,
        ("a.py", SLEEPS),
        ("b.py", SLEEPS),
        ("c/d.py", SLEEPS),
        ("e.py", "def f(:\n"),
    ]);
    let one = show(&folder, &["check", "--jobs", "1", "--statistics"]);
    assert_eq!(one, show(&folder, &["check", "--jobs", "8", "--statistics"]));
}

#[test]
fn every_rule_explains_itself() {
    let folder = project(&[]);
    let table = run(&folder, &["rules", "--format", "json"]).stdout;
    let rules: Vec<serde_json::Value> = serde_json::from_slice(&table).expect("JSON");
    assert!(!rules.is_empty());
    for rule in rules {
        let name = rule["name"].as_str().expect("a name");
        let page = run(&folder, &["explain", name]);
        assert_eq!(page.status.code(), Some(0), "{name}");
        assert!(String::from_utf8_lossy(&page.stdout).contains(name), "{name}");
    }
}
