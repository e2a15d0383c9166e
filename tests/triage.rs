//! What triage concludes from logs of the pipeline in `fixtures/projects/bookshelf`: the real one, a clean one, a foreign one.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PROJECT: &str = "fixtures/projects/bookshelf";

/// Triage's answer to a log that is given on standard input.
fn answer(log: &str, format: &str) -> String {
    ask(&Path::new(env!("CARGO_MANIFEST_DIR")).join(PROJECT), log, format)
}

fn ask(project: &Path, log: &str, format: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .args(["triage", "-", ".", "--isolated", "--exit-zero", "--format", format])
        .current_dir(project)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut input = child.stdin.take().expect("its standard input");
    input.write_all(log.as_bytes()).expect("it reads the log");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(log: &str) -> Value {
    serde_json::from_str(&answer(log, "json")).expect("JSON")
}

fn real() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROJECT).join("run.log");
    std::fs::read_to_string(path).expect("the log")
}

/// A pipeline in which nothing is wrong.
const CLEAN: &str = r#"
import asyncio
import logging

import httpx

log = logging.getLogger("clean")


async def load(client, limit, book):
    async with limit:
        answer = await client.get(book, timeout=10)
    log.info("loaded %s", book)
    return answer.status_code


async def main(books):
    limit = asyncio.Semaphore(8)
    async with httpx.AsyncClient() as client:
        log.info("loading %d books", len(books))
        await asyncio.gather(*(load(client, limit, book) for book in books))
        log.info("all books are loaded")


if __name__ == "__main__":
    asyncio.run(main([f"book-{number:02}" for number in range(1, 25)]))
"#;

/// Its run: eight at a time, done at uneven times.
fn clean() -> String {
    let mut log = String::new();
    let mut write = |time: f64, text: &str| {
        let millis = (time.fract() * 1000.0) as u32;
        let _ = writeln!(log, "2026-11-25 23:15:{:02},{millis:03} clean {text}", time as u32);
    };
    write(1.0, "loading 24 books");
    // Numbers without a pattern, the same in every run of the test.
    let mut seed = 17_u32;
    let mut uneven = || {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        f64::from(seed >> 16 & 0xff) / 255.0
    };
    let mut times: Vec<f64> = (0..24).map(|_| 1.05 + 0.9 * uneven()).collect();
    times.sort_by(f64::total_cmp);
    for (number, time) in (1..).zip(times) {
        write(time, &format!("loaded book-{number:02}"));
    }
    write(2.0, "all books are loaded");
    log
}

#[test]
fn the_real_run_has_two_causes() {
    let report = json(&real());
    let findings = report["findings"].as_array().expect("findings");
    let told: Vec<(&str, &str)> = findings
        .iter()
        .map(|it| {
            (
                it["pattern"].as_str().expect("a pattern"),
                it["qualname"].as_str().expect("a name"),
            )
        })
        .collect();
    assert_eq!(told, [("loop-blocker", "tag"), ("long-tail", "summarise")]);
    for finding in findings {
        let bounds: Vec<f64> = finding["saving"]["seconds"]
            .as_array()
            .expect("a range")
            .iter()
            .filter_map(Value::as_f64)
            .collect();
        assert!(bounds[1] <= 2.5 * bounds[0], "too wide to be of use: {bounds:?}");
        assert!(!finding["evidence"]["log"].as_array().expect("quotes").is_empty());
    }
    let seconds: f64 = findings
        .iter()
        .filter_map(|it| it["evidence"]["seconds"].as_f64())
        .sum();
    assert!(
        seconds <= report["summary"]["run_seconds"].as_f64().expect("seconds"),
        "a second is claimed once"
    );
}

#[test]
fn a_clean_run_says_why_nothing_stands_out() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("clean.py"), CLEAN).expect("it is written");
    let text = ask(folder.path(), &clean(), "text");
    assert!(text.contains("Nothing stood out: the longest stretch takes"), "{text}");
}

#[test]
fn a_foreign_log_gives_no_more_than_a_hint() {
    let foreign = real().replace("tagged", "labelled").replace("summarised", "shortened");
    assert_eq!(json(&foreign)["summary"]["hint"], true);
    assert!(answer(&foreign, "text").contains("take the findings as hints"));
}

#[test]
fn markdown_keeps_the_parts_of_a_finding() {
    let text = answer(&real(), "markdown");
    for part in ["Location", "Evidence", "Diagnosis", "Next step", "Validation"] {
        assert_eq!(text.matches(&format!("- **{part}** ")).count(), 2, "{part} in\n{text}");
    }
}

/// What a report says but for the places in the log.
fn conclusions(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().expect("findings");
    let told = findings.iter().map(|it| {
        let mut it = it.clone();
        let evidence = it["evidence"].as_object_mut().expect("evidence");
        evidence.remove("log");
        evidence.remove("notes");
        it
    });
    told.collect()
}

/// The same run with the seconds since its start instead of times.
fn elapsed(log: &str) -> String {
    let mut start = None;
    let lines = log.lines().map(|line| {
        let of_day: Vec<f64> = line[11..23]
            .replace(',', ".")
            .split(':')
            .filter_map(|it| it.parse().ok())
            .collect();
        let time = of_day.iter().fold(0.0, |sum, it| sum * 60.0 + it);
        let since = time - *start.get_or_insert(time);
        format!("[{since:.3}s] {}\n", &line[24..])
    });
    lines.collect()
}

