//! What triage takes from code and log together: small programs, the logs they would write, the finding that follows.

use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;
use std::process::Output;

/// What triage answers.
fn run(code: &str, log: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.py"), code).expect("the program");
    std::fs::write(folder.path().join("run.log"), log).expect("the log");
    Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .args(["triage", "run.log", ".", "--isolated"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the tool starts")
}

/// The findings of a run: rule, pattern, line.
fn findings(code: &str, log: &str) -> Vec<(String, String, u64)> {
    let output = run(code, log, &["--exit-zero", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let found = report["findings"].as_array().expect("findings");
    let row = |it: &Value| {
        (
            text(&it["rule"]),
            text(&it["pattern"]),
            it["line"].as_u64().unwrap_or(0),
        )
    };
    found.iter().map(row).collect()
}

/// The line of the code with this text.
fn line(code: &str, text: &str) -> u64 {
    code.lines()
        .zip(1..)
        .find(|it| it.0.contains(text))
        .map_or(0, |it| it.1)
}

/// Lines at these seconds.
fn log(lines: &[(f64, String)]) -> String {
    let mut log = String::new();
    for (time, text) in lines {
        let _ = writeln!(
            log,
            "2026-11-25 23:{:02}:{:06.3} INFO {text}",
            10 + (*time / 60.0) as u32,
            time % 60.0
        );
    }
    log
}

/// A program whose workers run `body` for each item.
fn program(top: &str, body: &str) -> String {
    format!(
        r#"
import asyncio
import logging
import random
import time

import httpx

log = logging.getLogger("app")
{top}

async def work(client, item):
{body}

async def main(items):
    async with httpx.AsyncClient(timeout=10) as client:
        log.info("work begins")
        await asyncio.gather(*[work(client, item) for item in items])
        log.info("work ends")


asyncio.run(main([f"item-{{n:03d}}" for n in range(40)]))
"#
    )
}

/// A program that sleeps on the loop between two of its lines.
fn sleeper() -> String {
    program(
        "",
        r#"
    answer = await client.get(f"/{item}")
    log.info("fetched %s", item)
    time.sleep(0.2)
    log.info("checked %s", item)
    return answer
"#,
    )
}

/// Its log.
fn sleeps() -> String {
    let mut lines = vec![(0.0, "work begins".to_owned())];
    for n in 0..40 {
        let at = 0.5 + 0.2 * f64::from(n);
        lines.push((at, format!("fetched item-{n:03}")));
        lines.push((at + 0.199, format!("checked item-{n:03}")));
    }
    lines.push((8.6, "work ends".to_owned()));
    log(&lines)
}

#[test]
fn lines_without_an_await_between_them_show_a_held_loop() {
    let code = sleeper();
    let found = findings(&code, &sleeps());
    assert_eq!(
        found[0],
        (
            "blocking-sleep".into(),
            "loop-blocker".into(),
            line(&code, "time.sleep(0.2)")
        ),
        "{found:?}"
    );
}

#[test]
fn one_rate_behind_a_lock_is_told_at_the_lock() {
    let code = program(
        "lock = asyncio.Lock()",
        r#"
    async with lock:
        answer = await client.get(f"/{item}")
    await client.get("/ready", timeout=5)
    log.info("done %s", item)
    return answer
"#,
    );
    let mut lines = vec![(0.0, "work begins".to_owned())];
    lines.extend((0..40).map(|n| {
        (
            0.2 + 0.25 * f64::from(n) + 0.02 * f64::from(n % 3),
            format!("done item-{n:03}"),
        )
    }));
    lines.push((10.3, "work ends".to_owned()));
    let found = findings(&code, &log(&lines));
    assert_eq!(found[0].1, "serialized-awaits", "{found:?}");
    assert_eq!(found[0].2, line(&code, "async with lock:"), "{found:?}");
}

#[test]
fn a_rate_that_the_code_keeps_is_no_finding() {
    let code = program(
        "from aiolimiter import AsyncLimiter\npace = AsyncLimiter(4, 1)",
        r#"
    async with pace:
        answer = await client.get(f"/{item}", timeout=5)
    log.info("done %s", item)
    return answer
"#,
    );
    let mut lines = vec![(0.0, "work begins".to_owned())];
    lines.extend((0..40).map(|n| (0.2 + 0.25 * f64::from(n), format!("done item-{n:03}"))));
    lines.push((10.2, "work ends".to_owned()));
    let found = findings(&code, &log(&lines));
    assert!(
        found
            .iter()
            .all(|it| it.1 != "serialized-awaits" && it.1 != "pool-exhaustion"),
        "{found:?}"
    );
}

#[test]
fn the_code_says_what_a_line_about_a_retry_is() {
    let code = program(
        "slots = asyncio.Semaphore(30)",
        r#"
    async with slots:
        for turn in range(9):
            answer = await client.get(f"/{item}", timeout=5)
            if answer.status_code < 500:
                break
            log.info("%s is busy, once more, sleep=%.1f", item, 2.0)
            await asyncio.sleep(2.0)
    log.info("done %s", item)
"#,
    );
    let mut lines = vec![(0.0, "work begins".to_owned())];
    for wave in 0..4 {
        let at = 2.2 * f64::from(wave);
        let (first, next) = (wave * 10, wave * 10 + 10);
        lines.extend((next..40).map(|n| (at + 0.1, format!("item-{n:03} is busy, once more, sleep=2.0"))));
        lines.extend((first..next).map(|n| (at + 0.15, format!("done item-{n:03}"))));
    }
    lines.push((6.8, "work ends".to_owned()));
    let found = findings(&code, &log(&lines));
    assert_eq!(found[0].1, "retry-storm", "{found:?}");
}

#[test]
fn the_level_that_fails_a_run_can_be_given() {
    let status = |arguments: &[&str]| run(&sleeper(), &sleeps(), arguments).status.code();
    assert_eq!(status(&["--fail-on", "high"]), Some(1));
    assert_eq!(status(&["--fail-on", "high", "--top", "0"]), Some(1));
    assert_eq!(status(&["--fail-on", "low", "--exit-zero"]), Some(0));
}

#[test]
fn findings_that_are_not_shown_are_counted() {
    let text = run(&sleeper(), &sleeps(), &["--top", "0"]).stdout;
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("1 more finding is not shown"), "{text}");
    assert!(!text.contains("Nothing stood out"), "{text}");
}

#[test]
fn the_item_that_ends_last_is_told_with_its_lines() {
    let code = program(
        "",
        r#"
    log.info("asking %s", item)
    answer = await client.get(f"/{item}")
    log.info("answered %s", item)
    return answer
"#,
    );
    let mut lines = vec![(0.0, "work begins".to_owned())];
    lines.extend((0..40).map(|n| (0.001 * f64::from(n), format!("asking item-{n:03}"))));
    let quick = (0..40).filter(|n| *n != 7);
    lines.extend(quick.map(|n| (0.2 + 0.005 * f64::from(n), format!("answered item-{n:03}"))));
    lines.push((9.0, "answered item-007".to_owned()));
    lines.push((9.001, "work ends".to_owned()));
    let report = run(&code, &log(&lines), &["--exit-zero"]);
    let text = String::from_utf8_lossy(&report.stdout);
    let told = "the last to be done took 9.0 s, the usual one 0.3 s; for 8.6 s it was in flight alone";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("asking item-007"), "{text}");
}

#[test]
fn silence_under_announced_waits_is_the_retries() {
    let code = program(
        "",
        r#"
    for attempt in range(6):
        try:
            answer = await client.get(f"/{item}")
            log.info("answered %s", item)
            return answer
        except httpx.HTTPError:
            delay = 2**attempt
            log.warning("%s failed, retrying in %s s", item, delay)
            await asyncio.sleep(delay)
"#,
    );
    let mut lines = vec![(0.0, "work begins".to_owned())];
    let mut begin = 0.1;
    for attempt in 0..4 {
        for n in (0..8).map(|n| 5 * n) {
            let delay = 1 << attempt;
            lines.push((begin, format!("item-{n:03} failed, retrying in {delay} s")));
        }
        begin += f64::from(1 << attempt) + 0.05;
        if attempt == 0 {
            let quick = (0..40).filter(|n| n % 5 != 0);
            lines.extend(quick.map(|n| (0.2 + 0.005 * f64::from(n), format!("answered item-{n:03}"))));
        }
    }
    lines.extend((0..8).map(|n| (begin + 0.01 * f64::from(n), format!("answered item-{:03}", 5 * n))));
    lines.push((begin + 0.2, "work ends".to_owned()));
    let found = findings(&code, &log(&lines));
    assert_eq!(found[0].1, "retry-storm", "{found:?}");
}
