#![doc = include_str!("../../rules/ineffective-limiter.md")]

use super::fan_out_text as text;
use super::limiter_use::is_entered_once;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Kind, NodeId};
use crate::project::{FanOut, Hold, LimiterKind, Starter, Width};
use crate::rules::Context;
use crate::rules::Rule;
use crate::rules::text::expr_text;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "ineffective-limiter",
        summary: "a semaphore or limiter that limits nothing",
        pattern: Pattern::UnboundedConcurrency,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/ineffective-limiter.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for hold in cx.project.limiters.holds(cx.module) {
        found.extend(
            around_spawn(cx, hold)
                .or_else(|| around_all(cx, hold))
                .or_else(|| own_each_time(cx, hold)),
        );
    }
    super::limiter_made::check(cx, &RULE.info, found);
}

/// Whether a finding of this rule is about the limiter around a fan-out.
pub(super) fn speaks_of(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let holds = cx.project.limiters.holds(cx.module).iter();
    let around = holds.filter(|it| it.function == fan_out.orchestrator && it.covers(fan_out.at.node));
    around
        .into_iter()
        .any(|it| around_spawn(cx, it).or_else(|| around_all(cx, it)).is_some())
}

fn name(cx: &Context<'_>, hold: &Hold) -> String {
    expr_text(cx.facts(), hold.subject, 6)
}

fn covered<'a>(cx: &Context<'a>, hold: &Hold) -> impl Iterator<Item = &'a FanOut> {
    let (first, end) = hold.covers;
    let function = hold.function;
    let all = cx.project.fan_outs.of(cx.module).iter();
    all.filter(move |it| it.orchestrator == function && first <= it.at.node.0 && it.at.node.0 < end)
}

/// `async with sem: tg.start_soon(fetch, x)`: released before the work begins.
fn around_spawn(cx: &Context<'_>, hold: &Hold) -> Option<Diagnostic> {
    if !hold.is_with || hold.kind != LimiterKind::Count {
        return None;
    }
    let facts = cx.facts();
    let waits = (hold.covers.0..hold.covers.1).map(NodeId).any(|it| {
        matches!(
            facts.kind(it),
            Kind::Await | Kind::AsyncFor | Kind::AsyncWith | Kind::Yield | Kind::Return
        )
    });
    if waits {
        return None;
    }
    let spawn = covered(cx, hold).find(|it| matches!(it.starter, Starter::OneByOne(_)))?;
    let limiter = name(cx, hold);
    let starter = text::starter(cx, spawn);
    let message = format!("`{limiter}` is held only while `{starter}` starts the task, not while the task runs");
    let help = format!("enter `{limiter}` inside the task: `async with {limiter}:` around its work");
    Some(finding(cx, hold, hold.subject, message, help))
}

/// `async with sem: await gather(...)` with a limiter that nobody else enters: all of them share one slot.
fn around_all(cx: &Context<'_>, hold: &Hold) -> Option<Diagnostic> {
    if !hold.is_with || !matches!(hold.kind, LimiterKind::Count | LimiterKind::Rate) {
        return None;
    }
    let gather = covered(cx, hold).find(|it| it.strands.iter().any(|it| it.width == Width::Data) && !it.bounded)?;
    if hold.made.is_none() && !is_entered_once(cx, hold) {
        return None;
    }
    let limiter = name(cx, hold);
    let starter = text::starter(cx, gather);
    let message =
        format!("`{limiter}` is entered once around the whole `{starter}`, so it does not bound what runs inside");
    let help = format!("enter `{limiter}` inside each task, not around `{starter}`");
    let mut diagnostic = finding(cx, hold, hold.subject, message, help);
    if hold.made.is_none() {
        diagnostic.confidence = Confidence::Medium;
    }
    Some(diagnostic)
}

/// Made by the function that enters it: every call has one of its own.
fn own_each_time(cx: &Context<'_>, hold: &Hold) -> Option<Diagnostic> {
    let made = hold.made?;
    let facts = cx.facts();
    let looped = |node: NodeId| facts.ancestors(node).any(|it| facts.kind(it).is_loop());
    let paces = hold.kind == LimiterKind::Rate && looped(hold.at.node);
    if hold.kind == LimiterKind::Lock || paces || !hold.is_with {
        return None;
    }
    let limiter = if made == hold.subject {
        cx.call_text(text::at(cx, made))
    } else {
        name(cx, hold)
    };
    let function = cx.qualname(hold.function);
    let message = format!("every call of `{function}` makes its own `{limiter}`, so calls do not limit each other");
    let help = "make it once where all calls can share it: at module level, on `self`, or as a parameter".to_owned();
    Some(finding(cx, hold, made, message, help))
}

fn finding(cx: &Context<'_>, hold: &Hold, node: NodeId, message: String, help: String) -> Diagnostic {
    let mut diagnostic = cx.diagnostic(&RULE.info, hold.function, node, message);
    "the code looks bounded, and as many run at once as if the limiter were not there".clone_into(&mut diagnostic.why);
    diagnostic.help = help;
    if node != hold.subject {
        diagnostic
            .labels
            .push(cx.label(text::at(cx, hold.subject), "entered here"));
    }
    if let Some(made) = hold.made.filter(|&it| it != hold.subject && it != node) {
        diagnostic.labels.push(cx.label(text::at(cx, made), "made here"));
    }
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Medium;
    }
    diagnostic
}
