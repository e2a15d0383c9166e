//! One run, written in every format: the same calls, in the same order, at the same times.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own lines has failed")]

use tailspike::evidence::matching::Matcher;
use tailspike::evidence::records::Log;
use tailspike::evidence::records::MOST_RECORDS;
use tailspike::evidence::resolve::Answer;
use tailspike::evidence::resolve::resolve;
use tailspike::evidence::sites::Source;
use tailspike::evidence::sites::collect;
use tailspike::syntax::lower;

const PROGRAM: &str = r#"
import logging

log = logging.getLogger("demo.pipe")


async def fetch(doc, took):
    log.debug("Fetching doc %s", doc)
    log.info("Fetched doc %s in %.3fs", doc, took)


async def main(docs):
    log.info("Starting pipeline: %d documents", len(docs))
    log.warning("All documents are here")
"#;

/// A line of the run.
struct Line {
    /// Milliseconds since the start.
    at: u64,
    level: &'static str,
    function: &'static str,
    number: u32,
    message: String,
}

fn run() -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |at, level, function, number, message| {
        lines.push(Line {
            at,
            level,
            function,
            number,
            message,
        })
    };
    add(0, "INFO", "main", 13, "Starting pipeline: 12 documents".to_owned());
    for doc in 0..12 {
        add(200 + doc * 31, "DEBUG", "fetch", 8, format!("Fetching doc d{doc}"));
    }
    for doc in 0..12 {
        let message = format!("Fetched doc d{doc} in {}.{:03}s", doc + 1, doc * 7);
        add(1_200 + doc * 1_007, "INFO", "fetch", 9, message);
    }
    add(14_000, "WARNING", "main", 14, "All documents are here".to_owned());
    lines
}

/// The run starts this many milliseconds before midnight, 22 November 2026.
const BEFORE_MIDNIGHT: u64 = 5_000;
/// That midnight, in seconds since 1970.
const MIDNIGHT: u64 = 1_795_392_000;

/// Day, hour, minute, second, millisecond.
fn calendar(at: u64) -> (u64, u64, u64, u64, u64) {
    let of_day = (86_400_000 - BEFORE_MIDNIGHT + at) % 86_400_000;
    let day = if at < BEFORE_MIDNIGHT { 22 } else { 23 };
    (
        day,
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1000 % 60,
        of_day % 1000,
    )
}

fn clock(it: &Line) -> String {
    let (_, h, m, s, _) = calendar(it.at);
    format!("{h:02}:{m:02}:{s:02}")
}

fn date(it: &Line) -> String {
    format!("2026-11-{}", calendar(it.at).0)
}

fn millis(it: &Line) -> u64 {
    calendar(it.at).4
}

fn epoch_ms(it: &Line) -> u64 {
    MIDNIGHT * 1000 - BEFORE_MIDNIGHT + it.at
}

fn asctime(it: &Line) -> String {
    format!("{} {},{:03}", date(it), clock(it), millis(it))
}

fn iso(it: &Line) -> String {
    format!("{}T{}.{:03}Z", date(it), clock(it), millis(it))
}

/// What a program writes with `%(asctime)s`.
fn plain(it: &Line) -> String {
    format!("{} - demo.pipe - {} - {}", asctime(it), it.level, it.message)
}

/// A time that a collector stamps, a little later than the program's own.
fn collected(it: &Line) -> String {
    format!("{}T{}.{:03}456789Z", date(it), clock(it), millis(it))
}

