//! Whether a value is the same for everybody who computes it: the definitions that feed it, searched for chance.

use super::graph::Callee;
use super::ids::{At, FnId, ModuleId};
use super::modules::Target;
use super::{Project, written};
use crate::facts::{FileFacts, How, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};
use rustc_hash::FxHashSet;

/// Whether a value is the same for everybody who computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Steadiness {
    /// Made of constants, parameters, counters and settings.
    Fixed,
    /// A server says it, to everybody alike.
    Given,
    /// Something in it is not known.
    Unknown,
    /// Something in it is random.
    Random,
}

impl Project {
    /// Whether the value of an expression is the same for everybody. Definitions are followed through names of the
    /// module and of others, and through functions of the project that compute it.
    #[must_use]
    pub fn steadiness(&self, at: At) -> Steadiness {
        let mut slice = Slice {
            project: self,
            places: FxHashSet::default(),
            functions: FxHashSet::default(),
            depth: 0,
        };
        slice.node(at.module, at.node)
    }
}

/// Expressions are followed this deep.
const MAX_DEPTH: u32 = 60;

struct Slice<'a> {
    project: &'a Project,
    places: FxHashSet<(ModuleId, PlaceId)>,
    functions: FxHashSet<FnId>,
    depth: u32,
}

impl<'a> Slice<'a> {
    fn facts(&self, module: ModuleId) -> &'a FileFacts {
        self.project.names.facts(module)
    }

    fn node(&mut self, module: ModuleId, node: NodeId) -> Steadiness {
        if self.depth > MAX_DEPTH {
            return Steadiness::Unknown;
        }
        self.depth += 1;
        let found = self.node_inner(module, node);
        self.depth -= 1;
        found
    }

    fn node_inner(&mut self, module: ModuleId, node: NodeId) -> Steadiness {
        let facts = self.facts(module);
        let said = match facts.kind(node) {
            Kind::Name => facts.name_text(node).map_or(Steadiness::Fixed, by_name),
            Kind::Attribute | Kind::Str | Kind::Keyword => facts.payload_text(node).map_or(Steadiness::Fixed, by_name),
            _ => Steadiness::Fixed,
        };
        // `response.headers` needs no look at where the response comes from.
        if said == Steadiness::Random || (said == Steadiness::Given && facts.kind(node) == Kind::Attribute) {
            return said;
        }
        let made = match facts.kind(node) {
            Kind::Name => facts
                .name_place(node)
                .map_or(Steadiness::Unknown, |it| self.place(module, it)),
            Kind::Call => self.call(module, node),
            Kind::Attribute => self.attribute(module, node),
            Kind::Lambda | Kind::Opaque => Steadiness::Unknown,
            _ => self.children(module, node),
        };
        match (said, made) {
            (Steadiness::Given, Steadiness::Unknown) => Steadiness::Given,
            _ => said.max(made),
        }
    }

    fn children(&mut self, module: ModuleId, node: NodeId) -> Steadiness {
        let facts = self.facts(module);
        let each = facts.children(node).map(|it| self.node(module, it));
        each.max().unwrap_or(Steadiness::Fixed)
    }

    fn place(&mut self, module: ModuleId, place: PlaceId) -> Steadiness {
        let facts = self.facts(module);
        if facts.place(place).kind == PlaceKind::Global || !self.places.insert((module, place)) {
            return Steadiness::Fixed;
        }
        let definitions = facts.definitions_of(place).iter();
        let told = |how: How| !matches!(how, How::Assign { value, .. } if facts.kind(value) == Kind::None);
        let each: Vec<Steadiness> = definitions
            .filter(|it| told(it.how))
            .map(|it| self.how(module, it.how))
            .collect();
        let most = each.iter().copied().max().unwrap_or(Steadiness::Fixed);
        // `delay = headers["Retry-After"]` in one arm and `2**attempt` in the other: who is told nothing waits like all.
        let alone = most == Steadiness::Given && each.contains(&Steadiness::Fixed);
        if alone { Steadiness::Fixed } else { most }
    }

    fn how(&mut self, module: ModuleId, how: How) -> Steadiness {
        match how {
            How::Assign { value, .. } | How::Unpack { value, .. } | How::Augment { value } => self.node(module, value),
            How::Iterate { iter, .. } => self.node(module, iter),
            How::Function(local) => self.returned(FnId { module, local }),
            How::Import(index) => match self.project.names.imports[module.0 as usize][index as usize] {
                Target::Member(module, place) => self.place(module, place),
                _ => Steadiness::Fixed,
            },
            How::Param(_) | How::Declare { .. } | How::Class(_) => Steadiness::Fixed,
            How::Enter { .. } | How::Except | How::Other => Steadiness::Unknown,
        }
    }

    /// `self.delay` is a setting, unless one of its assignments is random.
    fn attribute(&mut self, module: ModuleId, node: NodeId) -> Steadiness {
        let facts = self.facts(module);
        let Some(value) = facts.child(node, Role::Value) else {
            return Steadiness::Unknown;
        };
        let function = facts.function(facts.function_of(node));
        let class = function.class.map(|it| &facts.classes[it.0 as usize]);
        if let (Some(class), Some("self")) = (class, facts.name_text(value)) {
            let name = facts.payload_text(node);
            let own = class.attributes.iter().filter(|it| Some(facts.text(it.name)) == name);
            let any_random = own
                .map(|it| self.how(module, it.how))
                .any(|it| it == Steadiness::Random);
            return if any_random {
                Steadiness::Random
            } else {
                Steadiness::Fixed
            };
        }
        self.node(module, value)
    }

    fn call(&mut self, module: ModuleId, node: NodeId) -> Steadiness {
        let facts = self.facts(module);
        let Some(func) = facts.child(node, Role::Func) else {
            return Steadiness::Unknown;
        };
        let text = written(facts, func);
        if by_name(&text) == Steadiness::Random {
            return Steadiness::Random;
        }
        let caller = FnId {
            module,
            local: facts.function_of(node),
        };
        let own: Vec<FnId> = self
            .project
            .graph
            .sites_at(caller, node)
            .filter(|(_, site)| matches!(site.callee, Callee::Own(_) | Callee::AnyOf(_)))
            .flat_map(|(_, site)| site.targets().to_vec())
            .collect();
        let computed = if own.is_empty() {
            if is_pure(text.rsplit('.').next().unwrap_or_default()) {
                Steadiness::Fixed
            } else {
                Steadiness::Unknown
            }
        } else {
            own.into_iter()
                .map(|it| self.returned(it))
                .max()
                .unwrap_or(Steadiness::Unknown)
        };
        let arguments = facts.children(node).filter(|&it| it != func);
        let arguments = arguments.map(|it| self.node(module, it)).max();
        let receiver = match facts.kind(func) {
            Kind::Attribute => facts.child(func, Role::Value).map(|it| self.node(module, it)),
            _ => None,
        };
        computed
            .max(arguments.unwrap_or(Steadiness::Fixed))
            .max(receiver.unwrap_or(Steadiness::Fixed))
    }

    fn returned(&mut self, function: FnId) -> Steadiness {
        if !self.functions.insert(function) {
            return Steadiness::Fixed;
        }
        let facts = self.facts(function.module);
        let values: Vec<NodeId> = returns(facts, function.local).collect();
        let each = values.into_iter().map(|it| self.node(function.module, it));
        each.max().unwrap_or(Steadiness::Unknown)
    }
}

