//! Clients whose own pool bounds what runs: its size is set in this project, and waiting for it is no failure.

use super::Names;
use super::graph::Site;
use super::ids::{At, ModuleId};
use crate::facts::{FileFacts, How, Kind, NodeId, Role};

/// Names and attributes are followed this far.
const FUEL: u32 = 6;

/// Whether the client of a scarce call, or one that the worker is given, is such a client.
#[must_use]
pub fn is_bounded_by_transport(names: &Names, sink: &Site, worker: At) -> bool {
    let facts = names.facts(sink.at.module);
    let receiver = facts
        .child(sink.at.node, Role::Func)
        .and_then(|it| facts.child(it, Role::Value));
    let of_sink = receiver.and_then(|it| construction(names, sink.at.module, it, FUEL));
    let facts = names.facts(worker.module);
    let given = facts
        .children_as(worker.node, Role::Arg)
        .find_map(|it| construction(names, worker.module, it, FUEL));
    let client = of_sink.or(given);
    client.is_some_and(|it| is_narrow(names.facts(it.module), it.node))
}

/// The call that made the client.
fn construction(names: &Names, module: ModuleId, node: NodeId, fuel: u32) -> Option<At> {
    let fuel = fuel.checked_sub(1)?;
    let facts = names.facts(module);
    match facts.kind(node) {
        Kind::Call => Some(At { module, node }),
        Kind::Name => {
            let [only] = facts.definitions_of(facts.name_place(node)?) else {
                return None;
            };
            match only.how {
                How::Assign { value: made, .. } | How::Enter { context: made, .. } => {
                    construction(names, module, made, fuel)
                }
                _ => None,
            }
        }
        Kind::Attribute => {
            let name = facts.payload_text(node)?;
            let mut made = facts
                .classes
                .iter()
                .flat_map(|it| it.attributes.iter())
                .filter_map(|it| match it.how {
                    How::Assign { value, .. } if facts.text(it.name) == name => Some(value),
                    _ => None,
                });
            let only = made.next().filter(|_| made.next().is_none())?;
            construction(names, module, only, fuel)
        }
        _ => None,
    }
}

/// `limits=Limits(max_connections=20)` with `pool=None`, since httpx gives up waiting for a connection after 5 s;
/// `connector=TCPConnector(limit=20)`, since aiohttp waits for one as long as for the whole answer, 300 s by default.
fn is_narrow(facts: &FileFacts, client: NodeId) -> bool {
    let sized = |keyword: &str, size: &str| {
        let made = facts.keyword(client, keyword).and_then(|it| local_call(facts, it));
        made.and_then(|it| facts.keyword(it, size))
            .is_some_and(|it| !matches!(facts.kind(it), Kind::None) && facts.number(it) != Some(0.0))
    };
    let endless = |part: &str| {
        facts
            .keyword(client, "timeout")
            .is_some_and(|it| match local_call(facts, it) {
                Some(call) => facts.keyword(call, part).is_some_and(|it| facts.kind(it) == Kind::None),
                None => facts.kind(it) == Kind::None,
            })
    };
    (sized("limits", "max_connections") && endless("pool")) || sized("connector", "limit")
}

/// A call, or the one that a name with one definition holds.
fn local_call(facts: &FileFacts, node: NodeId) -> Option<NodeId> {
    if facts.kind(node) == Kind::Call {
        return Some(node);
    }
    match facts.definitions_of(facts.name_place(node)?) {
        [only] => match only.how {
            How::Assign { value, .. } => (facts.kind(value) == Kind::Call).then_some(value),
            _ => None,
        },
        _ => None,
    }
}
