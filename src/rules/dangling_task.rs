#![doc = include_str!("../../rules/dangling-task.md")]

use crate::catalog::{Act, EntryId, Is, Takes};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Fate, Kind, LocalFn, NodeId};
use crate::project::{Callee, Flags, Site};
use crate::rules::bystanders::{is_bystander, is_of_an_observer};
use crate::rules::clients::is_seldom;
use crate::rules::kept_tasks::waits_for_kept;
use crate::rules::timers::{is_held_by_timers, is_waited_for};
use crate::rules::{Context, Library, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "dangling-task",
        summary: "a task that nobody keeps, so that it may vanish before it ends",
        pattern: Pattern::LostWork,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/dangling-task.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (local, _) in cx.facts().all_functions() {
        for (_, site) in cx.project.graph.sites_in(cx.function(local)) {
            if let Callee::Library(entry) = site.callee
                && makes_task(cx, entry)
                && is_lost(cx, site, entry)
            {
                found.push(report(cx, local, site, entry));
            }
        }
    }
}

/// Starts a task that belongs to nobody: not to a task group, which keeps what it starts.
fn makes_task(cx: &Context<'_>, entry: EntryId) -> bool {
    let catalog = &cx.project.names.catalog;
    let it = catalog.entry(entry);
    let gives_task = it.returns.as_deref() == Some("asyncio.Task") || catalog.entry_name(entry) == "asyncio.gather";
    let in_group = catalog
        .owner(entry)
        .is_some_and(|class| catalog.is(class, Is::TaskGroup));
    let starts = matches!(
        (it.act, it.takes),
        (Some(Act::Spawn), Some(Takes::Awaitable)) | (Some(Act::FanOut), Some(Takes::Spread))
    );
    gives_task && starts && !in_group
}

fn is_lost(cx: &Context<'_>, site: &Site, entry: EntryId) -> bool {
    let facts = cx.facts();
    facts.kind(site.at.node) == Kind::Call
        && matches!(
            facts.fate(site.at.node),
            Fate::Dropped | Fate::Unread(_) | Fate::OnlyCalledBack
        )
        && !site.flags.has(Flags::MAIN.with(Flags::OFF_LOOP).with(Flags::OFFLOADED))
        && !may_be_task_already(cx, site.at.node, entry)
}

/// `ensure_future(task)` starts nothing; whether a name holds a task or a coroutine is rarely seen.
fn may_be_task_already(cx: &Context<'_>, call: NodeId, entry: EntryId) -> bool {
    let facts = cx.facts();
    let any_awaitable = cx.project.names.catalog.entry_name(entry).ends_with("ensure_future");
    any_awaitable && facts.arg(call, 0).is_none_or(|it| facts.kind(it) != Kind::Call)
}

fn report(cx: &Context<'_>, local: LocalFn, site: &Site, entry: EntryId) -> Diagnostic {
    let name = cx.project.names.catalog.entry_name(entry);
    let message = match work(cx, site.at.node) {
        Some(work) => format!("nobody keeps the task that runs `{work}`"),
        None => format!("nobody keeps what `{name}` starts"),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(local), site.at.node, message);
    "the event loop holds its tasks weakly: this one may vanish before it ends, and nobody sees its exception"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = help(cx);
    diagnostic.fix = super::mends::keep(cx, site.at.node);
    // With a callback somebody sees the exception, at least.
    let seen = cx.facts().fate(site.at.node) == Fate::OnlyCalledBack;
    let work = work(cx, site.at.node).unwrap_or_default();
    // The chance that one task is lost is small; it adds up where many are started.
    let is_once = diagnostic.exposure == Exposure::Solitary || is_seldom(cx.facts(), local);
    if seen
        || is_once
        || is_on_error_path(cx, site)
        || is_bystander(&work)
        || is_of_an_observer(&diagnostic.qualname, &work)
        || ends_something(cx, local)
        || is_held_by_timers(cx, site)
        || waits_for_kept(cx, site)
        || is_waited_for(cx, local, site)
    {
        diagnostic.severity = Severity::Low;
    }
    if site.flags.has(Flags::DUCK) {
        diagnostic.confidence = Confidence::Medium;
    }
    diagnostic
}

/// `__del__` can neither await nor keep anything, nor can the handler of a signal, which gets a frame.
fn ends_something(cx: &Context<'_>, local: LocalFn) -> bool {
    let facts = cx.facts();
    let it = facts.function(local);
    let takes_a_frame = it.params.get(1).is_some_and(|it| facts.text(it.name) == "frame");
    facts.text(it.name) == "__del__" || takes_a_frame
}

/// Best effort after an error: in an `except` block, or in a function that is only called from one.
fn is_on_error_path(cx: &Context<'_>, site: &Site) -> bool {
    let mut callers = cx.project.graph.callers(site.caller).map(|(_, it)| it.flags).peekable();
    let only_after_errors = callers.peek().is_some() && callers.all(|it| it.has(Flags::ERROR_PATH));
    site.flags.has(Flags::ERROR_PATH) || only_after_errors
}

/// What the task runs: `create_task(self.work(x))` runs `self.work`.
fn work(cx: &Context<'_>, call: NodeId) -> Option<String> {
    let facts = cx.facts();
    let arg = facts.arg(call, 0)?;
    (facts.kind(arg) == Kind::Call).then(|| cx.node_text(arg))
}

fn help(cx: &Context<'_>) -> String {
    match cx.library() {
        Library::Asyncio => {
            "keep it in a set and add `task.add_done_callback(tasks.discard)`, or start it in an `asyncio.TaskGroup`"
                .to_owned()
        }
        _ => "start it in a task group, which keeps it and raises its exception".to_owned(),
    }
}
