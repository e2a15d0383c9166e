//! tailspike reads async Python, finds the concurrency patterns that make it slow or fragile, and says why.
//!
//! Source becomes facts at one border ([`syntax`]); behind it everything is plain, owned, immutable data; a rule is a
//! value; a rule's page is its documentation, its test and its `explain` text.
//!
//! The way of the data, and who takes each step:
//!
//! | step | module |
//! |---|---|
//! | arguments and configuration | [`cli`], [`config`] |
//! | paths to files, bytes to text | [`source`] |
//! | text to [`facts`] of one file, where text and tree are dropped | [`syntax`] |
//! | facts to the linked, read-only program, with what libraries do | [`project`], [`catalog`] |
//! | the program to findings | [`rules`], [`diagnostic`] |
//! | findings that are accepted | [`suppress`] |
//! | mends to text | [`edit`] |
//! | findings to output | [`report`] |
//! | a log to what the run cost, and findings ranked by it | [`evidence`], [`triage`], [`triaging`], [`sites`] |
//! | a run as it happens | [`run`] |
//! | the same in an editor | [`server`] |
//! | all of it in turn | [`check`], [`pipeline`], [`analyze`] |
//!
//! Layers use only what stands above them; ARCHITECTURE.md has the table, the invariants and how to add a rule.

pub mod analysis;
pub mod catalog;
pub mod changed;
pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod edit;
pub mod evidence;
pub mod facts;
pub mod guard;
pub mod pipeline;
pub mod progress;
pub mod project;
pub mod report;
pub mod rules;
pub mod run;
pub mod server;
pub mod sites;
pub mod source;
pub mod suppress;
pub mod syntax;
pub mod triage;
pub mod triaging;

use analysis::Analysis;
use analysis::FileIgnores;
use catalog::Blocks;
use catalog::Catalog;
use config::Config;
use diagnostic::Diagnostic;
use pipeline::Failure;
use project::Blocking;
use project::Module;
use project::Project;
use rules::Rule;
use rules::Settings;
use source::Sources;

/// What becomes of the linked program once its findings are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// The process ends soon: the operating system takes its memory back faster than it can be taken apart.
    Left,
    /// Another analysis follows.
    Dropped,
}

/// From files to findings.
#[must_use]
pub fn analyze(
    sources: &Sources,
    config: &Config,
    rules: &[&'static Rule],
    catalog: Catalog,
    afterwards: Afterwards,
) -> Analysis {
    let (mut modules, mut failures) = pipeline::load(sources);
    for module in &mut modules {
        suppress::settle_noqa(&mut module.facts.ignores, config.noqa);
    }
    let project = Project::new(modules, catalog, rules::rule_of);
    let found = examine(&project, config, rules, &|_| true);
    failures.extend(found.failures);
    let (findings, ignores) = (found.findings, found.ignores);
    let hashes = project.names.modules.iter().map(|it| it.facts.text_hash).collect();
    let statistics = statistics(&project);
    match afterwards {
        Afterwards::Left => std::mem::forget(project),
        // Taking a large program apart takes a while, and nobody needs to wait for it.
        Afterwards::Dropped => rayon::spawn(move || drop(project)),
    }
    Analysis {
        findings,
        errors: failures
            .into_iter()
            .map(|failure| analysis::file_error(sources, failure))
            .collect(),
        ignores,
        hashes,
        statistics,
    }
}

/// What the rules say of some modules.
struct Examined {
    findings: Vec<Diagnostic>,
    failures: Vec<Failure>,
    ignores: Vec<FileIgnores>,
}

/// Runs the rules that are on over the reported modules that are asked about.
fn examine(
    project: &Project,
    config: &Config,
    rules: &[&'static Rule],
    asked: &(dyn Fn(&Module) -> bool + Sync),
) -> Examined {
    let on = rules.iter().copied().filter(|rule| config.enabled(&rule.info));
    let settings = Settings {
        pedantic: config.pedantic,
        python: config.python,
    };
    let (mut findings, failures) = pipeline::check(project, &on.collect::<Vec<_>>(), settings, asked);
    let mut ignores = ignores(project, asked);
    for finding in &mut findings {
        finding.severity = config.severity(finding.rule.name).unwrap_or(finding.severity);
        if let Ok(at) = ignores.binary_search_by_key(&finding.location.file, |it| it.file) {
            finding.accepted |= ignores[at].accept(finding.location.line, finding.rule.name);
        }
    }
    Examined {
        findings,
        failures,
        ignores,
    }
}

/// The ignore comments of reported files; those that stop an effect on its way to a caller count as used.
fn ignores(project: &Project, asked: &dyn Fn(&Module) -> bool) -> Vec<FileIgnores> {
    let mut ignores: Vec<FileIgnores> = project
        .names
        .modules
        .iter()
        .filter(|it| it.reported && !it.facts.ignores.is_empty() && asked(it))
        .map(|it| FileIgnores {
            file: it.file,
            comments: it.facts.ignores.clone(),
            used: vec![false; it.facts.ignores.len()],
        })
        .collect();
    if ignores.is_empty() {
        return ignores;
    }
    let free = Blocking::new(&project.names, &project.graph, &|_, _| false);
    for (id, site) in (0..).map(project::SiteId).zip(&project.graph.sites) {
        let module = &project.names.modules[site.at.module.0 as usize];
        let Ok(at) = ignores.binary_search_by_key(&module.file, |it| it.file) else {
            continue;
        };
        let line = module.facts.line(site.at.node);
        for kind in Blocks::BY_WEIGHT {
            if free.of_site(&project.names, &project.graph, id, kind).is_some() {
                ignores[at].accept(line, rules::rule_of(kind));
            }
        }
    }
    ignores
}

fn statistics(project: &Project) -> Vec<(String, String)> {
    let it = project.graph.resolution();
    [
        ("modules", project.names.modules.len()),
        ("calls", it.calls as usize),
        ("calls resolved to the project", it.own as usize),
        ("calls resolved to several candidates", it.sets as usize),
        ("calls resolved to libraries", it.external as usize),
        ("calls on unknown receivers", it.unknown_receiver as usize),
        ("calls of unknown names", it.unknown_name as usize),
        ("calls of unknown members", it.unknown_member as usize),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_string()))
    .to_vec()
}
