//! What writes, kept under a name of its own or looked up by a text.

use super::loggers::Output;
use super::loggers::Sink;
use super::loggers::last_name;
use super::loggers::leveled;
use super::loggers::logger;
use super::loggers::method;
use super::loggers::named;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::facts::Role;

/// `say = logger.info`, `say = getattr(logger, level)`, `say = print`: what writes, kept under a name of this file.
pub(super) fn kept(facts: &FileFacts, function: NodeId) -> Option<Output> {
    let definitions = facts.definitions_of(facts.name_place(function)?);
    definitions.iter().find_map(|it| {
        let How::Assign { value, .. } = it.how else {
            return None;
        };
        match facts.kind(value) {
            Kind::Attribute => method(facts, facts.child(value, Role::Value)?, facts.payload_text(value)?),
            Kind::Call => looked_up(facts, value).or_else(|| printing(facts, partial_of(facts, value)?)),
            Kind::Name => printing(facts, value),
            _ => None,
        }
    })
}

/// `say = print`, `say = partial(print, file=sys.stderr)`.
fn printing(facts: &FileFacts, function: NodeId) -> Option<Output> {
    named(facts, function).filter(|it| matches!(it.sink, Sink::Print | Sink::Rich))
}

/// The function of `partial(function, key=value)`.
fn partial_of(facts: &FileFacts, call: NodeId) -> Option<NodeId> {
    let made = facts.child(call, Role::Func)?;
    let only = facts.arg(call, 0).filter(|_| facts.arg(call, 1).is_none());
    only.filter(|_| last_name(facts, made) == Some("partial"))
}

/// `getattr(logger, "info")`, `getattr(logger, level)`.
pub(super) fn looked_up(facts: &FileFacts, call: NodeId) -> Option<Output> {
    let function = facts.child(call, Role::Func)?;
    if facts.name_text(function) != Some("getattr") {
        return None;
    }
    let (receiver, name) = (facts.arg(call, 0)?, facts.arg(call, 1)?);
    if facts.kind(name) == Kind::Str {
        return method(facts, receiver, facts.payload_text(name)?);
    }
    let (sink, logger) = logger(facts, receiver, 0)?;
    Some(leveled(sink, (None, 0), logger))
}
