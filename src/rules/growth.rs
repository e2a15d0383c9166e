//! Values that grow by being copied: each step makes a new one of all that was there before.

use crate::catalog::Copies;
use crate::diagnostic::{Confidence, Diagnostic, RuleInfo, Severity};
use crate::facts::{AttributeDef, FileFacts, How, Kind, LocalFn, NodeId, Op, Role};
use crate::project::{At, FnId};
use crate::rules::Context;

/// The statements of a function by which a value grows, with the loop that repeats them.
pub(super) fn growths(cx: &Context<'_>, local: LocalFn) -> Vec<(NodeId, NodeId)> {
    let facts = cx.facts();
    let statements = facts.body_nodes(local).filter_map(|it| {
        let around = chunk_loop(cx, local, it)?;
        let grows = match facts.kind(it) {
            Kind::AugAssign => appends_text(facts, local, it),
            Kind::Assign => concatenates(cx, local, around, it),
            _ => false,
        };
        grows.then_some((it, around))
    });
    // Two lines that add to one value grow it together.
    let mut told: Vec<String> = Vec::new();
    let mut found: Vec<(NodeId, NodeId)> = statements.collect();
    found.retain(|&(it, _)| {
        let target = facts.child(it, Role::Target);
        let name = target
            .map(|it| super::text::expr_text(facts, it, 4))
            .unwrap_or_default();
        let is_new = !told.contains(&name);
        told.push(name);
        is_new
    });
    found
}

/// The loop around a statement, or the one that calls its function for every chunk of a stream.
fn chunk_loop(cx: &Context<'_>, local: LocalFn, statement: NodeId) -> Option<NodeId> {
    let facts = cx.facts();
    if !matches!(facts.kind(statement), Kind::AugAssign | Kind::Assign) {
        return None;
    }
    let root = facts.function(local).node;
    let mut around = facts.ancestors(statement).take_while(|&it| it != root);
    around
        .find(|&it| facts.kind(it).is_loop())
        .or_else(|| streams_to(cx, cx.function(local)))
}

/// `async for chunk in stream: self.process(chunk)`.
pub(super) fn streams_to(cx: &Context<'_>, function: FnId) -> Option<NodeId> {
    let facts = cx.facts();
    let mut callers = cx
        .project
        .graph
        .callers(function)
        .filter(|(_, site)| site.at.module == cx.module);
    callers.find_map(|(_, site)| {
        let root = facts.function(site.caller.local).node;
        let mut around = facts.ancestors(site.at.node).take_while(|&it| it != root);
        around.find(|&it| facts.kind(it) == Kind::AsyncFor)
    })
}

/// `self.text += chunk`: Python grows a local string in place, and copies one that an attribute holds.
fn appends_text(facts: &FileFacts, local: LocalFn, statement: NodeId) -> bool {
    let adds = facts.node(statement).payload == Op::Add as u32;
    let value = facts.child(statement, Role::Value);
    let is_short = value.is_some_and(|it| matches!(facts.kind(it), Kind::Str | Kind::Number | Kind::FString));
    let Some(target) = facts.child(statement, Role::Target).filter(|_| adds && !is_short) else {
        return false;
    };
    match facts.kind(target) {
        Kind::Attribute => is_text_attribute(facts, local, target),
        Kind::Name => is_bytes(facts, target) && is_only_collected(facts, target),
        _ => false,
    }
}

fn is_text_attribute(facts: &FileFacts, local: LocalFn, target: NodeId) -> bool {
    let own = settings(facts, local, target);
    // A buffer of which the rest is put back is emptied as it goes.
    own.iter().any(|it| starts_as(facts, it, &[Kind::Str, Kind::Bytes]))
        && own.iter().all(|it| only_starts_or_grows(facts, it))
}

/// Whether the class begins an attribute of its own as a `str`.
fn starts_as_str(facts: &FileFacts, local: LocalFn, target: NodeId) -> bool {
    let own = settings(facts, local, target);
    own.iter().any(|it| starts_as(facts, it, &[Kind::Str]))
}

