//! `tailspike check`: from arguments to a report and an exit status.

use crate::analysis::Analysis;
use crate::analyze;
use crate::catalog::Catalog;
use crate::cli::CheckArgs;
use crate::cli::Color;
use crate::cli::Level;
use crate::cli::OutputFormat;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Origin;
use crate::config::Overrides;
use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::ErrorKind;
use crate::diagnostic::FileError;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::Severity;
use crate::report;
use crate::report::AcceptedBy;
use crate::report::AcceptedFinding;
use crate::report::Finding;
use crate::report::Format;
use crate::report::Report;
use crate::rules;
use crate::source;
use crate::source::Sources;
use crate::source::WalkOptions;
use crate::suppress;
use crate::suppress::Accepted;
use crate::suppress::Baseline;
use crate::syntax;
use anyhow::{Context, Result, anyhow};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Read, Write};
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
    let stdin = read_stdin(args)?;
    let paths = paths(args);
    let root = source::find_root(&paths, stdin.as_ref().map(|(path, _)| path.as_path()), args.isolated)?;
    let origin = match (&args.config, args.isolated) {
        (Some(file), _) => Origin::Explicit(file),
        (None, true) => Origin::Isolated,
        (None, false) => Origin::Root(&root.path),
    };
    let config = Config::load(origin, &overrides(args), &registry)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(config.jobs)
        .stack_size(syntax::STACK_BYTES)
        .build()
        .context("the threads could not be started; try a smaller `--jobs`")?;
    let options = walk_options(root, &config, pool.current_num_threads(), stdin);
    let sources = Sources::discover(&paths, &options)?;
    let catalog = Catalog::load(&config.calls)
        .map_err(|message| ConfigError::new(message, "correct the `call` tables of the configuration"))?;
    let mut analysis = pool.install(|| analyze(&sources, &config, rules::ALL, catalog));
    add_walk_problems(&sources, &mut analysis);
    add_unused_ignores(&config, &registry, &mut analysis);
    conclude(args, &config, &sources, &analysis, out, err)
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
        threads,
        stdin,
    }
}

fn conclude(
    args: &CheckArgs,
    config: &Config,
    sources: &Sources,
    analysis: &Analysis,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Status> {
    for error in &analysis.errors {
        say(err, &report::error_line(error));
    }
    let fingerprints = suppress::fingerprints(&analysis.findings);
    let visible = visible(config, sources, &analysis.findings);
    let candidates: Vec<Finding<'_>> = visible
        .shown
        .iter()
        .map(|&index| Finding {
            diagnostic: &analysis.findings[index],
            fingerprint: &fingerprints[index],
        })
        .collect();
    if args.write_baseline {
        return write_baseline(config, sources, &candidates, err);
    }
    let (findings, baselined) = without_baseline(config, sources, candidates)?;
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
        hashes: &analysis.hashes,
        findings,
        accepted,
        rules: registry().into_iter().filter(|rule| config.enabled(rule)).collect(),
        errors: &analysis.errors,
        files: sources.ids().filter(|&id| sources.file(id).reported).count(),
        hidden: visible.hidden,
        quiet: args.output.quiet,
    };
    print(args, &report, &analysis.statistics, out, err)?;
    Ok(status(args, config, &report, err))
}

fn status(args: &CheckArgs, config: &Config, report: &Report<'_>, err: &mut dyn Write) -> Status {
    if report.errors.iter().any(|error| error.kind == ErrorKind::Internal) {
        return Status::Failed;
    }
    if let Some(reason) = nothing_analysed(report) {
        say(err, &format!("error: {reason}"));
        return Status::Failed;
    }
    if report.files == 0 && !args.output.quiet {
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
        return Some("no Python file was found; name a folder that has some");
    }
    let broken: BTreeSet<&str> = report.errors.iter().map(|error| error.path.as_str()).collect();
    let all_broken = report.sources.ids().all(|id| broken.contains(report.sources.path(id)));
    all_broken.then_some("not one file could be analysed; the lines above say why")
}

/// Standard error may be closed; there is nobody left to tell.
fn say(err: &mut dyn Write, line: &str) {
    let _ = writeln!(err, "{line}");
}

struct Visible {
    shown: Vec<usize>,
    accepted: Vec<usize>,
    hidden: usize,
}

fn visible(config: &Config, sources: &Sources, findings: &[Diagnostic]) -> Visible {
    let mut visible = Visible {
        shown: Vec::new(),
        accepted: Vec::new(),
        hidden: 0,
    };
    for (index, it) in findings.iter().enumerate() {
        let file = sources.file(it.location.file);
        if !file.reported || !config.enabled(it.rule) || config.ignores(it.rule.name, &file.path) {
            continue;
        }
        if config.shows(it, &file.path) {
            let list = if it.accepted {
                &mut visible.accepted
            } else {
                &mut visible.shown
            };
            list.push(index);
        } else if !it.accepted {
            visible.hidden += 1;
        }
    }
    visible
}

