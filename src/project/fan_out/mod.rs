//! Fan-outs: constructs that start several awaitables at once, how many, and what each of them runs.

mod collect;
mod elements;
mod spawns;
mod workers;

use super::Names;
use super::graph::CallGraph;
use super::ids::{At, FnId, ModuleId};
use super::limiter::Limiters;
use super::width::Width;
use crate::catalog::EntryId;
use crate::facts::NodeId;
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
}

impl FanOuts {
    /// Finds them.
    #[must_use]
    pub fn new(names: &Names, graph: &CallGraph, limiters: &Limiters) -> Self {
        let helpers = collect::helpers(names, graph, limiters);
        let rows = (0..names.modules.len()).into_par_iter().map(|index| {
            let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
            collect::module(names, graph, limiters, &helpers, module)
        });
        Self { rows: rows.collect() }
    }

    /// The fan-outs of a module, in source order.
    #[must_use]
    pub fn of(&self, module: ModuleId) -> &[FanOut] {
        &self.rows[module.0 as usize]
    }
}
