#![doc = include_str!("../../rules/sequential-awaits.md")]

use super::serial;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, Kind, NodeId, PlaceId, Role};
use crate::project::FnId;
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "sequential-awaits",
        summary: "two requests that need nothing of each other, one after the other",
        pattern: Pattern::SerializedAwaits,
        severity: Severity::Medium,
        set: RuleSet::Pedantic,
        subsumes: &[],
        page: include_str!("../../rules/sequential-awaits.md"),
    },
    check,
};

/// `name = await call(...)`, and what it asks for.
struct Bound {
    call: NodeId,
    place: PlaceId,
}

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let facts = cx.facts();
    for (local, function) in facts.all_functions() {
        if function.kind == FnKind::Async {
            let statements = facts.body_nodes(local).filter(|&it| facts.kind(it).is_statement());
            let mut run: Vec<Bound> = Vec::new();
            let mut end = 0;
            for statement in statements {
                // Only what follows directly, in the same block, belongs together.
                let bound = bound(cx, cx.function(local), statement);
                let joins = bound
                    .as_ref()
                    .is_some_and(|_| statement.0 == end && needs_none(cx, statement, &run));
                if !joins {
                    found.extend(report(cx, cx.function(local), &run));
                    run.clear();
                }
                end = facts.node(statement).end;
                run.extend(bound);
            }
            found.extend(report(cx, cx.function(local), &run));
        }
    }
}

fn bound(cx: &Context<'_>, function: FnId, statement: NodeId) -> Option<Bound> {
    let facts = cx.facts();
    if !matches!(facts.kind(statement), Kind::Assign | Kind::AnnAssign) {
        return None;
    }
    let mut targets = facts.children_as(statement, Role::Target);
    let (only, None) = (targets.next()?, targets.next()) else {
        return None;
    };
    let place = facts.name_place(only)?;
    let value = facts.child(statement, Role::Value)?;
    let asked = serial::asked(cx, function, value)?;
    (!serial::is_held(cx, function, statement)).then_some(Bound {
        call: asked.call,
        place,
    })
}

fn needs_none(cx: &Context<'_>, statement: NodeId, run: &[Bound]) -> bool {
    let facts = cx.facts();
    let mut names = facts.descendants(statement).filter_map(|it| facts.name_place(it));
    names.all(|place| run.iter().all(|it| it.place != place))
}

fn report(cx: &Context<'_>, function: FnId, run: &[Bound]) -> Option<Diagnostic> {
    let [first, others @ ..] = run else { return None };
    let second = others.first()?;
    let (one, other) = (cx.node_text(first.call), cx.node_text(second.call));
    let message = if others.len() == 1 {
        format!("`{other}` is asked only when `{one}` has answered, and needs nothing of it")
    } else {
        format!(
            "`{one}` and {} more requests wait for each other, and need nothing of each other",
            others.len()
        )
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, function, second.call, message);
    "the times add up where the longest would do".clone_into(&mut diagnostic.why);
    diagnostic.help = format!("wait for both with `asyncio.gather({one}(...), {other}(...))`, or in a task group");
    diagnostic.labels = run
        .iter()
        .filter(|it| it.call != second.call)
        .map(|it| cx.label(serial::here(cx, it.call), "waits here too"))
        .collect();
    diagnostic.confidence = Confidence::Medium;
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    Some(diagnostic)
}
