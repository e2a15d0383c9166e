//! Waits for a peer that mostly answers at once, where one that is gone holds up more than its own caller.

use super::endings;
use crate::diagnostic::{Confidence, Diagnostic, RuleInfo};
use crate::facts::{FileFacts, FnKind, Kind, NodeId, Role};
use crate::project::{Bound, Callee, Flags, FnId, Hold, LimiterKind, Site, SiteId, has_word};
use crate::rules::Context;

/// What a wait that never ends holds up.
pub(super) enum Held<'a> {
    /// The step of a `try` whose failure does no harm.
    Optional,
    /// The other turns of a loop.
    Rest,
    /// The end of its object or program.
    End,
    /// A slot that others wait for.
    Slot(&'a Hold),
}

/// An awaited call that holds something up.
pub(super) struct Holdup<'a> {
    pub(super) site: &'a Site,
    /// From the call to the library's.
    pub(super) chain: Vec<SiteId>,
    /// The library's name of what waits.
    pub(super) what: &'a str,
    pub(super) held: Held<'a>,
    pub(super) bound: Bound,
    /// What is told once: the statement, the function, or the file.
    place: (Option<FnId>, Option<NodeId>),
    /// How many more are like it.
    more: usize,
}

/// A `try` of more statements than this handles the errors of the function, not of one step.
const STATEMENTS: usize = 3;

/// A step of more calls than this from one function to the next is no step, but half of the program.
const STEPS: usize = 2;

/// Those of this module: the first of each statement that is held up, and of the steps that may fail the first that
/// calls the same; a file with many of them has one thing to change.
pub(super) fn holdups<'a>(cx: &Context<'a>) -> Vec<Holdup<'a>> {
    let functions = cx.facts().all_functions().filter(|(_, it)| it.kind == FnKind::Async);
    let sites = functions.flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)));
    let mut found: Vec<Holdup<'a>> = Vec::new();
    for holdup in sites.filter_map(|(id, site)| holdup(cx, id, site)) {
        let same = |it: &&mut Holdup<'a>| {
            it.place == holdup.place && (it.place.0.is_some() || it.what_class() == holdup.what_class())
        };
        match found.iter_mut().find(same) {
            Some(first) => first.more += 1,
            None => found.push(holdup),
        }
    }
    found
}

impl Holdup<'_> {
    /// The class of what waits.
    fn what_class(&self) -> &str {
        self.what.rsplit_once('.').map_or(self.what, |it| it.0)
    }
}

fn holdup<'a>(cx: &Context<'a>, id: SiteId, site: &'a Site) -> Option<Holdup<'a>> {
    let project = cx.project;
    if !site.flags.has(Flags::AWAITED) || project.deadlines.covers(site.at) {
        return None;
    }
    let chain = project.endless.from(&project.graph, id)?;
    let bound = project.deadlines.of(&project.graph, id);
    let Callee::Library(entry) = project.graph.site(*chain.last()?).callee else {
        return None;
    };
    let (held, statement) = held(cx, site, &chain).filter(|_| bound != Bound::Always)?;
    let what = project.names.catalog.entry_name(entry);
    let place = match held {
        Held::Optional if !closes(cx, *chain.last()?) => (None, None),
        _ => (Some(site.caller), statement),
    };
    Some(Holdup {
        site,
        chain,
        what,
        held,
        bound,
        place,
        more: 0,
    })
}

/// What a wait holds up, and the statement of it.
fn held<'a>(cx: &Context<'a>, site: &Site, chain: &[SiteId]) -> Option<(Held<'a>, Option<NodeId>)> {
    let facts = cx.facts();
    let root = facts.function(site.caller.local).node;
    let around: Vec<NodeId> = facts.ancestors(site.at.node).take_while(|&it| it != root).collect();
    let mut holds = cx
        .project
        .limiters
        .around(cx.module, site.caller.local, site.at.node)
        .filter(|it| it.kind == LimiterKind::Count);
    if let Some(hold) = holds.next() {
        return Some((Held::Slot(hold), Some(hold.at.node)));
    }
    // What ends something below is told there.
    let ends = |it: &SiteId| endings::is_ending(cx, cx.project.graph.site(*it).caller);
    let closes = closes(cx, *chain.last()?);
    if closes && chain[1..].iter().any(ends) {
        return None;
    }
    if closes && ends(&chain[0]) {
        return Some((Held::End, None));
    }
    let tried = around.iter().copied().find(|&it| is_optional(facts, it, site.at.node));
    if let Some(tried) = tried.filter(|_| chain.len() <= STEPS) {
        return Some((Held::Optional, Some(tried)));
    }
    let turns = around.iter().copied().find(|&it| is_of_turn(facts, it, site.at.node));
    turns.map(|it| (Held::Rest, Some(it)))
}