fn returns(facts: &FileFacts, function: LocalFn) -> impl Iterator<Item = NodeId> + '_ {
    facts
        .body_nodes(function)
        .filter(|&it| matches!(facts.kind(it), Kind::Return | Kind::Yield))
        .filter_map(|it| facts.child(it, Role::Value))
}

/// What a name says: chance, or a time that a server gave.
fn by_name(name: &str) -> Steadiness {
    const CHANCE: [&str; 9] = [
        "random",
        "jitter",
        "secrets",
        "randint",
        "randrange",
        "uniform",
        "uuid",
        "hash",
        "noise",
    ];
    const GIVEN: [&str; 3] = ["retry_after", "retry-after", "header"];
    let name = name.to_ascii_lowercase();
    if CHANCE.iter().any(|it| name.contains(it)) {
        Steadiness::Random
    } else if GIVEN.iter().any(|it| name.contains(it)) {
        Steadiness::Given
    } else {
        Steadiness::Fixed
    }
}

/// Functions whose result is as steady as their arguments: arithmetic, sequences, settings, the waits of libraries.
fn is_pure(name: &str) -> bool {
    const PURE: [&str; 33] = [
        "min",
        "max",
        "int",
        "float",
        "pow",
        "abs",
        "round",
        "len",
        "sum",
        "str",
        "bool",
        "range",
        "enumerate",
        "list",
        "tuple",
        "iter",
        "next",
        "count",
        "repeat",
        "cycle",
        "ceil",
        "floor",
        "exp",
        "exp2",
        "log",
        "timedelta",
        "total_seconds",
        "getenv",
        "get",
        "getint",
        "getfloat",
        "pop",
        "append",
    ];
    PURE.contains(&name) || name.starts_with("wait_")
}
