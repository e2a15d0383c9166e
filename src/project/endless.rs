//! Which functions wait, somewhere below, for a peer that may never answer, without a deadline on the way.

use super::Names;
use super::chains::{Chains, Search};
use super::deadlines::{Deadlines, has_bound};
use super::graph::{CallGraph, Callee, Flags, Site};
use crate::catalog::{Deadline, Entry};
use crate::facts::FnKind;

/// Who waits without end, through calls that are awaited then and there.
#[must_use]
pub(super) fn endless(names: &Names, graph: &CallGraph, deadlines: &Deadlines) -> Chains {
    const NOT: Flags = Flags::ELSEWHERE.with(Flags::OFFLOADED).with(Flags::ERROR_PATH);
    Chains::new(
        graph,
        &Search {
            is_end: &|site| hangs(names, site),
            follows: &|site| site.flags.has(Flags::AWAITED) && !site.flags.has(NOT) && !deadlines.covers(site.at),
            enters: &|function| names.function(function).kind == FnKind::Async,
        },
    )
}

/// Whether a call asks a peer that mostly answers at once, and waits for ever for one that is gone.
fn hangs(names: &Names, site: &Site) -> bool {
    let Callee::Library(entry) = site.callee else {
        return false;
    };
    let entry = names.catalog.entry(entry);
    entry.usually_quick && waits_for_ever(entry) && !has_bound(names.facts(site.at.module), site.at.node, entry)
}

/// Whether a call by default has no deadline.
#[must_use]
pub fn waits_for_ever(entry: &Entry) -> bool {
    matches!(entry.default_deadline, Some(Deadline::Never(false)))
}
