//! What a function does with an object that it holds: reads it, changes it, or hands it to where nobody sees.

use super::Project;
use super::ids::{At, FnId};
use crate::facts::{FileFacts, How, Kind, NodeId, PlaceId, PlaceKind, Role};

/// What becomes of an object, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handling {
    /// It is only read.
    Reads,
    /// What hangs on its first level is exchanged; everything below is only read.
    Replaces,
    /// It is kept, returned, or handed to code that is not known.
    Unknown,
    /// It is changed below its first level, or by a function that it is handed to.
    Changes,
}

/// Names and calls are followed this deep: a name, a helper's parameter, and what the helper calls.
const DEPTH: u32 = 4;

/// Methods that only read, whoever has them.
const READS: [&str; 24] = [
    "get",
    "keys",
    "values",
    "items",
    "copy",
    "model_copy",
    "format",
    "join",
    "split",
    "strip",
    "lower",
    "upper",
    "startswith",
    "endswith",
    "encode",
    "decode",
    "model_dump",
    "model_dump_json",
    "dict",
    "json",
    "to_dict",
    "to_json",
    "index",
    "count",
];

/// Functions that only read what they are given.
const READERS: [&str; 22] = [
    "len",
    "str",
    "repr",
    "bool",
    "int",
    "float",
    "isinstance",
    "type",
    "print",
    "hash",
    "id",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "hasattr",
    "getattr",
    "dumps",
    "b64encode",
    "sha256",
    "md5",
];

/// What becomes of the value of an expression in its function.
#[must_use]
pub fn handling(project: &Project, at: At) -> Handling {
    let facts = project.names.facts(at.module);
    Follow { project, facts, at }.value(at.node, DEPTH)
}

/// What a function does with the object that a parameter holds.
#[must_use]
pub fn handling_of_parameter(project: &Project, function: FnId, index: usize, depth: u32) -> Handling {
    if depth == 0 {
        return Handling::Unknown;
    }
    let facts = project.names.facts(function.module);
    if project.names.is_abstract(function) {
        return Handling::Reads;
    }
    let Some(param) = facts.function(function.local).params.get(index) else {
        return Handling::Unknown;
    };
    let at = At {
        module: function.module,
        node: facts.function(function.local).node,
    };
    Follow { project, facts, at }.place(param.place, depth)
}

#[derive(Clone, Copy)]
struct Follow<'a> {
    project: &'a Project,
    facts: &'a FileFacts,
    at: At,
}

impl Follow<'_> {
    /// Where the value of an expression goes.
    fn value(self, node: NodeId, depth: u32) -> Handling {
        let facts = self.facts;
        let parent = facts.parent(node);
        let role = facts.node(node).role;
        match facts.kind(parent) {
            Kind::Assign | Kind::AnnAssign if role == Role::Value => self.stored(parent, depth),
            Kind::NamedExpr if role == Role::Value => Handling::Unknown,
            Kind::ExprStmt | Kind::Compare | Kind::If | Kind::While | Kind::Assert | Kind::UnaryOp => Handling::Reads,
            Kind::FormatHole | Kind::BinOp | Kind::Subscript => Handling::Reads,
            Kind::BoolOp | Kind::IfExp if role != Role::Test => self.value(parent, depth),
            Kind::IfExp => Handling::Reads,
            Kind::For | Kind::AsyncFor if role == Role::Iter => self.target(parent, depth),
            Kind::Generator if role == Role::Iter => self.target(parent, depth),
            Kind::Call if role == Role::Arg => self.argument(parent, node, depth),
            Kind::Keyword => self.argument(facts.parent(parent), node, depth),
            _ => Handling::Unknown,
        }
    }

    fn stored(self, statement: NodeId, depth: u32) -> Handling {
        let mut targets = self.facts.children_as(statement, Role::Target);
        match (targets.next(), targets.next()) {
            (Some(only), None) => self.bound(only, depth),
            _ => Handling::Unknown,
        }
    }

    fn target(self, around: NodeId, depth: u32) -> Handling {
        let target = self.facts.child(around, Role::Target);
        target.map_or(Handling::Unknown, |it| self.elements(it, depth))
    }

    /// What a loop makes of the elements: exchanging something on them changes the whole below its first level.
    fn elements(self, target: NodeId, depth: u32) -> Handling {
        match self.bound(target, depth) {
            Handling::Replaces => Handling::Changes,
            // Elements that are taken out are mostly text and numbers.
            Handling::Unknown => Handling::Reads,
            other => other,
        }
    }

    fn bound(self, target: NodeId, depth: u32) -> Handling {
        let facts = self.facts;
        if facts.kind(target) == Kind::Tuple {
            let each = facts.children(target).map(|it| self.bound(it, depth));
            return each.max().unwrap_or(Handling::Unknown);
        }
        let place = facts.name_place(target);
        let local = place.filter(|&it| matches!(facts.place(it).kind, PlaceKind::Local | PlaceKind::Comprehension));
        match (local, depth.checked_sub(1)) {
            (Some(place), Some(depth)) => self.place(place, depth),
            _ => Handling::Unknown,
        }
    }

    /// What happens through a name, the worst.
    fn place(self, place: PlaceId, depth: u32) -> Handling {
        let facts = self.facts;
        let root = facts.function(facts.place(place).owner).node;
        let reads = facts
            .subtree(root)
            .filter(|&it| facts.name_place(it) == Some(place) && facts.node(it).role != Role::Target);
        reads.map(|it| self.usage(it, depth)).max().unwrap_or(Handling::Reads)
    }

    fn usage(self, usage: NodeId, depth: u32) -> Handling {
        let facts = self.facts;
        let top = facts.top(usage);
        if top == usage {
            return match facts.method_on(usage) {
                Some((name, call)) => self.method(name, call, depth),
                None => self.value(usage, depth),
            };
        }
        if facts.node(top).role == Role::Target {
            let is_first = facts.parent(usage) == top;
            return if is_first {
                Handling::Replaces
            } else {
                Handling::Changes
            };
        }
        if let Some((name, call)) = facts.method_on(top) {
            return match self.method(name, call, depth) {
                Handling::Reads => Handling::Reads,
                Handling::Replaces | Handling::Changes => Handling::Changes,
                Handling::Unknown if facts.is_changed_at(usage) => Handling::Changes,
                Handling::Unknown => Handling::Unknown,
            };
        }
        // What is taken out of it is mostly text; a function that changes it is looked for all the same.
        match self.value(top, depth) {
            Handling::Changes | Handling::Replaces => Handling::Changes,
            Handling::Reads | Handling::Unknown => Handling::Reads,
        }
    }

    /// `value.name(...)`.
    fn method(self, name: &str, call: NodeId, depth: u32) -> Handling {
        if READS.contains(&name) {
            return Handling::Reads;
        }
        if matches!(
            name,
            "update" | "setdefault" | "pop" | "clear" | "append" | "add" | "extend" | "insert"
        ) {
            return Handling::Replaces;
        }
        let receiver = self
            .targets(call)
            .map(|it| handling_of_parameter(self.project, it, 0, depth.saturating_sub(1)));
        receiver.max().unwrap_or(Handling::Unknown)
    }

    fn targets(self, call: NodeId) -> impl Iterator<Item = FnId> {
        let caller = FnId {
            module: self.at.module,
            local: self.facts.function_of(call),
        };
        let sites = self.project.graph.sites_at(caller, call);
        sites.flat_map(|(_, site)| site.targets().iter().copied())
    }

    /// Handed to a call.
    fn argument(self, call: NodeId, value: NodeId, depth: u32) -> Handling {
        let facts = self.facts;
        let name = facts
            .child(call, Role::Func)
            .and_then(|it| facts.name_text(it).or_else(|| facts.payload_text(it)))
            .unwrap_or_default();
        let theirs = self.targets(call).map(|function| {
            let index = parameter_of(self.project, At { node: call, ..self.at }, function, value);
            match index {
                Some(index) => self.parameter(function, index, depth),
                None => Handling::Unknown,
            }
        });
        match theirs.max() {
            Some(worst) => worst,
            None if READERS.contains(&name) => Handling::Reads,
            None => Handling::Unknown,
        }
    }

    /// What another function exchanges on it, it was handed a copy for.
    fn parameter(self, function: FnId, index: usize, depth: u32) -> Handling {
        match handling_of_parameter(self.project, function, index, depth.saturating_sub(1)) {
            Handling::Replaces => Handling::Changes,
            other => other,
        }
    }
}

