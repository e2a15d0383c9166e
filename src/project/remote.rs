//! Which functions reach a service that many callers share.
//!
//! Databases are left out: what is tried again there waits for a lock, not for a crowd of clients to pass.

use super::Names;
use super::chains::{Chains, Search};
use super::graph::{CallGraph, Callee, Flags, Site};
use crate::catalog::Blocks;

/// Who reaches a remote service, on whatever thread.
#[must_use]
pub(super) fn remote_callers(names: &Names, graph: &CallGraph) -> Chains {
    const NOT: Flags = Flags::PASSED.with(Flags::LAZY).with(Flags::OFF_LOOP);
    Chains::new(
        graph,
        &Search {
            is_end: &|site| is_remote(names, site),
            follows: &|site| !site.flags.has(NOT),
            enters: &|_| true,
        },
    )
}

/// Whether the call itself goes to a remote service.
#[must_use]
pub(super) fn is_remote(names: &Names, site: &Site) -> bool {
    let Callee::Library(entry) = site.callee else {
        return false;
    };
    let entry = names.catalog.entry(entry);
    let by_thread = matches!(entry.blocks, Some(Blocks::Http | Blocks::Sdk | Blocks::Dns));
    by_thread || entry.scarce.as_deref() == Some("network")
}
