#![doc = include_str!("../../rules/unawaited-coroutine.md")]

use crate::catalog::{Act, EntryId};
use crate::diagnostic::{Diagnostic, Pattern, RuleInfo, RuleSet, Safety, Severity};
use crate::facts::{Fate, Kind, LocalFn, NodeId, Role};
use crate::project::{Callee, Flags, Site, Ty};
use crate::rules::{Context, Rule, mends};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "unawaited-coroutine",
        summary: "a coroutine that nobody awaits, so that its work is never done",
        pattern: Pattern::LostWork,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/unawaited-coroutine.md"),
    },
    check,
};

/// Who makes the coroutine.
enum Maker {
    /// A function of the project.
    Own,
    /// A library's coroutine function.
    Library(EntryId),
    /// `sync_to_async(f)(x)`.
    Bridge(String),
}

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (local, _) in cx.facts().all_functions() {
        let mut last = None;
        for (_, site) in cx.project.graph.sites_in(cx.function(local)) {
            // Most calls of coroutines are awaited, and who makes one is the costlier question.
            if last != Some(site.at.node)
                && is_alone(cx, site)
                && let Some(maker) = maker(cx, site)
            {
                last = Some(site.at.node);
                found.extend(report(cx, local, site.at.node, &maker));
            }
        }
        let bridges = cx
            .facts()
            .body_nodes(local)
            .filter_map(|it| Some((it, bridge(cx, it)?)));
        found.extend(bridges.filter_map(|(node, maker)| report(cx, local, node, &maker)));
    }
}

fn maker(cx: &Context<'_>, site: &Site) -> Option<Maker> {
    match site.callee {
        Callee::Own(function) if cx.project.gives_coroutine(function) => Some(Maker::Own),
        Callee::Library(entry) if cx.project.names.catalog.entry(entry).coroutine => {
            let name = cx.project.names.catalog.entry_name(entry);
            // Of a class whose methods are known as a kind only, a single method may well be a plain one.
            let is_known_alone = !cx.project.names.catalog.is_wildcard(entry);
            (is_known_alone && !starts_at_once(name)).then_some(Maker::Library(entry))
        }
        _ => None,
    }
}

/// Libraries whose calls give futures: the work goes on without an `await`.
fn starts_at_once(name: &str) -> bool {
    matches!(name.split('.').next(), Some("grpc" | "motor" | "tornado" | "zmq"))
}

/// A plain call, certain to reach one function, on a path that runs, whose result nobody takes.
fn is_alone(cx: &Context<'_>, site: &Site) -> bool {
    const NOT: Flags = Flags::AWAITED
        .with(Flags::DUCK)
        .with(Flags::IMPLICIT)
        .with(Flags::PASSED)
        .with(Flags::LOOP_CALLBACK)
        .with(Flags::SPAWNED)
        .with(Flags::OFF_LOOP);
    cx.facts().kind(site.at.node) == Kind::Call && !site.flags.has(NOT) && cx.facts().fate(site.at.node) != Fate::Taken
}

/// `sync_to_async(f)(x)`: the call of what a bridge made.
fn bridge(cx: &Context<'_>, node: NodeId) -> Option<Maker> {
    let facts = cx.facts();
    if facts.kind(node) != Kind::Call {
        return None;
    }
    let inner = facts
        .child(node, Role::Func)
        .filter(|&it| facts.kind(it) == Kind::Call)?;
    if facts.is_awaited(node) || facts.fate(node) == Fate::Taken {
        return None;
    }
    let Ty::Name(name) = cx.eval().expr(facts.child(inner, Role::Func)?) else {
        return None;
    };
    let catalog = &cx.project.names.catalog;
    let entry = catalog.function(name)?;
    (catalog.entry(entry).act == Some(Act::OffloadDecorator)).then(|| Maker::Bridge(cx.node_text(inner)))
}

fn report(cx: &Context<'_>, local: LocalFn, node: NodeId, maker: &Maker) -> Option<Diagnostic> {
    let called = match maker {
        Maker::Own | Maker::Library(_) => cx.node_text(node),
        Maker::Bridge(text) => format!("{text}(...)"),
    };
    let (message, why) = match cx.facts().fate(node) {
        Fate::Taken | Fate::OnlyCalledBack => return None,
        Fate::Dropped | Fate::Unread(_) => (
            format!("`{called}` gives a coroutine that nobody awaits"),
            "calling it runs none of its body: what it should do is never done",
        ),
        Fate::Tested | Fate::Compared => (
            format!("`{called}` gives a coroutine, and its truth is tested instead of its result"),
            "a coroutine is always true and equals nothing, and its body never runs",
        ),
        Fate::Shown => (
            format!("`{called}` gives a coroutine, and the text shows it instead of its result"),
            "the text says `<coroutine object ...>`, and the body never runs",
        ),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), node, message);
    why.clone_into(&mut diagnostic.why);
    let is_async = cx.facts().is_async(local);
    diagnostic.help = if is_async {
        format!("write `await {called}(...)`")
    } else {
        format!(
            "make `{}` async and await it, or hand the coroutine to a task",
            diagnostic.qualname
        )
    };
    let is_plain = matches!(maker, Maker::Library(entry) if is_surely_meant(cx, *entry));
    let safety = if is_plain { Safety::Safe } else { Safety::Unsafe };
    diagnostic.fix = mends::awaited(cx, node, safety);
    Some(diagnostic)
}

/// Nobody wants a sleep or a thread's work as a value.
fn is_surely_meant(cx: &Context<'_>, entry: EntryId) -> bool {
    let name = cx.project.names.catalog.entry_name(entry);
    cx.project.names.catalog.entry(entry).act == Some(Act::AsyncSleep) || name.contains("to_thread")
}
