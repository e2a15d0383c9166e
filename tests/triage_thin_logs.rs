//! Logs that say little: what the code makes certain decides.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The first finding for a program and what it wrote: its pattern, rule and function.
fn first(code: &str, log: &str) -> (String, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.py"), code).expect("it is written");
    let report = report(folder.path(), log);
    let text = |key: &str| report["findings"][0][key].as_str().unwrap_or_default().to_owned();
    (text("pattern"), text("rule"), text("qualname"))
}

fn report(project: &Path, log: &str) -> Value {
    let path = project.join("run.log");
    std::fs::write(&path, log).expect("it is written");
    let output = Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .args(["triage", "--isolated", "--exit-zero", "--format", "json"])
        .args([path.as_path(), project])
        .output()
        .expect("it runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn told(pattern: &str, rule: &str, qualname: &str) -> (String, String, String) {
    (pattern.to_owned(), rule.to_owned(), qualname.to_owned())
}

/// Lines behind the seconds since the start.
fn log(lines: impl IntoIterator<Item = (f64, String)>) -> String {
    let mut log = String::new();
    for (time, text) in lines {
        let (minutes, seconds) = ((time / 60.0).floor(), time % 60.0);
        let _ = writeln!(log, "2026-11-27 10:{minutes:02.0}:{seconds:06.3} {text}");
    }
    log
}

#[test]
fn a_retry_that_writes_nothing_explains_late_items() {
    let code = r#"
import httpx
import trio


async def quote(client, symbol):
    for attempt in range(8):
        answer = await client.get("http://quotes.test", params={"id": symbol})
        if answer.status_code < 500:
            return answer.json()
        await trio.sleep(0.4 * 2**attempt)
    return None


async def price_all(client, symbols):
    limit = trio.CapacityLimiter(30)
    done = []

    async def one(symbol):
        async with limit:
            done.append(await quote(client, symbol))
        if len(done) % 20 == 0:
            print("priced", len(done), "of", len(symbols))

    async with trio.open_nursery() as nursery:
        for symbol in symbols:
            nursery.start_soon(one, symbol)


async def main(symbols):
    print("universe", len(symbols))
    async with httpx.AsyncClient(timeout=10) as client:
        await price_all(client, symbols)
    print("all symbols priced")
"#;
    let times = [0.6, 1.4, 1.9, 3.1, 4.9, 18.1];
    let priced = (1..)
        .zip(times)
        .map(|(n, time)| (time, format!("priced {} of 120", 20 * n)));
    let lines = [(0.0, "universe 120".to_owned())]
        .into_iter()
        .chain(priced)
        .chain([(18.2, "all symbols priced".to_owned())]);
    assert_eq!(
        first(code, &log(lines)),
        told("retry-storm", "retry-without-jitter", "quote")
    );
}

#[test]
fn a_loop_that_waits_for_each_item_is_named_by_the_times_of_its_bar() {
    let code = r#"
import httpx
from tqdm import tqdm


async def details(client, keys):
    for key in keys:
        answer = await client.get("http://docs.test", params={"id": key})
        yield key, answer.json()


async def main(keys):
    done = {}
    async with httpx.AsyncClient(timeout=10) as client:
        with tqdm(total=100, desc="details", unit="doc") as bar:
            async for key, document in details(client, keys):
                done[key] = document
                bar.update(1)
    print(f"{len(done)} documents")
"#;
    let states = (0..=50).map(|n| {
        let (done, seconds) = (2 * n, n / 4);
        format!("details:  {done}%|###   | {done}/100 [00:{seconds:02}<00:09,  8.1doc/s]")
    });
    let log = format!("{}\n100 documents\n", states.collect::<Vec<_>>().join("\r"));
    assert_eq!(
        first(code, &log),
        told("serialized-awaits", "unexplained-wait", "details")
    );
}

#[test]
fn lines_of_progress_at_one_rate_lead_to_the_lock_behind_them() {
    let code = r#"
import asyncio

import httpx


class RateBook:
    def __init__(self, client):
        self.client = client
        self._lock = asyncio.Lock()
        self._known = {}

    async def rate(self, currency, day):
        async with self._lock:
            if (currency, day) not in self._known:
                answer = await self.client.get("http://rates.test", params={"c": currency, "d": day})
                self._known[currency, day] = answer.json()
            return self._known[currency, day]


async def book(client, rates, entry):
    await rates.rate(entry["currency"], entry["day"])
    await client.post("http://ledger.test", json=entry)


async def main(entries):
    async with httpx.AsyncClient(timeout=10) as client:
        rates = RateBook(client)
        print(f"booking {len(entries)} entries")
        done = 0
        for part in asyncio.as_completed([book(client, rates, it) for it in entries]):
            await part
            done += 1
            if done % 10 == 0:
                print(f"booked {done}/{len(entries)}")
        print("closing the day")
"#;
    let booked = (1..=8).map(|n| (1.6 * f64::from(n), format!("booked {}/80", 10 * n)));
    let lines = [(0.0, "booking 80 entries".to_owned())]
        .into_iter()
        .chain(booked)
        .chain([(12.9, "closing the day".to_owned())]);
    assert_eq!(
        first(code, &log(lines)),
        told("serialized-awaits", "unexplained-wait", "RateBook.rate")
    );
}

#[test]
fn a_rate_that_falls_under_load_is_the_fan_outs() {
    let code = r#"
import asyncio

import aiohttp


class Enricher:
    def __init__(self, session):
        self.session = session
        self.slots = asyncio.Semaphore(16)

    async def prepare(self, record):
        async with self.slots:
            return {"id": record["id"]}

    async def enrich(self, record):
        query = await self.prepare(record)
        async with self.session.get("http://enrich.test", params=query) as answer:
            body = await answer.json()
        print(f"record {record['id']} enriched")
        return body

    async def run(self, records):
        print(f"enriching {len(records)} records")
        tasks = [asyncio.create_task(self.enrich(it)) for it in records]
        done = [await it for it in asyncio.as_completed(tasks)]
        print(f"{len(done)} records done")
        return done


async def main(records):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await Enricher(session).run(records)
"#;
    // Each takes as long as there are others beside it: the last ones come ever later.
    let items = (0..200).map(|n| {
        let share = f64::from(n) / 200.0;
        (0.2 + 7.0 * share.powi(4), format!("record {n} enriched"))
    });
    let lines = [(0.0, "enriching 200 records".to_owned())]
        .into_iter()
        .chain(items)
        .chain([(7.3, "200 records done".to_owned())]);
    assert_eq!(
        first(code, &log(lines)),
        told("unbounded-concurrency", "unbounded-fan-out", "Enricher.run")
    );
}

#[test]
fn lines_of_libraries_are_not_the_programs() {
    let code = r#"
import logging

import httpx

logger = logging.getLogger("app")


async def main(client: httpx.AsyncClient, keys):
    for key in keys:
        await client.get(key)
        logger.info("page %s fetched", key)
"#;
    let log: String = (0..20).fold(String::new(), |mut log, n| {
        let time = format!("2026-11-27 10:00:{n:02}");
        let _ = writeln!(
            log,
            "{time}.100 INFO httpx: HTTP Request: GET http://x/{n} \"HTTP/1.1 200 OK\""
        );
        let _ = writeln!(log, "{time}.101 DEBUG httpcore.http11: receive_response_body.complete");
        let _ = writeln!(log, "{time}.200 INFO app: page p{n} fetched");
        log
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.py"), code).expect("it is written");
    let summary = &report(folder.path(), &log)["summary"];
    assert_eq!(
        (&summary["lines"], &summary["matched"], &summary["library_lines"]),
        (&20.into(), &20.into(), &40.into())
    );
}

/// What triage advises to log for a program and its log.
fn advice(code: &str, log: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.py"), code).expect("it is written");
    report(folder.path(), log)["gaps"][0]["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_silent_stretch_is_parted_where_that_tells_most() {
    let code = r#"
import asyncio

import httpx


async def load(client, key):
    return (await client.get(f"http://docs.test/{key}", timeout=5)).json()


async def main(keys):
    async with httpx.AsyncClient(timeout=10) as client:
        print("run begins")
        index = await load(client, "index")
        names = await load(client, "names")
        for key in index[:20]:
            await load(client, key)
        await load(client, "last")
        print("run ends")
"#;
    let begun_and_ended = log([(0.0, "run begins".to_owned()), (9.0, "run ends".to_owned())]);
    assert_eq!(
        advice(code, &begun_and_ended),
        "`main` waits for 4 things in 9.0 s: log between line 15 and line 17, and it shows which of them takes the time"
    );
    let items = r#"
import asyncio

import httpx


async def all_of(client, keys):
    limit = asyncio.Semaphore(8)

    async def one(key):
        async with limit:
            await client.get(f"http://docs.test/{key}", timeout=5)

    await asyncio.gather(*(one(key) for key in keys[:20]))


async def main(keys):
    async with httpx.AsyncClient(timeout=10) as client:
        print("run begins")
        await all_of(client, keys)
        print("run ends")
"#;
    assert_eq!(
        advice(items, &begun_and_ended),
        "`all_of.one` runs for each item and writes nothing: log where it begins and where it is done, with the item's id, and the 9.0 s fall to the items"
    );
}

#[test]
fn json_behind_the_stamp_of_a_container_is_read_with_its_own_time() {
    let code = r#"
import datetime
import json
import sys


def emit(event, **fields):
    stamp = datetime.datetime.now().strftime("%H:%M:%S.%f")[:-3]
    sys.stdout.write(json.dumps({"t": stamp, "ev": event, **fields}) + "\n")


def main(claims):
    emit("run.begin", run="r-118")
    for claim in claims:
        emit("claim.decided", claim=claim)
"#;
    let mut log = String::new();
    for n in 0..10 {
        let time = format!("12:24:{:02}.949", 40 + n);
        let event = if n == 0 { "run.begin" } else { "claim.decided" };
        let _ = writeln!(
            log,
            "worker-1  | 2026-11-27T{time}Z {{\"t\": \"{time}\", \"ev\": \"{event}\", \"claim\": \"c{n}\"}}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("app.py"), code).expect("it is written");
    let summary = &report(folder.path(), &log)["summary"];
    assert_eq!((&summary["lines"], &summary["matched"]), (&10.into(), &10.into()));
}

#[test]
fn what_a_phase_of_a_context_manager_did_is_its_block() {
    let code = r#"
import asyncio
import hashlib
import time
from contextlib import contextmanager


@contextmanager
def phase(name):
    print(f"{name}: begin")
    started = time.perf_counter()
    try:
        yield
    finally:
        print(f"{name}: end ({time.perf_counter() - started:.2f} s)")


async def seal(row):
    return hashlib.pbkdf2_hmac("sha256", row, b"salt", 600000)


async def notify(client, row):
    time.sleep(1)
    await client.post("https://hooks.test", data=row)


async def main(client, rows):
    with phase("seal"):
        await asyncio.gather(*(seal(row) for row in rows))
    with phase("notify"):
        await asyncio.gather(*(notify(client, row) for row in rows))
"#;
    let phases = |seal: f64, notify: f64| {
        let lines = [
            (0.0, "seal: begin".to_owned()),
            (seal, format!("seal: end ({seal:.2} s)")),
            (seal, "notify: begin".to_owned()),
            (seal + notify, format!("notify: end ({notify:.2} s)")),
        ];
        log(lines)
    };
    let qualname = |log: &str| first(code, log).2;
    assert_eq!(qualname(&phases(20.0, 0.5)), "seal");
    assert_eq!(qualname(&phases(0.5, 20.0)), "notify");
}

#[test]
fn a_class_that_logs_on_leaving_tells_of_its_block() {
    let code = r#"
import asyncio
import time


class Timed:
    def __init__(self, name):
        self.name = name

    async def __aenter__(self):
        self.started = time.perf_counter()
        return self

    async def __aexit__(self, *error):
        print(f"{self.name} took {time.perf_counter() - self.started:.1f} s")


async def load(row):
    await asyncio.sleep(0.1)


async def render(row):
    time.sleep(1)


async def main(rows):
    async with Timed("load"):
        await asyncio.gather(*(load(row) for row in rows))
    async with Timed("render"):
        await asyncio.gather(*(render(row) for row in rows))
    print("all done")
"#;
    let lines = [
        (0.0, "load took 0.4 s".to_owned()),
        (21.0, "render took 21.0 s".to_owned()),
        (21.1, "all done".to_owned()),
    ];
    assert_eq!(
        first(code, &log(lines)),
        told("loop-blocker", "blocking-sleep", "render")
    );
}

#[test]
fn steps_of_one_runner_are_told_apart_by_their_names() {
    let code = r#"
import asyncio
import logging

import httpx

log = logging.getLogger(__name__)


async def spread(step, items):
    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(step(item))


async def geocode(item):
    async with httpx.AsyncClient() as client:
        answer = await client.get("http://maps.test", params={"q": item})
        if answer.status_code == 429:
            log.warning("429 Too Many Requests for %s", item)


async def run(steps, items):
    for name, step in steps:
        log.info("step %s begins", name)
        await spread(step, items)
        log.info("step %s ends", name)
"#;
    let steps = [("read", 1.0, 1.4), ("geocode", 1.4, 27.0), ("sort", 27.0, 27.5)];
    let mut lines = Vec::new();
    for (name, start, end) in steps {
        lines.push((start, format!("step {name} begins")));
        if name == "geocode" {
            let refused = (0..200).map(|it| (start + 0.12 * f64::from(it), format!("429 Too Many Requests for p{it}")));
            lines.extend(refused);
        }
        lines.push((end, format!("step {name} ends")));
    }
    let (pattern, _, _) = first(code, &log(lines));
    assert_ne!(pattern, "long-tail", "a step is not the straggler of the other steps");
}
