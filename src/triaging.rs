//! `tailspike sites` and `tailspike triage`: a program and a log of its run.

use crate::catalog::Catalog;
use crate::check::Status;
use crate::cli::SitesArgs;
use crate::cli::SitesFormat;
use crate::cli::TriageArgs;
use crate::cli::TriageFormat;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Origin;
use crate::config::Overrides;
use crate::diagnostic::Diagnostic;
use crate::evidence::clean::printable;
use crate::evidence::clean::visible;
use crate::evidence::matching::Matcher;
use crate::evidence::memory;
use crate::evidence::memory::Sample;
use crate::evidence::reader;
use crate::evidence::reader::each_line;
use crate::evidence::records::Log;
use crate::evidence::resolve::Answer;
use crate::evidence::resolve::resolve;
use crate::evidence::sites::LogSite;
use crate::evidence::sites::Sites;
use crate::evidence::sites::Source;
use crate::evidence::sites::collect;
use crate::pipeline;
use crate::project::Project;
use crate::report::triage::TriageReport;
use crate::report::triage::write_json;
use crate::report::triage::write_text;
use crate::rules;
use crate::rules::Rule;
use crate::source;
use crate::source::Sources;
use crate::suppress;
use crate::syntax;
use crate::triage;
use crate::triage::report::gaps;
use crate::triage::report::told;
use anyhow::Context;
use anyhow::Result;
use rustc_hash::FxHashMap;
use serde_json::json;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// A program, linked.
struct Program {
    sources: Sources,
    project: Project,
    pool: rayon::ThreadPool,
    config: Config,
}

fn load(paths: &[PathBuf], isolated: bool) -> Result<Program> {
    let paths = if paths.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        paths.to_vec()
    };
    let root = source::find_root(&paths, None, isolated)?;
    let origin = if isolated {
        Origin::Isolated
    } else {
        Origin::Root(&root.path)
    };
    let config = Config::load(origin, &Overrides::default(), &crate::check::registry())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(config.jobs)
        .stack_size(syntax::STACK_BYTES)
        .build()
        .context("the threads could not be started")?;
    let options = crate::check::walk_options(root, &config, pool.current_num_threads(), None);
    let sources = Sources::discover(&paths, &options)?;
    let catalog = Catalog::load(&config.calls)
        .map_err(|message| ConfigError::new(message, "correct the `call` tables of the configuration"))?;
    let project = pool.install(|| {
        let (modules, _) = pipeline::load(&sources);
        Project::new(modules, catalog, rules::rule_of)
    });
    Ok(Program {
        sources,
        project,
        pool,
        config,
    })
}

/// The log sites of a program; the file of a site is the module of that number.
fn log_sites(program: &Program) -> Sites {
    collect(&files(program))
}

fn files(program: &Program) -> Vec<Source<'_>> {
    let modules = program.project.names.modules.iter();
    modules
        .map(|it| Source {
            path: program.sources.path(it.file),
            facts: &it.facts,
        })
        .collect()
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    reader::open(path).with_context(|| format!("`{}` can't be read", path.display()))
}

/// Lists log sites, or with a log the site of each of its lines.
///
/// # Errors
/// Paths that can't be read, an output that can't be written.
pub fn sites(args: &SitesArgs, out: &mut dyn Write) -> Result<Status> {
    let program = load(&args.paths, args.isolated)?;
    let sites = log_sites(&program);
    let Some(path) = &args.log else {
        for site in &sites.all {
            write_site(&program, site, args.format, out)?;
        }
        return Ok(Status::Clean);
    };
    let matcher = Matcher::new(&sites);
    let log =
        Log::read(open(path)?, &sites, &matcher).with_context(|| format!("`{}` can't be read", path.display()))?;
    let (answers, _) = resolve(&log, &sites, &files(&program));
    for (record, answer) in log.records.iter().zip(&answers) {
        let (site, candidates) = match answer {
            Answer::Site(id) => (Some(&sites.all[id.0 as usize]), 1),
            Answer::Open(count) => (None, *count),
            Answer::Nothing => (None, 0),
        };
        write_answer(&program, record.line, site, candidates, args.format, out)?;
    }
    Ok(Status::Clean)
}

fn path_of<'a>(program: &'a Program, site: &LogSite) -> &'a str {
    program
        .sources
        .path(program.project.names.modules[site.file as usize].file)
}

fn write_site(program: &Program, site: &LogSite, format: SitesFormat, out: &mut dyn Write) -> Result<()> {
    let templates: Vec<String> = site.templates.iter().map(|it| it.display()).collect();
    let path = path_of(program, site);
    if format == SitesFormat::Text {
        for template in &templates {
            writeln!(
                out,
                "{path}:{}: {} {}",
                site.line,
                site.qualname,
                printable(template.as_bytes())
            )?;
        }
        return Ok(());
    }
    let row = json!({
        "path": path, "line": site.line, "end_line": site.end_line, "qualname": site.qualname,
        "level": site.level, "logger": site.logger, "templates": templates, "values": site.keys,
    });
    writeln!(out, "{row}")?;
    Ok(())
}

