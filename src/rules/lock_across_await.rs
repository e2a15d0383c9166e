#![doc = include_str!("../../rules/lock-across-await.md")]

use crate::catalog::{EntryId, Is};
use crate::diagnostic::{Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, Ty};
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "lock-across-await",
        summary: "a thread's lock that is held while the function awaits",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/lock-across-await.md"),
    },
    check,
};

/// A lock that is held, and the first `await` under it.
struct Held {
    at: NodeId,
    lock: NodeId,
    awaits: NodeId,
}

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (local, function) in cx.facts().all_functions() {
        if function.kind == FnKind::Async {
            let by_with = by_with(cx, local);
            found.extend(by_with.into_iter().map(|it| report(cx, local, &it)));
            let by_hand = by_hand(cx, local);
            found.extend(by_hand.into_iter().map(|it| report(cx, local, &it)));
        }
    }
}

/// `with lock: ... await ...`
fn by_with(cx: &Context<'_>, local: LocalFn) -> Vec<Held> {
    let facts = cx.facts();
    let statements = facts.body_nodes(local).filter(|&it| facts.kind(it) == Kind::With);
    let held = statements.filter_map(|statement| {
        let body = facts.child(statement, Role::Body)?;
        let awaits = first_await(cx, local, body.0, facts.node(statement).end)?;
        let items = facts.children_as(statement, Role::Item);
        let mut contexts = items.filter_map(|it| facts.child(it, Role::Context));
        let lock = contexts.find(|&it| is_thread_lock(cx, it))?;
        Some(Held { at: lock, lock, awaits })
    });
    held.collect()
}

/// `lock.acquire()`, an `await`, and only then the first `lock.release()`.
fn by_hand(cx: &Context<'_>, local: LocalFn) -> Vec<Held> {
    let facts = cx.facts();
    let calls: Vec<(NodeId, NodeId, bool)> = cx
        .project
        .graph
        .sites_in(cx.function(local))
        .filter_map(|(_, site)| {
            let Callee::Library(entry) = site.callee else {
                return None;
            };
            let takes = lock_method(cx, entry)?;
            let receiver = facts.child(facts.child(site.at.node, Role::Func)?, Role::Value)?;
            Some((site.at.node, receiver, takes))
        })
        .collect();
    let held = calls.iter().filter(|it| it.2).filter_map(|&(at, lock, _)| {
        let same = |it: NodeId| cx.node_text(it) == cx.node_text(lock);
        let (release, ..) = calls.iter().find(|it| !it.2 && it.0 > at && same(it.1))?;
        let awaits = first_await(cx, local, at.0, release.0)?;
        Some(Held { at, lock, awaits })
    });
    held.collect()
}

/// Whether the entry takes (true) or gives back (false) a thread's lock.
fn lock_method(cx: &Context<'_>, entry: EntryId) -> Option<bool> {
    let catalog = &cx.project.names.catalog;
    catalog.owner(entry).filter(|&it| catalog.is(it, Is::ThreadLock))?;
    match catalog.entry_name(entry).rsplit('.').next() {
        Some("acquire") => Some(true),
        Some("release") => Some(false),
        _ => None,
    }
}

fn is_thread_lock(cx: &Context<'_>, node: NodeId) -> bool {
    let catalog = &cx.project.names.catalog;
    let of_class = |it: &Ty| matches!(it, Ty::External(class) if catalog.is(*class, Is::ThreadLock));
    cx.eval().expr(node).alternatives().iter().all(of_class)
}

/// The first place from `start` on and before `end` where the function itself lets other tasks run.
fn first_await(cx: &Context<'_>, local: LocalFn, start: u32, end: u32) -> Option<NodeId> {
    let facts = cx.facts();
    let lets_go = |it: NodeId| {
        matches!(facts.kind(it), Kind::Await | Kind::AsyncFor | Kind::AsyncWith)
            || (facts.kind(it) == Kind::Generator && facts.node(it).payload == 1)
    };
    facts
        .body_nodes(local)
        .skip_while(|it| it.0 < start)
        .take_while(|it| it.0 < end)
        .find(|&it| lets_go(it))
}

fn report(cx: &Context<'_>, local: LocalFn, held: &Held) -> Diagnostic {
    let lock = cx.node_text(held.lock);
    let message = format!("`{lock}` is a thread's lock, and is held while the function awaits");
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), held.at, message);
    "whoever wants the lock meanwhile stops the thread of the event loop, which alone could go on to release it"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = format!(
        "make `{lock}` an `{}.Lock` and enter it with `async with`, or release it before the `await`",
        cx.library().name()
    );
    let at = At {
        module: cx.module,
        node: held.awaits,
    };
    diagnostic.labels.push(cx.label(at, "held during this `await`"));
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    diagnostic
}
