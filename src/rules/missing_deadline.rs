#![doc = include_str!("../../rules/missing-deadline.md")]

use super::answers;
use super::clients;
use super::endings::{self, Ending};
use super::fan_out_text as text;
use super::holdups;
use super::waits::{self, Peer, Wait};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::{Bound, FanOut, Starter, has_bound};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "missing-deadline",
        summary: "a wait for somebody else that nothing bounds",
        pattern: Pattern::LongTail,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/missing-deadline.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for wait in waits::endless(cx) {
        found.extend(single(cx, &wait));
    }
    found.extend(
        holdups::holdups(cx)
            .iter()
            .map(|it| holdups::report(cx, &RULE.info, it)),
    );
    found.extend(
        answers::awaited(cx)
            .into_iter()
            .map(|it| answers::report(cx, &RULE.info, it)),
    );
    found.extend(endings::endings(cx).into_iter().map(|it| shutdown(cx, it)));
    for fan_out in cx.project.fan_outs.of(cx.module) {
        found.extend(barrier(cx, fan_out));
    }
}

fn single(cx: &Context<'_>, wait: &Wait<'_>) -> Option<Diagnostic> {
    let bound = cx.project.deadlines.of(&cx.project.graph, wait.id);
    if bound == Bound::Always {
        return None;
    }
    let call = cx.node_text(wait.site.at.node);
    let message = match wait.peer {
        Peer::Service => format!("`{call}` waits for an answer for as long as the other side likes"),
        Peer::Process => format!("`{call}` waits for the process for as long as it runs"),
        Peer::Connection => format!("`{call}` waits for the connection until the system gives up, which takes minutes"),
        Peer::Message => format!("`{call}` waits for the answer, and for ever if none comes"),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, wait.site.caller, wait.site.at.node, message);
    why_and_help(cx, &mut diagnostic, &call);
    let elsewhere = cx.project.deadlines.sets(&cx.project.names, wait.site.caller);
    if bound == Bound::Sometimes || elsewhere || wait.peer == Peer::Service && waits::is_lent(cx, wait) {
        diagnostic.confidence = Confidence::Low;
    } else if wait.peer != Peer::Service {
        diagnostic.confidence = Confidence::Medium;
    }
    let ends = endings::is_ending(cx, wait.site.caller);
    if diagnostic.exposure == Exposure::Solitary && !ends {
        diagnostic.severity = Severity::Low;
    }
    wait.what.clone_into(&mut diagnostic.group);
    Some(diagnostic)
}

/// A call that holds up the end of its object.
fn shutdown(cx: &Context<'_>, ending: Ending<'_>) -> Diagnostic {
    let call = cx.node_text(ending.site.at.node);
    let name = cx.qualname(ending.site.caller);
    let message = format!("`{name}` waits in `{call}` for a task that nobody cancels");
    let mut diagnostic = cx.diagnostic(&RULE.info, ending.site.caller, ending.site.at.node, message);
    why_and_help(cx, &mut diagnostic, &call);
    "what hangs there keeps the program from ending, or the next start from beginning".clone_into(&mut diagnostic.why);
    diagnostic.confidence = Confidence::Medium;
    diagnostic.witness = ending.witness;
    diagnostic.group = call;
    diagnostic
}

fn why_and_help(cx: &Context<'_>, diagnostic: &mut Diagnostic, call: &str) {
    "one that never comes holds this task, and whoever waits for it, without an error or a line in the log"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = super::waits::help(cx, &format!("{call}(...)"));
}

/// A barrier over calls of a client that gives up only after minutes: the slowest decides for all.
fn barrier(cx: &Context<'_>, fan_out: &FanOut) -> Option<Diagnostic> {
    let facts = cx.facts();
    let Starter::Together(Some(entry)) = fan_out.starter else {
        return None;
    };
    let starter_entry = cx.project.names.catalog.entry(entry);
    let is_as_completed = cx.project.names.catalog.entry_name(entry).ends_with("as_completed");
    if has_bound(facts, fan_out.at.node, starter_entry) || is_as_completed || text::is_shutdown(cx, fan_out) {
        return None;
    }
    let bound = cx
        .project
        .deadlines
        .at(&cx.project.graph, fan_out.orchestrator, fan_out.at);
    if bound != Bound::Never {
        return None;
    }
    let (shared, seconds) = fan_out.strands.iter().find_map(|strand| {
        let shared = clients::shared(cx, fan_out, strand)?;
        Some((shared, clients::patience(cx, &shared)?))
    })?;
    let starter = text::starter(cx, fan_out);
    let what = cx.project.names.catalog.class_name(shared.pool.client.class).to_owned();
    let message = match seconds {
        Some(seconds) => {
            format!("`{starter}` waits for its slowest call, and `{what}` gives up only after {seconds} s")
        }
        None => format!("`{starter}` waits for its slowest call, and `{what}` never gives up"),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    "one call that hangs holds every result, and what comes after".clone_into(&mut diagnostic.why);
    diagnostic.help = "give the client or the call a `timeout` of what the work may take".to_owned();
    diagnostic.labels.push(cx.label(shared.used, "waits here"));
    diagnostic
        .labels
        .push(cx.label(shared.pool.made, "with the default timeout"));
    diagnostic.confidence = Confidence::Medium;
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = what;
    Some(diagnostic)
}
