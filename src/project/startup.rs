//! What a program does once a run.

use super::Project;
use super::exposure::Frequency;
use super::graph::Flags;
use super::ids::FnId;
use crate::facts::Kind;
use crate::facts::NodeId;

/// The way from a program's beginning to what it does first is shorter.
const MOST_CALLS: usize = 8;

impl Project {
    /// Whether a call runs at most once a run: it stands in no loop, and one way leads to it from where the program begins,
    /// through no loop, task or handler.
    #[must_use]
    pub fn runs_once_a_run(&self, function: FnId, node: NodeId) -> bool {
        let (mut function, mut node) = (function, node);
        for _ in 0..MOST_CALLS {
            if self.repeats(function, node) || self.exposures.of(&self.graph, function) != Frequency::Solitary {
                return false;
            }
            let mut callers = self.graph.callers(function).map(|it| it.1).filter(|it| {
                let module = it.caller.module.0 as usize;
                !self.names.modules[module].is_test
            });
            let Some(site) = callers.next() else {
                return true;
            };
            let elsewhere = Flags::IN_LOOP
                .with(Flags::SPAWNED)
                .with(Flags::OFFLOADED)
                .with(Flags::LOOP_CALLBACK);
            if callers.next().is_some() || site.flags.has(elsewhere) {
                return false;
            }
            (function, node) = (site.caller, site.at.node);
        }
        false
    }

    /// Whether a node stands in a loop or comprehension of its function.
    fn repeats(&self, function: FnId, node: NodeId) -> bool {
        let facts = self.names.facts(function.module);
        let inside = |it: &NodeId| facts.function_of(*it) == function.local;
        let around = facts.ancestors(node).take_while(inside).map(|it| facts.kind(it));
        let mut loops = around.filter(|it| {
            it.is_loop() || matches!(it, Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp)
        });
        loops.next().is_some()
    }
}
