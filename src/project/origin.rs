//! From an expression to the one that makes its value: through names, attributes, modules, parameters and factories.
//!
//! Followed only where there is exactly one way to go; anything else stays where it is.

use super::Names;
use super::classes::static_expr;
use super::graph::CallGraph;
use super::ids::{At, ClassId, FnId, ModuleId};
use super::modules::Target;
use super::ty::Ty;
use crate::facts::{How, Kind, LocalFn, NodeId, PlaceId, Role};

/// Values are followed through this many expressions.
const FUEL: u32 = 12;

/// The expression that makes the value.
#[must_use]
pub fn origin(names: &Names, graph: &CallGraph, at: At) -> At {
    let finder = Finder { names, graph };
    let mut now = at;
    for _ in 0..FUEL {
        match finder.step(now) {
            Some(next) if next != now => now = next,
            _ => break,
        }
    }
    now
}

/// The number that an expression stands for, where it is a constant of this project.
#[must_use]
pub fn constant(names: &Names, graph: &CallGraph, at: At) -> Option<u64> {
    constant_within(names, graph, at, FUEL)
}

/// The largest number that an expression stands for: that of [`constant`], of the arguments of `min`, or of an attribute
/// that subclasses give other numbers.
#[must_use]
pub fn largest(names: &Names, graph: &CallGraph, at: At) -> Option<u64> {
    let facts = names.facts(at.module);
    let is_min = |it: NodeId| facts.name_text(it) == Some("min");
    if facts.kind(at.node) == Kind::Call && facts.child(at.node, Role::Func).is_some_and(is_min) {
        let parts = facts.children_as(at.node, Role::Arg);
        return parts.filter_map(|node| largest(names, graph, At { node, ..at })).min();
    }
    let own = constant(names, graph, at);
    own.into_iter().chain(in_heirs(names, at)).max()
}

/// The numbers that the subclasses give an attribute of `self`.
fn in_heirs(names: &Names, at: At) -> Vec<u64> {
    /// A base class of a framework has too many heirs to say anything.
    const MOST: usize = 32;
    let facts = names.facts(at.module);
    let receiver = facts.child(at.node, Role::Value).filter(|it| facts.is_receiver(*it));
    let class = receiver.and_then(|it| facts.function(facts.place(facts.name_place(it)?).owner).class);
    let (Some(local), Some(name)) = (class, facts.payload_text(at.node)) else {
        return Vec::new();
    };
    let mut heirs = vec![ClassId {
        module: at.module,
        local,
    }];
    let mut next = 0;
    while next < heirs.len() && heirs.len() <= MOST {
        let below = names.classes.get(heirs[next]).subclasses.iter();
        heirs.extend(below.filter(|it| !heirs.contains(it)).copied().collect::<Vec<_>>());
        next += 1;
    }
    let number = |class: &ClassId| {
        let theirs = names.facts(class.module);
        let members = &theirs.classes[class.local.0 as usize].members;
        let (_, place) = members.iter().find(|it| theirs.text(it.0) == name)?;
        match theirs.definitions_of(*place) {
            [only] => match only.how {
                How::Assign { value, .. } => theirs.number(value).map(|it| it as u64),
                _ => None,
            },
            _ => None,
        }
    };
    heirs.iter().skip(1).filter_map(number).collect()
}

/// `self.n = int(self.n)` leads back to itself, so conversions are counted.
fn constant_within(names: &Names, graph: &CallGraph, at: At, fuel: u32) -> Option<u64> {
    let fuel = fuel.checked_sub(1)?;
    let made = origin(names, graph, at);
    let facts = names.facts(made.module);
    if facts.kind(made.node) == Kind::Call {
        // `int(os.getenv("N", "20"))`: the default is what most runs have.
        let value = facts.arg(made.node, 0)?;
        let func = facts.child(made.node, Role::Func)?;
        let named = super::classes::written(facts, func);
        return match named.rsplit('.').next()? {
            "int" => constant_within(names, graph, At { node: value, ..made }, fuel),
            "getenv" | "get" if named.contains("env") => {
                let default = facts.arg(made.node, 1)?;
                let text = facts.payload_text(default)?;
                text.parse().ok()
            }
            _ => None,
        };
    }
    let number = facts.number(made.node)?;
    (0.0..1e9).contains(&number).then_some(number as u64)
}

#[derive(Clone, Copy)]
struct Finder<'a> {
    names: &'a Names,
    graph: &'a CallGraph,
}

