#![doc = include_str!("../../rules/backoff-inside-limiter.md")]

use super::retry::{self, Form, Growth, Limit, Retry, Tried};
use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::{At, FnId, Hold, LimiterKind, Site};
use crate::rules::text::expr_text;
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "backoff-inside-limiter",
        summary: "sleeping before a retry while holding the limiter's slot",
        pattern: Pattern::RetryStorm,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["retry-without-backoff", "retry-without-jitter"],
        page: include_str!("../../rules/backoff-inside-limiter.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for retry in retry::all(cx).iter() {
        let sleeps = retry.growth != Growth::Immediate && retry.tried != Tried::Elsewhere;
        if sleeps && !matches!(retry.limit, Limit::Attempts(0 | 1)) {
            found.extend(report(cx, retry));
        }
    }
}

fn report(cx: &Context<'_>, retry: &Retry) -> Option<Diagnostic> {
    let function = cx.function(retry.function);
    let (hold, is_here) = match own(cx, retry) {
        Some(hold) => (hold, true),
        None => (of_callers(cx, function)?, false),
    };
    let theirs = cx.project.names.facts(hold.at.module);
    let limiter = expr_text(theirs, hold.subject, 6);
    let message = match retry.form {
        Form::Loop => format!(
            "waits `{}` before the next attempt while it holds a slot of `{limiter}`",
            retry.wait
        ),
        _ => format!(
            "{} waits between attempts while a slot of `{limiter}` is held",
            retry.said(cx)
        ),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, function, retry.at, message);
    "when a few calls fail, their waits use up the slots, and the healthy calls stand still"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = format!("enter `{limiter}` for each attempt, inside the retry, and leave it before the wait");
    let at = At {
        node: hold.subject,
        ..hold.at
    };
    diagnostic.labels.push(cx.label(at, "the slot is taken here"));
    diagnostic.confidence = if is_here {
        retry.remote
    } else {
        retry.remote.min(Confidence::Medium)
    };
    retry.weigh(&mut diagnostic);
    Some(diagnostic)
}

/// The limiter of the function itself that is held around the whole retry.
fn own(cx: &Context<'_>, retry: &Retry) -> Option<Hold> {
    let mut holds = cx.project.limiters.around(cx.module, retry.function, retry.at);
    holds.find(|it| is_slot(cx, it)).copied()
}

/// The limiter that every known caller holds around its call.
fn of_callers(cx: &Context<'_>, function: FnId) -> Option<Hold> {
    let counts = |site: &Site| !cx.project.names.modules[site.at.module.0 as usize].is_test;
    let callers = cx.project.graph.callers(function).filter(|(_, site)| counts(site));
    let mut first = None;
    for (_, site) in callers {
        let mut holds = cx
            .project
            .limiters
            .around(site.at.module, site.caller.local, site.at.node);
        let hold = *holds.find(|it| is_slot(cx, it))?;
        first = first.or(Some(hold));
    }
    first
}

/// Whether it is entered for as long as the block runs, and lets several in.
fn is_slot(cx: &Context<'_>, hold: &Hold) -> bool {
    let text = expr_text(cx.project.names.facts(hold.at.module), hold.subject, 6).to_ascii_lowercase();
    let excludes = ["lock", "mutex"].iter().any(|it| text.contains(it));
    let counts = matches!(
        hold.kind,
        LimiterKind::Count | LimiterKind::Named | LimiterKind::Wrapped
    );
    let paces = ["rate", "throttle"].iter().any(|it| text.contains(it));
    hold.is_with && counts && !excludes && !(paces && hold.kind != LimiterKind::Count)
}
