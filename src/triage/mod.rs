//! The one place where static findings and observed evidence meet.
//!
//! A log becomes a [`Run`] of events in functions; the lines outside every fan-out cut it into
//! [`windows`]; each window is [measured](measures) and [compared](signatures) with how every pattern looks; the
//! diagnostics that can run in it claim its seconds, once.

pub mod blame;
pub mod critical;
pub mod events;
pub mod findings;
pub mod found;
pub mod gaps;
mod libraries;
pub mod measures;
pub mod models;
mod noted;
mod places;
mod printed;
pub mod report;
mod shapes;
pub mod signatures;
mod spans;
mod stalls;
mod timers;
mod unexplained;
mod weights;
pub mod windows;
pub mod words;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Pattern;
use crate::diagnostic::Severity;
use crate::evidence::level::Level;
use crate::evidence::memory::Sample;
use crate::evidence::records::Log;
use crate::evidence::resolve::Answer;
use crate::evidence::sites::LogSite;
use crate::evidence::sites::SiteId;
use crate::evidence::sites::Sites;
use crate::evidence::stalls::Stall;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::ModuleId;
use crate::project::Project;
use crate::project::order::Order;
use crate::project::order::place;
use events::Run;
use findings::Evidence;
use found::Found;
use found::Subject;
use measures::Measures;
use measures::Source;
use rustc_hash::FxHashSet;
use windows::Window;

/// What triage says of a run.
pub struct Triage {
    /// The run.
    pub run: Run,
    /// Its windows.
    pub windows: Vec<Window>,
    /// Their measures, the busiest function's first; at least one each.
    pub measures: Vec<Vec<Measures>>,
    /// The findings, the costliest first.
    pub found: Vec<Found>,
    /// Diagnostics that the log does not show to have cost anything.
    pub not_observed: Vec<usize>,
}

/// What was observed beside the log.
#[derive(Clone, Copy, Default)]
pub struct Observations<'a> {
    /// Memory over time.
    pub memory: &'a [Sample],
    /// Stalls that asyncio's debug mode reported in another file.
    pub stalls: &'a [Stall],
}

/// Weighs every diagnostic by what the log shows.
#[must_use]
pub fn triage(
    project: &Project,
    diagnostics: &[Diagnostic],
    log: &Log,
    sites: &Sites,
    answers: &[Answer],
    observed: &Observations<'_>,
) -> Triage {
    let mut run = events::run(log, sites, answers, &|it| {
        tells_of_retry(project, &sites.all[it.0 as usize])
    });
    run.of_libraries = libraries::lines(log, answers, project);
    run.lines -= run.of_libraries;
    stalls::add(&mut run, log, project, observed.stalls);
    let written: FxHashSet<FnId> = run.events.iter().map(|it| it.function).collect();
    run.tickers = written.into_iter().filter(|it| project.ticks(*it)).collect();
    let order = Order::new(project);
    let source = Source {
        project,
        sites,
        log,
        memory: observed.memory,
    };
    let windows = windows::windows(&run, &order, source, run.seconds * findings::LEAST_SHARE / 4.0);
    let measures: Vec<Vec<Measures>> = windows.iter().map(|it| measures::measure(&run, source, it)).collect();
    let places: Vec<Option<(FnId, NodeId)>> = diagnostics
        .iter()
        .map(|it| {
            let found = place(project, it.location.file, it.location.start, &it.qualname)?;
            (it.severity > Severity::Low || !writes(project, sites, found)).then_some(found)
        })
        .collect();
    let silent = silent(&run, sites);
    let untold = untold(project, diagnostics, sites, &places);
    let evidence = Evidence {
        untold: &untold,
        silent: &silent,
        project,
        order: &order,
        run: &run,
        windows: &windows,
        measures: &measures,
        diagnostics,
        places: &places,
    };
    let found = evidence.findings();
    let seen = |index: &usize| found.iter().any(|it| it.subject == Subject::Diagnostic(*index));
    let not_observed = (0..diagnostics.len()).filter(|it| !seen(it)).collect();
    Triage {
        not_observed,
        found,
        run,
        windows,
        measures,
    }
}

/// Diagnostics of retries that happen without a line of their own.
fn untold(
    project: &Project,
    diagnostics: &[Diagnostic],
    sites: &Sites,
    places: &[Option<(FnId, NodeId)>],
) -> FxHashSet<usize> {
    let mut found = FxHashSet::default();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let Some((function, node)) = places[index].filter(|_| diagnostic.rule.pattern == Pattern::RetryStorm) else {
            continue;
        };
        let own = of_file(sites, function.module).filter(|it| it.function == function.local);
        if project.retries_in_silence(function, node, own.map(|it| it.call)) {
            found.insert(index);
        }
    }
    found
}

fn of_file(sites: &Sites, module: ModuleId) -> impl Iterator<Item = &LogSite> {
    let from = sites.all.partition_point(|it| it.file < module.0);
    sites.all[from..].iter().take_while(move |it| it.file == module.0)
}

/// Whether a call is one that writes a line: what little work that takes is not what the run waits for.
fn writes(project: &Project, sites: &Sites, (function, node): (FnId, NodeId)) -> bool {
    let facts = project.names.facts(function.module);
    of_file(sites, function.module).any(|it| facts.span(it.call).start == facts.span(node).start)
}

fn tells_of_retry(project: &Project, site: &LogSite) -> bool {
    let function = FnId {
        module: ModuleId(site.file),
        local: site.function,
    };
    project.tells_of_retry(function, site.call)
}

/// Functions with log sites at a level that the run shows, and not one line.
fn silent(run: &Run, sites: &Sites) -> FxHashSet<FnId> {
    let level = |it: &SiteId| sites.all[it.0 as usize].level;
    let lowest = run.events.iter().filter_map(|it| level(&it.site)).min();
    let function = |it: &LogSite| FnId {
        module: ModuleId(it.file),
        local: it.function,
    };
    // Errors are not written by what goes well.
    let shown = |it: &&LogSite| it.level.is_none_or(|it| Some(it) >= lowest && it < Level::Warning);
    let mut silent: FxHashSet<FnId> = sites.all.iter().filter(shown).map(function).collect();
    for event in &run.events {
        silent.remove(&event.function);
    }
    silent
}
