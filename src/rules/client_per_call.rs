#![doc = include_str!("../../rules/client-per-call.md")]

use super::clients::{self, Keeping, Making, Owner};

use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{Fate, FnKind, MODULE_FN, PlaceId};
use crate::project::{Flags, Site};
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
        let what = cx.project.names.catalog.class_name(making.class).to_owned();
        found.extend(made(cx, &making, site, &format!("`{what}`")));
    }
    for (owner, site) in clients::owners(cx) {
        found.extend(with_an_owner(cx, &owner, site));
    }
}

/// A client, or an object that brings one, which is made more often than it is needed.
fn made(cx: &Context<'_>, making: &Making, site: &Site, what: &str) -> Option<Diagnostic> {
    let seldom = Flags::ONCE.with(Flags::MAIN).with(Flags::ERROR_PATH);
    let module = making.function.local == MODULE_FN;
    if module || site.flags.has(seldom) || clients::is_kept_by_its_function(cx, making.function) {
        return None;
    }
    match clients::keeping(cx.facts(), making.node) {
        Keeping::Kept => None,
        Keeping::Attribute(target) if !clients::gives(cx.facts(), making.function, target) => None,
        Keeping::Attribute(_) | Keeping::Returned => from_factory(cx, making, what),
        Keeping::Local(place) => within(cx, making, site, place, what),
    }
}

/// An object of the project whose class makes a client for each.
fn with_an_owner(cx: &Context<'_>, owner: &Owner, site: &Site) -> Option<Diagnostic> {
    let class = cx.call_text(site.at);
    let client = cx.project.names.catalog.class_name(owner.making.class).to_owned();
    let mut diagnostic = made(
        cx,
        &owner.making,
        site,
        &format!("`{class}`, with a `{client}` of its own,"),
    )?;
    diagnostic.labels.push(cx.label(owner.made, "the client is made here"));
    // Whether the object is one of many or the only one of its kind is less plain than of a client.
    diagnostic.confidence = diagnostic.confidence.min(Confidence::Medium);
    Some(diagnostic)
}

/// Made and gone within one call of the function.
fn within(cx: &Context<'_>, making: &Making, site: &Site, place: Option<PlaceId>, what: &str) -> Option<Diagnostic> {
    let facts = cx.facts();
    let it = facts.function(making.function.local);
    if it.kind != FnKind::Async || place.is_some_and(|place| clients::serves_many(cx, making, place)) {
        return None;
    }
    let name = cx.qualname(making.function);
    let reconnects = clients::is_reconnect(facts, making);
    let per_item = site.flags.has(Flags::IN_LOOP) && !reconnects;
    let message = if per_item {
        format!("{what} is made anew for every item of the loop in `{name}`")
    } else {
        format!("{what} is made anew at every call of `{name}`")
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
    let local = making.function.local;
    let seldom = reconnects
        || !clients::is_often(cx, making, site, diagnostic.exposure)
        || clients::fills_a_cache(facts, local)
        || clients::asks_to_close(facts, local);
    if seldom && !per_item {
        diagnostic.severity = Severity::Low;
    }
    if clients::depends_on_the_caller(facts, making) {
        diagnostic.confidence = Confidence::Low;
    }
    Some(diagnostic)
}

/// Made by a function that returns it to callers who do not keep it either.
fn from_factory(cx: &Context<'_>, making: &Making, what: &str) -> Option<Diagnostic> {
    let project = cx.project;
    if clients::depends_on_the_caller(cx.facts(), making) {
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
    let name = cx.qualname(making.function);
    let mut diagnostic = finding(
        cx,
        making,
        format!("every call of `{name}` makes another {}", what.trim_end_matches(',')),
    );
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
