//! How often, and beside what else, a function runs.

use super::Names;
use super::decorators::Decorators;
use super::fan_out::FanOuts;
use super::graph::{CallGraph, Flags};
use super::ids::{FnId, ModuleId};
use super::rows::{Before, rows};
use super::width::Width;
use crate::catalog::{Act, Is};
use crate::facts::FnKind;

/// How often a function runs; later is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// Only from start-up, `main`, a CLI command, an import, a test.
    Solitary,
    /// Callers unknown.
    Open,
    /// Per item, per request, or beside others of its kind.
    Hot,
}

/// The frequency of every function, by dense number.
pub struct Exposures {
    of: Vec<Frequency>,
    /// By module and function: what it is by itself.
    natures: Vec<Box<[Nature]>>,
}

/// Circumstances that do not make a callee run as often as its caller.
const SELDOM: Flags = Flags::ONCE
    .with(Flags::ERROR_PATH)
    .with(Flags::OFF_LOOP)
    .with(Flags::MAIN);

impl Exposures {
    /// Spreads hot, then open, forwards from where they begin; the rest is solitary.
    #[must_use]
    pub(super) fn new(
        names: &Names,
        (graph, decorators): (&CallGraph, &Decorators),
        fan_outs: &FanOuts,
        before: Option<Before<'_, Self>>,
    ) -> Self {
        let n = graph.n_functions();
        let mut of = vec![Frequency::Solitary; n];
        let before = before.map(|it| it.map(|it| it.natures));
        let natures = rows(names.modules.len(), before, |it| natures(names, decorators, it));
        let calls = calls(names, graph);
        let mut roots: Vec<Frequency> = natures
            .iter()
            .flatten()
            .zip(calls)
            .map(|(it, called)| it.root(called))
            .collect();
        for worker in workers(names, graph, fan_outs) {
            roots[graph.dense(worker)] = Frequency::Hot;
        }
        for level in [Frequency::Hot, Frequency::Open] {
            let mut queue: Vec<usize> = (0..n).filter(|&it| roots[it] == level && of[it] < level).collect();
            for &it in &queue {
                of[it] = level;
            }
            while let Some(dense) = queue.pop() {
                for (_, site) in graph.sites_in(graph.function(dense)) {
                    if site.flags.has(SELDOM) {
                        continue;
                    }
                    for &target in site.targets() {
                        let target = graph.dense(target);
                        if of[target] < level {
                            of[target] = level;
                            queue.push(target);
                        }
                    }
                }
            }
        }
        Self { of, natures }
    }

    /// The frequency of a function.
    #[must_use]
    pub fn of(&self, graph: &CallGraph, function: FnId) -> Frequency {
        self.of[graph.dense(function)]
    }
}

/// The functions that a fan-out runs once per item, or several of beside each other.
fn workers(names: &Names, graph: &CallGraph, fan_outs: &FanOuts) -> Vec<FnId> {
    let mut found = Vec::new();
    for index in 0..names.modules.len() {
        let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
        if names.modules[index].is_test {
            continue;
        }
        for fan_out in fan_outs.of(module) {
            let wide = fan_out.strands.iter().filter(|it| is_several(it.width));
            for worker in wide.filter_map(|it| it.worker.as_ref()) {
                let nodes = worker.wrapped.iter().copied().chain([worker.node]);
                let sites = nodes.flat_map(|node| graph.sites_at(fan_out.orchestrator, node));
                found.extend(sites.flat_map(|(_, site)| site.targets().iter().copied()));
            }
        }
    }
    found
}

/// Whether a fan-out of this width runs a worker beside others of its kind: two of twelve workers that share a queue hold
/// each other up as two of a thousand items do.
fn is_several(width: Width) -> bool {
    match width {
        Width::Data | Width::Bounded => true,
        Width::Constant(n) => n > 1,
        Width::Unknown => false,
    }
}

