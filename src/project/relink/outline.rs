//! What other modules can see of a file: its functions' heads, its classes' members, its own names. Most edits change
//! nothing of it, and the rest little.

use crate::facts::{
    Definition, FileFacts, Function, How, Imported, Kind, LocalClass, LocalFn, NodeId, PlaceId, PlaceKind, Role,
};
use crate::project::classes::attribute_names;
use crate::project::marks::Marks;
use rustc_hash::{FxHashMap, FxHasher};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

/// Where the module's own names are now.
#[derive(Clone, Debug, Default)]
pub(in crate::project) struct Renumbered {
    /// `None` where nothing has moved.
    now: Option<FxHashMap<PlaceId, PlaceId>>,
}

impl Renumbered {
    /// The present number of a place, if it is still there.
    pub(in crate::project) fn place(&self, before: PlaceId) -> Option<PlaceId> {
        match &self.now {
            Some(now) => now.get(&before).copied(),
            None => Some(before),
        }
    }

    /// Whether a number has changed.
    pub(super) fn moves(&self) -> bool {
        self.now.is_some()
    }
}

/// What an edit changes of a file's outline.
#[derive(Debug, Default)]
pub(super) struct Delta {
    /// Functions, by their numbers before, that are gone or others now.
    pub(super) functions: Vec<LocalFn>,
    /// The module's own names that came, went or mean something else.
    pub(super) names: BTreeSet<String>,
    /// Members of its classes that came, went or are something else.
    pub(super) members: BTreeSet<(LocalClass, String)>,
    /// Where its own names are.
    pub(super) places: Renumbered,
}

impl Delta {
    /// Whether others may see it.
    pub(super) fn says_something(&self) -> bool {
        !self.functions.is_empty() || !self.names.is_empty() || !self.members.is_empty()
    }

    /// The differences of two versions of a file; `None` where they are too many to be worth it.
    pub(super) fn between(old: (&FileFacts, &[Marks]), new: (&FileFacts, &[Marks])) -> Option<Self> {
        let same = classes(old.0) == classes(new.0) && stars(old.0) == stars(new.0);
        if !same || old.0.error.is_some() || new.0.error.is_some() {
            return None;
        }
        let mut delta = Self::default();
        let (before, now) = (heads(old), heads(new));
        let changed = (0..).map(LocalFn).zip(&before);
        let changed = changed.filter(|(it, head)| now.get(it.0 as usize) != Some(head));
        delta.functions = changed.map(|it| it.0).collect();
        let (before, now) = (names(old.0), names(new.0));
        delta.names = different(&before, &now, |it| it.1);
        if before
            .iter()
            .any(|(name, it)| now.get(name).is_some_and(|now| now.0 != it.0))
            || before.len() != now.len()
        {
            let moved = before.iter().filter_map(|(name, it)| Some((it.0, now.get(name)?.0)));
            delta.places.now = Some(moved.collect());
        }
        for class in (0..).map(LocalClass).take(old.0.classes.len()) {
            let (before, now) = (members(old.0, class), members(new.0, class));
            let changed = different(&before, &now, |it| *it);
            delta.members.extend(changed.into_iter().map(|it| (class, it)));
        }
        Some(delta)
    }
}

/// The keys of which the values differ, or are in one only.
fn different<T>(before: &FxHashMap<&str, T>, now: &FxHashMap<&str, T>, of: impl Fn(&T) -> u64) -> BTreeSet<String> {
    let theirs = before
        .iter()
        .filter(|(name, it)| now.get(*name).map(&of) != Some(of(it)));
    let ours = now.keys().filter(|it| !before.contains_key(*it));
    theirs.map(|it| it.0).chain(ours).map(|&it| it.to_owned()).collect()
}

fn hashed(it: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    it.hash(&mut hasher);
    hasher.finish()
}

/// The heads of the functions.
fn heads((facts, marks): (&FileFacts, &[Marks])) -> Vec<u64> {
    let functions = facts.functions.iter().zip(marks);
    functions.map(|(it, marks)| hashed((head(facts, it), marks))).collect()
}

