//! One run in every spelling of `fixtures/logs` is read alike, and no bytes break the reader.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use tailspike::evidence::clean::printable;
use tailspike::evidence::level::Level;
use tailspike::evidence::lines::LineParser;
use tailspike::evidence::lines::LogLine;
use tailspike::evidence::lines::Sample;
use tailspike::evidence::lines::Stamp;
use tailspike::evidence::matching::Matcher;
use tailspike::evidence::reader::each_line_of;
use tailspike::evidence::records::Log;
use tailspike::evidence::records::MOST_RECORDS;
use tailspike::evidence::resolve::resolve;
use tailspike::evidence::sites::Source;
use tailspike::evidence::sites::collect;
use tailspike::syntax::lower;

/// The calls that wrote the fixtures.
const PROGRAM: &str = r#"
import logging

log = logging.getLogger("demo.fetcher")


async def fetch(doc, took, size):
    log.debug("Fetching doc %d", doc)
    log.info("Fetched doc %d in %.3fs (%d bytes)", doc, took, size)


async def main(docs):
    pipeline = logging.getLogger("demo.pipeline")
    pipeline.info("Starting pipeline: %d documents", len(docs))
    pipeline.info("Fetched %d documents", len(docs))
"#;

struct Seen {
    message: String,
    level: Option<Level>,
    timed: bool,
}

fn lines(bytes: &[u8]) -> Vec<Seen> {
    let facts = lower(PROGRAM);
    let files = [Source {
        path: "demo/pipe.py",
        facts: &facts,
    }];
    let matcher = Matcher::new(&collect(&files));
    let scratch = std::cell::RefCell::new(tailspike::evidence::matching::Scratch::default());
    let oracle = |message: &[u8]| matcher.find(message.trim_ascii(), &mut scratch.borrow_mut()) as usize;
    let layouts = LineParser::learn(&Sample::of(bytes), Some(&oracle));
    let mut parser = LineParser::knowing(layouts, Some(&oracle));
    let mut seen = Vec::new();
    let mut each = |line: &LogLine| {
        seen.push(Seen {
            message: String::from_utf8_lossy(&line.message).into_owned(),
            level: line.level,
            timed: line.stamp != Stamp::None,
        });
    };
    let mut number = 0;
    each_line_of(bytes, |line| {
        number += 1;
        parser.push(number, line, &mut each);
    });
    parser.finish(&mut each);
    seen
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir("fixtures/logs")
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|it| {
            (
                it.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(it).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_spelling_gives_the_same_messages() {
    let mut wanted: BTreeSet<String> = (0..10).map(|it| format!("Fetching doc {it}")).collect();
    wanted.insert("Starting pipeline: 10 documents".to_owned());
    wanted.insert("Fetched 10 documents".to_owned());
    for (name, bytes) in fixtures() {
        let seen = lines(&bytes);
        let messages: BTreeSet<String> = seen.iter().map(|it| it.message.clone()).collect();
        let missing: Vec<&String> = wanted.difference(&messages).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} not among {messages:?}");
        for it in seen.iter().filter(|it| it.message.starts_with("Fetching doc")) {
            assert_eq!(it.level, Some(Level::Debug), "{name}: {}", it.message);
            // `basicConfig` without a format writes no time.
            assert_eq!(it.timed, name != "stdlib_default.log", "{name}: {}", it.message);
        }
    }
}

#[test]
fn every_spelling_gives_the_same_sites() {
    let facts = lower(PROGRAM);
    let files = [Source {
        path: "demo/pipe.py",
        facts: &facts,
    }];
    let sites = collect(&files);
    let matcher = Matcher::new(&sites);
    for (name, bytes) in fixtures() {
        let log = Log::read(bytes.as_slice(), &sites, &matcher, MOST_RECORDS).unwrap();
        let (answers, _) = resolve(&log, &sites, &files);
        let matched = answers
            .iter()
            .filter(|it| matches!(it, tailspike::evidence::resolve::Answer::Site(_)))
            .count();
        // Ten starts, ten ends, and two lines of the pipeline.
        assert_eq!(matched, 22, "{name}");
    }
}

#[test]
fn a_cut_last_line_and_carriage_returns_are_read() {
    let seen = lines(b"10:00:00 INFO a\r\n10:00:01 INFO Processing 1\rProcessing 2\r\n10:00:02 INFO cut");
    let messages: Vec<&str> = seen.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, ["a", "Processing 1", "Processing 2", "cut"]);
}

#[test]
fn a_line_of_200_megabytes_is_cut() {
    let mut bytes = b"10:00:00 INFO ".to_vec();
    bytes.resize(200 << 20, b'x');
    bytes.extend_from_slice(b"\n10:00:01 INFO next\n");
    let seen = lines(&bytes);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].message, "next");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        for it in lines(&bytes) {
            let shown = printable(it.message.as_bytes());
            prop_assert!(!shown.chars().any(char::is_control), "{:?}", shown);
        }
    }

    #[test]
    fn lines_that_nearly_fit_never_panic(
        parts in proptest::collection::vec("(2026-11-22|[0-9]{1,20}|:|T|Z|,|\\.|\\{\"|\"\\}|\\\\u|d8|INFO|\\[|\\]| |\\r|\\x1b\\[|\\|%|P|stderr|é){0,30}", 0..40)
    ) {
        lines(parts.join("\n").as_bytes());
    }
}

