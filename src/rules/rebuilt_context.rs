#![doc = include_str!("../../rules/rebuilt-context.md")]

use super::costs::{self, Work};
use super::growth;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, Kind, LocalFn, NodeId};
use crate::project::{At, Flags, Repeat, is_conditional, repeat, repeated_question};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "rebuilt-context",
        summary: "a costly value that is made again for every item, though nothing in it depends on the item",
        pattern: Pattern::ContextDuplication,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/rebuilt-context.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let facts = cx.facts();
    for (local, function) in facts.all_functions() {
        let on_loop = function.kind == FnKind::Async
            || function.kind == FnKind::Sync && cx.exposure(cx.function(local)) == Exposure::Hot;
        if !on_loop && growth::streams_to(cx, cx.function(local)).is_none() {
            continue;
        }
        let calls: Vec<NodeId> = facts
            .body_nodes(local)
            .filter(|&it| facts.kind(it) == Kind::Call)
            .collect();
        let mut last = NodeId(0);
        for call in calls {
            // The outermost call says it for those inside.
            if facts.contains(last, call) && last != NodeId(0) {
                continue;
            }
            if let Some(diagnostic) = rebuilt(cx, local, call) {
                last = call;
                found.push(diagnostic);
            }
        }
        let grown = growth::growths(cx, local).into_iter();
        found.extend(grown.map(|(statement, around)| growth::report(cx, &RULE.info, local, (statement, around))));
    }
}

fn rebuilt(cx: &Context<'_>, local: LocalFn, call: NodeId) -> Option<Diagnostic> {
    let function = cx.function(local);
    let work = costs::work(cx.project, function, call)?;
    let seldom = Flags::ERROR_PATH
        .with(Flags::ONCE)
        .with(Flags::MAIN)
        .with(Flags::PASSED);
    let mut sites = cx.project.graph.sites_at(function, call);
    if sites.any(|(_, site)| site.flags.has(seldom)) {
        return None;
    }
    let repeated = match work {
        Work::Asks => repeated_question(cx.project, function, call)?,
        _ => repeat(cx.project, function, call)?,
    };
    if repeated.in_worker && !cx.facts().is_async(local) && costs::is_said_by_callers(cx.project, function) {
        return None;
    }
    if work == Work::Asks && !looks_again(cx, local, &repeated) {
        return None;
    }
    // A copy by writing and reading is a copy.
    if super::copies::copied(cx, local, cx.facts().parent(call)).is_some() {
        return None;
    }
    let made = match work {
        Work::Joins => "join".to_owned(),
        _ => cx.node_text(call),
    };
    let every = every(cx, &repeated);
    let message = match work {
        Work::Reads => format!("`{made}` reads the same file again for {every}"),
        Work::Joins => format!("`{made}` builds the same text again for {every}"),
        Work::Asks => format!("`{made}` asks the same again for {every}"),
        Work::Computes | Work::Helps(_) => format!("`{made}` computes the same value again for {every}"),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, function, call, message);
    "nothing that goes into it changes from one item to the next, so the work and the memory are spent once per item for one value"
        .clone_into(&mut diagnostic.why);
    if work == Work::Asks {
        "nothing that goes into it changes from one item to the next, so one answer is asked for, and waited for, once per item"
            .clone_into(&mut diagnostic.why);
    }
    diagnostic.help = if repeated.in_worker {
        format!(
            "compute it once before the items start, and pass it to `{}`",
            cx.qualname(function)
        )
    } else {
        "compute it once before the loop".to_owned()
    };
    diagnostic.labels.push(cx.label(repeated.at, "once per item"));
    if let Work::Helps(at) = work {
        diagnostic.labels.push(cx.label(at, "the work is here"));
    }
    diagnostic.confidence = if is_conditional(cx.project, function, call) {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    // One after another, no two of the texts are alive at once, and each is made in less time than the wait beside it takes.
    if matches!(work, Work::Joins) && costs::in_turn(cx.project, &repeated) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = made;
    Some(diagnostic)
}

/// Whether nothing in what is repeated could change the answer.
fn looks_again(cx: &Context<'_>, local: LocalFn, repeated: &Repeat) -> bool {
    let facts = cx.project.names.facts(repeated.at.module);
    let own = cx.facts().function(local).node;
    super::lookups::only_looks(facts, repeated.at.node)
        && (!repeated.in_worker || super::lookups::only_looks(cx.facts(), own))
}

fn every(cx: &Context<'_>, repeated: &Repeat) -> String {
    match repeated.source {
        Some(At { module, node }) => {
            let facts = cx.project.names.facts(module);
            format!("every item of `{}`", super::text::expr_text(facts, node, 4))
        }
        None => "every item".to_owned(),
    }
}