/// Which parameter of a function an argument of a call fills.
#[must_use]
pub fn parameter_of(project: &Project, call: At, function: FnId, value: NodeId) -> Option<usize> {
    let facts = project.names.facts(call.module);
    let theirs = project.names.facts(function.module);
    let it = project.names.function(function);
    let parent = facts.parent(value);
    if facts.kind(parent) == Kind::Keyword {
        let name = facts.payload_text(parent)?;
        return it.params.iter().position(|it| theirs.text(it.name) == name);
    }
    let position = facts.children_as(call.node, Role::Arg).position(|it| it == value)?;
    let is_method = it.class.is_some() && project.names.method_kind(function) != super::MethodKind::Static;
    Some(position + usize::from(is_method))
}

/// The argument that a call gives for a parameter of a function.
#[must_use]
pub fn argument_for(project: &Project, call: At, function: FnId, index: usize) -> Option<NodeId> {
    let facts = project.names.facts(call.module);
    let theirs = project.names.facts(function.module);
    let it = project.names.function(function);
    let name = theirs.text(it.params.get(index)?.name);
    let is_method = it.class.is_some() && project.names.method_kind(function) != super::MethodKind::Static;
    facts
        .keyword(call.node, name)
        .or_else(|| facts.arg(call.node, index.checked_sub(usize::from(is_method))?))
}

/// Whether an attribute of a class is filled when an object is made and left alone from then on.
#[must_use]
pub fn is_settled_attribute(facts: &FileFacts, class: crate::facts::LocalClass, name: &str) -> bool {
    let is_changed = || {
        facts.subtree(facts.classes[class.0 as usize].node).any(|it| {
            facts.kind(it) == Kind::Attribute
                && facts.payload_text(it) == Some(name)
                && facts.is_changed_at(it)
                && !is_in_making(facts, it)
        })
    };
    !is_set_later(facts, class, name) && !is_changed()
}

/// Whether a class sets an attribute after an object is made.
pub(super) fn is_set_later(facts: &FileFacts, class: crate::facts::LocalClass, name: &str) -> bool {
    let of = &facts.classes[class.0 as usize];
    of.attributes.iter().any(|it| {
        facts.text(it.name) == name && !is_in_making(facts, it.node) && !matches!(it.how, How::Declare { .. })
    })
}

fn is_in_making(facts: &FileFacts, node: NodeId) -> bool {
    const MAKES: [&str; 4] = ["__init__", "__post_init__", "model_post_init", "__new__"];
    let function = facts.function(facts.function_of(node));
    MAKES.contains(&facts.text(function.name))
}
