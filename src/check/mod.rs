//! `tailspike check`: from arguments to a report and an exit status.

mod arguments;
mod mend;
mod output;
mod shown;

use crate::Afterwards;
use crate::analysis::Analysis;
use crate::analyze;
use crate::catalog::Catalog;
use crate::changed::Changes;
use crate::cli::CheckArgs;
use crate::cli::OutputFormat;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Origin;
use crate::diagnostic::ErrorKind;
use crate::diagnostic::FileError;
use crate::diagnostic::RuleInfo;
use crate::progress;
use crate::report;
use crate::report::AcceptedBy;
use crate::report::AcceptedFinding;
use crate::report::Finding;
use crate::report::Report;
use crate::rules;
use crate::source;
use crate::source::Sources;
use crate::source::WalkOptions;
use crate::suppress;
use crate::syntax;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

/// What the exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: nothing at or above `--fail-on`.
    Clean,
    /// 1: findings.
    Findings,
    /// 2: nothing could be analysed, or the tool failed.
    Failed,
    /// What a command that was run ended with.
    Command(u8),
}

/// What is known of every rule.
#[must_use]
pub fn registry() -> Vec<&'static RuleInfo> {
    rules::ALL.iter().map(|rule| &rule.info).collect()
}

/// Runs the command.
///
/// # Errors
/// A wrong argument or configuration, or an output that can't be written.
pub fn run(args: &CheckArgs, out: &mut dyn Write, err: &mut dyn Write) -> Result<Status> {
    let registry = registry();
    let stdin = arguments::read_stdin(args)?;
    let paths = arguments::paths(args);
    let root = source::find_root(&paths, stdin.as_ref().map(|(path, _)| path.as_path()), args.isolated)?;
    let origin = match (&args.config, args.isolated) {
        (Some(file), _) => Origin::Explicit(file),
        (None, true) => Origin::Isolated,
        (None, false) => Origin::Root(&root.path),
    };
    let config = Config::load(origin, &arguments::overrides(args), &registry)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(config.jobs)
        .stack_size(syntax::STACK_BYTES)
        .build()
        .context("the threads could not be started; try a smaller `--jobs`")?;
    let revision = args.changed_since.as_deref();
    let changes = revision.map(|it| Changes::since(it, &root.path)).transpose()?;
    let options = WalkOptions {
        force_exclude: args.force_exclude,
        ..walk_options(root, &config, pool.current_num_threads(), stdin)
    };
    let sources = Sources::discover(&paths, &options)?;
    let afterwards = if args.mends.fix {
        Afterwards::Dropped
    } else {
        Afterwards::Left
    };
    let examine = || -> Result<Analysis> {
        let catalog = Catalog::load(&config.calls)
            .map_err(|message| ConfigError::new(message, "correct the `call` tables of the configuration"))?;
        let mut analysis = progress::during(&sources, || {
            pool.install(|| analyze(&sources, &config, rules::ALL, catalog, afterwards))
        });
        add_walk_problems(&sources, &mut analysis);
        add_unused_ignores(&config, &registry, &mut analysis);
        if wants_mends(args) {
            pool.install(|| mend::settle(&sources, &config, &mut analysis));
        }
        Ok(analysis)
    };
    let around = Found {
        config: &config,
        sources: &sources,
        changes: changes.as_ref(),
        analysis: &Analysis::default(),
    };
    let mut analysis = examine()?;
    if args.mends.diff {
        let mends = pool.install(|| mend::mends(args.mends, &around.with(&analysis)))?;
        return mend::print(&mends, &around.with(&analysis), out, err);
    }
    if args.mends.fix {
        let mut tally = mend::Tally::default();
        // A mend can make room for another; whatever happens, it ends.
        for _ in 0..MOST_ROUNDS {
            if !pool.install(|| tally.write(args.mends, &around.with(&analysis)))? {
                break;
            }
            analysis = examine()?;
        }
        tally.tell(&around.with(&analysis), err)?;
        analysis.errors.extend(tally.failed);
    }
    conclude(args, &around.with(&analysis), out, err)
}

/// Mends are applied again to what the ones before have left, so often at most.
const MOST_ROUNDS: u32 = 5;

/// Whether anybody will see the mends of this run.
fn wants_mends(args: &CheckArgs) -> bool {
    let shown = matches!(args.output.format, OutputFormat::Json | OutputFormat::Sarif);
    shown || args.mends.fix || args.mends.diff
}

/// How the project below a root is walked under a configuration.
pub(crate) fn walk_options(
    root: source::Root,
    config: &Config,
    threads: usize,
    stdin: Option<(PathBuf, String)>,
) -> WalkOptions {
    WalkOptions {
        root: root.path,
        shallow: root.shallow,
        no_gitignore: !config.respect_gitignore,
        exclude: config.exclude.clone(),
        force_exclude: false,
        threads,
        stdin,
        here: std::env::current_dir().and_then(|it| it.canonicalize()).ok(),
        unsaved: Vec::new(),
    }
}

