#![doc = include_str!("../../rules/disabled-timeout.md")]

use crate::catalog::{Deadline, Is};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FileFacts, How, Kind, NodeId, Role};
use crate::project::{At, Bound, Callee, Site, SiteId, origin};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "disabled-timeout",
        summary: "a client or request whose default timeout is turned off",
        pattern: Pattern::LongTail,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/disabled-timeout.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let functions = cx.facts().all_functions();
    let sites = functions.flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)));
    found.extend(sites.filter_map(|(id, site)| report(cx, id, site)));
}

fn report(cx: &Context<'_>, id: SiteId, site: &Site) -> Option<Diagnostic> {
    let facts = cx.facts();
    let (class, default) = protected(cx, site)?;
    let value = facts.keyword(site.at.node, "timeout")?;
    if !is_off(cx, value) || is_meant(cx, site) {
        return None;
    }
    let bound = cx.project.deadlines.of(&cx.project.graph, id);
    if bound == Bound::Always {
        return None;
    }
    let call = cx.node_text(site.at.node);
    let message = format!("`{call}` turns off the timeout, which is {default} s by default in `{class}`");
    let mut diagnostic = cx.diagnostic(&RULE.info, site.caller, site.at.node, message);
    "an answer that never comes then holds the task and its connection for ever".clone_into(&mut diagnostic.why);
    diagnostic.help =
        "give the longest time that an answer may take; for streams bound the pauses (`read=`), not the whole"
            .to_owned();
    if bound == Bound::Sometimes {
        diagnostic.confidence = Confidence::Low;
    }
    if diagnostic.exposure == Exposure::Solitary && site.caller.local != crate::facts::MODULE_FN {
        diagnostic.severity = Severity::Low;
    }
    class.clone_into(&mut diagnostic.group);
    Some(diagnostic)
}

/// The client whose default would have protected the call, and its seconds.
fn protected<'a>(cx: &Context<'a>, site: &Site) -> Option<(&'a str, f64)> {
    let catalog = &cx.project.names.catalog;
    let class = match site.callee {
        Callee::Construct(name) => catalog.class(name)?,
        Callee::Library(entry) => catalog.owner(entry)?,
        Callee::Own(_) | Callee::AnyOf(_) => return None,
    };
    let line = catalog.lineage(class);
    let entry = line
        .iter()
        .map(|&it| catalog.class_entry(it))
        .find(|it| it.timeout.is_some())?;
    let is_client = catalog.is(class, Is::Client) && line.iter().any(|&it| catalog.class_entry(it).r#async);
    match entry.timeout? {
        Deadline::Seconds(seconds) if is_client => Some((catalog.class_name(class), seconds)),
        _ => None,
    }
}

/// `None`, `Timeout(None)`, `ClientTimeout(total=None)` with nothing else in it.
fn is_off(cx: &Context<'_>, value: NodeId) -> bool {
    let place = cx.facts().name_place(value);
    let made = place.map(|it| cx.facts().definitions_of(it)).unwrap_or_default();
    if made.iter().any(|it| matches!(it.how, How::Param(_))) {
        return false;
    }
    let at = At {
        module: cx.module,
        node: value,
    };
    let made = origin(&cx.project.names, &cx.project.graph, at);
    let facts = cx.project.names.facts(made.module);
    match facts.kind(made.node) {
        Kind::None => true,
        Kind::Call => is_empty_timeout(facts, made.node),
        _ => false,
    }
}

fn is_empty_timeout(facts: &FileFacts, call: NodeId) -> bool {
    let func = facts.child(call, Role::Func);
    let name = func.map(|it| super::text::expr_text(facts, it, 4)).unwrap_or_default();
    let given: Vec<NodeId> = facts.given(call).collect();
    name.ends_with("Timeout") && !given.is_empty() && given.iter().all(|&it| facts.kind(it) == Kind::None)
}

/// Streams, long polls and server-sent events are meant to stay open.
fn is_meant(cx: &Context<'_>, site: &Site) -> bool {
    const LASTS: [&str; 12] = [
        "stream",
        "sse",
        "events",
        "event",
        "subscribe",
        "listen",
        "watch",
        "tail",
        "websocket",
        "ws",
        "poll",
        "proxy",
    ];
    let facts = cx.facts();
    let speaks = |text: &str| crate::project::has_word(text, &LASTS);
    let streams = facts.keyword(site.at.node, "stream").is_some() || facts.keyword(site.at.node, "transport").is_some();
    streams
        || speaks(&cx.qualname(site.caller))
        || speaks(&cx.node_text(site.at.node))
        || speaks(&cx.project.names.modules[cx.module.0 as usize].name)
}
