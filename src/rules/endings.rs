//! Shutdowns that wait for a task which was asked to end, and which nobody cancels.

use crate::catalog::Is;
use crate::diagnostic::Step;
use crate::facts::{FnKind, Kind, Role};
use crate::project::{Bound, Flags, FnId, Site, SiteId, Ty};
use crate::rules::Context;

/// A call in a function that ends something, which may last.
pub(super) struct Ending<'a> {
    pub(super) site: &'a Site,
    /// From the call to the wait.
    pub(super) witness: Vec<Step>,
}

/// Whether a function ends what it belongs to; shutdown runs once, and whoever waits in it keeps the program from ending.
pub(super) fn is_ending(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.project.names.facts(function.module);
    let name = facts.text(facts.function(function.local).name);
    name == "__aexit__" || ends(name)
}

/// Whether a name says that it ends something.
pub(super) fn ends(name: &str) -> bool {
    const ENDS: [&str; 7] = [
        "stop",
        "close",
        "aclose",
        "shutdown",
        "terminate",
        "disconnect",
        "cleanup",
    ];
    let plain = name.trim_start_matches('_');
    ENDS.iter().any(|it| plain.starts_with(it))
}

/// The calls of this module that hold up a shutdown.
pub(super) fn endings<'a>(cx: &Context<'a>) -> Vec<Ending<'a>> {
    let functions = cx.facts().all_functions();
    let ends = functions
        .filter(|(_, it)| it.kind == FnKind::Async && it.class.is_some())
        .map(|(local, _)| cx.function(local))
        .filter(|&it| is_ending(cx, it));
    ends.flat_map(|it| cx.project.graph.sites_in(it))
        .filter_map(|(id, site)| ending(cx, id, site))
        .collect()
}

fn ending<'a>(cx: &Context<'a>, id: SiteId, site: &'a Site) -> Option<Ending<'a>> {
    let project = cx.project;
    let [target] = site.targets() else { return None };
    let is_async = project.names.function(*target).kind == FnKind::Async;
    let awaited = site.flags.has(Flags::AWAITED) && is_async;
    let sets = |it: FnId| project.deadlines.sets(&project.names, it);
    // What ends something itself is looked at where it is written.
    if !awaited || project.deadlines.of(&project.graph, id) != Bound::Never || sets(*target) || sets(site.caller) {
        return None;
    }
    let waits = task(cx, *target)?;
    Some(Ending {
        site,
        witness: vec![cx.step(site), waits],
    })
}

/// `await self.task` in a function that never cancels it.
fn task(cx: &Context<'_>, function: FnId) -> Option<Step> {
    let project = cx.project;
    let facts = project.names.facts(function.module);
    let mut eval = crate::project::Eval::new(&project.names, &project.types, function.module);
    let mut nodes = facts.body_nodes(function.local);
    if nodes.any(|it| facts.kind(it) == Kind::Attribute && facts.payload_text(it) == Some("cancel")) {
        return None;
    }
    let is_task = |ty: &Ty| match ty {
        Ty::External(class) => project.names.catalog.is(*class, Is::Handle),
        _ => false,
    };
    let waits = facts
        .body_nodes(function.local)
        .filter(|&it| facts.kind(it) == Kind::Await);
    let mut values = waits.filter_map(|it| facts.child(it, Role::Value));
    let awaited =
        values.find(|&it| facts.kind(it) == Kind::Attribute && eval.expr(it).alternatives().iter().any(is_task))?;
    let at = crate::project::At {
        module: function.module,
        node: awaited,
    };
    Some(Step {
        location: cx.location(at),
        qualname: cx.qualname(function),
        text: format!("await {}", cx.call_text(at)),
    })
}
