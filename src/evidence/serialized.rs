//! Lines of JSON that a program writes itself: `print(json.dumps({"event": "fetched", "doc": doc}))`.

use super::messages::Reader;
use super::structured::MESSAGE;
use super::template::Hole;
use super::template::Part;
use super::template::Style;
use super::template::Template;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::facts::Role;

impl Reader<'_> {
    /// What a reader of the line takes for its message: the value under the first key that is one's usual name.
    pub(super) fn serialized(&self, dumps: NodeId, depth: usize) -> Option<Vec<Template>> {
        let facts = self.code.facts;
        let given = facts.arg(dumps, 0)?;
        match record(facts, given) {
            Some(record) => self.message_of(record, depth),
            None => Some(vec![parameter_record(facts, given)?]),
        }
    }

    /// The message in a record that a wrapper's caller gives, or in what its name was given.
    pub(super) fn message_in(&self, given: NodeId) -> Option<Vec<Template>> {
        self.message_of(record(self.code.facts, given)?, 0)
    }

    fn message_of(&self, record: NodeId, depth: usize) -> Option<Vec<Template>> {
        let members = members(self.code.facts, record);
        let value = MESSAGE.iter().find_map(|wanted| {
            let mut fitting = members.iter().filter(|(key, _)| key.as_bytes() == *wanted);
            fitting.next().map(|it| it.1)
        })?;
        Some(self.read(value, depth + 1))
    }
}

/// `def emit(record): print(json.dumps(record))`.
fn parameter_record(facts: &FileFacts, node: NodeId) -> Option<Template> {
    let [only] = facts.definitions_of(facts.name_place(node)?) else {
        return None;
    };
    let How::Param(index) = only.how else { return None };
    let hole = Hole {
        param: Some((index, Style::Record)),
        ..Hole::named(facts.name_text(node)?)
    };
    Some(Template {
        parts: vec![Part::Hole(hole)],
    })
}

/// The names of the values beside the message in JSON that a call writes.
pub(super) fn keys(facts: &FileFacts, call: NodeId) -> Vec<String> {
    let records = facts.subtree(call).filter(|&it| is_dumps(facts, it));
    let records = records.filter_map(|it| record(facts, facts.arg(it, 0)?));
    let members = records.flat_map(|it| members(facts, it));
    let beside = members.filter(|(key, _)| !MESSAGE.contains(&key.as_bytes()));
    beside.map(|it| it.0.to_owned()).collect()
}

/// `json.dumps(...)`, and what other libraries call the same.
pub(super) fn is_dumps(facts: &FileFacts, call: NodeId) -> bool {
    let function = facts.child(call, Role::Func).filter(|_| facts.kind(call) == Kind::Call);
    function.is_some_and(|it| super::loggers::last_name(facts, it) == Some("dumps"))
}

/// The dictionary that is written: there, or what its name was given where it is given once.
fn record(facts: &FileFacts, node: NodeId) -> Option<NodeId> {
    let is_record = |it: NodeId| match facts.kind(it) {
        Kind::Dict => true,
        Kind::Call => facts.child(it, Role::Func).and_then(|it| facts.name_text(it)) == Some("dict"),
        _ => false,
    };
    if is_record(node) {
        return Some(node);
    }
    let given = facts.definitions_of(facts.name_place(node)?).iter();
    let mut given = given.filter_map(|it| match it.how {
        How::Assign { value, .. } => Some(value),
        _ => None,
    });
    given.next().filter(|&it| given.next().is_none() && is_record(it))
}

/// Its keys that are written out, with their values.
fn members(facts: &FileFacts, record: NodeId) -> Vec<(&str, NodeId)> {
    let mut found = Vec::new();
    let mut key = None;
    for child in facts.children(record) {
        match (facts.node(child).role, facts.kind(child)) {
            (Role::Key, _) => key = facts.payload_text(child).filter(|_| facts.kind(child) == Kind::Str),
            (Role::Value, _) => found.extend(key.take().map(|it| (it, child))),
            (_, Kind::Keyword) => {
                let value = facts.child(child, Role::Value);
                found.extend(facts.payload_text(child).zip(value));
            }
            _ => {}
        }
    }
    found
}
