//! `tailspike run` and `triage --follow`, with real processes.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot start its own processes has failed"
)]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const TOOL: &str = env!("CARGO_BIN_EXE_tailspike");

/// A pipeline that prints without times: one phase of single waits.
const PIPELINE: &str = r#"
import asyncio
import sys


async def fetch(item):
    await asyncio.sleep(0.05)
    print(f"fetched item-{item}")


async def main():
    print("starting the fetches")
    for item in range(12):
        await fetch(item)
    print("all fetches are done")
    sys.exit(3)


asyncio.run(main())
"#;

fn python(folder: &Path, flags: &[&str], code: &str) -> Output {
    fs::write(folder.join("main.py"), code).unwrap();
    Command::new(TOOL)
        .arg("run")
        .args(flags)
        .args(["--isolated", "--", "python3", "main.py"])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_run_is_recorded_and_triaged_and_its_status_kept() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["-o", "run.log", "--report", "report.json", "--format", "json"];
    let output = python(folder.path(), &flags, PIPELINE);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    // What the command wrote comes through untouched.
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.lines().count(), 14);
    assert!(out.starts_with("starting the fetches\n"), "{out}");
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    let summary = &report["summary"];
    assert_eq!(summary["lines"], 14);
    assert_eq!(summary["matched"], 14);
    // The lines have no times; when they came has.
    let seconds = summary["run_seconds"].as_f64().unwrap();
    assert!((0.5..30.0).contains(&seconds), "{seconds}");
    let log = fs::read_to_string(folder.path().join("run.log")).unwrap();
    assert!(
        log.lines().all(|it| it.starts_with("20") && it.as_bytes()[26] == b'Z'),
        "{log}"
    );
    let memory = fs::read_to_string(folder.path().join("run.log.rss")).unwrap();
    let kib: Vec<f64> = memory
        .lines()
        .map(|it| it.split(' ').nth(1).unwrap().parse().unwrap())
        .collect();
    // Python alone takes some megabytes.
    assert!(kib.iter().any(|it| *it > 2000.0), "{memory}");
}

#[test]
fn a_command_that_fails_or_is_missing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = python(
        folder.path(),
        &[],
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    );
    assert_eq!(output.status.code(), Some(128 + 9), "{output:?}");
    let output = Command::new(TOOL)
        .args(["run", "--", "no-such-command-anywhere"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("`no-such-command-anywhere` can't be started"), "{told}");
}

#[test]
fn errors_and_output_keep_to_their_streams() {
    let folder = tempfile::tempdir().unwrap();
    let code = "import sys\nprint('to out')\nprint('to err', file=sys.stderr)\nsys.stdout.write('no end')\n";
    let flags = ["-o", "run.log", "--report", "report.txt"];
    let output = python(folder.path(), &flags, code);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "to out\nno end");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("to err\n"));
    let log = fs::read_to_string(folder.path().join("run.log")).unwrap();
    let mut texts: Vec<&str> = log.lines().map(|it| &it[28..]).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["no end", "to err", "to out"]);
}

#[test]
fn signals_reach_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let code = r#"
import signal, sys, time

def stop(number, frame):
    print("stopping", flush=True)
    sys.exit(7)

signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"#;
    fs::write(folder.path().join("main.py"), code).unwrap();
    let mut child = Command::new(TOOL)
        .args(["run", "-o", "run.log", "--isolated", "--", "python3", "main.py"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_text(&mut child, "ready\n");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn on_a_terminal_the_command_has_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("main.py"),
        "import sys\nprint('tty', sys.stdout.isatty(), sys.stderr.isatty())\n",
    )
    .unwrap();
    // Python's own module gives the tool a terminal.
    let inside = format!(
        "import pty, sys\nsys.exit(pty.spawn(['{TOOL}', 'run', '--isolated', '--', 'python3', 'main.py']) >> 8)\n"
    );
    fs::write(folder.path().join("outer.py"), inside).unwrap();
    let output = Command::new("python3")
        .arg("outer.py")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("tty True True"), "{told}");
}

#[test]
fn a_growing_log_is_followed_through_truncation_and_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let program = "import logging\nlog = logging.getLogger('app')\n\n\nasync def main():\n    log.info('loading the index')\n    log.info('embedding the chunks')\n    log.info('writing the answer')\n    log.info('finished the run')\n";
    fs::write(folder.path().join("main.py"), program).unwrap();
    let path = folder.path().join("run.log");
    fs::write(&path, "10:00:00,000 INFO app: loading the index\n10:00:05,0").unwrap();
    let mut child = Command::new(TOOL)
        .args(["triage", "run.log", "main.py", "--follow", "--isolated"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let start = Instant::now();
    append(&path, "00 INFO app: embedding the chunks\n");
    let told = wait_for_text(&mut child, "So far, up to line 2:");
    // The machine may be busy; alone it takes a fraction of a second.
    assert!(start.elapsed() < Duration::from_secs(20), "{told}");
    fs::rename(&path, folder.path().join("run.log.1")).unwrap();
    fs::write(&path, "10:00:09,000 INFO app: writing the answer\n").unwrap();
    wait_for_text(&mut child, "So far, up to line 3:");
    fs::write(&path, "").unwrap();
    std::thread::sleep(Duration::from_millis(600));
    append(&path, "10:00:12,000 INFO app: finished the run\n");
    wait_for_text(&mut child, "So far, up to line 4:");
    signal(&child, "INT");
    assert!(child.wait().unwrap().code().is_some());
}

fn append(path: &Path, text: &str) {
    let mut file = fs::File::options().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Reads the child's output until it holds a text.
fn wait_for_text(child: &mut Child, text: &str) -> String {
    use std::io::Read;
    let out = child.stdout.as_mut().unwrap();
    let mut seen = Vec::new();
    let mut byte = [0];
    while out.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
        if seen.ends_with(text.as_bytes()) {
            return String::from_utf8_lossy(&seen).into_owned();
        }
    }
    panic!("`{text}` never came: {}", String::from_utf8_lossy(&seen));
}