/// What a function is by itself, before its callers are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Whoever calls it.
    Sure(Frequency),
    /// Only its callers can tell; if it has none, whether its name says that it runs once.
    Unsure { once: bool },
}

/// What the callers of a function, tests aside, say of it.
#[derive(Clone, Copy, Debug, Default)]
struct Called {
    /// One of them lets it run beside others of its kind.
    beside: bool,
    /// One of them calls it.
    at_all: bool,
    /// Somebody, or a test, runs it to its end.
    to_its_end: bool,
}

impl Nature {
    /// How often it runs as far as this is known where it begins. `Solitary` says nothing.
    fn root(self, called: Called) -> Frequency {
        match self {
            Self::Sure(frequency) => frequency,
            Self::Unsure { .. } if called.beside => Frequency::Hot,
            Self::Unsure { once } if once || called.at_all || called.to_its_end => Frequency::Solitary,
            // Nobody in the project calls it: it is public, handed on, or called in a way that is not seen.
            Self::Unsure { .. } => Frequency::Open,
        }
    }
}

/// By dense number: what the callers say.
fn calls(names: &Names, graph: &CallGraph) -> Vec<Called> {
    let mut calls = vec![Called::default(); graph.n_functions()];
    for site in &graph.sites {
        let is_test = names.modules[site.caller.module.0 as usize].is_test;
        let flags = site.flags;
        for &target in site.targets() {
            let called = &mut calls[graph.dense(target)];
            called.to_its_end |= flags.has(Flags::MAIN);
            if is_test {
                continue;
            }
            called.beside |=
                flags.has(Flags::LOOP_CALLBACK) || (flags.has(Flags::SPAWNED) && flags.has(Flags::IN_LOOP));
            // Who only calls itself is called by nobody.
            called.at_all |= !flags.has(Flags::PASSED) && site.caller != target;
        }
    }
    calls
}

fn natures(names: &Names, decorators: &Decorators, module: ModuleId) -> Box<[Nature]> {
    let of = &names.modules[module.0 as usize];
    let is_seldom = of.is_test || is_command_line(&of.name);
    let functions = of.facts.all_functions();
    let natures = functions.map(|(local, function)| {
        let id = FnId { module, local };
        if is_seldom || function.kind == FnKind::Module {
            return Nature::Sure(Frequency::Solitary);
        }
        match decorators.act(id) {
            Some(Act::Handler) => return Nature::Sure(Frequency::Hot),
            Some(Act::Once) => return Nature::Sure(Frequency::Solitary),
            _ => {}
        }
        if is_framework_method(names, id) {
            return Nature::Sure(Frequency::Hot);
        }
        let once = runs_once(of.facts.text(function.name));
        Nature::Unsure { once }
    });
    natures.collect()
}

/// Modules of commands and of what is done once: `cli`, `__main__`, `scripts`, `migrations`.
fn is_command_line(module: &str) -> bool {
    module.split('.').any(|part| {
        matches!(
            part,
            "cli" | "_cli" | "__main__" | "scripts" | "benchmarks" | "migrations"
        )
    })
}

/// Names by which everybody calls what runs once.
fn runs_once(name: &str) -> bool {
    const ONCE: [&str; 14] = [
        "main",
        "_main",
        "amain",
        "async_main",
        "main_async",
        "run_main",
        "cli",
        "lifespan",
        "startup",
        "on_startup",
        "shutdown",
        "on_shutdown",
        "setup_hook",
        "_lifespan",
    ];
    ONCE.contains(&name)
}

/// A public method of a class that a framework calls per request or event.
fn is_framework_method(names: &Names, id: FnId) -> bool {
    let function = names.function(id);
    let Some(local) = function.class else { return false };
    let class = super::ClassId {
        module: id.module,
        local,
    };
    let name = names.facts(id.module).text(function.name);
    function.kind == FnKind::Async
        && !name.starts_with('_')
        && names
            .classes
            .external_bases(class)
            .any(|it| names.catalog.is(it, Is::HandlerBase))
}
