//! The members that a class itself defines, found by name in one step: nearly every question is answered by "not here".

use super::classes::Member;
use super::ids::{ClassId, FnId};
use crate::facts::{FileFacts, How, Kind, LocalFn, PlaceId, Role, Sym};
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::Hasher;

/// The members of one class, by the hashes of their names.
#[derive(Clone, Debug, Default)]
pub(super) struct MemberIndex {
    /// One bit for each name: most names that are asked for are not here.
    filter: u64,
    sorted: Box<[(NameHash, Sym, Member)]>,
}

/// The hash of a member's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameHash(u64);

impl NameHash {
    /// The hash of a name.
    pub(super) fn of(name: &str) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        Self(hasher.finish())
    }

    fn bit(self) -> u64 {
        1 << (self.0 & 63)
    }
}

impl MemberIndex {
    /// Indexes a class. `attributes` are its values, in the order of its table.
    pub(super) fn new(facts: &FileFacts, class: ClassId, attributes: &[Sym]) -> Self {
        let members = &facts.classes[class.local.0 as usize].members;
        let mut sorted: Vec<(NameHash, Sym, Member)> = Vec::with_capacity(members.len() + attributes.len());
        let mut called: FxHashSet<Sym> = FxHashSet::default();
        let mut add = |name: Sym, member: Member| sorted.push((NameHash::of(facts.text(name)), name, member));
        for &(name, place) in members {
            if let Some(member) = callable(facts, class, place) {
                called.insert(name);
                add(name, member);
            }
        }
        for (index, &name) in (0..).zip(attributes) {
            if !called.contains(&name) {
                add(name, Member::Attribute(class, index));
            }
        }
        sorted.sort_unstable_by_key(|it| (it.0, it.1));
        Self {
            filter: sorted.iter().fold(0, |filter, it| filter | it.0.bit()),
            sorted: sorted.into(),
        }
    }

    /// The member of this name.
    pub(super) fn find(&self, facts: &FileFacts, hash: NameHash, name: &str) -> Option<Member> {
        if self.filter & hash.bit() == 0 {
            return None;
        }
        let first = self.sorted.partition_point(|it| it.0 < hash);
        let same = self.sorted[first..].iter().take_while(|it| it.0 == hash);
        let mut named = same.filter(|it| facts.text(it.1) == name);
        named.next().map(|it| it.2)
    }
}

/// The method, property or nested class that a name of a class body is in the end.
fn callable(facts: &FileFacts, class: ClassId, place: PlaceId) -> Option<Member> {
    let module = class.module;
    let all = facts.definitions_of(place);
    match all.last()?.how {
        How::Function(local) => {
            // `@x.setter` redefines the name; the getter is the first.
            let first = all.iter().find_map(|it| match it.how {
                How::Function(local) => Some(local),
                _ => None,
            });
            let local = if is_accessor(facts, local) {
                first.unwrap_or(local)
            } else {
                local
            };
            Some(Member::Function(FnId { module, local }))
        }
        How::Class(local) => Some(Member::Class(ClassId { module, local })),
        _ => None,
    }
}

fn is_accessor(facts: &FileFacts, function: LocalFn) -> bool {
    let node = facts.function(function).node;
    facts.children_as(node, Role::Decorator).any(|it| {
        facts.kind(it) == Kind::Attribute && matches!(facts.payload_text(it), Some("setter" | "deleter" | "getter"))
    })
}
