//! Calls that by their arguments do not wait.

use super::classes::written;
use crate::catalog::{Blocks, Cost, Entry};
use crate::facts::{FileFacts, How, Kind, NodeId, Op, Role};

/// Arguments that make a call return at once: `get(block=False)`, `acquire(False)`, `join(timeout=0)`.
pub(super) fn never_blocks_here(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    if facts.kind(call) != Kind::Call {
        return false;
    }
    let unless = entry.unless.iter().any(|(keyword, value)| {
        facts.keyword(call, keyword).is_some_and(|it| match facts.kind(it) {
            Kind::False => value == "False",
            Kind::True => value == "True",
            Kind::None => value == "None",
            Kind::Number | Kind::Str => facts.payload_text(it) == Some(value),
            Kind::Name | Kind::Attribute | Kind::BinOp => mentions(facts, it, value),
            _ => false,
        })
    });
    let first_is_false = entry.unless.contains_key("blocking") || entry.unless.contains_key("block");
    let only_if = entry.only_if.as_deref().is_some_and(|it| {
        facts
            .keyword(call, it)
            .is_none_or(|value| facts.kind(value) == Kind::False)
            && !facts.has_double_star(call)
    });
    // `sleep(0)` only lets other threads run.
    let no_time =
        entry.blocks == Some(Blocks::Sleep) && facts.arg(call, 0).and_then(|it| facts.number(it)) == Some(0.0);
    unless
        || is_data_url(facts, call, entry)
        || only_if
        || no_time
        || (entry.blocks == Some(Blocks::Wait) && is_done_already(facts, call))
        || (first_is_false && facts.arg(call, 0).is_some_and(|it| facts.kind(it) == Kind::False))
}

/// `future.done() and future.result()`, `if future.done(): future.result()`.
fn is_done_already(facts: &FileFacts, call: NodeId) -> bool {
    let receiver = |call: NodeId| facts.child(facts.child(call, Role::Func)?, Role::Value);
    let Some(awaited) = receiver(call).map(|it| written(facts, it)).filter(|it| !it.is_empty()) else {
        return false;
    };
    let asks = |test: NodeId| {
        let func = facts.child(test, Role::Func);
        func.is_some_and(|it| written(facts, it) == format!("{awaited}.done"))
    };
    let mut below = call;
    facts.ancestors(call).any(|around| {
        let inner = std::mem::replace(&mut below, around);
        match facts.kind(around) {
            Kind::If | Kind::IfExp => {
                facts.node(inner).role == Role::Body && facts.child(around, Role::Test).is_some_and(asks)
            }
            Kind::BoolOp if facts.node(around).payload == Op::And as u32 => {
                facts.children(around).take_while(|it| *it != inner).any(asks)
            }
            _ => false,
        }
    })
}

/// Whether an expression, or the constant that it names, speaks of a name: `flags=AI_NUMERICHOST | AI_NUMERICSERV`.
fn mentions(facts: &FileFacts, node: NodeId, name: &str) -> bool {
    let says = |node: NodeId| {
        std::iter::once(node).chain(facts.descendants(node)).any(|it| {
            facts.name_text(it) == Some(name)
                || facts.kind(it) == Kind::Attribute && facts.payload_text(it) == Some(name)
        })
    };
    let constant = facts
        .name_place(node)
        .and_then(|place| match facts.definitions_of(place) {
            [only] => match only.how {
                How::Assign { value, .. } => Some(value),
                _ => None,
            },
            _ => None,
        });
    says(node) || constant.is_some_and(says)
}

/// `if url.startswith("data:"): urlopen(url)`: what it opens is in the address itself.
fn is_data_url(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    if entry.blocks != Some(Blocks::Http) {
        return false;
    }
    // Of `urlopen(url).read()` the inner call has the address.
    let func = facts.child(call, Role::Func);
    let inner = func.and_then(|it| facts.child(it, Role::Value));
    let opened = inner.filter(|&it| facts.kind(it) == Kind::Call).unwrap_or(call);
    let Some(url) = facts.arg(opened, 0) else {
        return false;
    };
    let url = written(facts, url);
    let says_so = |guard: NodeId| {
        let test = facts.child(guard, Role::Test)?;
        let func = facts.child(test, Role::Func)?;
        let scheme = facts.payload_text(facts.arg(test, 0)?)?;
        Some(!url.is_empty() && written(facts, func) == format!("{url}.startswith") && scheme.starts_with("data:"))
    };
    let mut below = call;
    facts.ancestors(call).any(|around| {
        let in_body = facts.node(below).role == Role::Body;
        below = around;
        facts.kind(around) == Kind::If && in_body && says_so(around) == Some(true)
    })
}

/// How long a call that usually costs this much blocks, by what it is given here.
pub(super) fn cost_here(facts: &FileFacts, call: NodeId, entry: &Entry, name: &str, usual: Cost) -> Cost {
    if is_small_here(facts, call, entry) || usual == Cost::Medium && makes_something_empty(facts, call, entry, name) {
        return Cost::Small;
    }
    match usual {
        Cost::High if works_on_one(facts, call, entry) => Cost::Medium,
        Cost::Medium if works_on_one(facts, call, entry) => Cost::Small,
        _ => usual,
    }
}

/// `Document()`: what is made of nothing holds nothing to work on.
fn makes_something_empty(facts: &FileFacts, call: NodeId, entry: &Entry, name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    entry.blocks == Some(Blocks::Cpu)
        && facts.kind(call) == Kind::Call
        && last.starts_with(|it: char| it.is_ascii_uppercase())
        && facts.children_as(call, Role::Arg).next().is_none()
        && facts.children_as(call, Role::Keyword).next().is_none()
}

/// `model.encode([query])`: of what takes many, one.
fn works_on_one(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    let given = facts.arg(call, 0).filter(|&it| facts.kind(it) == Kind::List);
    entry.blocks == Some(Blocks::Cpu)
        && facts.kind(call) == Kind::Call
        && given.is_some_and(|list| {
            let mut items = facts.children(list);
            let one = items.next().is_some_and(|it| facts.kind(it) != Kind::Starred);
            one && items.next().is_none()
        })
}

/// Whether an argument says that the call does little: `open(path, "a")`.
fn is_small_here(facts: &FileFacts, call: NodeId, entry: &Entry) -> bool {
    let says_so = |it: NodeId| {
        let value = facts.child(it, Role::Value).filter(|_| facts.kind(it) == Kind::Keyword);
        let text = facts.payload_text(value.unwrap_or(it));
        text.is_some_and(|text| entry.small_with.iter().any(|small| small == text))
            && facts.kind(value.unwrap_or(it)) == Kind::Str
    };
    !entry.small_with.is_empty() && facts.kind(call) == Kind::Call && facts.children(call).any(says_so)
}
