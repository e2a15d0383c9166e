//! `triage --follow`: a report whenever a phase of the run ends.

use super::tail::News;
use super::tail::Tail;
use crate::check::Status;
use crate::cli::TriageArgs;
use crate::cli::TriageFormat;
use crate::evidence::memory::Sample;
use crate::evidence::stalls::Stall;
use crate::triaging::Examined;
use crate::triaging::Observed;
use crate::triaging::Reported;
use crate::triaging::Style;
use crate::triaging::write_report;
use anyhow::Context;
use anyhow::Result;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// How often a file is looked at: a report must come within two seconds of the end of a phase.
const POLL: Duration = Duration::from_millis(200);

/// Weighing a run takes at most this share of the time, as one in so many: a long log must not keep a processor busy.
const RARELY: u32 = 4;

/// Reads a log as it grows, until Ctrl-C ends it with the last report.
///
/// # Errors
/// A log that can't be read, a report that can't be written.
pub fn follow(
    examined: &Examined,
    args: &TriageArgs,
    memory: &[Sample],
    stalls: &[Stall],
    out: &mut dyn Write,
) -> Result<Status> {
    let unreadable = || format!("`{}` can't be read", args.log.display());
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended)).context("signals can't be received")?;
    }
    while !args.log.exists() && !ended.load(Ordering::Relaxed) {
        std::thread::sleep(POLL);
    }
    let mut tail = Tail::open(&args.log).with_context(unreadable)?;
    let mut stream = examined.stream();
    let report = |stream: &crate::evidence::stream::Stream<'_>, gone| {
        stream.look(|log| {
            let observed = Observed {
                log,
                path: &args.log,
                gone,
                memory,
                stalls,
            };
            let style = Style {
                format: args.format,
                top: args.top,
            };
            examined.report(&observed, style)
        })
    };
    let (mut told, mut gone, mut fresh) = (0, 0, false);
    let mut next = Instant::now();
    loop {
        let last_look = ended.load(Ordering::Relaxed);
        match tail.read().with_context(unreadable)? {
            News::Bytes(bytes) => {
                stream.feed(&bytes);
                fresh = true;
                continue;
            }
            // The run goes on in a new file.
            News::Restarted => {
                stream.end_line();
                gone = stream.look(|log| log.lines);
                continue;
            }
            News::Nothing => {}
        }
        if last_look {
            break;
        }
        if fresh && Instant::now() >= next {
            let start = Instant::now();
            let reported = report(&stream, gone)?;
            if reported.phase > told {
                told = reported.phase;
                write_interim(args, &reported, out)?;
            }
            next = Instant::now() + start.elapsed() * RARELY;
            fresh = false;
        }
        std::thread::sleep(POLL);
    }
    stream.end_line();
    let reported = report(&stream, gone)?;
    write_report(args.output.as_deref(), &reported.text, out)?;
    out.flush()?;
    Ok(crate::triaging::status(args, examined, reported.worst))
}

/// A report of what is known so far, in the same form as the last one.
fn write_interim(args: &TriageArgs, reported: &Reported, out: &mut dyn Write) -> Result<()> {
    if args.output.is_none() && args.format != TriageFormat::Json {
        let heading = if args.format == TriageFormat::Markdown {
            "# "
        } else {
            ""
        };
        writeln!(out, "{heading}So far, up to line {}:\n", reported.phase)?;
    }
    write_report(args.output.as_deref(), &reported.text, out)?;
    if args.output.is_none() {
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