/// `try: await page.close()`, `except Exception: pass`: the step may fail.
fn is_optional(facts: &FileFacts, tried: NodeId, node: NodeId) -> bool {
    let mut body = facts.children_as(tried, Role::Body);
    facts.kind(tried) == Kind::Try
        && facts.children_as(tried, Role::Body).count() <= STATEMENTS
        && body.any(|it| facts.contains(it, node))
        && facts
            .children_as(tried, Role::Handler)
            .any(|it| is_broad(facts, it) && is_forgotten(facts, it))
}

fn is_broad(facts: &FileFacts, handler: NodeId) -> bool {
    let Some(kind) = facts.child(handler, Role::Type) else {
        return true;
    };
    matches!(facts.name_text(kind), Some("Exception" | "BaseException"))
}

/// A handler that at most writes a line: nobody needs what the step gives.
fn is_forgotten(facts: &FileFacts, handler: NodeId) -> bool {
    facts.children_as(handler, Role::Body).all(|it| match facts.kind(it) {
        Kind::Pass | Kind::Continue => true,
        Kind::ExprStmt => facts.child(it, Role::Value).is_some_and(|it| logs(facts, it)),
        _ => false,
    })
}

fn logs(facts: &FileFacts, call: NodeId) -> bool {
    let func = facts.child(call, Role::Func);
    let written = func.map(|it| super::text::expr_text(facts, it, 4)).unwrap_or_default();
    let (receiver, _) = written.rsplit_once('.').unwrap_or((&written, ""));
    has_word(receiver, &["log", "logger", "logging", "print", "warnings"])
}

/// Whether the library's call ends something.
fn closes(cx: &Context<'_>, end: SiteId) -> bool {
    let site = cx.project.graph.site(end);
    let called = cx.call_text(site.at);
    endings::ends(called.rsplit('.').next().unwrap_or_default())
}

/// `for page in pages: await page.title()`: each turn asks another peer.
fn is_of_turn(facts: &FileFacts, around: NodeId, call: NodeId) -> bool {
    if !matches!(facts.kind(around), Kind::For | Kind::AsyncFor) {
        return false;
    }
    let Some(target) = facts.child(around, Role::Target) else {
        return false;
    };
    let receiver = facts
        .child(call, Role::Func)
        .and_then(|it| facts.child(it, Role::Value))
        .and_then(|it| facts.name_place(it));
    receiver.is_some() && facts.subtree(target).any(|it| facts.name_place(it) == receiver)
}

/// The finding.
pub(super) fn report(cx: &Context<'_>, rule: &'static RuleInfo, holdup: &Holdup<'_>) -> Diagnostic {
    let call = cx.node_text(holdup.site.at.node);
    let (held, why) = match holdup.held {
        Held::Optional => (
            "the `try` around it only expects it to fail".to_owned(),
            "the step may be left out when it fails, and stops everything when the other side is silent",
        ),
        Held::Rest => (
            "the other turns of the loop with it".to_owned(),
            "one that no longer answers holds up all that are well",
        ),
        Held::End => (
            "what it ends never does".to_owned(),
            "what hangs there keeps the program from ending, or the next start from beginning",
        ),
        Held::Slot(hold) => (
            format!(
                "keeps a slot of `{}`",
                super::text::expr_text(cx.facts(), hold.subject, 4)
            ),
            "each one that hangs takes its slot for good, and when all are taken nothing runs any more",
        ),
    };
    let more = match holdup.more {
        0 => String::new(),
        1 => " (as does one more here)".to_owned(),
        more => format!(" (as do {more} more here)"),
    };
    let message = format!("`{call}` may wait for ever{more}, and {held}");
    let mut diagnostic = cx.diagnostic(rule, holdup.site.caller, holdup.site.at.node, message);
    why.clone_into(&mut diagnostic.why);
    diagnostic.help = super::waits::help(cx, &format!("{call}(...)"));
    diagnostic.confidence = if holdup.bound == Bound::Sometimes {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    if holdup.chain.len() > 1 {
        diagnostic.witness = cx.steps(&holdup.chain);
    }
    holdup.what.clone_into(&mut diagnostic.group);
    diagnostic
}