/// A program and a log of `count` lines, some of them rare.
fn long_log(count: usize) -> String {
    let mut text = String::from("2026-11-22 19:00:00,000 INFO Starting pipeline: 10 documents\n");
    for index in 0..count {
        let (seconds, millis) = (index / 100, index % 100 * 10);
        let stamp = format!("2026-11-22 19:{:02}:{:02},{millis:03}", seconds / 60 % 60, seconds % 60);
        text += &format!("{stamp} DEBUG Fetching doc {index}\n{stamp} DEBUG something of a library {index}\n");
    }
    text + "2026-11-22 19:59:59,999 INFO Fetched 10 documents\n"
}

#[test]
fn a_long_log_is_counted_by_stretches_and_loses_no_line() {
    let facts = lower(PROGRAM);
    let files = [Source {
        path: "demo/pipe.py",
        facts: &facts,
    }];
    let sites = collect(&files);
    let matcher = Matcher::new(&sites);
    let text = long_log(20_000);
    let whole = Log::read(text.as_bytes(), &sites, &matcher, MOST_RECORDS).unwrap();
    let short = Log::read(text.as_bytes(), &sites, &matcher, 1000).unwrap();
    assert_eq!(whole.bucket, None);
    assert!(short.bucket.is_some());
    assert!(short.records.len() <= 1000, "{}", short.records.len());
    let lines = |log: &Log| log.records.iter().map(|it| it.count).sum::<u32>();
    assert_eq!(lines(&short), 40_002);
    assert_eq!(lines(&whole), 40_002);
    assert_eq!(short.span, whole.span);
    // Rare lines stay where they are.
    let (answers, _) = resolve(&short, &sites, &files);
    let single = short.records.iter().zip(&answers).filter(|it| {
        it.0.count == 1 && matches!(it.1, tailspike::evidence::resolve::Answer::Site(id) if sites.all[id.0 as usize].qualname == "main")
    });
    let single: Vec<u32> = single.map(|it| it.0.line).collect();
    assert_eq!(single, [1, 40_002]);
}

#[test]
fn the_number_of_threads_does_not_change_what_a_log_says() {
    let facts = lower(PROGRAM);
    let files = [Source {
        path: "demo/pipe.py",
        facts: &facts,
    }];
    let sites = collect(&files);
    let matcher = Matcher::new(&sites);
    // More than one round of stretches, and another format in the middle.
    let text = long_log(60_000) + &"19:00:00 | INFO | Fetching doc 3\n".repeat(1000) + &long_log(10_000);
    let read = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let log = pool
            .install(|| Log::read(text.as_bytes(), &sites, &matcher, 50_000))
            .unwrap();
        format!("{:?} {:?} {} {}", log.records, log.span, log.lines, log.backwards)
    };
    assert!(read(1) == read(4));
}

#[test]
fn an_endless_line_takes_little_memory_and_is_told() {
    use std::io::Read;
    let facts = lower(PROGRAM);
    let sites = collect(&[Source {
        path: "demo/pipe.py",
        facts: &facts,
    }]);
    let matcher = Matcher::new(&sites);
    let start: &[u8] = b"10:00:00 DEBUG Fetching doc 1\n10:00:01 INFO ";
    let end: &[u8] = b"\n10:00:02 DEBUG Fetching doc 2\n\xff\x00\xfe\n";
    // Read as it comes: the 200 MB are never in memory.
    let input = start.chain(std::io::repeat(b'x').take(200 << 20)).chain(end);
    let log = Log::read(input, &sites, &matcher, MOST_RECORDS).unwrap();
    assert_eq!(log.lines, 4);
    assert_eq!(log.cut, 1);
    assert_eq!(log.garbled, 1);
    assert_eq!(
        log.records
            .iter()
            .filter(|it| it.tie > 0)
            .map(|it| it.line)
            .collect::<Vec<_>>(),
        [1, 3]
    );
}