fn accepted<'a>(sources: &'a Sources, findings: &'a [Finding<'a>]) -> Vec<Accepted<'a>> {
    findings
        .iter()
        .map(|finding| Accepted {
            path: sources.path(finding.diagnostic.location.file),
            rule: finding.diagnostic.rule.name,
            qualname: &finding.diagnostic.qualname,
            fingerprint: finding.fingerprint,
        })
        .collect()
}

fn without_baseline<'a>(
    config: &Config,
    sources: &Sources,
    findings: Vec<Finding<'a>>,
) -> Result<(Vec<Finding<'a>>, Vec<AcceptedFinding<'a>>)> {
    let Some(path) = &config.baseline else {
        return Ok((findings, Vec::new()));
    };
    let baseline = Baseline::read(path)?;
    let paths: BTreeSet<&str> = sources.ids().map(|id| sources.path(id)).collect();
    let accepts = baseline.accepts(&accepted(sources, &findings), &paths);
    let mut left = Vec::new();
    let mut baselined = Vec::new();
    for (finding, accepted) in findings.into_iter().zip(accepts) {
        if accepted {
            let by = AcceptedBy::Baseline;
            baselined.push(AcceptedFinding { finding, by });
        } else {
            left.push(finding);
        }
    }
    Ok((left, baselined))
}

fn write_baseline(config: &Config, sources: &Sources, findings: &[Finding<'_>], err: &mut dyn Write) -> Result<Status> {
    let path = config.baseline.as_ref().ok_or_else(|| {
        ConfigError::new(
            "no baseline to write",
            "name one with `--baseline FILE` or the key `baseline`",
        )
    })?;
    let mut baseline = Baseline::of(accepted(sources, findings));
    if path.exists() {
        let elsewhere: BTreeSet<&str> = sources
            .ids()
            .filter(|&id| !sources.file(id).reported)
            .map(|id| sources.path(id))
            .collect();
        baseline.keep(Baseline::read(path)?, |path| elsewhere.contains(path));
    }
    baseline.write(path)?;
    say(
        err,
        &format!(
            "{} written to `{}`",
            report::plural(findings.len(), "finding"),
            path.display()
        ),
    );
    Ok(Status::Clean)
}

fn print(
    args: &CheckArgs,
    report: &Report<'_>,
    statistics: &[(String, String)],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<()> {
    let format = match args.output.format {
        OutputFormat::Text => Format::Text,
        OutputFormat::Concise => Format::Concise,
        OutputFormat::Json => Format::Json,
        OutputFormat::Github => Format::Github,
        OutputFormat::Gitlab => Format::Gitlab,
        OutputFormat::Markdown => Format::Markdown,
        OutputFormat::Sarif => Format::Sarif,
    };
    let left_out = match &args.output.output {
        None => report::write(report, format, colored(args.output.color), out)?,
        Some(path) => {
            let mut bytes = Vec::new();
            let left_out = report::write(report, format, args.output.color == Color::Always, &mut bytes)?;
            suppress::replace(path, &bytes)
                .map_err(|error| anyhow!("`{}` can't be written: {}", path.display(), source::reason(&error)))?;
            left_out
        }
    };
    if left_out > 0 {
        let what = report::plural(left_out, "finding");
        say(
            err,
            &format!("note: {what} left out, the least severe first: those who read this form take no more"),
        );
    }
    if args.output.statistics {
        // Programs read standard output; people read both.
        let to_out = matches!(format, Format::Text | Format::Concise) && args.output.output.is_none();
        report::write_statistics(statistics, if to_out { out } else { err })?;
    }
    Ok(())
}

/// Whether standard output gets colours.
fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
        }
    }
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

/// `-` stands for standard input, whose name is given apart.
fn paths(args: &CheckArgs) -> Vec<PathBuf> {
    let mut paths = args.paths.clone();
    if args.stdin_filename.is_some() {
        paths.retain(|path| path.as_os_str() != "-");
    } else if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    paths
}

fn read_stdin(args: &CheckArgs) -> Result<Option<(PathBuf, String)>> {
    let Some(path) = &args.stdin_filename else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(source::MAX_BYTES)
        .read_to_end(&mut bytes)
        .context("standard input can't be read")?;
    let text = source::decode(bytes).with_context(|| format!("`{}`", path.display()))?;
    Ok(Some((path.clone(), text)))
}

fn overrides(args: &CheckArgs) -> Overrides {
    let respect = match (args.respect_gitignore, args.no_respect_gitignore) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Overrides {
        select: args.rules.select.clone(),
        ignore: args.rules.ignore.clone(),
        extend_select: args.rules.extend_select.clone(),
        pedantic: args.rules.pedantic,
        min_severity: args.rules.min_severity.map(severity),
        min_confidence: args.rules.min_confidence.map(confidence),
        fail_on: args.rules.fail_on.map(severity),
        respect_gitignore: respect,
        jobs: args.jobs,
        baseline: args.baseline.clone(),
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
    }
}

fn confidence(level: Level) -> Confidence {
    match level {
        Level::Low => Confidence::Low,
        Level::Medium => Confidence::Medium,
        Level::High => Confidence::High,
    }
}
