//! Waits for a thread that runs a coroutine, by what that coroutine does: `pool.submit(asyncio.run, load()).result()`.

use crate::catalog::{Act, Blocks, Cost};
use crate::facts::{FnKind, Kind, NodeId, Role};
use crate::project::{Callee, Flags, FnId, SiteId};
use crate::rules::Context;

/// Whether all that a chain waits for is known, and none of it takes long.
pub(super) fn waits_for_little(cx: &Context<'_>, chain: &[SiteId]) -> bool {
    let [.., step, end] = chain else { return false };
    let graph = &cx.project.graph;
    let bridge = graph.site(*end).caller;
    let mut works = started_in(cx, bridge);
    works.extend(handed_at(cx, *step));
    hands_to_a_thread(cx, bridge) && !works.is_empty() && works.iter().all(|&it| is_short(cx, it, MAX_DEPTH))
}

/// `with ProcessPoolExecutor() as pool: await gather(loop.run_in_executor(pool, ...))`: nothing runs there at its end.
pub(super) fn is_awaited_pool(cx: &Context<'_>, site: SiteId) -> bool {
    let project = cx.project;
    let site = project.graph.site(site);
    let facts = project.names.facts(site.at.module);
    let item = std::iter::once(site.at.node)
        .chain(facts.ancestors(site.at.node))
        .take(2)
        .find(|&it| facts.kind(it) == Kind::WithItem);
    let target = item.and_then(|it| facts.child(it, Role::Target));
    let (Some(item), Some(pool)) = (item, target.and_then(|it| facts.name_place(it))) else {
        return false;
    };
    let block = NodeId(facts.node(item).parent);
    let uses = |call: NodeId| {
        let mut given = facts.children_as(call, Role::Arg);
        given.any(|it| facts.name_place(it) == Some(pool))
            && project
                .graph
                .sites_at(site.caller, call)
                .any(|(_, it)| is_offload(cx, &it.callee))
    };
    let mut inside = facts.descendants(block);
    inside.any(|it| facts.kind(it) == Kind::Call && uses(it)) && facts.descendants(block).any(|it| facts.is_awaited(it))
}

fn is_offload(cx: &Context<'_>, callee: &Callee) -> bool {
    let catalog = &cx.project.names.catalog;
    matches!(callee, Callee::Library(entry) if catalog.entry(*entry).act == Some(Act::Offload))
}

fn hands_to_a_thread(cx: &Context<'_>, bridge: FnId) -> bool {
    let mut sites = cx.project.graph.sites_in(bridge);
    sites.any(|(_, site)| is_offload(cx, &site.callee))
}

/// What the function itself hands to a thread, and the coroutines that it makes and does not await.
fn started_in(cx: &Context<'_>, bridge: FnId) -> Vec<FnId> {
    let project = cx.project;
    let sites = project.graph.sites_in(bridge).map(|(_, site)| site);
    sites
        .filter(|it| it.flags.has(Flags::OFFLOADED) || !it.flags.has(Flags::AWAITED))
        .flat_map(|site| {
            let given = site.flags.has(Flags::OFFLOADED);
            let targets = site.targets().iter().copied();
            targets.filter(move |&it| given || project.names.function(it).kind == FnKind::Async)
        })
        .collect()
}

/// The coroutines that a call is given.
fn handed_at(cx: &Context<'_>, step: SiteId) -> Vec<FnId> {
    let project = cx.project;
    let call = project.graph.site(step);
    let facts = project.names.facts(call.at.module);
    let inside = |node: NodeId| node != call.at.node && facts.contains(call.at.node, node);
    let sites = project.graph.sites_in(call.caller).map(|(_, site)| site);
    sites
        .filter(|it| inside(it.at.node))
        .flat_map(|it| it.targets().iter().copied())
        .filter(|&it| project.names.function(it).kind == FnKind::Async)
        .collect()
}

/// Work is followed this far; what lies deeper is taken for long.
const MAX_DEPTH: u32 = 4;

/// Whether a function neither waits nor uses anything scarce, as far as all that it awaits is known.
fn is_short(cx: &Context<'_>, work: FnId, depth: u32) -> bool {
    let project = cx.project;
    if depth == 0 || project.scarce.of(&project.graph, work).is_some() || awaits_the_unknown(cx, work) {
        return false;
    }
    project.graph.sites_in(work).all(|(id, site)| {
        let followed = || {
            site.targets()
                .iter()
                .all(|&it| it == work || is_short(cx, it, depth - 1))
        };
        !sleeps(cx, &site.callee) && !blocks(cx, id) && (!site.flags.has(Flags::AWAITED) || followed())
    })
}

/// `await something()`, `await wait_for(something())`, `async with something:` where nobody knows what that is.
fn awaits_the_unknown(cx: &Context<'_>, work: FnId) -> bool {
    let facts = cx.project.names.facts(work.module);
    let is_known = |call: NodeId| cx.project.graph.sites_at(work, call).next().is_some();
    facts.body_nodes(work.local).any(|it| match facts.kind(it) {
        Kind::AsyncWith | Kind::AsyncFor => true,
        _ if !facts.is_awaited(it) => false,
        Kind::Call => !facts
            .subtree(it)
            .filter(|&it| facts.kind(it) == Kind::Call)
            .all(is_known),
        _ => true,
    })
}

fn sleeps(cx: &Context<'_>, callee: &Callee) -> bool {
    let catalog = &cx.project.names.catalog;
    matches!(callee, Callee::Library(entry) if catalog.entry(*entry).act == Some(Act::AsyncSleep))
}

fn blocks(cx: &Context<'_>, site: SiteId) -> bool {
    let project = cx.project;
    Blocks::BY_WEIGHT.iter().any(|&kind| {
        let reach = project.blocking.of_site(&project.names, &project.graph, site, kind);
        reach.is_some_and(|it| it.cost.0 >= Cost::Medium)
    })
}