#[test]
fn of_several_runs_in_one_file_the_last_one_is_told() {
    let next_day = real().replace("2026-11-25", "2026-11-26");
    let day_before = real().replace("2026-11-25", "2026-11-24");
    let since_start = elapsed(&real());
    for (name, first, last) in [
        ("later", &real(), &next_day),
        ("earlier", &real(), &day_before),
        ("since the start", &since_start, &since_start),
    ] {
        let alone = json(last);
        let both = json(&format!("{first}{last}"));
        assert_eq!(conclusions(&both), conclusions(&alone), "{name}");
        assert_eq!(
            both["summary"]["run_seconds"], alone["summary"]["run_seconds"],
            "{name}"
        );
        assert_eq!(both["summary"]["lines"], alone["summary"]["lines"], "{name}");
        let notes = both["summary"]["notes"].to_string();
        let told = "the log holds 2 runs; this is the last one, from line 53 on; the one before it begins at line 1";
        assert!(notes.contains(told), "{name}: {notes}");
    }
}

/// A program that begins anew all the time, but not as a new run.
const ROUNDS: &str = r#"
import asyncio
import logging

log = logging.getLogger("rounds")


async def work(name):
    await asyncio.sleep(1)
    log.info("worked on %s", name)


async def main():
    for number in range(5):
        log.info("round %d begins", number)
        await work(f"item-{number}")


asyncio.run(main())
"#;

#[test]
fn the_rounds_of_a_loop_are_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("rounds.py"), ROUNDS).expect("it is written");
    let mut log = String::new();
    for number in 0..5 {
        let _ = writeln!(log, "2026-11-25 23:15:1{number},000 rounds round {number} begins");
        let _ = writeln!(log, "2026-11-25 23:15:1{number},990 rounds worked on item-{number}");
    }
    let report: Value = serde_json::from_str(&ask(folder.path(), &log, "json")).expect("JSON");
    assert_eq!(report["summary"]["lines"], 10);
    assert!(!report["summary"]["notes"].to_string().contains("runs"), "{report}");
}

#[test]
fn processes_that_write_on_are_one_run() {
    let lines = |process: u32, minute: u32| {
        let lines = real();
        let lines = lines
            .lines()
            .map(|it| format!("{} [{process}] {}", &it[..23], &it[24..]));
        lines
            .map(|it| it.replace(" 23:1", &format!(" 2{minute}:1")))
            .collect::<Vec<_>>()
    };
    let mut both: Vec<String> = lines(4711, 3).into_iter().chain(lines(4712, 3)).collect();
    both.sort();
    let report = json(&(both.join("\n") + "\n"));
    assert_eq!(report["summary"]["lines"], 104);
    let one_after_the_other = lines(4711, 2).into_iter().chain(lines(4712, 3));
    let report = json(&(one_after_the_other.collect::<Vec<_>>().join("\n") + "\n"));
    assert_eq!(report["summary"]["lines"], 52);
}

/// Stages that are given methods, and lines of JSON that the program writes itself; ranking blocks the loop.
const STAGED: &str = r#"
import asyncio
import json
import sys
import time

import httpx


def emit(event, **fields):
    sys.stdout.write(json.dumps({"ts": time.time(), "event": event, **fields}) + "\n")


class Stage:
    def __init__(self, name, worker):
        self.name = name
        self.worker = worker
        self.limit = asyncio.Semaphore(8)

    async def one(self, item):
        async with self.limit:
            return await self.worker(item)

    async def run(self, items):
        emit("stage_start", stage=self.name, count=len(items))
        done = await asyncio.gather(*(self.one(item) for item in items))
        emit("stage_end", stage=self.name)
        return done


class Pipeline:
    def __init__(self, client):
        self.client = client
        self.stages = [Stage("fetch", self._fetch), Stage("score", self._score)]

    async def _fetch(self, item):
        await self.client.get(item, timeout=5)
        emit("fetched", item=item)
        return item

    async def _score(self, item):
        score = rank(item)
        emit("scored", item=item, score=score)
        return score

    async def run(self, items):
        for stage in self.stages:
            items = await stage.run(items)


def rank(item):
    return _model(item)


def _model(item):
    time.sleep(0.2)
    return len(item)


async def main(items):
    async with httpx.AsyncClient() as client:
        await Pipeline(client).run(items)
"#;

#[test]
fn stages_with_lines_of_json_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("staged.py"), STAGED).expect("it is written");
    let mut log = String::new();
    let mut write = |time: f64, fields: &str| {
        let _ = writeln!(log, "{{\"ts\": {:.3}, {fields}}}", 1_795_734_368.0 + time);
    };
    write(0.0, "\"event\": \"stage_start\", \"stage\": \"fetch\", \"count\": 24");
    for item in 0..24 {
        let time = 0.3 * f64::from(item / 8 + 1) + 0.007 * f64::from(item % 8);
        write(time, &format!("\"event\": \"fetched\", \"item\": \"doc-{item}\""));
    }
    write(1.0, "\"event\": \"stage_end\", \"stage\": \"fetch\"");
    write(1.001, "\"event\": \"stage_start\", \"stage\": \"score\", \"count\": 24");
    for item in 0..24 {
        let time = 1.2 + 0.2 * f64::from(item);
        write(
            time,
            &format!("\"event\": \"scored\", \"item\": \"doc-{item}\", \"score\": 5"),
        );
    }
    write(5.802, "\"event\": \"stage_end\", \"stage\": \"score\"");
    let report: Value = serde_json::from_str(&ask(folder.path(), &log, "json")).expect("JSON");
    assert_eq!(report["summary"]["matched"], report["summary"]["lines"], "{report}");
    let first = &report["findings"][0];
    assert_eq!(
        (&first["rule"], &first["qualname"]),
        (&"blocking-sleep".into(), &"Pipeline._score".into())
    );
}
