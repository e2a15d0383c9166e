//! Logs that lie, break off or attack the terminal: the command ends well and says what it could not read.

mod support;

use std::fs;
use std::path::Path;

const PROGRAM: &str = r#"
import asyncio
import logging

log = logging.getLogger("app")


async def fetch(doc):
    log.info("Fetching %s", doc)
    await asyncio.sleep(1)
    log.info("Fetched %s", doc)


async def main(docs):
    log.info("Starting with %d documents", len(docs))
    for doc in docs:
        await fetch(doc)
    log.info("Finished")
"#;

/// The report in every form; none may hold a control character.
fn reports(name: &str, log: &[u8]) -> [String; 3] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("app.py"), PROGRAM).expect("a program");
    fs::write(folder.path().join("run.log"), log).expect("a log");
    ["text", "markdown", "json"].map(|format| report(name, folder.path(), format))
}

fn report(name: &str, folder: &Path, format: &str) -> String {
    let arguments = [
        "triage",
        "run.log",
        ".",
        "--isolated",
        "--exit-zero",
        "--format",
        format,
    ];
    let output = support::tool::run(&arguments, folder);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {told}");
    assert!(told.is_empty(), "{name}: {told}");
    let text = String::from_utf8(output.stdout).expect("a report is text");
    let control = text.chars().find(|it| it.is_control() && *it != '\n');
    assert_eq!(control, None, "{name}:\n{text:?}");
    text
}

/// What is said of a file that is no log; the status is 2, whatever `--exit-zero` says.
fn refusal(log: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("app.py"), PROGRAM).expect("a program");
    fs::write(folder.path().join("run.log"), log).expect("a log");
    let output = support::tool::run(&["triage", "run.log", ".", "--isolated", "--exit-zero"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("a message is text")
}

/// A run of ten seconds that waits for one document after the other.
fn run(doc: impl Fn(usize) -> String) -> String {
    let mut text = "2026-11-22 10:00:00,000 INFO Starting with 10 documents\n".to_owned();
    for index in 0..10 {
        let doc = doc(index);
        text += &format!("2026-11-22 10:00:{index:02},010 INFO Fetching {doc}\n");
        text += &format!("2026-11-22 10:00:{:02},000 INFO Fetched {doc}\n", index + 1);
    }
    text + "2026-11-22 10:00:10,100 INFO Finished\n"
}

#[test]
fn values_cannot_drive_the_terminal() {
    let attack = |index| format!("\x1b]0;owned\x07\x1b[2Jdoc{index}\u{9b}31m\u{202e}\x08\x08<b>|x|</b>");
    let [text, ..] = reports("escapes", run(attack).as_bytes());
    assert!(text.contains("s of run"), "{text}");
}

#[test]
fn random_bytes_are_told_to_be_no_text() {
    // A generator of its own, so that the test is the same every time.
    let mut state = 1u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect();
    assert_eq!(
        refusal(&bytes),
        "error: `run.log` is not text; give the log of a run, unpacked and in UTF-8\n"
    );
    // The same in the middle of a good log.
    let whole = run(|it| format!("doc{it}"));
    let (first, rest) = whole.split_at(whole.len() / 2);
    let mixed = [first.as_bytes(), b"\n", &bytes[..5000], b"\n", rest.as_bytes()].concat();
    let [text, ..] = reports("mixed", &mixed);
    assert!(text.contains("lines are not text"), "{text}");
}

#[test]
fn clocks_that_run_backwards_are_told() {
    let text: String = run(|it| format!("doc{it}"))
        .lines()
        .rev()
        .map(|it| it.to_owned() + "\n")
        .collect();
    let [text, ..] = reports("backwards", text.as_bytes());
    assert!(text.contains("times lie before the line above them"), "{text}");
    let far =
        "9999-12-31 23:59:59 INFO Fetching a\n0001-01-01 00:00:00 INFO Fetched a\n9999999999999999999 INFO Finished\n";
    let _ = reports("far", far.repeat(50).as_bytes());
}

#[test]
fn what_asyncio_reports_elsewhere_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = run(|it| format!("doc{it}"));
    let debug = "2026-11-22 10:00:03,500 WARNING asyncio: Executing <Task finished name='Task-4' coro=<fetch() done, defined at /srv/app.py:8> result=None created at /usr/lib/asyncio/tasks.py:1> took 0.750 seconds\nExecuting <Handle \x1b[2J() created at x.py:1> took nan seconds\n";
    for (name, text) in [("app.py", PROGRAM), ("run.log", &log), ("debug.log", debug)] {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let arguments = [
        "triage",
        "run.log",
        ".",
        "--debug-log",
        "debug.log",
        "--isolated",
        "--exit-zero",
    ];
    let output = support::tool::run(&arguments, folder.path());
    let text = String::from_utf8(output.stdout).expect("a report is text");
    assert!(text.contains("1 callbacks that held the event loop for 0.8 s together, the longest for 0.75 s, in `fetch` (/srv/app.py:8)"), "{text}");
}

#[test]
fn empty_cut_and_foreign_files_are_no_logs() {
    assert_eq!(
        refusal(b""),
        "error: the log `run.log` is empty; give the log of a run\n"
    );
    let foreign =
        "error: no line of `run.log` was written by a log call of this code; give the folder of the code that ran\n";
    assert_eq!(refusal(b"\n\n\n"), foreign);
    let whole = run(|it| format!("doc{it}"));
    let _ = reports("cut", &whole.as_bytes()[..whole.len() - 9]);
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refusal(&wide).contains("is not text"));
    assert_eq!(refusal("key,value\n1,2\n".repeat(100).as_bytes()), foreign);
}