impl Finder<'_> {
    fn step(self, at: At) -> Option<At> {
        let facts = self.names.facts(at.module);
        let here = |node: NodeId| At { node, ..at };
        match facts.kind(at.node) {
            Kind::Name => self.name(at),
            Kind::Attribute => self.attribute(at),
            Kind::Await | Kind::NamedExpr => facts.child(at.node, Role::Value).map(here),
            // `limit or Semaphore(10)`: the last is made here.
            Kind::BoolOp => facts.children(at.node).last().map(here),
            Kind::Call => self.factory(at),
            _ => None,
        }
    }

    fn name(self, at: At) -> Option<At> {
        let place = self.names.facts(at.module).name_place(at.node)?;
        self.place(at.module, place, FUEL).or_else(|| {
            let facts = self.names.facts(at.module);
            let name = facts.text(facts.place(place).name);
            self.member(at.module, name, FUEL)
        })
    }

    /// The value of a place with one definition. Modules that import from each other lead in circles.
    fn place(self, module: ModuleId, place: PlaceId, fuel: u32) -> Option<At> {
        let fuel = fuel.checked_sub(1)?;
        let facts = self.names.facts(module);
        let made = facts.definitions_of(place).iter();
        let mut made = made.filter(|it| !matches!(it.how, How::Declare { .. }));
        let (only, None) = (made.next()?, made.next()) else {
            return None;
        };
        match only.how {
            How::Assign { value, .. } | How::Enter { context: value, .. } => Some(At { module, node: value }),
            How::Param(index) => self.argument(module, only.function, index),
            How::Import(_) => self.member(module, facts.text(facts.place(place).name), fuel),
            _ => None,
        }
    }

    /// A name of a module, which may come from another one.
    fn member(self, module: ModuleId, name: &str, fuel: u32) -> Option<At> {
        match self.names.importer().member(module, name, FUEL) {
            Target::Member(of, place) => self.place(of, place, fuel),
            _ => None,
        }
    }

    /// What the only caller gives for a parameter, or its default where nobody is known to call.
    fn argument(self, module: ModuleId, local: LocalFn, index: u32) -> Option<At> {
        let facts = self.names.facts(module);
        let function = facts.function(local);
        let param = function.params.get(index as usize)?;
        let name = facts.text(param.name);
        let id = FnId { module, local };
        let mut callers = self.graph.callers(id).filter(|(_, site)| {
            let from = &self.names.modules[site.at.module.0 as usize];
            !from.is_test && from.facts.kind(site.at.node) == Kind::Call
        });
        let Some((_, site)) = callers.next() else {
            return param.default.map(|node| At { module, node });
        };
        // A call that is also handed to a fan-out has two sites at one place.
        if callers.any(|(_, it)| it.at != site.at) {
            return None;
        }
        let from = self.names.facts(site.at.module);
        let receiver = usize::from(function.class.is_some());
        let given = from
            .keyword(site.at.node, name)
            .or_else(|| from.arg(site.at.node, (index as usize).checked_sub(receiver)?));
        match given {
            Some(node) => Some(At { node, ..site.at }),
            None => param.default.map(|node| At { module, node }),
        }
    }

    fn attribute(self, at: At) -> Option<At> {
        let facts = self.names.facts(at.module);
        let value = facts.child(at.node, Role::Value)?;
        let name = facts.payload_text(at.node)?;
        if let Some(class) = self.class_of_self(at.module, value) {
            let class = &facts.classes[class.0 as usize];
            let sets = class.attributes.iter().filter(|it| facts.text(it.name) == name);
            let mut made = sets.filter_map(|it| match it.how {
                How::Assign { value, .. } if facts.kind(value) != Kind::None => Some(value),
                How::Assign { .. } | How::Declare { .. } => None,
                _ => Some(it.node),
            });
            if let Some(only) = made.next() {
                let is_followed = made.next().is_none() && only != at.node;
                return is_followed.then_some(At { node: only, ..at });
            }
            let (_, place) = class.members.iter().find(|(sym, _)| facts.text(*sym) == name)?;
            return self.place(at.module, *place, FUEL);
        }
        match static_expr(self.names.importer(), at.module, value, FUEL)? {
            Ty::Module(of) => self.member(of, name, FUEL),
            Ty::Class(of) => {
                let theirs = self.names.facts(of.module);
                let class = &theirs.classes[of.local.0 as usize];
                let (_, place) = class.members.iter().find(|(sym, _)| theirs.text(*sym) == name)?;
                self.place(of.module, *place, FUEL)
            }
            _ => None,
        }
    }

    /// The class whose method has this name as its first parameter.
    fn class_of_self(self, module: ModuleId, value: NodeId) -> Option<crate::facts::LocalClass> {
        let facts = self.names.facts(module);
        let place = facts.name_place(value)?;
        let owner = facts.function(facts.place(place).owner);
        let is_first = owner.params.first().is_some_and(|it| it.place == place);
        owner.class.filter(|_| is_first)
    }

    /// What a function of this project returns, where that is one expression.
    fn factory(self, at: At) -> Option<At> {
        let facts = self.names.facts(at.module);
        let caller = FnId {
            module: at.module,
            local: facts.function_of(at.node),
        };
        let mut sites = self.graph.sites_at(caller, at.node);
        let (_, site) = sites.next()?;
        let [only] = site.targets() else { return None };
        let theirs = self.names.facts(only.module);
        let is_class = theirs.text(self.names.function(*only).name) == "__init__";
        if sites.next().is_some() || is_class {
            return None;
        }
        let mut returned = theirs
            .body_nodes(only.local)
            .filter(|&it| theirs.kind(it) == Kind::Return);
        let (first, None) = (returned.next()?, returned.next()) else {
            return None;
        };
        let node = theirs.child(first, Role::Value)?;
        Some(At {
            module: only.module,
            node,
        })
    }
}
