//! How often, and beside what else, a function runs.

use super::Names;
use super::fan_out::FanOuts;
use super::graph::{CallGraph, Flags};
use super::ids::{FnId, ModuleId};
use super::width::Width;
use crate::catalog::{Act, Is};
use crate::facts::FnKind;
use rayon::prelude::*;

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
}

/// Circumstances that do not make a callee run as often as its caller.
const SELDOM: Flags = Flags::ONCE
    .with(Flags::ERROR_PATH)
    .with(Flags::OFF_LOOP)
    .with(Flags::MAIN);

impl Exposures {
    /// Spreads hot, then open, forwards from where they begin; the rest is solitary.
    #[must_use]
    pub fn new(
        names: &Names,
        graph: &CallGraph,
        decorators: &super::decorators::Decorators,
        fan_outs: &FanOuts,
    ) -> Self {
        let n = graph.n_functions();
        let mut of = vec![Frequency::Solitary; n];
        let roots: Vec<Frequency> = (0..n)
            .into_par_iter()
            .map(|it| root(names, graph, decorators, graph.function(it)))
            .collect();
        let mut roots = roots;
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
        Self { of }
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

/// What a function is by itself, before its callers are asked. `Solitary` says nothing.
fn root(names: &Names, graph: &CallGraph, decorators: &super::decorators::Decorators, id: FnId) -> Frequency {
    let function = names.function(id);
    let module = &names.modules[id.module.0 as usize];
    if module.is_test || function.kind == FnKind::Module || is_command_line(&module.name) {
        return Frequency::Solitary;
    }
    match decorators.act(id) {
        Some(Act::Handler) => return Frequency::Hot,
        Some(Act::Once) => return Frequency::Solitary,
        _ => {}
    }
    if is_framework_method(names, id) {
        return Frequency::Hot;
    }
    let name = module.facts.text(function.name);
    let mut called = false;
    for (_, site) in graph.callers(id) {
        if names.modules[site.caller.module.0 as usize].is_test {
            continue;
        }
        if site.flags.has(Flags::LOOP_CALLBACK) || (site.flags.has(Flags::SPAWNED) && site.flags.has(Flags::IN_LOOP)) {
            return Frequency::Hot;
        }
        // Who only calls itself is called by nobody.
        called |= !site.flags.has(Flags::PASSED) && site.caller != id;
    }
    if runs_once(name) || called || is_run_to_its_end(graph, id) {
        return Frequency::Solitary;
    }
    // Nobody in the project calls it: it is public, handed on, or called in a way that is not seen.
    Frequency::Open
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

fn is_run_to_its_end(graph: &CallGraph, id: FnId) -> bool {
    graph.callers(id).any(|(_, site)| site.flags.has(Flags::MAIN))
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