fn write_answer(
    program: &Program,
    line: u32,
    site: Option<&LogSite>,
    candidates: u32,
    format: SitesFormat,
    out: &mut dyn Write,
) -> Result<()> {
    if format == SitesFormat::Text {
        let told = site.map_or_else(
            || {
                if candidates > 1 {
                    format!("one of {candidates} calls")
                } else {
                    "-".to_owned()
                }
            },
            |it| format!("{}:{} {}", path_of(program, it), it.line, it.qualname),
        );
        writeln!(out, "{line}: {told}")?;
        return Ok(());
    }
    let site = site.map(
        |it| json!({"path": path_of(program, it), "line": it.line, "end_line": it.end_line, "qualname": it.qualname}),
    );
    writeln!(
        out,
        "{}",
        json!({"log_line": line, "site": site, "candidates": candidates})
    )?;
    Ok(())
}

/// Ranks the findings of a program by what a log shows they cost.
///
/// # Errors
/// Paths that can't be read, an output that can't be written.
pub fn triage(args: &TriageArgs, out: &mut dyn Write) -> Result<Status> {
    let program = load(&args.paths, args.isolated)?;
    let all: Vec<&'static Rule> = rules::ALL.to_vec();
    let settings = rules::Settings {
        pedantic: true,
        python: None,
    };
    let (diagnostics, _) = program
        .pool
        .install(|| pipeline::check(&program.project, &all, settings, &|_| true));
    let sites = log_sites(&program);
    let matcher = Matcher::new(&sites);
    let path = &args.log;
    let log =
        Log::read(open(path)?, &sites, &matcher).with_context(|| format!("`{}` can't be read", path.display()))?;
    let (answers, columns) = resolve(&log, &sites, &files(&program));
    let memory = samples(args)?;
    let triage = triage::triage(&program.project, &diagnostics, &log, &sites, &answers, &memory);
    let told = told(&triage, &program.project, &diagnostics, &log, args.top);
    let gaps = gaps(&triage, &program.project, &diagnostics);
    let wanted: Vec<u32> = told.iter().flat_map(|it| it.observed.lines.iter().copied()).collect();
    let report = TriageReport {
        sources: &program.sources,
        diagnostics: &diagnostics,
        fingerprints: &suppress::fingerprints(&diagnostics),
        triage: &triage,
        told: &told,
        gaps: &gaps,
        quotes: &quotes(path, &wanted)?,
        notes: &notes(&log, &triage, columns.moved),
    };
    let mut text = Vec::new();
    match args.format {
        TriageFormat::Json => write_json(&report, &mut text)?,
        TriageFormat::Text => write_text(&report, false, &mut text)?,
        TriageFormat::Markdown => write_text(&report, true, &mut text)?,
    }
    match &args.output {
        Some(path) => {
            suppress::replace(path, &text).with_context(|| format!("`{}` can't be written", path.display()))?
        }
        None => out.write_all(&text)?,
    }
    Ok(status(args, &program.config, &told, &diagnostics))
}

fn status(args: &TriageArgs, config: &Config, told: &[triage::report::Told], diagnostics: &[Diagnostic]) -> Status {
    let fails = |it: &triage::report::Told| {
        it.diagnostic
            .is_some_and(|it| diagnostics[it].severity >= config.fail_on)
    };
    if !args.exit_zero && told.iter().any(fails) {
        Status::Findings
    } else {
        Status::Clean
    }
}

fn samples(args: &TriageArgs) -> Result<Vec<Sample>> {
    let Some(path) = &args.rss else {
        return Ok(Vec::new());
    };
    Ok(memory::read(BufReader::new(open(path)?)))
}

/// What a reader must know of the log before the findings.
fn notes(log: &Log, triage: &triage::Triage, moved: usize) -> Vec<String> {
    /// Below this share of matched lines every finding is a hint.
    const COVERAGE: f64 = 0.3;
    let run = &triage.run;
    let mut notes = Vec::new();
    if run.lines > 0 && (run.matched as f64) < COVERAGE * run.lines as f64 {
        notes.push("most lines match no log call of this code: take the findings as hints, and check that the log and the code belong together".to_owned());
    }
    if run.seconds <= 0.0 {
        notes.push("the log has no times, so nothing can be ranked by seconds: add `%(asctime)s.%(msecs)03d` to the log format".to_owned());
    } else if run.step >= 1.0 {
        notes.push("the log's times are whole seconds: add milliseconds to see more".to_owned());
    }
    if moved > 0 {
        notes.push(format!(
            "{moved} lines name other line numbers than this code has: the code is not the version that wrote the log"
        ));
    }
    if log.cut > 0 {
        notes.push(format!("{} lines were too long and were cut", log.cut));
    }
    if log.backwards > 0 {
        notes.push(format!("{} times lie before the line above them", log.backwards));
    }
    notes
}

/// The quoted lines, read again; nothing from standard input, which is gone.
fn quotes(path: &Path, wanted: &[u32]) -> Result<FxHashMap<u32, String>> {
    /// Longer lines are cut in the report.
    const LONGEST: usize = 160;
    let mut found = FxHashMap::default();
    let Some(&last) = wanted.iter().max().filter(|_| path.as_os_str() != "-") else {
        return Ok(found);
    };
    each_line(open(path)?, |number, line| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if wanted.contains(&number) {
            let text = printable(&visible(line));
            found.insert(number, text.chars().take(LONGEST).collect());
        }
        number < last
    })?;
    Ok(found)
}
