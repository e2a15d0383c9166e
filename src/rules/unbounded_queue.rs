#![doc = include_str!("../../rules/unbounded-queue.md")]

use super::fan_out_text as text;
use super::queue_ends::{is_endless, is_slow};
use crate::catalog::Is;
use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, PlaceId, Role};
use crate::project::{Callee, Site};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "unbounded-queue",
        summary: "a queue without a size between a source that does not wait and a slower consumer",
        pattern: Pattern::UnboundedConcurrency,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/unbounded-queue.md"),
    },
    check,
};

/// What keeps a queue: a name, or an attribute of the objects of this module.
#[derive(Clone, PartialEq, Eq)]
enum Keeper<'a> {
    Name(PlaceId),
    Attribute(&'a str),
}

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let functions = cx.facts().all_functions();
    let sites = functions.flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)));
    for (_, site) in sites {
        if is_queue_without_size(cx, site)
            && let Some(keeper) = keeper(cx.facts(), site.at.node)
        {
            found.extend(between(cx, site, &keeper));
        }
    }
}

/// `asyncio.Queue()`, `Queue(0)`, `Queue(maxsize=0)`.
fn is_queue_without_size(cx: &Context<'_>, site: &Site) -> bool {
    let catalog = &cx.project.names.catalog;
    let class = match site.callee {
        Callee::Construct(name) => catalog.class(name),
        Callee::Library(entry) if catalog.entry_name(entry).ends_with(".__init__") => catalog.owner(entry),
        _ => None,
    };
    let Some(class) = class.filter(|&it| catalog.is(it, Is::Queue) && catalog.class_name(it).starts_with("asyncio."))
    else {
        return false;
    };
    let facts = cx.facts();
    let call = site.at.node;
    let keyword = catalog.class_entry(class).size.as_deref().unwrap_or("maxsize");
    let size = facts.arg(call, 0).or_else(|| facts.keyword(call, keyword));
    facts.kind(call) == Kind::Call
        && !facts.has_double_star(call)
        && size.is_none_or(|it| facts.number(it).is_some_and(|it| it <= 0.0))
}

/// What the construction is assigned to.
fn keeper(facts: &FileFacts, call: NodeId) -> Option<Keeper<'_>> {
    let statement = NodeId(facts.node(call).parent);
    if !matches!(facts.kind(statement), Kind::Assign | Kind::AnnAssign) {
        return None;
    }
    kept(facts, facts.child(statement, Role::Target)?)
}

fn kept(facts: &FileFacts, node: NodeId) -> Option<Keeper<'_>> {
    match facts.kind(node) {
        Kind::Name => facts.name_place(node).map(Keeper::Name),
        Kind::Attribute => facts.payload_text(node).map(Keeper::Attribute),
        _ => None,
    }
}

/// The finding, where a source that does not wait fills the queue and a consumer that waits empties it.
fn between(cx: &Context<'_>, made: &Site, keeper: &Keeper<'_>) -> Option<Diagnostic> {
    let facts = cx.facts();
    let uses: Vec<(LocalFn, NodeId, &str)> = facts
        .all_functions()
        .flat_map(|(local, _)| facts.body_nodes(local).map(move |it| (local, it)))
        .filter_map(|(local, call)| Some((local, call, method_on(facts, call, keeper)?)))
        .collect();
    if uses.iter().any(|it| matches!(it.2, "qsize" | "full")) {
        return None;
    }
    let fills = uses.iter().filter(|it| matches!(it.2, "put" | "put_nowait"));
    let (_, put, _) = fills.copied().find(|&(local, call, _)| is_endless(cx, local, call))?;
    let empties = uses.iter().filter(|it| matches!(it.2, "get" | "get_nowait"));
    let (_, get, _) = empties.copied().find(|&(local, call, _)| is_slow(cx, local, call))?;
    let shown = facts
        .child(facts.statement_of(made.at.node), Role::Target)
        .map(|it| crate::rules::text::expr_text(facts, it, 4))?;
    let message = format!("`{shown}` has no size: its source goes on, however far behind the consumer is");
    let mut diagnostic = cx.diagnostic(&RULE.info, made.caller, made.at.node, message);
    "when the service behind the consumer is slow, items pile up in memory and are lost when the process ends"
        .clone_into(&mut diagnostic.why);
    "give it a `maxsize`, so that `put` waits, or drop items on purpose when it is full"
        .clone_into(&mut diagnostic.help);
    diagnostic.labels = vec![
        cx.label(text::at(cx, put), "put without waiting for the consumer"),
        cx.label(text::at(cx, get), "get, then a request per item"),
    ];
    diagnostic.confidence = match keeper {
        Keeper::Name(_) => Confidence::High,
        Keeper::Attribute(_) => Confidence::Medium,
    };
    Some(diagnostic)
}

/// The method that a call calls on the queue.
fn method_on<'a>(facts: &'a FileFacts, call: NodeId, keeper: &Keeper<'_>) -> Option<&'a str> {
    let func = facts
        .child(call, Role::Func)
        .filter(|&it| facts.kind(call) == Kind::Call && facts.kind(it) == Kind::Attribute)?;
    let receiver = kept(facts, facts.child(func, Role::Value)?)?;
    (receiver == *keeper).then(|| facts.payload_text(func)).flatten()
}
