//! The two ends of a queue: a source that does not end by itself, and a consumer that is slower.

use crate::diagnostic::Exposure;
use crate::facts::{Kind, LocalFn, NodeId, Role};
use crate::project::{FnId, Resource};
use crate::rules::Context;

/// A source that does not end by itself: a stream, an endless loop that waits for something, a request.
pub(super) fn is_endless(cx: &Context<'_>, local: LocalFn, call: NodeId) -> bool {
    let facts = cx.facts();
    let function: FnId = cx.function(local);
    let mut loops = facts.ancestors(call).filter(|&it| facts.kind(it).is_loop());
    let innermost = loops.find(|&it| facts.function_of(it) == local);
    match innermost.map(|it| (it, facts.kind(it))) {
        Some((_, Kind::AsyncFor)) => true,
        Some((around, Kind::While)) => {
            let is_true = facts
                .child(around, Role::Test)
                .is_some_and(|it| facts.kind(it) == Kind::True);
            is_true
                && facts
                    .descendants(around)
                    .any(|it| facts.kind(it) == Kind::Await && !facts.contains(it, call))
        }
        Some(_) => false,
        None => cx.exposure(function) == Exposure::Hot,
    }
}

/// A consumer that takes one item after another and asks a service in between.
pub(super) fn is_slow(cx: &Context<'_>, local: LocalFn, call: NodeId) -> bool {
    let facts = cx.facts();
    let project = cx.project;
    let mut loops = facts.ancestors(call).filter(|&it| facts.kind(it).is_loop());
    let Some(around) = loops.find(|&it| facts.function_of(it) == local) else {
        return false;
    };
    let sites = project.graph.sites_in(cx.function(local));
    let mut inside = sites.filter(|(_, site)| facts.contains(around, site.at.node));
    inside.any(|(id, _)| {
        let reached = project
            .scarce
            .unlimited(&project.names, &project.graph, &project.limiters, id);
        reached.is_some_and(|it| it.resource == Resource::Network)
    })
}
