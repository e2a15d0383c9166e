//! Tasks that wait for nothing but tasks which are kept: whoever keeps those keeps, by the wake-up that they hold, the one
//! that waits.

use crate::catalog::Act;
use crate::facts::{Kind, NodeId, PlaceId, Role};
use crate::project::{At, Callee, FnId, Project, Site, parameter_of};
use crate::rules::Context;

/// Functions are followed this far.
const DEPTH: u32 = 4;

/// Methods by which a collection keeps what it is given.
const KEEPS: [&str; 4] = ["add", "append", "setdefault", "put_nowait"];

/// Whether everything that the task of a spawn runs suspends only for tasks that something keeps.
pub(super) fn waits_for_kept(cx: &Context<'_>, spawn: &Site) -> bool {
    let run = cx.facts().arg(spawn.at.node, 0);
    let targets = run.map(|it| targets(cx.project, spawn.caller, it)).unwrap_or_default();
    let waits = |it: &FnId| {
        let facts = cx.project.names.facts(it.module);
        let mut nodes = facts.body_nodes(it.local);
        nodes.any(|node| facts.kind(node) == Kind::Await)
    };
    targets.iter().any(waits) && targets.iter().all(|&it| suspends_for_kept(cx.project, it, DEPTH))
}

fn targets(project: &Project, caller: FnId, call: NodeId) -> Vec<FnId> {
    let sites = project.graph.sites_at(caller, call);
    sites.flat_map(|it| it.1.targets().iter().copied()).collect()
}

fn suspends_for_kept(project: &Project, function: FnId, depth: u32) -> bool {
    let facts = project.names.facts(function.module);
    let Some(depth) = depth
        .checked_sub(1)
        .filter(|_| facts.is_async(function.local) && !project.names.is_abstract(function))
    else {
        return false;
    };
    let mut waits = facts
        .body_nodes(function.local)
        .filter(|&it| matches!(facts.kind(it), Kind::Await | Kind::AsyncFor | Kind::AsyncWith));
    waits.all(|wait| {
        let at = At {
            module: function.module,
            node: wait,
        };
        let call = facts
            .child(wait, Role::Value)
            .filter(|&it| facts.kind(it) == Kind::Call);
        project.deadlines.covers(at)
            || call.is_some_and(|it| keeps_its_task(project, function, it) || all_do(project, function, it, depth))
    })
}

/// `await helper()`, where that suspends only so, too.
fn all_do(project: &Project, function: FnId, call: NodeId, depth: u32) -> bool {
    let targets = targets(project, function, call);
    !targets.is_empty() && targets.iter().all(|&it| suspends_for_kept(project, it, depth))
}

/// `await track(create_task(...))`, where `track` puts it where it stays.
fn keeps_its_task(project: &Project, function: FnId, call: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let spawned = facts.arg(call, 0).filter(|&it| is_spawn(project, function, it));
    spawned.is_some_and(|it| hands_to_keeper(project, function, call, it, DEPTH))
}

fn is_spawn(project: &Project, function: FnId, call: NodeId) -> bool {
    project.graph.sites_at(function, call).any(|(_, it)| {
        matches!(it.callee, Callee::Library(entry) if project.names.catalog.entry(entry).act == Some(Act::Spawn))
    })
}

fn hands_to_keeper(project: &Project, caller: FnId, call: NodeId, given: NodeId, depth: u32) -> bool {
    let at = At {
        module: caller.module,
        node: call,
    };
    let targets = targets(project, caller, call);
    !targets.is_empty()
        && targets.iter().all(|&target| {
            let index = parameter_of(project, at, target, given);
            index.is_some_and(|it| keeps(project, target, it, depth))
        })
}

/// Whether a function puts what it is given into a collection or an attribute, itself or by another one.
fn keeps(project: &Project, function: FnId, index: usize, depth: u32) -> bool {
    let facts = project.names.facts(function.module);
    let params = &facts.function(function.local).params;
    let (Some(depth), Some(param)) = (depth.checked_sub(1), params.get(index)) else {
        return false;
    };
    let mut uses = facts
        .body_nodes(function.local)
        .filter(|&it| facts.name_place(it) == Some(param.place));
    uses.any(|it| {
        is_put_away(project, function, it, param.place) || {
            let call = facts.parent(it);
            facts.kind(call) == Kind::Call && hands_to_keeper(project, function, call, it, depth)
        }
    })
}

/// `self.tasks.add(task)`, `self.task = task`, `tasks[key] = task`.
fn is_put_away(project: &Project, function: FnId, value: NodeId, place: PlaceId) -> bool {
    let facts = project.names.facts(function.module);
    let parent = facts.parent(value);
    let lasts = |it: NodeId| match facts.kind(it) {
        Kind::Attribute | Kind::Subscript => true,
        _ => facts
            .name_place(it)
            .is_some_and(|it| it != place && facts.place(it).owner != function.local),
    };
    match facts.kind(parent) {
        Kind::Call => {
            let func = facts
                .child(parent, Role::Func)
                .filter(|&it| facts.kind(it) == Kind::Attribute);
            func.is_some_and(|it| {
                KEEPS.contains(&facts.payload_text(it).unwrap_or_default())
                    && facts.child(it, Role::Value).is_some_and(lasts)
            })
        }
        Kind::Assign => facts.children_as(parent, Role::Target).any(lasts),
        _ => false,
    }
}
