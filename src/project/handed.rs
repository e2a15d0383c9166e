//! Whether the end of a chain works on what it is handed: a helper for any file, not one with a file of its own.

use super::ids::{At, FnId, SiteId};
use super::{MethodKind, Project};
use crate::facts::{FileFacts, How, Kind, NodeId, PlaceId, Role};

impl Project {
    /// Whether the call at the end of a chain works on a parameter of its function (`def read(path): open(path)`), and
    /// the caller that chooses it takes it from a parameter, an attribute or an item, not from a constant.
    #[must_use]
    pub fn works_on_what_it_is_handed(&self, chain: &[SiteId]) -> bool {
        let Some((&end, steps)) = chain.split_last() else {
            return false;
        };
        let mut caller = self.graph.site(end).caller;
        let mut at = self.graph.site(end).at;
        let mut about = subject(self.names.facts(at.module), at.node);
        for &step in steps.iter().rev() {
            let Some(node) = about else {
                return false;
            };
            let Some(index) = self.fed_by_parameter(caller, node) else {
                // The end itself must be handed what it works on; further up, whoever chooses it decides.
                return at != self.graph.site(end).at && self.varies(caller, node);
            };
            let site = self.graph.site(step);
            about = self.given(site.at, caller, index);
            (caller, at) = (site.caller, site.at);
        }
        !steps.is_empty() && about.is_some_and(|node| self.varies(caller, node))
    }

    /// The parameter, other than `self`, that feeds an expression.
    fn fed_by_parameter(&self, function: FnId, node: NodeId) -> Option<usize> {
        let first = usize::from(self.is_bound(function));
        let facts = self.names.facts(function.module);
        let root = facts.function(function.local).node;
        let places = facts.slice(root, node).places;
        places
            .iter()
            .filter_map(|&it| parameter(facts, function, it))
            .find(|&it| it >= first)
    }

    /// Whether an expression is fed by a parameter, `self` among them, or by an item of a loop.
    fn varies(&self, function: FnId, node: NodeId) -> bool {
        let facts = self.names.facts(function.module);
        let root = facts.function(function.local).node;
        facts.slice(root, node).places.iter().any(|&place| {
            parameter(facts, function, place).is_some()
                || facts
                    .definitions_of(place)
                    .iter()
                    .any(|it| matches!(it.how, How::Iterate { .. }))
        })
    }

    fn given(&self, call: At, callee: FnId, index: usize) -> Option<NodeId> {
        let facts = self.names.facts(call.module);
        if facts.kind(call.node) != Kind::Call {
            return None;
        }
        let param = self.names.function(callee).params.get(index)?;
        let name = self.names.facts(callee.module).text(param.name);
        let position = index.checked_sub(usize::from(self.is_bound(callee)));
        facts
            .keyword(call.node, name)
            .or_else(|| position.and_then(|it| facts.arg(call.node, it)))
    }

    fn is_bound(&self, function: FnId) -> bool {
        self.names.function(function).class.is_some() && self.names.method_kind(function) != MethodKind::Static
    }
}

fn parameter(facts: &FileFacts, function: FnId, place: PlaceId) -> Option<usize> {
    let params = &facts.function(function.local).params;
    params.iter().position(|it| it.place == place)
}

/// What a call works on: the receiver of a method, the first argument of a function.
fn subject(facts: &FileFacts, call: NodeId) -> Option<NodeId> {
    if facts.kind(call) != Kind::Call {
        return None;
    }
    let func = facts.child(call, Role::Func)?;
    if facts.kind(func) != Kind::Attribute {
        return facts.arg(call, 0);
    }
    let receiver = facts.child(func, Role::Value)?;
    let mut root = receiver;
    while facts.kind(root) == Kind::Attribute {
        root = facts.child(root, Role::Value)?;
    }
    let imported = facts.name_place(root).is_some_and(|place| {
        let made = facts.definitions_of(place);
        made.iter().any(|it| matches!(it.how, How::Import(_)))
    });
    if imported { facts.arg(call, 0) } else { Some(receiver) }
}
