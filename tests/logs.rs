//! One run in every spelling of `fixtures/logs` is read alike, and no bytes break the reader.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use tailspike::evidence::clean::printable;
use tailspike::evidence::level::Level;
use tailspike::evidence::lines::LineParser;
use tailspike::evidence::lines::LogLine;
use tailspike::evidence::matching::Matcher;
use tailspike::evidence::reader::each_line;
use tailspike::evidence::records::Log;
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
    let mut parser = LineParser::new(Some(&oracle));
    let mut seen = Vec::new();
    let mut each = |line: &LogLine| {
        seen.push(Seen {
            message: String::from_utf8_lossy(&line.message).into_owned(),
            level: line.level,
            timed: line.time.is_some(),
        });
    };
    each_line(bytes, |number, line| {
        parser.push(number, line, &mut each);
        true
    })
    .unwrap();
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
        let log = Log::read(bytes.as_slice(), &sites, &matcher).unwrap();
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
