//! `tailspike run`: start, record, triage.

use super::child;
use super::memory;
use super::recorder::Recorder;
use crate::check::Status;
use crate::cli::RunArgs;
use crate::diagnostic::Severity;
use crate::evidence::memory::Sample;
use crate::triaging::Examined;
use crate::triaging::Observed;
use crate::triaging::Style;
use crate::triaging::write_report;
use anyhow::Context;
use anyhow::Result;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Runs a command, then triages what it wrote. The report goes to `err`: standard output belongs to the command.
///
/// # Errors
/// A command that can't be started, a log that can't be written.
pub fn run(args: &RunArgs, err: &mut dyn Write) -> Result<Status> {
    let folder = tempfile::tempdir().context("no temporary folder could be made")?;
    let path = args.output.clone().unwrap_or_else(|| folder.path().join("run.log"));
    let recorder = Recorder::create(&path).map(Arc::new);
    let recorder = recorder.with_context(|| format!("`{}` can't be written", path.display()))?;
    let mut sampler = memory::Sampler::default();
    let status = child::run(&args.command, &recorder, &mut sampler)?;
    let samples = sampler.finish();
    let kept = recorder.finish();
    if let Some(path) = &args.output {
        write_samples(path, &samples)?;
    }
    let outcome = kept
        .with_context(|| format!("`{}` can't be written", path.display()))
        .and_then(|()| triage(args, &path, &samples, err));
    // Whatever became of the triage, whoever started the command must learn how the command ended.
    match outcome {
        Ok(true) if status == 0 => Ok(Status::Findings),
        Ok(_) => Ok(Status::Command(status)),
        Err(error) => {
            writeln!(err, "error: {error:#}")?;
            Ok(Status::Command(status))
        }
    }
}

/// Reports, and says whether that is a failure.
fn triage(args: &RunArgs, path: &Path, samples: &[Sample], err: &mut dyn Write) -> Result<bool> {
    let examined = Examined::load(&args.paths, args.isolated, None)?;
    let log = examined.read(path)?;
    let observed = Observed {
        log: &log,
        path,
        gone: 0,
        memory: samples,
        stalls: &[],
    };
    let style = Style {
        format: args.format,
        top: args.top,
    };
    let reported = examined.report(&observed, style)?;
    write_report(args.report.as_deref(), &reported.text, err)?;
    let least = args.fail_on.map(Severity::from);
    Ok(least.is_some_and(|it| reported.worst >= Some(it)))
}

/// Keeps the samples beside the log, as `--rss` reads them.
fn write_samples(log: &Path, samples: &[Sample]) -> Result<()> {
    let mut name = log.as_os_str().to_owned();
    name.push(".rss");
    let path = PathBuf::from(name);
    let mut text = String::new();
    for it in samples {
        let (seconds, nanos) = (it.time / 1_000_000_000, it.time % 1_000_000_000);
        let _ = writeln!(text, "{seconds}.{nanos:09} {:.0}", it.kib);
    }
    std::fs::write(&path, text).with_context(|| format!("`{}` can't be written", path.display()))
}
