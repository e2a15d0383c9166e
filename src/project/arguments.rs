//! What the callers of a function give for parameters that say nothing of their type.
//!
//! Callers are found by names alone, before any type is known: `f(x)`, `module.f(x)`, `self.f(x)`, `Class(x)`.

use super::Names;
use super::classes::written;
use super::ids::{At, FnId, ModuleId};
use super::modules::Target;
use crate::facts::{FileFacts, How, Kind, LocalClass, LocalFn, NodeId, ParamKind, PlaceId, Role};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// With more callers a function is a library of its own, and its parameters are what they are called with.
const MOST_CALLERS: usize = 12;

/// By module, function and parameter: the expressions that callers give.
#[derive(Default)]
pub(super) struct Arguments {
    given: Vec<BTreeMap<(LocalFn, u32), Vec<At>>>,
    /// By module: the parameters for which it gives something, sorted.
    given_by: Vec<Box<[(FnId, u32)]>>,
}

impl Arguments {
    /// Looks at every call of the project outside of tests.
    pub(super) fn new(names: &Names) -> Self {
        let found: Vec<Given> = names
            .modules
            .par_iter()
            .map(|it| module(names, names.id_of(it)))
            .collect();
        let mut arguments = Self {
            given: vec![BTreeMap::new(); names.modules.len()],
            given_by: Vec::with_capacity(names.modules.len()),
        };
        for found in found {
            arguments.given_by.push(targets(&found));
            for ((function, index), at) in found {
                let row = &mut arguments.given[function.module.0 as usize];
                row.entry((function.local, index)).or_default().push(at);
            }
        }
        arguments
    }

    /// Looks at the calls of some modules anew. Gives the modules of the functions that they call or have called so that
    /// their parameters' types may be others now.
    pub(super) fn renew(&mut self, found: Vec<(ModuleId, Given)>) -> BTreeSet<ModuleId> {
        let callers: Vec<ModuleId> = found.iter().map(|it| it.0).collect();
        let mut concerned = self.concerned_by(&callers);
        for caller in &callers {
            for (function, index) in std::mem::take(&mut self.given_by[caller.0 as usize]) {
                let row = &mut self.given[function.module.0 as usize];
                let key = (function.local, index);
                let Some(them) = row.get_mut(&key) else { continue };
                them.retain(|it| it.module != *caller);
                if them.is_empty() {
                    row.remove(&key);
                }
            }
        }
        for (caller, given) in found {
            self.given_by[caller.0 as usize] = targets(&given);
            for ((function, index), at) in given {
                let them = &mut self.given[function.module.0 as usize];
                let them = them.entry((function.local, index)).or_default();
                them.insert(them.partition_point(|it| it.module <= caller), at);
            }
        }
        concerned.extend(self.concerned_by(&callers));
        concerned
    }

    /// The modules whose parameters rest on what these modules give.
    fn concerned_by(&self, callers: &[ModuleId]) -> BTreeSet<ModuleId> {
        let targets = callers.iter().flat_map(|it| self.given_by[it.0 as usize].iter());
        let counts = targets.filter(|it| self.of(it.0, it.1).is_some());
        counts.map(|it| it.0.module).collect()
    }

    /// The modules that give something for the parameters of a function.
    pub(super) fn givers(&self, function: FnId) -> impl Iterator<Item = ModuleId> {
        let row = &self.given[function.module.0 as usize];
        let params = row.range((function.local, 0)..=(function.local, u32::MAX));
        params.flat_map(|it| it.1).map(|it| it.module)
    }

    /// What is given for a parameter.
    pub(super) fn of(&self, function: FnId, index: u32) -> Option<&[At]> {
        let row = self.given.get(function.module.0 as usize)?;
        let them = row.get(&(function.local, index))?;
        (them.len() <= MOST_CALLERS).then_some(them)
    }

    /// The parameters of a module's functions for which something is given, in order.
    pub(super) fn params(&self, module: ModuleId) -> impl Iterator<Item = (FnId, u32)> {
        let row = self.given.get(module.0 as usize).into_iter().flatten();
        let few = row.filter(|it| it.1.len() <= MOST_CALLERS);
        few.map(move |(&(local, index), _)| (FnId { module, local }, index))
    }
}

/// What a module gives for which parameters, in source order.
pub(super) type Given = Vec<((FnId, u32), At)>;

fn targets(given: &Given) -> Box<[(FnId, u32)]> {
    let mut targets: Vec<(FnId, u32)> = given.iter().map(|it| it.0).collect();
    targets.sort_unstable();
    targets.dedup();
    targets.into()
}

/// What a module gives; tests give nothing.
pub(super) fn module(names: &Names, id: ModuleId) -> Given {
    if names.modules[id.0 as usize].is_test {
        return Given::new();
    }
    let finder = Finder {
        names,
        facts: names.facts(id),
        id,
    };
    let mut found = Vec::new();
    let n = u32::try_from(finder.facts.nodes.len()).unwrap_or(0);
    for node in (0..n).map(NodeId) {
        if finder.facts.kind(node) == Kind::Call
            && let Some((function, offset)) = finder.callee(node)
        {
            finder.bind(node, function, offset, &mut found);
        }
    }
    found
}

