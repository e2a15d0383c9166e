//! Whether something says that a fan-out over data is narrow: what it runs over, a deadline for all, a race.

use super::fan_out_text::at;
use crate::facts::{FileFacts, How, Kind, NodeId, Role};
use crate::project::{FanOut, Strand, has_word};
use crate::rules::Context;

/// Names of collections of what somebody has set up.
const PARTS: [&str; 55] = [
    "device",
    "devices",
    "providers",
    "retrievers",
    "advisors",
    "members",
    "models",
    "servers",
    "config",
    "configs",
    "configuration",
    "settings",
    "plugins",
    "integrations",
    "credentials",
    "limits",
    "types",
    "kinds",
    "targets",
    "tiers",
    "backends",
    "metrics",
    "adapters",
    "callbacks",
    "handlers",
    "hooks",
    "guardrails",
    "listeners",
    "subscribers",
    "coordinators",
    "zones",
    "rooms",
    "platforms",
    "toolkits",
    "evaluators",
    "scorers",
    "judges",
    "alternatives",
    "candidates",
    "budgets",
    "variants",
    "mirrors",
    "replicas",
    "regions",
    "engines",
    "languages",
    "registrations",
    "attachments",
    "addons",
    "owners",
    "windows",
    "groups",
    "sections",
    "doors",
    "teams",
];

/// Collections of what somebody has configured: a handful, whatever the data.
pub(super) fn is_configured(cx: &Context<'_>, strand: &Strand) -> bool {
    let facts = cx.facts();
    let says = |it: NodeId, words: &[&str]| named(facts, it).any(|it| has_word(it, words));
    strand.source.is_some_and(|it| {
        says(it, &PARTS)
            || annotation(facts, it).is_some_and(|it| says(it, &["config", "settings"]))
            || comes_from(facts, it, FILTERS)
    })
}

/// So many steps lead through a filter of a filter of a filter.
const FILTERS: u32 = 16;

/// Whether a word says it of what a collection is a selection of: `eligible = tuple(it for it in teams if ...)`,
/// `queries = state.get("sections")`, `allowed = await allowed_servers(user)`.
fn comes_from(facts: &FileFacts, node: NodeId, fuel: u32) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    let further = |it: Option<NodeId>| it.is_some_and(|it| comes_from(facts, it, fuel));
    let says = |name: Option<&str>| name.is_some_and(|it| has_word(it, &PARTS));
    let key = |it: NodeId| (facts.kind(it) == Kind::Str).then(|| facts.payload_text(it)).flatten();
    match facts.kind(node) {
        Kind::Name => says(facts.name_text(node)) || further(only_value(facts, node)),
        Kind::Attribute => says(facts.payload_text(node)),
        Kind::Await | Kind::Starred => further(facts.child(node, Role::Value)),
        Kind::ListComp | Kind::SetComp | Kind::GeneratorExp => {
            let generator = facts.child(node, Role::Generator);
            further(generator.and_then(|it| facts.child(it, Role::Iter)))
        }
        // `(first, *others)` are a few more than the others.
        Kind::Tuple | Kind::List => further(facts.children(node).find(|&it| facts.kind(it) == Kind::Starred)),
        Kind::Subscript => says(facts.child(node, Role::Index).and_then(key)),
        Kind::Call => {
            let (func, first) = (facts.child(node, Role::Func), facts.arg(node, 0));
            let name = func.and_then(|it| facts.name_text(it).or_else(|| facts.payload_text(it)));
            match (name, first) {
                (Some("tuple" | "list" | "sorted" | "set" | "zip" | "enumerate" | "fromkeys"), _) => further(first),
                (Some("get"), Some(first)) => says(key(first)),
                (name, _) => says(name),
            }
        }
        _ => false,
    }
}

/// The value of a name that is set once.
fn only_value(facts: &FileFacts, name: NodeId) -> Option<NodeId> {
    let mut made = facts.definitions_of(facts.name_place(name)?).iter();
    let (only, None) = (made.next()?, made.next()) else {
        return None;
    };
    match only.how {
        How::Assign { value, .. } => Some(value),
        _ => None,
    }
}

/// The names in an expression.
fn named(facts: &FileFacts, within: NodeId) -> impl Iterator<Item = &str> {
    facts.subtree(within).filter_map(|it| match facts.kind(it) {
        Kind::Name => facts.name_text(it),
        Kind::Attribute => facts.payload_text(it),
        _ => None,
    })
}

/// How the parameter that a name stands for is annotated: `list[AgentConfig]`.
fn annotation(facts: &FileFacts, name: NodeId) -> Option<NodeId> {
    let place = facts.name_place(name)?;
    let owner = facts.function(facts.place(place).owner);
    owner.params.iter().find(|it| it.place == place)?.annotation
}

/// Whether something says that there are few.
pub(super) fn is_narrow(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand) -> bool {
    is_configured(cx, strand) || is_cut_off(cx, fan_out) || is_race(cx, fan_out)
}

/// The whole fan-out is given so many seconds: who wrote that expects few, and the rest is cut off.
fn is_cut_off(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let facts = cx.facts();
    let covers = |node: NodeId| cx.project.deadlines.covers(at(cx, node));
    let statement = facts.statement_of(fan_out.at.node);
    let tasks = facts.child(statement, Role::Target).and_then(|it| facts.name_place(it));
    let root = facts.function(fan_out.orchestrator.local).node;
    covers(fan_out.at.node)
        || tasks.is_some_and(|tasks| {
            let mut reads = facts
                .descendants(root)
                .filter(|&it| facts.name_place(it) == Some(tasks));
            reads.any(covers)
        })
}

/// The first that succeeds is returned: they are ways to the same thing, and such ways are few.
fn is_race(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let facts = cx.facts();
    let mut loops = facts
        .body_nodes(fan_out.orchestrator.local)
        .filter(|&it| matches!(facts.kind(it), Kind::For | Kind::AsyncFor));
    loops.any(|it| {
        let over = facts.child(it, Role::Iter).filter(|&it| facts.kind(it) == Kind::Call);
        let name = over.map(|it| cx.node_text(it)).unwrap_or_default();
        let returns = |it: NodeId| facts.kind(it) == Kind::Return && facts.child(it, Role::Value).is_some();
        name.ends_with("as_completed") && facts.descendants(it).any(returns)
    })
}
