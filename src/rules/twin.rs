//! What to do about a blocking call: the async twin if there is one, else a thread.

use crate::catalog::{Blocks, EntryId};
use crate::facts::FnKind;
use crate::project::ClassId;
use crate::project::{FnId, Member, SiteId};
use crate::rules::Context;

/// The next step for a chain of calls that blocks.
#[must_use]
pub(super) fn help(cx: &Context<'_>, chain: &[SiteId], entry: EntryId) -> String {
    let called = chain
        .first()
        .map(|&it| cx.call_text(cx.project.graph.site(it).at))
        .unwrap_or_default();
    if let Some((step, twin)) = chain.iter().find_map(|&it| Some((it, project_twin(cx, it)?))) {
        let called = cx.call_text(cx.project.graph.site(step).at);
        return format!("await `{twin}`, its async twin, instead of `{called}`");
    }
    let catalog = &cx.project.names.catalog;
    let instead = catalog.entry(entry).instead.clone();
    let thread = cx.library().to_thread();
    let waits_below = chain.len() > 1 && catalog.entry(entry).blocks == Some(Blocks::Wait);
    match instead.as_deref() {
        Some(it) if !is_offload(it) && it.contains(' ') && waits_below => {
            format!("run `{called}` in a thread with `{thread}`, or {it} where the chain ends")
        }
        Some(it) if !is_offload(it) && it.contains(' ') => it.to_owned(),
        Some(it) if !is_offload(it) && chain.len() == 1 => format!("use `{it}` instead"),
        Some(it) if !is_offload(it) => format!("use `{it}` there, or run `{called}` in a thread with `{thread}`"),
        _ => format!("run it in a thread: `await {thread}({called}, ...)`"),
    }
}

fn is_offload(instead: &str) -> bool {
    instead.contains("to_thread")
}

/// An async function beside a sync one of the chain that does the same by its name.
fn project_twin(cx: &Context<'_>, site: SiteId) -> Option<String> {
    let project = cx.project;
    let [target] = project.graph.site(site).targets() else {
        return None;
    };
    let facts = project.names.facts(target.module);
    let function = facts.function(target.local);
    let name = facts.text(function.name);
    for candidate in [
        format!("a{name}"),
        format!("async_{name}"),
        format!("{name}_async"),
        format!("a_{name}"),
    ] {
        if let Some(twin) = sibling(cx, *target, &candidate) {
            return Some(cx.qualname(twin));
        }
    }
    None
}

fn sibling(cx: &Context<'_>, of: FnId, name: &str) -> Option<FnId> {
    let names = &cx.project.names;
    let function = names.function(of);
    let found = match function.class {
        Some(local) => {
            let class = ClassId {
                module: of.module,
                local,
            };
            match names.classes.member(&names.modules, class, name, 0)? {
                Member::Function(it) => it,
                _ => return None,
            }
        }
        None => {
            let facts = names.facts(of.module);
            let found = facts
                .all_functions()
                .find(|(_, it)| it.parent == function.parent && it.class.is_none() && facts.text(it.name) == name);
            FnId {
                module: of.module,
                local: found?.0,
            }
        }
    };
    (names.function(found).kind == FnKind::Async).then_some(found)
}