type Format = (&'static str, u64, fn(&Line) -> String);

/// Name, resolution in milliseconds (0: no times), the line.
const FORMATS: &[Format] = &[
    ("asctime", 1, plain),
    ("brackets, whole seconds", 1000, |it| {
        format!(
            "[{} {}] [{}] [demo.pipe:{}] {}",
            date(it),
            clock(it),
            it.level,
            it.number,
            it.message
        )
    }),
    ("file and function", 1, |it| {
        format!(
            "{} {:<8} [22930:MainThread] demo.pipe pipe.py:{} {}() {}",
            iso(it),
            it.level,
            it.number,
            it.function,
            it.message
        )
    }),
    ("slashes", 1, |it| {
        format!(
            "{} {}.{:03} {} {}",
            date(it).replace('-', "/"),
            clock(it),
            millis(it),
            it.level,
            it.message
        )
    }),
    ("zone", 1, |it| {
        format!(
            "{} {}.{:03}+00:00 {} {}",
            date(it),
            clock(it),
            millis(it),
            it.level,
            it.message
        )
    }),
    ("time only, over midnight", 1000, |it| {
        format!("{} {} {}", clock(it), &it.level[..1], it.message)
    }),
    ("time only with milliseconds", 1, |it| {
        format!("{}.{:03} {} {}", clock(it), millis(it), it.level, it.message)
    }),
    ("epoch seconds", 1, |it| {
        format!(
            "{}.{:03} {} {}",
            epoch_ms(it) / 1000,
            epoch_ms(it) % 1000,
            it.level,
            it.message
        )
    }),
    ("epoch milliseconds", 1, |it| {
        format!("{} {} {}", epoch_ms(it), it.level, it.message)
    }),
    ("epoch nanoseconds", 1, |it| {
        format!("{}000000 {} {}", epoch_ms(it), it.level, it.message)
    }),
    ("elapsed seconds", 10, |it| {
        format!("[{:.2}s] {} {}", it.at as f64 / 1000.0, it.level, it.message)
    }),
    ("elapsed milliseconds", 1, |it| {
        format!("{} ms {} {}", it.at + 5, it.level, it.message)
    }),
    ("loguru", 1, |it| {
        format!(
            "{} {}.{:03} | {:<8} | demo.pipe:{}:{} - {}",
            date(it),
            clock(it),
            millis(it),
            it.level,
            it.function,
            it.number,
            it.message
        )
    }),
    ("loguru in colour", 1, |it| {
        format!(
            "\x1b[32m{} {}.{:03}\x1b[0m | \x1b[1m{:<8}\x1b[0m | \x1b[36mdemo.pipe\x1b[0m:\x1b[36m{}\x1b[0m:\x1b[36m{}\x1b[0m - \x1b[1m{}\x1b[0m",
            date(it),
            clock(it),
            millis(it),
            it.level,
            it.function,
            it.number,
            it.message
        )
    }),
    ("structlog", 1, |it| {
        format!(
            "{} {}.{:03} [{:<9}] {}",
            date(it),
            clock(it),
            millis(it),
            it.level.to_lowercase(),
            it.message
        )
    }),
    ("structlog JSON", 1, |it| {
        format!(
            r#"{{"event": "{}", "level": "{}", "timestamp": "{}", "lineno": {}, "pathname": "/srv/app/demo/pipe.py"}}"#,
            it.message,
            it.level.to_lowercase(),
            iso(it),
            it.number
        )
    }),
    ("JSON formatter", 1, |it| {
        format!(
            r#"{{"asctime": "{}", "levelname": "{}", "name": "demo.pipe", "message": "{}"}}"#,
            asctime(it),
            it.level,
            it.message
        )
    }),
    ("cloud JSON", 1, |it| {
        format!(
            r#"{{"severity": "{}", "time": "{}", "message": "{}"}}"#,
            it.level,
            iso(it),
            it.message
        )
    }),
    ("logfmt", 1, |it| {
        format!(
            r#"ts={} level={} logger=demo.pipe msg="{}""#,
            iso(it),
            it.level.to_lowercase(),
            it.message
        )
    }),
    ("docker logs -t", 1, |it| format!("{} {}", collected(it), plain(it))),
    ("a container's JSON", 1, |it| {
        format!(
            r#"{{"log":"{}\n","stream":"stderr","time":"{}"}}"#,
            plain(it),
            collected(it)
        )
    }),
    ("JSON in a container's JSON", 1, |it| {
        format!(
            r#"{{"log":"{{\"levelname\": \"{}\", \"asctime\": \"{}\", \"message\": \"{}\"}}\n","stream":"stdout","time":"{}"}}"#,
            it.level,
            asctime(it),
            it.message,
            collected(it)
        )
    }),
    ("a pod's log", 1, |it| {
        format!("{} stderr F {}", collected(it), plain(it))
    }),
    ("compose", 1, |it| format!("worker-1  | {}", plain(it))),
    ("kubectl", 1, |it| {
        format!("[pod/demo-6f9/worker] {} {}", collected(it), plain(it))
    }),
    ("journal", 1000, |it| {
        format!(
            "Nov {} {} host demo[4711]: {} {}",
            calendar(it.at).0,
            clock(it),
            it.level,
            it.message
        )
    }),
    ("syslog", 1, |it| {
        format!("<14>1 {} host demo 4711 - - {} {}", collected(it), it.level, it.message)
    }),
    ("CI", 1, |it| {
        format!("{} {}", collected(it).replace("456789Z", "4567Z"), plain(it))
    }),
    ("ts", 1, |it| {
        format!("{}.{:03}000 {}", epoch_ms(it) / 1000, epoch_ms(it) % 1000, plain(it))
    }),
    ("twelve hours", 1000, |it| {
        let (_, h, m, s, _) = calendar(it.at);
        let half = if h < 12 { "AM" } else { "PM" };
        format!(
            "11/{}/2026 {:02}:{m:02}:{s:02} {half} {} {}",
            calendar(it.at).0,
            (h + 11) % 12 + 1,
            it.level,
            it.message
        )
    }),
    ("basicConfig", 0, |it| format!("{}:demo.pipe:{}", it.level, it.message)),
    ("uvicorn", 0, |it| {
        format!("{:<9} {}", format!("{}:", it.level), it.message)
    }),
    ("bare messages", 0, |it| it.message.clone()),
];

/// The sites found, and the times since the first line.
fn read(bytes: &[u8]) -> (Vec<u32>, Vec<i64>, usize) {
    let facts = lower(PROGRAM);
    let files = [Source {
        path: "demo/pipe.py",
        facts: &facts,
    }];
    let sites = collect(&files);
    let matcher = Matcher::new(&sites);
    let log = Log::read(bytes, &sites, &matcher, MOST_RECORDS).unwrap();
    let (answers, _) = resolve(&log, &sites, &files);
    let mut lines = Vec::new();
    let mut times = Vec::new();
    for (record, answer) in log.records.iter().zip(&answers) {
        if let Answer::Site(site) = answer {
            lines.push(sites.all[site.0 as usize].line);
            times.extend(record.time());
        }
    }
    let first = times.first().copied().unwrap_or(0);
    (
        lines,
        times.iter().map(|it| (it - first) / 1_000_000).collect(),
        log.records.len(),
    )
}

fn written(format: fn(&Line) -> String, ending: &str) -> String {
    run().iter().map(|it| format(it) + ending).collect()
}

#[test]
fn thirty_formats_give_the_same_answer() {
    assert!(FORMATS.len() >= 30);
    let wanted: Vec<u32> = run().iter().map(|it| it.number).collect();
    for (name, resolution, format) in FORMATS {
        let text = written(*format, "\n");
        let (lines, times, _) = read(text.as_bytes());
        assert_eq!(lines, wanted, "{name}:\n{text}");
        if *resolution == 0 {
            assert!(times.is_empty(), "{name}: {times:?}");
            continue;
        }
        assert_eq!(times.len(), wanted.len(), "{name}");
        for (time, line) in times.iter().zip(run()) {
            let off = (time - i64::try_from(line.at).unwrap()).unsigned_abs();
            assert!(off <= *resolution, "{name}: {time} for {}", line.at);
        }
    }
}

/// What stands around a run in real files changes neither its calls nor its times.
#[test]
fn what_stands_around_a_run_changes_nothing() {
    let text = written(plain, "\n");
    let (lines, times, _) = read(text.as_bytes());
    let around = [
        ("CRLF", written(plain, "\r\n")),
        ("no last ending", text.trim_end().to_owned()),
        (
            "bash's time",
            format!("{text}\nreal\t0m14.227s\nuser\t0m1.004s\nsys\t0m0.031s\n"),
        ),
        (
            "GNU time",
            format!(
                "{text}0.04user 0.03system 0:14.08elapsed 94%CPU (0avgtext+0avgdata 48660maxresident)k\n0inputs+0outputs (0major+9minor)pagefaults 0swaps\n"
            ),
        ),
        ("a prompt", format!("$ python -m demo 2>&1 | tee run.log\n{text}")),
        (
            "a traceback",
            format!(
                "{text}Traceback (most recent call last):\n  File \"demo/pipe.py\", line 8, in fetch\n    log.debug(\"Fetching doc %s\", doc)\nValueError: x\n"
            ),
        ),
        (
            "a progress bar",
            format!(
                "docs:   0%|          | 0/12 [00:00<?, ?it/s]\rdocs:  50%|#####     | 6/12 [00:07<00:07, 1.2s/it]\n{text}"
            ),
        ),
        ("a byte order mark", format!("\u{feff}{text}")),
        ("blank lines", text.replace('\n', "\n\n")),
    ];
    for (name, text) in around {
        let (these, at, _) = read(text.as_bytes());
        assert_eq!(these, lines, "{name}");
        assert_eq!(at, times, "{name}");
    }
}

#[test]
fn a_handler_that_leaves_repeated_times_blank_is_understood() {
    let mut last = String::new();
    let mut text = String::new();
    for it in run() {
        let time = format!("[{}]", clock(&it));
        let shown = if time == last {
            " ".repeat(time.len())
        } else {
            time.clone()
        };
        last = time;
        text += &format!("{shown} {:<8} {:<60} pipe.py:{}\n", it.level, it.message, it.number);
    }
    let (lines, times, _) = read(text.as_bytes());
    let wanted: Vec<u32> = run().iter().map(|it| it.number).collect();
    assert_eq!(lines, wanted, "{text}");
    assert_eq!(times.len(), wanted.len());
}

#[test]
fn a_line_cut_by_a_container_runtime_is_one_line() {
    let mut text = written(|it| format!("{} stderr F {}", collected(it), plain(it)), "\n");
    text += "2026-11-23T00:00:10.000000001Z stderr P 2026-11-23 00:00:10,000 - demo.pipe - DEBUG - Fetching d\n";
    text += "2026-11-23T00:00:10.000000002Z stderr F oc d99\n";
    let (lines, ..) = read(text.as_bytes());
    assert_eq!(lines.len(), run().len() + 1);
}
