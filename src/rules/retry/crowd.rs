//! Whether sync code runs beside others of its kind: in threads that somebody starts for it.

use crate::catalog::Act;
use crate::project::{Flags, FnId};
use crate::rules::Context;
use rustc_hash::FxHashSet;

/// Calls between the thread and the function; further away, the thread is for something bigger.
const MAX_HOPS: usize = 4;

/// Whether the function, or one that calls it, is handed to threads or handles requests.
pub(super) fn runs_in_threads(cx: &Context<'_>, function: FnId) -> bool {
    let mut seen: FxHashSet<FnId> = FxHashSet::default();
    let mut level = vec![function];
    for _ in 0..=MAX_HOPS {
        let mut next = Vec::new();
        for function in level {
            if cx.project.decorators.act(function) == Some(Act::Handler) {
                return true;
            }
            for (_, site) in cx.project.graph.callers(function) {
                if site.flags.has(Flags::OFFLOADED) {
                    return true;
                }
                if seen.insert(site.caller) {
                    next.push(site.caller);
                }
            }
        }
        level = next;
    }
    false
}
