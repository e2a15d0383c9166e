#![doc = include_str!("../../rules/client-per-call.md")]

use super::clients::{self, Keeping, Making};
use crate::catalog::Act;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Fate, FileFacts, FnKind, Kind, MODULE_FN, NodeId, PlaceId, Role};
use crate::project::{Flags, FnId, Site};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "client-per-call",
        summary: "an HTTP, SDK or database client made anew per call, per item or per request",
        pattern: Pattern::PoolExhaustion,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/client-per-call.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (making, site) in clients::makings(cx) {
        let seldom = Flags::ONCE.with(Flags::MAIN).with(Flags::ERROR_PATH);
        if making.function.local == MODULE_FN || site.flags.has(seldom) || is_kept_by_its_function(cx, making.function)
        {
            continue;
        }
        found.extend(match clients::keeping(cx.facts(), making.node) {
            Keeping::Kept => None,
            Keeping::Attribute(target) if !gives(cx.facts(), making.function, target) => None,
            Keeping::Attribute(_) => from_factory(cx, &making),
            Keeping::Returned => from_factory(cx, &making),
            Keeping::Local(place) => within(cx, &making, site, place),
        });
    }
}

/// A getter that sets the attribute whatever it holds, and returns it.
fn gives(facts: &FileFacts, function: FnId, attribute: NodeId) -> bool {
    let text = super::text::expr_text(facts, attribute, 4);
    facts.body_nodes(function.local).any(|it| {
        facts.kind(it) == Kind::Return
            && facts
                .child(it, Role::Value)
                .is_some_and(|value| super::text::expr_text(facts, value, 4) == text)
    })
}

/// A memoized function makes its client once; a generator lends it until it is closed; a class enters with it.
fn is_kept_by_its_function(cx: &Context<'_>, function: FnId) -> bool {
    let facts = cx.facts();
    let it = facts.function(function.local);
    let memoized = cx.project.decorators.of(function).iter().any(|decorator| {
        let act = decorator
            .entry
            .and_then(|entry| cx.project.names.catalog.entry(entry).act);
        let text = super::text::expr_text(facts, decorator.node, 4);
        act == Some(Act::Memoize) || text.contains("cache") || text.contains("fixture")
    });
    let name = facts.text(it.name);
    memoized
        || it.is_generator
        || matches!(
            name,
            "__init__" | "__aenter__" | "__enter__" | "__post_init__" | "lifespan"
        )
}

/// Made and gone within one call of the function.
fn within(cx: &Context<'_>, making: &Making, site: &Site, place: Option<PlaceId>) -> Option<Diagnostic> {
    let facts = cx.facts();
    let it = facts.function(making.function.local);
    if it.kind != FnKind::Async || place.is_some_and(|place| serves_many(cx, making, place)) {
        return None;
    }
    let what = cx.project.names.catalog.class_name(making.class).to_owned();
    let name = cx.qualname(making.function);
    let per_item = site.flags.has(Flags::IN_LOOP);
    let message = if per_item {
        format!("`{what}` is made anew for every item of the loop in `{name}`")
    } else {
        format!("`{what}` is made anew at every call of `{name}`")
    };
    let mut diagnostic = finding(cx, making, message);
    let open = if it.class.is_some() {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    diagnostic.confidence = match diagnostic.exposure {
        _ if per_item => Confidence::High,
        Exposure::Hot => Confidence::High,
        _ => open,
    };
    if diagnostic.exposure == Exposure::Solitary {
        diagnostic.severity = Severity::Low;
    }
    if depends_on_the_caller(facts, making) {
        diagnostic.confidence = Confidence::Low;
    }
    Some(diagnostic)
}

/// A loop or a fan-out uses it, so that one client serves them all.
fn serves_many(cx: &Context<'_>, making: &Making, place: PlaceId) -> bool {
    let facts = cx.facts();
    let root = facts.function(making.function.local).node;
    let uses: Vec<NodeId> = clients::reads(facts, place).collect();
    let repeats = |&read: &NodeId| {
        let around = facts.ancestors(read).take_while(|&it| it != root && it.0 > 0);
        around
            .filter(|&it| !facts.contains(it, making.node))
            .any(|it| facts.kind(it).is_loop() || is_comprehension(facts.kind(it)))
    };
    let fans_out = cx.project.fan_outs.of(cx.module).iter();
    uses.iter().any(repeats)
        || fans_out
            .filter(|it| it.orchestrator == making.function)
            .any(|it| uses.iter().any(|&read| facts.contains(it.at.node, read)) || it.at.node > making.node)
}

fn is_comprehension(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp
    )
}

/// Keywords that say whose connection it is.
const IDENTITY: [&str; 12] = [
    "api_key",
    "token",
    "auth",
    "auth_token",
    "access_token",
    "cookies",
    "proxy",
    "proxies",
    "cert",
    "credentials",
    "credential",
    "base_url",
];

/// Made for credentials, a proxy or an address that the caller brings: one for all would not do.
fn depends_on_the_caller(facts: &FileFacts, making: &Making) -> bool {
    let params = &facts.function(making.function.local).params;
    let is_param = |node: NodeId| {
        facts.name_place(node).is_some_and(|place| {
            let receiver = params
                .first()
                .is_some_and(|it| it.place == place && matches!(facts.text(it.name), "self" | "cls"));
            !receiver && params.iter().any(|it| it.place == place)
        })
    };
    IDENTITY
        .iter()
        .filter_map(|it| facts.keyword(making.node, it))
        .any(|value| is_param(value) || facts.descendants(value).any(is_param))
}

/// Made by a function that returns it to callers who do not keep it either.
fn from_factory(cx: &Context<'_>, making: &Making) -> Option<Diagnostic> {
    let project = cx.project;
    if depends_on_the_caller(cx.facts(), making) {
        return None;
    }
    let uses = project.graph.callers(making.function).filter(|(_, site)| {
        let facts = project.names.facts(site.at.module);
        let reported = project.names.modules[site.at.module.0 as usize].reported;
        let is_async = facts.function(site.caller.local).kind == FnKind::Async;
        let used = facts.fate(site.at.node) != Fate::Dropped;
        let local = used && matches!(clients::keeping(facts, site.at.node), Keeping::Local(_));
        reported && is_async && local && !site.flags.has(Flags::ONCE.with(Flags::MAIN))
    });
    let exposed = |it: &&Site| cx.exposure(it.caller) != Exposure::Solitary;
    let user = uses.map(|(_, site)| site).find(exposed)?;
    let what = project.names.catalog.class_name(making.class).to_owned();
    let name = cx.qualname(making.function);
    let mut diagnostic = finding(cx, making, format!("every call of `{name}` makes another `{what}`"));
    diagnostic.labels.push(cx.label(user.at, "used once here and dropped"));
    diagnostic.exposure = cx.exposure(user.caller);
    diagnostic.confidence = if diagnostic.exposure == Exposure::Hot {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(diagnostic)
}

fn finding(cx: &Context<'_>, making: &Making, message: String) -> Diagnostic {
    let mut diagnostic = cx.diagnostic(&RULE.info, making.function, making.node, message);
    "each has a pool of its own, so no connection is used twice, and every request pays for a new one"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = if cx.facts().function(making.function.local).class.is_some() {
        "make it once, keep it on `self`, and close it with the object".to_owned()
    } else {
        "make one where the program starts, pass it in, and close it at the end".to_owned()
    };
    diagnostic.group = cx.project.names.catalog.class_name(making.class).to_owned();
    diagnostic
}
