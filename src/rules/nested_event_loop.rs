#![doc = include_str!("../../rules/nested-event-loop.md")]

use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, LocalFn};
use crate::project::{Callee, Flags, SiteId};
use crate::rules::conditions::is_rare;
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "nested-event-loop",
        summary: "an event loop started where one is already running",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &["blocking-wait"],
        page: include_str!("../../rules/nested-event-loop.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (local, function) in cx.facts().all_functions() {
        let id = cx.function(local);
        found.extend(patches(cx, local));
        if function.kind != FnKind::Async && !cx.runs_on_loop(id) {
            continue;
        }
        let mut last = None;
        for (site, at) in cx.project.graph.sites_in(id) {
            if last != Some(at.at.node)
                && let Some(chain) = chain(cx, site)
            {
                last = Some(at.at.node);
                found.extend(report(cx, local, &chain));
            }
        }
    }
}

/// `nest_asyncio.apply()`, wherever it stands: it changes the loop of the whole process.
fn patches(cx: &Context<'_>, local: LocalFn) -> impl Iterator<Item = Diagnostic> {
    let sites = cx.project.graph.sites_in(cx.function(local));
    let calls = sites.filter(|(_, it)| is_patch(cx, &it.callee) && !it.flags.has(Flags::MAIN.with(Flags::OFF_LOOP)));
    calls.map(move |(_, site)| {
        let called = cx.node_text(site.at.node);
        let message = format!("`{called}` patches the event loop so that it can be entered while it runs");
        let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), site.at.node, message);
        "the tasks outside go on only while the loop inside lets them, and cancellation and time-outs go astray"
            .clone_into(&mut diagnostic.why);
        "remove it, and await the coroutines that are now run to their end".clone_into(&mut diagnostic.help);
        diagnostic.severity = Severity::Medium;
        diagnostic
    })
}

fn is_patch(cx: &Context<'_>, callee: &Callee) -> bool {
    matches!(callee, Callee::Library(entry) if cx.project.names.catalog.entry_name(*entry) == "nest_asyncio.apply")
}

/// The way from a call on the loop's thread to the call that starts another loop.
fn chain(cx: &Context<'_>, site: SiteId) -> Option<Vec<SiteId>> {
    let project = cx.project;
    let targets = project.graph.site(site).targets();
    // An async callee has its own finding.
    let runs_here = targets
        .iter()
        .all(|&it| project.names.function(it).kind != FnKind::Async);
    if !runs_here || !project.runs_on_callers_thread(site) {
        return None;
    }
    project.loop_starters.from(&project.graph, site)
}

fn report(cx: &Context<'_>, local: LocalFn, chain: &[SiteId]) -> Option<Diagnostic> {
    let graph = &cx.project.graph;
    let first = graph.site(*chain.first()?);
    let Callee::Library(entry) = graph.site(*chain.last()?).callee else {
        return None;
    };
    let end = cx.project.names.catalog.entry_name(entry).to_owned();
    let called = cx.node_text(first.at.node);
    let message = if chain.len() == 1 {
        format!("`{called}` starts an event loop where one is running")
    } else {
        format!("`{called}` reaches `{end}`, which starts an event loop where one is running")
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), first.at.node, message);
    "it raises `RuntimeError`, or, patched by `nest_asyncio`, runs one loop inside the other and holds up its tasks"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = if chain.len() == 1 {
        "await the coroutine instead".to_owned()
    } else {
        let thread = cx.library().to_thread();
        format!("await the coroutine under it instead, or run it in a thread: `await {thread}({called}, ...)`")
    };
    diagnostic.witness = cx.steps(chain);
    diagnostic.group = end;
    if is_rare(cx, chain, false) {
        diagnostic.severity = Severity::Low;
    }
    if chain.iter().any(|&it| graph.site(it).flags.has(Flags::DUCK)) {
        diagnostic.confidence = Confidence::Medium;
    }
    Some(diagnostic)
}
