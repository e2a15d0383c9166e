//! Every way of writing a line that people use: each call in `fixtures/log_sites` says behind `#>` what it writes, and is found
//! behind that line.

mod support;

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A line of the log and the call that writes it.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    text: String,
    path: String,
    line: u64,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/log_sites")
}

/// What the fixtures write, file by file.
fn written() -> Vec<Written> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder()).expect("the fixtures");
    let mut paths: Vec<_> = entries.map(|it| it.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.iter().filter(|it| it.extension().is_some_and(|it| it == "py")) {
        let source = fs::read_to_string(path).expect("a fixture");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        for (line, text) in (1..).zip(source.lines()) {
            let marks = text.split("#> ").skip(1);
            found.extend(marks.map(|it| Written {
                text: it.trim_end().to_owned(),
                path: name.clone(),
                line,
            }));
        }
    }
    found
}

/// Checks that each line of a log is known to come from its call.
fn check(prefix: impl Fn(usize) -> String) {
    let written = written();
    assert!(written.len() > 100, "{}", written.len());
    let mut log = String::new();
    for (number, it) in written.iter().enumerate() {
        let _ = writeln!(log, "{}{}", prefix(number), it.text);
    }
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("run.log");
    fs::write(&path, &log).expect("a log");
    let path = path.to_string_lossy();
    let arguments = ["sites", "--isolated", "--log", &path, "--format", "jsonl", "."];
    let output = support::tool::run(&arguments, &folder());
    let text = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let mut wrong = String::new();
    for (number, it) in (1..).zip(&written) {
        let row = rows.iter().find(|row| row["log_line"] == number);
        let site = row.map_or(&Value::Null, |it| &it["site"]);
        if site["path"] != it.path.as_str() || site["line"] != it.line {
            let _ = writeln!(wrong, "{}:{} writes `{}`, found {site}", it.path, it.line, it.text);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_call_is_found_behind_its_bare_line() {
    check(|_| String::new());
}

#[test]
fn every_call_is_found_behind_a_line_with_a_prefix() {
    check(|number| format!("2026-11-22 10:{:02}:{:02},000 ", number / 60, number % 60));
}
