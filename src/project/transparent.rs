//! Whether calling a function by its name runs that function: what its decorators leave of it, and who overrides it.

use super::ids::{ClassId, FnId};
use super::{Decorator, Member, Project, written};
use crate::catalog::Act;
use crate::facts::{FnKind, Kind, LocalFn, Role};
use rustc_hash::FxHashSet;

/// Decorators whose functions stay what they are, by the names that everybody gives them.
const TRANSPARENT: [&str; 12] = [
    "abstractmethod",
    "classmethod",
    "deprecated",
    "final",
    "no_type_check",
    "overload",
    "override",
    "retry",
    "staticmethod",
    "typechecked",
    "wraps",
    "on_exception",
];

impl Project {
    /// Whether a call of this async function is certain to give a coroutine: every decorator keeps it async, and no
    /// subclass, redefinition or attribute of the same name puts something else in its place.
    #[must_use]
    pub fn gives_coroutine(&self, function: FnId) -> bool {
        let of = self.names.function(function);
        of.kind == FnKind::Async
            && !of.is_generator
            && !self.names.is_offload_decorated(function)
            && !self.names.is_property(function)
            && self
                .decorators
                .of(function)
                .iter()
                .all(|it| self.keeps_async(function, it))
            && self.is_only_one(function)
    }

    fn keeps_async(&self, function: FnId, decorator: &Decorator) -> bool {
        if let Some(own) = decorator.own {
            return self.wraps_async(own);
        }
        if let Some(entry) = decorator.entry {
            let act = self.names.catalog.entry(entry).act;
            return matches!(act, Some(Act::Transparent | Act::Retry | Act::Once | Act::Handler));
        }
        let facts = self.names.facts(function.module);
        let callee = match facts.kind(decorator.node) {
            Kind::Call => facts.child(decorator.node, Role::Func),
            _ => Some(decorator.node),
        };
        let text = callee.map(|it| written(facts, it)).unwrap_or_default();
        text.rsplit('.').next().is_some_and(|it| TRANSPARENT.contains(&it))
    }

    /// Whether a decorator of the project makes async functions only: all functions inside it that make something of
    /// the function's arguments are async.
    fn wraps_async(&self, decorator: FnId) -> bool {
        let facts = self.names.facts(decorator.module);
        let inside = |local: LocalFn| {
            std::iter::successors(Some(local), |&it| {
                Some(facts.function(it).parent).filter(|&up| up != it)
            })
            .skip(1)
            .any(|it| it == decorator.local)
        };
        let wrappers = facts.all_functions().filter(|(local, it)| {
            inside(*local)
                && it
                    .params
                    .iter()
                    .any(|param| param.kind == crate::facts::ParamKind::VarKeywords)
        });
        let mut kinds = wrappers.map(|(_, it)| it.kind).peekable();
        kinds.peek().is_some() && kinds.all(|it| it == FnKind::Async)
    }

    /// Whether nothing else bears the method's name in the classes below its own, nor as an attribute of any of them.
    fn is_only_one(&self, function: FnId) -> bool {
        let of = self.names.function(function);
        let Some(local) = of.class else { return true };
        let name = self.names.facts(function.module).text(of.name);
        let mut queue = vec![ClassId {
            module: function.module,
            local,
        }];
        let mut seen: FxHashSet<ClassId> = queue.iter().copied().collect();
        while let Some(class) = queue.pop() {
            if !self.is_async_in(class, name) {
                return false;
            }
            let below = self.names.classes.get(class).subclasses.iter().copied();
            queue.extend(below.filter(|&it| seen.insert(it)));
        }
        true
    }

    fn is_async_in(&self, class: ClassId, name: &str) -> bool {
        let info = self.names.classes.get(class);
        let facts = self.names.facts(class.module);
        if info.attributes.iter().any(|&it| facts.text(it) == name) {
            return false;
        }
        match self.names.classes.own_member(&self.names.modules, class, name) {
            Some(Member::Function(it)) => self.names.function(it).kind == FnKind::Async,
            Some(_) => false,
            None => true,
        }
    }
}
