//! What a construction leaves off: `Manager()` where `__init__` says `self.folder = Path(folder) if folder else None`.

use super::Names;
use super::crossing::has_star;
use super::graph::Site;
use super::guards::{hash, only_param, truth};
use super::ids::FnId;
use crate::facts::{FileFacts, Function, How, Kind, NodeId, Op, Role};

/// Whether a site constructs an object whose attribute with this hash is then still `None` or false.
pub(super) fn begins_without(names: &Names, site: &Site, init: FnId, attribute: u32) -> bool {
    let theirs = names.facts(init.module);
    let of = theirs.function(init.local);
    let Some(class) = of.class.filter(|_| theirs.text(of.name) == "__init__") else {
        return false;
    };
    let set = theirs.classes[class.0 as usize].attributes.iter();
    let mut set = set
        .filter(|it| it.function == init.local && hash(theirs.text(it.name)) == attribute)
        .map(|it| it.how);
    let (Some(How::Assign { value, .. }), None) = (set.next(), set.next()) else {
        return false;
    };
    let construction = Construction {
        names,
        site,
        theirs,
        of,
    };
    construction.is_off(value)
}

/// A call, and the `__init__` that it runs.
struct Construction<'a> {
    names: &'a Names,
    site: &'a Site,
    theirs: &'a FileFacts,
    of: &'a Function,
}

impl Construction<'_> {
    /// `None`, a parameter that the call leaves off, `x if that else None`, `that and x`, `that or None`.
    fn is_off(&self, value: NodeId) -> bool {
        let theirs = self.theirs;
        match theirs.kind(value) {
            Kind::Name => self.leaves_off(value),
            Kind::IfExp => {
                let part = |role| theirs.child(value, role);
                part(Role::Orelse).is_some_and(|it| self.is_off(it))
                    && (part(Role::Test).is_some_and(|it| self.is_off(it) || self.asks_for_something(it)))
            }
            Kind::BoolOp if theirs.node(value).payload == Op::And as u32 => {
                theirs.children(value).any(|it| self.is_off(it))
            }
            Kind::BoolOp => theirs.children(value).all(|it| self.is_off(it)),
            _ => truth(theirs, value) == Some(false),
        }
    }

    /// `that is not None`, where the call leaves it off.
    fn asks_for_something(&self, test: NodeId) -> bool {
        let theirs = self.theirs;
        let none = theirs.child(test, Role::Right).map(|it| theirs.kind(it)) == Some(Kind::None);
        theirs.kind(test) == Kind::Compare
            && none
            && theirs.node(test).payload == Op::IsNot as u32
            && theirs.child(test, Role::Left).is_some_and(|it| self.leaves_off(it))
    }

    /// Whether the call leaves a parameter at a default that is off, or hands something over that is.
    fn leaves_off(&self, name: NodeId) -> bool {
        let Some(param) = only_param(self.theirs, name).and_then(|it| Some((it, self.of.params.get(it as usize)?)))
        else {
            return false;
        };
        let (index, param) = param;
        let (facts, call) = (self.names.facts(self.site.at.module), self.site.at.node);
        if facts.kind(call) != Kind::Call {
            return false;
        }
        let position = (index as usize).checked_sub(1);
        let given = facts
            .keyword(call, self.theirs.text(param.name))
            .or_else(|| position.and_then(|it| facts.arg(call, it)));
        match given {
            Some(value) => truth(facts, value) == Some(false),
            None => !has_star(facts, call) && param.default.and_then(|it| truth(self.theirs, it)) == Some(false),
        }
    }
}