fn head(facts: &FileFacts, function: &Function) -> u64 {
    let params = function.params.iter().map(|it| {
        let said = (
            it.annotation.map(|it| said(facts, it)),
            it.default.map(|it| said(facts, it)),
        );
        (facts.text(it.name), it.kind as u8, said)
    });
    let decorators = facts.children_as(function.node, Role::Decorator);
    // `super().name`: whether a base's method runs too.
    let asked = facts
        .descendants(function.node)
        .filter(|&it| facts.kind(it) == Kind::Attribute);
    let asked = asked.filter(|&it| {
        let base = facts.child(it, Role::Value).and_then(|it| facts.child(it, Role::Func));
        base.and_then(|it| facts.name_text(it)) == Some("super")
    });
    let class = function.class.map(|it| it.0);
    hashed((
        (
            facts.text(function.name),
            facts.text(function.qualname),
            function.kind as u8,
        ),
        (function.is_generator, function.parent.0, class),
        params.collect::<Vec<_>>(),
        function.returns.map(|it| said(facts, it)),
        decorators.map(|it| said(facts, it)).collect::<Vec<_>>(),
        asked.map(|it| facts.payload_text(it)).collect::<BTreeSet<_>>(),
    ))
}

/// The heads of the classes, in order.
fn classes(facts: &FileFacts) -> Vec<u64> {
    let classes = facts.classes.iter().map(|it| {
        let parts = facts.children(it.node).filter(|&it| facts.node(it).role != Role::Body);
        let parts = parts.map(|it| said(facts, it)).collect::<Vec<_>>();
        hashed((facts.text(it.name), facts.text(it.qualname), it.parent.0, parts))
    });
    classes.collect()
}

fn stars(facts: &FileFacts) -> Vec<(&str, u32)> {
    let stars = facts.imports.iter().filter(|it| it.what == Imported::Star);
    stars.map(|it| (facts.text(it.module), it.level)).collect()
}

/// The module's own names: where they are, and what they mean.
fn names(facts: &FileFacts) -> FxHashMap<&str, (PlaceId, u64)> {
    let places = (0..).map(PlaceId).zip(&facts.places);
    let own = places.filter(|it| it.1.kind == PlaceKind::Module);
    own.map(|(id, place)| (facts.text(place.name), (id, meaning(facts, id))))
        .collect()
}

/// The members of a class: what they mean, and which of its values they are.
fn members(facts: &FileFacts, class: LocalClass) -> FxHashMap<&str, u64> {
    let Some(of) = facts.classes.get(class.0 as usize) else {
        return FxHashMap::default();
    };
    let own = of
        .members
        .iter()
        .map(|&(name, place)| (facts.text(name), meaning(facts, place)));
    let mut members: FxHashMap<&str, u64> = own.collect();
    for (index, name) in (0_u32..).zip(attribute_names(facts, class)) {
        let name = facts.text(name);
        let before = members.get(name).copied();
        members.insert(name, hashed((before, index)));
    }
    members
}

/// What the definitions of a place say, as far as it needs no inference.
fn meaning(facts: &FileFacts, place: PlaceId) -> u64 {
    let definitions = facts.definitions_of(place).iter();
    hashed(definitions.map(|it| definition(facts, it)).collect::<Vec<_>>())
}

fn definition(facts: &FileFacts, it: &Definition) -> u64 {
    match it.how {
        How::Assign { value, annotation } => hashed((0, said(facts, value), annotation.map(|it| said(facts, it)))),
        How::Declare { annotation } => hashed((1, said(facts, annotation))),
        How::Unpack { value, index } => hashed((2, said(facts, value), index)),
        How::Augment { value } => hashed((3, said(facts, value))),
        How::Iterate { iter, is_async, index } => hashed((4, said(facts, iter), is_async, index)),
        How::Enter { context, is_async } => hashed((5, said(facts, context), is_async)),
        How::Import(index) => {
            let it = &facts.imports[index as usize];
            let what = match it.what {
                Imported::Top => (0, ""),
                Imported::Module => (1, ""),
                Imported::Member(name) => (2, facts.text(name)),
                Imported::Star => (3, ""),
            };
            hashed((6, facts.text(it.module), it.level, what, it.type_checking))
        }
        How::Function(local) => hashed((7, local.0)),
        How::Class(local) => hashed((8, local.0)),
        How::Param(index) => hashed((9, index)),
        How::Except => hashed(10),
        How::Other => hashed(11),
    }
}

/// What an expression says, wherever it stands.
fn said(facts: &FileFacts, node: NodeId) -> u64 {
    let mut hasher = FxHasher::default();
    for at in (node.0..facts.node(node).end).map(NodeId) {
        let it = facts.node(at);
        (it.kind, it.role, it.end - node.0).hash(&mut hasher);
        match it.kind {
            // Numbers of the file.
            Kind::FunctionDef | Kind::Lambda | Kind::ClassDef | Kind::ImportStmt | Kind::Handler => {}
            Kind::Name => facts.name_text(at).hash(&mut hasher),
            _ => match facts.payload_text(at) {
                Some(text) => text.hash(&mut hasher),
                None => it.payload.hash(&mut hasher),
            },
        }
    }
    hasher.finish()
}
