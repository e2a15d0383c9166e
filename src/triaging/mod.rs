//! `tailspike triage`: a program and a log of its run.

mod inputs;
mod notes;

use crate::catalog::Catalog;
use crate::check::Status;
use crate::cli::TriageArgs;
use crate::cli::TriageFormat;
use crate::config::Config;
use crate::config::ConfigError;
use crate::config::Origin;
use crate::config::Overrides;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::evidence::clean::printable;
use crate::evidence::clean::visible;
use crate::evidence::loggers::Sink;
use crate::evidence::matching::Matcher;
use crate::evidence::memory;
use crate::evidence::memory::Sample;
use crate::evidence::reader;
use crate::evidence::reader::each_line;
use crate::evidence::records::Log;
use crate::evidence::records::MOST_RECORDS;
use crate::evidence::resolve::resolve;
use crate::evidence::runs::Runs;
use crate::evidence::sites::LogSite;
use crate::evidence::sites::Sites;
use crate::evidence::sites::Source;
use crate::evidence::sites::collect;
use crate::evidence::stalls;
use crate::evidence::stalls::Stall;
use crate::evidence::stream::Stream;
use crate::pipeline;
use crate::project::FnId;
use crate::project::ModuleId;
use crate::project::Project;
use crate::report::triage::TriageReport;
use crate::report::triage::write_json;
use crate::report::triage_text::write_text;
use crate::rules;
use crate::rules::Rule;
use crate::source;
use crate::source::Sources;
use crate::suppress;
use crate::syntax;
use crate::triage;
use crate::triage::found::Found;
use crate::triage::found::Subject;
use crate::triage::gaps::gaps;
use crate::triage::report::told;
use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use notes::notes;
use rustc_hash::FxHashMap;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// A program, linked.
pub struct Program {
    /// Its files.
    pub sources: Sources,
    /// What they say together.
    pub project: Project,
    /// The threads that read it, and its logs.
    pub pool: rayon::ThreadPool,
    /// Its configuration.
    pub config: Config,
}

impl Program {
    /// Reads and links the files under `paths` and what they import.
    ///
    /// # Errors
    /// Paths that can't be read, a wrong configuration.
    pub fn load(paths: &[PathBuf], isolated: bool, jobs: Option<usize>) -> Result<Self> {
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
            .num_threads(jobs.unwrap_or(config.jobs))
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
        Ok(Self {
            sources,
            project,
            pool,
            config,
        })
    }

    /// Its log sites; the file of a site is the module of that number.
    #[must_use]
    pub fn log_sites(&self) -> Sites {
        collect(&self.files())
    }

    /// Its files, one a module.
    #[must_use]
    pub fn files(&self) -> Vec<Source<'_>> {
        let modules = self.project.names.modules.iter();
        modules
            .map(|it| Source {
                path: self.sources.path(it.file),
                facts: &it.facts,
            })
            .collect()
    }

    /// Whether a call writes at most one line a run.
    fn writes_once(&self, site: &LogSite) -> bool {
        let module = ModuleId(site.file);
        let local = site.function;
        self.project.runs_once_a_run(FnId { module, local }, site.call)
    }

    /// A log of which at most `most` records are kept one by one.
    ///
    /// # Errors
    /// A log that can't be read.
    pub fn read(&self, path: &Path, sites: &Sites, matcher: &Matcher, most: usize) -> Result<Log> {
        let input = open(path)?;
        let log = self.pool.install(|| Log::read(input, sites, matcher, most));
        log.with_context(|| format!("`{}` can't be read", path.display()))
    }
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    reader::open(path).with_context(|| format!("`{}` can't be read", path.display()))
}

/// A program and what the code says of it, ready to be compared with logs.
pub struct Examined {
    program: Program,
    diagnostics: Vec<Diagnostic>,
    sites: Sites,
    matcher: Matcher,
}

/// A log, and what else was observed of its run.
pub struct Observed<'a> {
    /// The log.
    pub log: &'a Log,
    /// Where its lines are, to be quoted.
    pub path: &'a Path,
    /// So many of its lines are no longer there.
    pub gone: u32,
    /// Memory over time.
    pub memory: &'a [Sample],
    /// What asyncio's debug mode reported elsewhere.
    pub stalls: &'a [Stall],
}

/// How a report is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Its form.
    pub format: TriageFormat,
    /// The most findings.
    pub top: usize,
}

/// A report, and what it says in short.
pub struct Reported {
    /// The report.
    pub text: Vec<u8>,
    /// The highest severity in it.
    pub worst: Option<Severity>,
    /// The line that ended the last phase worth telling; 0 for none.
    pub phase: u32,
    /// Nothing ties the log to the code.
    pub is_foreign: bool,
}

impl Examined {
    /// Reads a program and judges its code.
    ///
    /// # Errors
    /// Paths that can't be read, a wrong configuration.
    pub fn load(paths: &[PathBuf], isolated: bool, jobs: Option<usize>) -> Result<Self> {
        let program = Program::load(paths, isolated, jobs)?;
        let all: Vec<&'static Rule> = rules::ALL.to_vec();
        let settings = rules::Settings {
            pedantic: true,
            python: None,
        };
        let (diagnostics, _) = program
            .pool
            .install(|| pipeline::check(&program.project, &all, settings, &|_| true));
        let sites = program.log_sites();
        let matcher = Matcher::new(&sites);
        Ok(Self {
            program,
            diagnostics,
            sites,
            matcher,
        })
    }

    /// The severity from which on findings fail a run, as the project has configured it.
    #[must_use]
    pub fn fail_on(&self) -> Severity {
        self.program.config.fail_on
    }

