//! Fan-outs: constructs that start several awaitables at once, how many, and what each of them runs.

mod collect;
mod elements;
mod spawns;
mod workers;

use super::Names;
use super::graph::CallGraph;
use super::ids::{At, FnId, ModuleId};
use super::limiter::Limiters;
use super::rows::{Before, module_id};
use super::width::Width;
use crate::catalog::EntryId;
use crate::facts::{LocalFn, NodeId};
use rayon::prelude::*;

/// What starts the awaitables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// One call with all of them: `gather`, `wait`, `as_completed`.
    Together(Option<EntryId>),
    /// One call each, in a loop: `create_task`, `start_soon`.
    OneByOne(Option<EntryId>),
}

/// What runs once per item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The call (`fetch(x)`) or the function handed on (`fetch` in `start_soon(fetch, x)`).
    pub node: NodeId,
    /// Coroutines handed to it: `fetch(x)` in `retrying(fetch(x))`.
    pub wrapped: Vec<NodeId>,
    /// It runs in a thread.
    pub in_thread: bool,
}

/// One group of equal awaitables of a fan-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strand {
    /// What each of them runs; `None` where they are already running, or not known.
    pub worker: Option<Worker>,
    /// How many there are.
    pub width: Width,
    /// The collection that decides.
    pub source: Option<NodeId>,
}

/// A construct that starts several awaitables at once.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// The call that starts them.
    pub at: At,
    /// The function that contains it.
    pub orchestrator: FnId,
    /// What starts them.
    pub starter: Starter,
    /// The groups of awaitables.
    pub strands: Vec<Strand>,
    /// Something in the construct itself bounds how many run: aiometer, a sliding window, a helper with a limiter.
    pub bounded: bool,
}

/// All fan-outs, by module and place.
#[derive(Default)]
pub struct FanOuts {
    rows: Vec<Vec<FanOut>>,
    /// By module: the functions that start anything by themselves, where they are known.
    begin: Vec<Option<Vec<LocalFn>>>,
}

impl FanOuts {
    /// Finds them.
    #[must_use]
    pub(super) fn new(names: &Names, graph: &CallGraph, limiters: &Limiters, before: Option<Before<'_, Self>>) -> Self {
        let n = names.modules.len();
        let mut fan_outs = Self {
            rows: vec![Vec::new(); n],
            begin: vec![None; n],
        };
        if let Some(Before { left, anew }) = before {
            fan_outs = left;
            anew.iter().for_each(|it| fan_outs.begin[it.0 as usize] = None);
        }
        let beginning: Vec<FnId> = (0..n).flat_map(|it| fan_outs.beginning(names, module_id(it))).collect();
        let helpers = collect::helpers(names, graph, limiters, &beginning);
        let helped = helpers.keys().flat_map(|&it| graph.callers(it)).map(|it| it.1.caller);
        // What such a function starts rests on what is written elsewhere, so it is looked at again.
        let before = fan_outs.rows.iter().flatten().map(|it| it.orchestrator);
        let alive = before.filter(|it| fan_outs.begin[it.module.0 as usize].is_some());
        let mut all: Vec<FnId> = beginning.iter().copied().chain(helped).chain(alive).collect();
        all.sort_unstable();
        all.dedup();
        let modules: Vec<&[FnId]> = all.chunk_by(|one, other| one.module == other.module).collect();
        let found: Vec<(Vec<FanOut>, Vec<LocalFn>)> = modules
            .par_iter()
            .map(|functions| collect::module(names, graph, limiters, &helpers, functions))
            .collect();
        for (functions, (row, begin)) in modules.into_iter().zip(found) {
            let index = functions[0].module.0 as usize;
            fan_outs.rows[index] = row;
            fan_outs.begin[index] = Some(begin);
        }
        fan_outs
    }

    /// The functions of a module that may start something by themselves.
    fn beginning(&self, names: &Names, module: ModuleId) -> Vec<FnId> {
        let function = |local| FnId { module, local };
        match &self.begin[module.0 as usize] {
            Some(known) => known.iter().map(|&it| function(it)).collect(),
            None => names.facts(module).all_functions().map(|it| function(it.0)).collect(),
        }
    }

    /// The fan-outs of a module, in source order.
    #[must_use]
    pub fn of(&self, module: ModuleId) -> &[FanOut] {
        &self.rows[module.0 as usize]
    }
}