struct Finder<'a> {
    names: &'a Names,
    facts: &'a FileFacts,
    id: ModuleId,
}

impl Finder<'_> {
    /// The function that a call means, and how many of its parameters the call itself fills.
    fn callee(&self, call: NodeId) -> Option<(FnId, usize)> {
        let facts = self.facts;
        // A call without arguments gives nothing.
        let func = facts.child(call, Role::Func)?;
        facts.children(call).nth(1)?;
        match facts.kind(func) {
            Kind::Name => self.named(self.id, facts.name_place(func)?),
            Kind::Attribute => {
                let value = facts.child(func, Role::Value)?;
                let name = facts.payload_text(func)?;
                let place = facts.name_place(value)?;
                self.method(place, name).or_else(|| self.of_module(place, name))
            }
            _ => None,
        }
    }

    /// The function or class that a place of a module holds.
    fn named(&self, module: ModuleId, place: PlaceId) -> Option<(FnId, usize)> {
        let facts = self.names.facts(module);
        let [only] = facts.definitions_of(place) else {
            return None;
        };
        match only.how {
            How::Function(local) => Some((FnId { module, local }, 0)),
            How::Class(local) => Some((in_class(facts, module, local, "__init__")?, 1)),
            How::Import(index) if module == self.id => match self.names.imports[module.0 as usize][index as usize] {
                Target::Member(of, place) if of != self.id => self.named(of, place),
                _ => None,
            },
            _ => None,
        }
    }

    /// `self.name(...)` in a method of the class that defines it.
    fn method(&self, place: PlaceId, name: &str) -> Option<(FnId, usize)> {
        let facts = self.facts;
        let owner = facts.function(facts.place(place).owner);
        let class = owner.class?;
        let is_first = owner.params.first().is_some_and(|it| it.place == place);
        let function = in_class(facts, self.id, class, name).filter(|_| is_first)?;
        let is_static = self.names.method_kind(function) == super::MethodKind::Static;
        Some((function, usize::from(!is_static)))
    }

    fn of_module(&self, place: PlaceId, name: &str) -> Option<(FnId, usize)> {
        let [only] = self.facts.definitions_of(place) else {
            return None;
        };
        let How::Import(index) = only.how else { return None };
        match self.names.imports[self.id.0 as usize][index as usize] {
            Target::Module(of) => self.named(of, self.names.table.place(&self.names.modules, of, name)?),
            _ => None,
        }
    }

    fn bind(&self, call: NodeId, function: FnId, offset: usize, found: &mut Vec<((FnId, u32), At)>) {
        let facts = self.facts;
        let params = &self.names.function(function).params;
        let theirs = self.names.facts(function.module);
        let mut positional = offset;
        for child in facts.children(call) {
            let (index, value) = match facts.node(child).role {
                Role::Arg if facts.kind(child) == Kind::Starred => return,
                Role::Arg => {
                    positional += 1;
                    (positional - 1, child)
                }
                Role::Keyword => {
                    let Some(name) = facts.payload_text(child) else { return };
                    let named = params.iter().position(|it| theirs.text(it.name) == name);
                    let Some((index, value)) = named.zip(facts.child(child, Role::Value)) else {
                        continue;
                    };
                    (index, value)
                }
                _ => continue,
            };
            let Some(param) = params.get(index) else { return };
            let is_silent = param.annotation.is_none_or(|it| says_nothing(theirs, it))
                && !matches!(param.kind, ParamKind::VarArgs | ParamKind::VarKeywords)
                && param.default.is_none_or(|it| theirs.kind(it) == Kind::None);
            // A function that hands its parameter to itself says nothing of it.
            let is_own = facts.name_place(value) == Some(param.place) && function.module == self.id;
            if is_silent && !is_own && may_be_object(facts, value) {
                let at = At {
                    module: self.id,
                    node: value,
                };
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                found.push(((function, index), at));
            }
        }
    }
}

/// `x: Any`, `callback: Callable[..., None]`: anything may come.
pub(super) fn says_nothing(facts: &FileFacts, annotation: NodeId) -> bool {
    matches!(written(facts, annotation).rsplit('.').next(), Some("Any" | "Callable"))
}

/// Literals have no methods that matter; one that is given does not make another caller's object less of one.
fn may_be_object(facts: &FileFacts, value: NodeId) -> bool {
    matches!(
        facts.kind(value),
        Kind::Name | Kind::Attribute | Kind::Call | Kind::Await | Kind::Subscript | Kind::BoolOp | Kind::IfExp
    )
}

fn in_class(facts: &FileFacts, module: ModuleId, class: LocalClass, name: &str) -> Option<FnId> {
    let class = facts.classes.get(class.0 as usize)?;
    let (_, place) = class.members.iter().find(|(sym, _)| facts.text(*sym) == name)?;
    let [only] = facts.definitions_of(*place) else {
        return None;
    };
    match only.how {
        How::Function(local) => Some(FnId { module, local }),
        _ => None,
    }
}