    /// A log that still grows.
    #[must_use]
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(&self.sites, &self.matcher, MOST_RECORDS)
    }

    /// Reads a log to its end.
    ///
    /// # Errors
    /// A log that can't be read.
    pub fn read(&self, path: &Path) -> Result<Log> {
        self.program.read(path, &self.sites, &self.matcher, MOST_RECORDS)
    }

    /// Weighs what the code says by what was observed.
    ///
    /// # Errors
    /// A log whose lines can't be read again.
    pub fn report(&self, observed: &Observed<'_>, style: Style) -> Result<Reported> {
        let Self {
            program,
            diagnostics,
            sites,
            ..
        } = self;
        let log = observed.log;
        let (mut answers, columns) = resolve(log, sites, &program.files());
        let runs = Runs::find(log, &answers, |it| {
            // A bar is drawn again and again by one call.
            let site = &sites.all[it.0 as usize];
            site.sink != Sink::Progress && program.writes_once(site)
        });
        runs.mark(&mut answers);
        let found = triage::Observations {
            memory: observed.memory,
            stalls: observed.stalls,
        };
        let triage = triage::triage(&program.project, diagnostics, log, sites, &answers, &found);
        let told = told(&triage, &program.project, diagnostics, log, style.top);
        let gaps = gaps(&triage, &program.project, diagnostics);
        let wanted: Vec<u32> = told.iter().flat_map(|it| it.observed.lines.iter().copied()).collect();
        let report = TriageReport {
            sources: &program.sources,
            diagnostics,
            fingerprints: &suppress::fingerprints(diagnostics),
            triage: &triage,
            told: &told,
            gaps: &gaps,
            quotes: &quotes(observed, &wanted)?,
            notes: &notes(log, &triage, columns.moved, observed.stalls, &runs),
        };
        let mut text = Vec::new();
        match style.format {
            TriageFormat::Json => write_json(&report, &mut text)?,
            TriageFormat::Text => write_text(&report, false, &mut text)?,
            TriageFormat::Markdown => write_text(&report, true, &mut text)?,
        }
        // What is not told for its rank fails a run all the same.
        let severity = |it: &Found| match it.subject {
            Subject::Diagnostic(index) => Some(diagnostics[index].severity),
            Subject::Unexplained { .. } => None,
        };
        Ok(Reported {
            text,
            worst: triage.found.iter().filter_map(severity).max(),
            phase: last_phase(log, &triage),
            is_foreign: triage.run.matched == 0 && triage.found.is_empty(),
        })
    }
}

/// The line that ended the last phase worth telling.
fn last_phase(log: &Log, triage: &triage::Triage) -> u32 {
    /// Shorter phases are told with the next one: a report a second is as many as anybody reads.
    const SHORTEST: f64 = 1.0;
    let ended = triage.windows.iter().filter(|it| it.seconds() >= SHORTEST);
    let event = ended.filter_map(|it| it.closes).max();
    event.map_or(0, |it| log.records[triage.run.events[it].record].line)
}

/// Ranks the findings of a program by what a log shows they cost.
///
/// # Errors
/// Paths that can't be read, an output that can't be written.
pub fn triage(args: &TriageArgs, out: &mut dyn Write) -> Result<Status> {
    let examined = Examined::load(&args.paths, args.isolated, args.jobs)?;
    inputs::has_code(&examined.program.sources)?;
    let memory = match &args.rss {
        Some(path) => inputs::has_samples(path, memory::read(BufReader::new(open(path)?)))?,
        None => Vec::new(),
    };
    let stalls = match &args.debug_log {
        Some(path) => stalls::read(open(path)?).with_context(|| format!("`{}` can't be read", path.display()))?,
        None => Vec::new(),
    };
    if args.follow {
        return crate::run::follow(&examined, args, &memory, &stalls, out);
    }
    let log = examined.read(&args.log)?;
    inputs::has_lines(&args.log, &log)?;
    let observed = Observed {
        log: &log,
        path: &args.log,
        gone: 0,
        memory: &memory,
        stalls: &stalls,
    };
    let style = Style {
        format: args.format,
        top: args.top,
    };
    let reported = examined.report(&observed, style)?;
    if reported.is_foreign {
        bail!(
            "no line of `{}` was written by a log call of this code; give the folder of the code that ran",
            args.log.display()
        );
    }
    write_report(args.output.as_deref(), &reported.text, out)?;
    Ok(status(args, &examined, reported.worst))
}

/// What the worst finding makes of the exit status.
#[must_use]
pub fn status(args: &TriageArgs, examined: &Examined, worst: Option<Severity>) -> Status {
    let least = args.fail_on.map_or_else(|| examined.fail_on(), Severity::from);
    let fails = !args.exit_zero && worst >= Some(least);
    if fails { Status::Findings } else { Status::Clean }
}

/// Writes a report to its file, whole or not at all, else to `out`.
///
/// # Errors
/// A file that can't be written.
pub fn write_report(path: Option<&Path>, text: &[u8], out: &mut dyn Write) -> Result<()> {
    match path {
        Some(path) => suppress::replace(path, text).with_context(|| format!("`{}` can't be written", path.display())),
        None => Ok(out.write_all(text)?),
    }
}

/// The quoted lines, read again; nothing from standard input, which is gone.
fn quotes(observed: &Observed<'_>, wanted: &[u32]) -> Result<FxHashMap<u32, String>> {
    /// Longer lines are cut in the report.
    const LONGEST: usize = 160;
    let mut found = FxHashMap::default();
    let Some(&last) = wanted.iter().max().filter(|_| observed.path.as_os_str() != "-") else {
        return Ok(found);
    };
    each_line(open(observed.path)?, |number, line| {
        let number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(observed.gone);
        if wanted.contains(&number) {
            let text = printable(&visible(line));
            found.insert(number, text.chars().take(LONGEST).collect());
        }
        number < last
    })?;
    Ok(found)
}