/// What the class of a function does with an attribute of its own.
fn settings(facts: &FileFacts, local: LocalFn, target: NodeId) -> Vec<AttributeDef> {
    let owner = facts
        .child(target, Role::Value)
        .filter(|&it| facts.is_receiver(it))
        .and_then(|it| facts.name_place(it));
    let class = owner.and_then(|it| facts.function(facts.place(it).owner).class);
    let Some(class) = class.or(facts.function(local).class).filter(|_| owner.is_some()) else {
        return Vec::new();
    };
    let attributes = facts.classes[class.0 as usize].attributes.iter();
    let name = facts.payload_text(target);
    attributes
        .filter(|it| Some(facts.text(it.name)) == name)
        .copied()
        .collect()
}

fn only_starts_or_grows(facts: &FileFacts, it: &AttributeDef) -> bool {
    match it.how {
        How::Assign { value, .. } => matches!(facts.kind(value), Kind::Str | Kind::Bytes | Kind::None),
        How::Augment { .. } | How::Declare { .. } => true,
        _ => false,
    }
}

fn starts_as(facts: &FileFacts, it: &AttributeDef, kinds: &[Kind]) -> bool {
    match it.how {
        How::Assign { value, .. } => kinds.contains(&facts.kind(value)),
        _ => false,
    }
}

/// A buffer that the loop also reads is emptied there, or ends the loop once it holds enough.
fn is_only_collected(facts: &FileFacts, target: NodeId) -> bool {
    let around = facts.ancestors(target).find(|&it| facts.kind(it).is_loop());
    let place = facts.name_place(target);
    around.is_some_and(|around| {
        let mut uses = facts.subtree(around).filter(|&it| facts.name_place(it) == place);
        uses.all(|it| it == target)
    })
}

/// A name that begins as `b""`.
fn is_bytes(facts: &FileFacts, target: NodeId) -> bool {
    let place = facts.name_place(target);
    let made = place.map(|it| facts.definitions_of(it)).unwrap_or_default();
    made.iter()
        .any(|it| matches!(it.how, How::Assign { value, .. } if facts.kind(value) == Kind::Bytes))
}

/// `all = numpy.concatenate([all, part])`: the loop carries what it copies.
fn concatenates(cx: &Context<'_>, local: LocalFn, around: NodeId, statement: NodeId) -> bool {
    let facts = cx.facts();
    let target = facts.child(statement, Role::Target);
    let value = facts.child(statement, Role::Value);
    let (Some(target), Some(call)) = (target, value.filter(|&it| facts.kind(it) == Kind::Call)) else {
        return false;
    };
    if super::copies::entry_copies(cx, local, call) != Some(Copies::Parts) {
        return false;
    }
    let written = super::text::expr_text(facts, target, 4);
    let is_carried = match facts.name_place(target) {
        Some(place) => facts.carried_by(around).contains(&place),
        None => facts.kind(target) == Kind::Attribute,
    };
    is_carried
        && facts
            .descendants(call)
            .any(|it| facts.kind(it) == facts.kind(target) && super::text::expr_text(facts, it, 4) == written)
}

/// The finding.
pub(super) fn report(
    cx: &Context<'_>,
    rule: &'static RuleInfo,
    local: LocalFn,
    (statement, around): (NodeId, NodeId),
) -> Diagnostic {
    let facts = cx.facts();
    let target = facts.child(statement, Role::Target);
    let name = target
        .map(|it| super::text::expr_text(facts, it, 4))
        .unwrap_or_default();
    let message = format!("`{name}` is copied whole each time something is added to it");
    let mut diagnostic = cx.diagnostic(rule, cx.function(local), statement, message);
    "the work grows with the square of what comes in".clone_into(&mut diagnostic.why);
    diagnostic.help = "collect the parts in a list, and join them once at the end".to_owned();
    diagnostic.labels.push(cx.label(
        At {
            module: cx.module,
            node: around,
        },
        "for every part",
    ));
    diagnostic.confidence = Confidence::Medium;
    // Text that arrives in pieces is an answer of some kilobytes, copied in microseconds; bytes are files and sound.
    if target.is_some_and(|it| facts.kind(it) == Kind::Attribute && starts_as_str(facts, local, it)) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.anchor.clone_from(&name);
    diagnostic.group = name;
    diagnostic
}