/// Everything that a report is made of.
#[derive(Clone, Copy)]
struct Found<'a> {
    config: &'a Config,
    sources: &'a Sources,
    changes: Option<&'a Changes>,
    analysis: &'a Analysis,
}

impl<'a> Found<'a> {
    fn with<'b>(&self, analysis: &'b Analysis) -> Found<'b>
    where
        'a: 'b,
    {
        Found { analysis, ..*self }
    }
}

fn conclude(args: &CheckArgs, found: &Found<'_>, out: &mut dyn Write, err: &mut dyn Write) -> Result<Status> {
    let Found {
        config,
        sources,
        changes,
        analysis,
    } = *found;
    for error in &analysis.errors {
        say(err, &report::error_line(error));
    }
    let fingerprints = suppress::fingerprints(&analysis.findings);
    let visible = shown::visible(config, sources, changes, &analysis.findings);
    let candidates: Vec<Finding<'_>> = visible
        .shown
        .iter()
        .map(|&index| Finding {
            diagnostic: &analysis.findings[index],
            fingerprint: &fingerprints[index],
        })
        .collect();
    if args.write_baseline {
        return shown::write_baseline(config, sources, &candidates, err);
    }
    let (findings, baselined) = shown::without_baseline(config, sources, candidates)?;
    let commented = visible.accepted.iter().map(|&index| AcceptedFinding {
        finding: Finding {
            diagnostic: &analysis.findings[index],
            fingerprint: &fingerprints[index],
        },
        by: AcceptedBy::Comment,
    });
    let accepted = commented.chain(baselined).collect();
    let report = Report {
        sources,
        folder: source::folder_in_checkout(sources.root()),
        hashes: &analysis.hashes,
        findings,
        accepted,
        rules: registry().into_iter().filter(|rule| config.enabled(rule)).collect(),
        errors: &analysis.errors,
        files: asked_about(sources, changes),
        hidden: visible.hidden,
        quiet: args.output.quiet,
    };
    output::print(args, &report, &analysis.statistics, out, err)?;
    Ok(status(args, config, &report, err))
}

fn asked_about(sources: &Sources, changes: Option<&Changes>) -> usize {
    let asked = |file: &source::SourceFile| file.reported && changes.is_none_or(|it| it.has(&file.path));
    sources.ids().filter(|&id| asked(sources.file(id))).count()
}

fn status(args: &CheckArgs, config: &Config, report: &Report<'_>, err: &mut dyn Write) -> Status {
    if report.errors.iter().any(|error| error.kind == ErrorKind::Internal) {
        return Status::Failed;
    }
    if let Some(reason) = nothing_analysed(report) {
        say(err, &format!("error: {reason}"));
        return Status::Failed;
    }
    if report.files == 0 && !args.output.quiet && args.changed_since.is_none() && !args.force_exclude {
        say(
            err,
            "note: only tests, examples and stubs here; name their folder to have them reported",
        );
    }
    let fails = |finding: &Finding<'_>| finding.diagnostic.severity >= config.fail_on;
    if !args.rules.exit_zero && report.findings.iter().any(fails) {
        Status::Findings
    } else {
        Status::Clean
    }
}

/// Why not one file could be analysed, if that is so.
fn nothing_analysed(report: &Report<'_>) -> Option<&'static str> {
    if report.sources.is_empty() {
        return Some(
            "no Python file was found, or all are excluded; name a folder that has some, or look at `exclude`",
        );
    }
    let broken: BTreeSet<&str> = report.errors.iter().map(|error| error.path.as_str()).collect();
    let is_broken = |id: &source::FileId| broken.contains(report.sources.path(*id));
    let mut asked = report
        .sources
        .ids()
        .filter(|&id| report.sources.file(id).reported)
        .peekable();
    // Where nothing is reported (only tests, say), the files around still tell whether anything could be read.
    let all_broken = match asked.peek() {
        Some(_) => asked.all(|id| is_broken(&id)),
        None => report.sources.ids().all(|id| is_broken(&id)),
    };
    all_broken.then_some("not one file could be analysed; the lines above say why")
}

/// Standard error may be closed; there is nobody left to tell.
fn say(err: &mut dyn Write, line: &str) {
    let _ = writeln!(err, "{line}");
}

fn add_walk_problems(sources: &Sources, analysis: &mut Analysis) {
    analysis
        .errors
        .extend(sources.problems().iter().map(|problem| FileError {
            path: problem.path.clone(),
            line: None,
            column: None,
            kind: ErrorKind::Read,
            message: problem.message.clone(),
        }));
    analysis.errors.sort();
}

fn add_unused_ignores(config: &Config, registry: &[&'static RuleInfo], analysis: &mut Analysis) {
    for it in &analysis.ignores {
        let ran = |name: &str| config.is_on(name);
        analysis
            .findings
            .extend(suppress::unused(it.file, &it.comments, &it.used, registry, ran));
    }
    analysis.findings.sort_by(|a, b| a.order().cmp(&b.order()));
}
