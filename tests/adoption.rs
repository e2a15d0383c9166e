//! What a large code base needs to take the tool up: only what has changed, forms for services, hooks that obey exclusions.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SLEEPS: &str = "import time\n\n\nasync def handler(request):\n    time.sleep(1)\n";
const CALLS: &str = "from net import ask\n\n\nasync def handler(request):\n    return ask(request)\n";
const QUIET: &str = "import requests\n\n\ndef ask(it):\n    return it\n";
const ASKS: &str = "import requests\n\n\ndef ask(it):\n    return requests.get(it)\n";

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder");
    std::fs::write(path, text).expect("file");
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "init.defaultBranch=main",
    ];
    let status = Command::new("git")
        .current_dir(folder)
        .args(identity)
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

fn tailspike(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// `path:line` of each finding.
fn places(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = tailspike(
        folder,
        &[&["check", "--format", "json", "--exit-zero"], arguments].concat(),
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let place = |it: &Value| format!("{}:{}", it["path"].as_str().expect("a path"), it["line"]);
    findings.iter().map(place).collect()
}

/// A checkout with one commit.
fn checkout(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "first"]);
    folder
}

#[test]
fn only_what_has_changed_is_reported() {
    let folder = checkout(&[("old.py", SLEEPS), ("app/a.py", SLEEPS), ("new name.py", "x = 1\n")]);
    let root = folder.path();
    assert!(places(root, &["--changed-since", "HEAD"]).is_empty());
    write(root, "new name.py", SLEEPS);
    write(root, "app/untracked.py", SLEEPS);
    assert_eq!(
        places(root, &["--changed-since", "HEAD"]),
        ["app/untracked.py:5", "new name.py:5"]
    );
    assert_eq!(
        places(root, &["app", "--changed-since", "HEAD"]),
        ["app/untracked.py:5"]
    );
}

#[test]
fn a_changed_line_brings_up_the_callers_that_it_blocks() {
    let folder = checkout(&[("app.py", CALLS), ("net.py", QUIET)]);
    write(folder.path(), "net.py", ASKS);
    assert_eq!(places(folder.path(), &["--changed-since", "HEAD"]), ["app.py:5"]);
    git(folder.path(), &["commit", "-qam", "second"]);
    write(folder.path(), "net.py", &format!("{ASKS}\n\nEND = 1\n"));
    assert!(places(folder.path(), &["--changed-since", "HEAD"]).is_empty());
    assert_eq!(places(folder.path(), &["--changed-since", "HEAD~1"]), ["app.py:5"]);
}

#[test]
fn a_revision_that_does_not_exist_is_said() {
    let folder = checkout(&[("app.py", SLEEPS)]);
    for revision in ["nowhere", "--output=x"] {
        let output = tailspike(folder.path(), &["check", &format!("--changed-since={revision}")]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.starts_with("error: ") && said.contains(revision) && said.contains("name a"),
            "{said}"
        );
    }
    assert!(!folder.path().join("x").exists());
}

#[test]
fn a_hook_that_names_every_file_still_obeys_the_exclusions() {
    let folder = checkout(&[
        ("tailspike.toml", "exclude = ['gen']\n"),
        ("app.py", SLEEPS),
        ("gen/app.py", SLEEPS),
        ("tests/test_app.py", SLEEPS),
    ]);
    let named = ["--min-severity", "low", "app.py", "gen/app.py", "tests/test_app.py"];
    assert_eq!(places(folder.path(), &named).len(), 3);
    assert_eq!(
        places(folder.path(), &[&["--force-exclude"], &named[..]].concat()),
        ["app.py:5"]
    );
    let tests = tailspike(folder.path(), &["check", "--force-exclude", "tests/test_app.py"]);
    assert_eq!((tests.status.code(), tests.stderr.len()), (Some(0), 0));
}

#[test]
fn accepted_findings_are_kept_on_record() {
    let ignored = SLEEPS.replace("sleep(1)", "sleep(1)  # tailspike: ignore[blocking-sleep] known");
    let folder = checkout(&[("a.py", SLEEPS), ("b.py", &ignored)]);
    tailspike(
        folder.path(),
        &["check", "--baseline", "accepted.json", "--write-baseline"],
    );
    let output = tailspike(
        folder.path(),
        &["check", "--baseline", "accepted.json", "--format", "sarif"],
    );
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let kinds: Vec<&str> = results
        .iter()
        .filter_map(|it| it["suppressions"][0]["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["inSource", "external"]);
    assert_eq!((results.len(), output.status.code()), (2, Some(0)));
}

#[test]
fn the_statistics_name_the_root_causes() {
    let folder = checkout(&[("net.py", ASKS), ("a.py", CALLS), ("b.py", CALLS), ("c.py", CALLS)]);
    let output = tailspike(folder.path(), &["check", "--quiet", "--statistics", "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("findings of blocking-http-call"), "{said}");
    let cause = said
        .lines()
        .find(|line| line.starts_with("findings that reach requests.get"));
    assert!(cause.is_some_and(|line| line.ends_with("3; mend `ask` once")), "{said}");
}

#[test]
fn forges_are_told_the_path_in_the_checkout() {
    let folder = checkout(&[("services/api/tailspike.toml", ""), ("services/api/a.py", SLEEPS)]);
    let api = folder.path().join("services/api");
    for format in ["github", "gitlab", "sarif", "markdown"] {
        let output = tailspike(&api, &["check", "--format", format, "--exit-zero"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("services/api/a.py"), "{format}: {text}");
    }
    assert_eq!(places(&api, &[]), ["a.py:5"]);
}
