#![doc = include_str!("../../rules/await-in-loop.md")]

use super::fan_out_text as text;
use super::serial::{self, Asked};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, Kind, NodeId, Role};
use crate::project::{FnId, Strand, Width, has_independent_turns};
use crate::rules::Context;
use crate::rules::Library;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "await-in-loop",
        summary: "requests that need nothing of each other, one after another in a loop",
        pattern: Pattern::SerializedAwaits,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["sequential-awaits"],
        page: include_str!("../../rules/await-in-loop.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let facts = cx.facts();
    for (local, function) in facts.all_functions() {
        if function.kind != FnKind::Async || function.is_generator {
            continue;
        }
        let loops = facts
            .body_nodes(local)
            .filter(|&it| matches!(facts.kind(it), Kind::For | Kind::Generator));
        for around in loops {
            found.extend(serial(cx, cx.function(local), around));
        }
    }
}

fn serial(cx: &Context<'_>, function: FnId, around: NodeId) -> Option<Diagnostic> {
    let facts = cx.facts();
    let iter = facts.child(around, Role::Iter)?;
    let target = facts.child(around, Role::Target);
    let awaits = match facts.kind(around) {
        Kind::For => in_body(cx, function, around)?,
        _ => in_comprehension(cx, around)?,
    };
    let (&first, rest) = awaits.split_first()?;
    let known = serial::asked(cx, function, first).filter(|it| serial::is_kept(cx, it.call));
    let asked = known.or_else(|| serial::guessed(cx, function, first))?;
    let guesses = asked.reached.is_none();
    let strand = Strand {
        worker: None,
        width: cx.project.width(serial::here(cx, iter)),
        source: Some(iter),
    };
    let fits = |it: NodeId| {
        let guess = guesses && serial::guessed(cx, function, it).is_some();
        guess || !guesses && serial::is_of_its_own(cx, function, around, it)
    };
    let independent = rest.iter().all(|&it| fits(it)) && serial::is_about_the_item(cx, around, asked.call);
    let wide = strand.width == Width::Data && !text::is_configured(cx, &strand) && !is_counted(cx, iter);
    let free = !serial::is_in_turn(cx, function, iter, target) && !serial::is_held(cx, function, around);
    (independent && wide && free && !serial::is_paced(cx, around)).then(|| report(cx, function, &strand, &asked))
}

/// The awaits of a loop's body, if its turns are independent and no loop inside has awaits of its own.
fn in_body(cx: &Context<'_>, function: FnId, around: NodeId) -> Option<Vec<NodeId>> {
    let facts = cx.facts();
    let waits: Vec<NodeId> = facts
        .descendants(around)
        .filter(|&it| match facts.kind(it) {
            Kind::Await => true,
            Kind::WithItem => facts.kind(NodeId(facts.node(it).parent)) == Kind::AsyncWith,
            _ => false,
        })
        .collect();
    let innermost = waits.iter().all(|&it| {
        let inner = facts
            .ancestors(it)
            .find(|&it| facts.kind(it).is_loop() || is_comprehension(facts.kind(it)));
        inner == Some(around) && facts.function_of(it) == function.local
    });
    (!waits.is_empty() && innermost && has_independent_turns(facts, around)).then_some(waits)
}

/// The await that is the element of a comprehension with one `for`.
fn in_comprehension(cx: &Context<'_>, generator: NodeId) -> Option<Vec<NodeId>> {
    let facts = cx.facts();
    let around = NodeId(facts.node(generator).parent);
    let only = facts.children_as(around, Role::Generator).count() == 1 && facts.node(generator).payload == 0;
    let element = facts
        .child(around, Role::Element)
        .or_else(|| facts.child(around, Role::Value))?;
    let is_lazy = facts.kind(around) == Kind::GeneratorExp;
    (only && !is_lazy && facts.kind(element) == Kind::Await).then(|| vec![element])
}

fn is_comprehension(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp
    )
}

/// `range(n)`: pages, attempts or rounds, unless it counts a collection.
fn is_counted(cx: &Context<'_>, iter: NodeId) -> bool {
    let facts = cx.facts();
    let called = |it: NodeId| facts.child(it, Role::Func).and_then(|it| facts.name_text(it));
    facts.kind(iter) == Kind::Call
        && called(iter) == Some("range")
        && !facts
            .children_as(iter, Role::Arg)
            .any(|it| facts.kind(it) == Kind::Call && called(it) == Some("len"))
}

fn report(cx: &Context<'_>, function: FnId, strand: &Strand, asked: &Asked) -> Diagnostic {
    let call = cx.node_text(asked.call);
    let items = text::items(cx, strand);
    let message = format!("`{call}` waits for the answer for one {items} before it asks for the next");
    let mut diagnostic = cx.diagnostic(&RULE.info, function, asked.call, message);
    let end = asked.reached.as_ref().map_or_else(
        || call.clone(),
        |it| cx.project.names.catalog.entry_name(it.entry).to_owned(),
    );
    diagnostic.why = format!("each turn waits for `{end}` and needs nothing of the turn before: the times add up");
    diagnostic.help = match cx.library() {
        Library::Asyncio => {
            format!("run `{call}(...)` under one `asyncio.Semaphore(10)`, and wait for all with `asyncio.gather(...)`")
        }
        other => format!(
            "start `{call}(...)` for each in a task group of `{}`, under one `CapacityLimiter(10)`",
            other.name()
        ),
    };
    match &asked.reached {
        None => diagnostic.confidence = Confidence::Low,
        Some(it) if it.chain.len() > 1 => {
            diagnostic.witness = cx.steps(&it.chain);
            diagnostic.confidence = Confidence::Medium;
        }
        Some(_) => {}
    }
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = end;
    diagnostic
}
