//! What runs again for every item: the body of a loop over data, the element of a comprehension, the worker of a fan-out
//! or of such a loop; and whether an expression gives the same there every time.

use super::Project;
use super::graph::{Flags, Site};
use super::handling::{
    Handling, argument_for, handling_of_parameter, is_set_later, is_settled_attribute, parameter_of,
};
use super::ids::{At, FnId};
use super::width::{Width, repetitions};
use crate::facts::{FileFacts, FnKind, How, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};

/// A region that runs once per item, in which an expression gives the same value every time.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// The loop or comprehension, or the call that runs the worker.
    pub at: At,
    /// What it runs over.
    pub source: Option<At>,
    /// The expression stands in a function that the loop or fan-out calls.
    pub in_worker: bool,
}

/// The innermost region around an expression that repeats it without need.
#[must_use]
pub fn repeat(project: &Project, function: FnId, expr: NodeId) -> Option<Repeat> {
    repeat_where(project, function, expr, is_same)
}

/// The innermost region around a call that asks the same object with the same arguments each time. Whether the answer
/// is the same is for the caller to say.
#[must_use]
pub fn repeated_question(project: &Project, function: FnId, call: NodeId) -> Option<Repeat> {
    repeat_where(project, function, call, is_same_question)
}

/// Whether an expression of a function is the same in each run of a region that shares these parameters.
type Same = fn(&Project, FnId, NodeId, &[PlaceId], NodeId) -> bool;

fn repeat_where(project: &Project, function: FnId, expr: NodeId, same: Same) -> Option<Repeat> {
    in_loop(project, function, expr, same).or_else(|| in_worker(project, function, expr, same))
}

/// The loop or comprehension over data around an expression, in which it does not change.
fn in_loop(project: &Project, function: FnId, expr: NodeId, same: Same) -> Option<Repeat> {
    let facts = project.names.facts(function.module);
    let around = loop_around(project, function, expr)?;
    same(project, function, around, &[], expr).then(|| Repeat {
        at: At {
            module: function.module,
            node: around,
        },
        source: source(facts, around).map(|node| At {
            module: function.module,
            node,
        }),
        in_worker: false,
    })
}

/// The loop or comprehension over data that runs a node for every item.
fn loop_around(project: &Project, function: FnId, node: NodeId) -> Option<NodeId> {
    let facts = project.names.facts(function.module);
    let root = facts.function(function.local).node;
    let mut below = node;
    for around in facts.ancestors(node).take_while(|&it| it != root) {
        let role = facts.node(below).role;
        let repeats = match facts.kind(around) {
            Kind::For | Kind::AsyncFor => role == Role::Body,
            Kind::ListComp | Kind::SetComp | Kind::DictComp | Kind::GeneratorExp => {
                matches!(role, Role::Element | Role::Key | Role::Value)
            }
            // A loop of attempts or a poll wants to look again.
            Kind::While => return None,
            _ => false,
        };
        if repeats && repetitions(&project.names, function.module, around) == Width::Data {
            return Some(around);
        }
        below = around;
    }
    None
}

fn source(facts: &FileFacts, around: NodeId) -> Option<NodeId> {
    let holder = facts.child(around, Role::Generator).unwrap_or(around);
    facts.child(holder, Role::Iter)
}

/// The function is what a loop over data, or a fan-out, runs for every item, and the expression depends on nothing that
/// is another one each time.
fn in_worker(project: &Project, function: FnId, expr: NodeId, same: Same) -> Option<Repeat> {
    let root = project.names.function(function).node;
    let ways = runs(project, function, CALLERS_DEEP);
    if ways.is_empty() {
        return None;
    }
    let facts = project.names.facts(function.module);
    let read = facts.slice(root, expr).places;
    // What a function reads of the one around it is another one each time where that itself runs for every item.
    let mut around: Vec<LocalFn> = read.iter().map(|it| facts.place(*it).owner).collect();
    around.retain(|it| *it != function.local && facts.function(*it).kind != FnKind::Module);
    let encloses = |local: LocalFn| FnId { local, ..function };
    if around
        .into_iter()
        .any(|it| !runs(project, encloses(it), CALLERS_DEEP).is_empty())
    {
        return None;
    }
    let mut repeated = ways
        .into_iter()
        .filter(|run| same(project, function, root, &run.shared, expr));
    repeated.next().map(|run| run.repeat)
}

/// How a function runs for every item of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PerItem {
    /// One item after the other.
    InTurn,
    /// Many items at once.
    Beside,
}

/// Whether a loop over data or a fan-out runs the function for every item, itself or through a small function between.
#[must_use]
pub fn per_item(project: &Project, function: FnId) -> Option<PerItem> {
    let runs = runs(project, function, CALLERS_DEEP);
    let all = runs.iter().map(|run| {
        let mut sites = project.graph.sites_at(run.caller, run.repeat.at.node);
        if sites.any(|(_, site)| site.flags.has(Flags::AWAITED)) {
            PerItem::InTurn
        } else {
            PerItem::Beside
        }
    });
    all.max()
}

/// A worker may be called by a small function that enters a limiter or keeps the result, and have a helper that builds, by
/// way of one that puts the parts together.
const CALLERS_DEEP: u32 = 4;

/// More callers than these would only say the same again.
const MOST_RUNS: usize = 6;

/// How a loop runs a function for every item, and which parameters it fills with the same.
struct Run {
    repeat: Repeat,
    caller: FnId,
    shared: Vec<PlaceId>,
}

fn runs(project: &Project, function: FnId, depth: u32) -> Vec<Run> {
    let mut found = Vec::new();
    for (_, site) in project.graph.callers(function) {
        let from = &project.names.modules[site.at.module.0 as usize];
        let seldom = Flags::ONCE.with(Flags::MAIN).with(Flags::ERROR_PATH);
        if from.is_test || site.flags.has(seldom) || from.facts.kind(site.at.node) != Kind::Call {
            continue;
        }
        if found.len() >= MOST_RUNS {
            break;
        }
        if let Some(around) = loop_around(project, site.caller, site.at.node) {
            let source = source(&from.facts, around).map(|node| At { node, ..site.at });
            found.push(Run {
                repeat: Repeat {
                    at: site.at,
                    source,
                    in_worker: true,
                },
                caller: site.caller,
                shared: shared(project, site, function, around, &[]),
            });
        } else if depth > 1 && site.caller != function {
            let root = project.names.function(site.caller).node;
            let outer = runs(project, site.caller, depth - 1);
            found.extend(outer.into_iter().map(|run| Run {
                shared: shared(project, site, function, root, &run.shared),
                repeat: run.repeat,
                caller: run.caller,
            }));
        }
    }
    found
}

/// The parameters that a call in a region fills with the same each time.
fn shared(project: &Project, site: &Site, function: FnId, around: NodeId, outer: &[PlaceId]) -> Vec<PlaceId> {
    let facts = project.names.facts(site.at.module);
    let it = project.names.function(function);
    let is_method = it.class.is_some() && project.names.method_kind(function) != super::MethodKind::Static;
    let params = it.params.iter().enumerate().filter(|&(index, _)| {
        let given = if index == 0 && is_method {
            let func = facts.child(site.at.node, Role::Func);
            func.and_then(|it| facts.child(it, Role::Value))
        } else {
            argument_for(project, site.at, function, index)
        };
        given.is_some_and(|it| {
            is_same_object(facts, around, outer, it)
                || index == 0 && is_method && facts.name_place(it).is_some_and(|place| outer.contains(&place))
                || is_same(project, site.caller, around, outer, it)
        })
    });
    params.map(|(_, param)| param.place).collect()
}

/// Whether it is the object whose method has the loop, or that is the same for every item.
fn is_same_object(facts: &FileFacts, around: NodeId, outer: &[PlaceId], given: NodeId) -> bool {
    let place = facts.name_place(given).filter(|_| facts.is_receiver(given));
    place.is_some_and(|it| outer.contains(&it) || facts.function(facts.place(it).owner).node != around)
}

/// Whether an expression gives the same value at every run of a region: no name in it is bound there to something else,
/// nothing there changes what it reads, and no call that is handed it does.
fn is_same(project: &Project, function: FnId, region: NodeId, shared: &[PlaceId], expr: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    facts.invariant_in(region, shared, expr)
        && comes_from_outside(facts, region, shared, expr)
        && reads_settled_attributes(facts, function.local, region, expr)
        && facts
            .handed_in(region, expr)
            .into_iter()
            .all(|it| leaves_alone(project, function, it))
}

/// Whether a call asks the same object the same: what the object is asked for in between does not change which it is.
fn is_same_question(project: &Project, function: FnId, region: NodeId, shared: &[PlaceId], call: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let given: Vec<NodeId> = facts.given(call).collect();
    let same = |&it: &NodeId| {
        let mut handed = facts.handed_in(region, it).into_iter();
        facts.invariant_in(region, shared, it)
            && reads_settled_attributes(facts, function.local, region, it)
            && (is_word(facts, it) || handed.all(|it| leaves_alone(project, function, it)))
    };
    given.iter().any(|&it| comes_from_outside(facts, region, shared, it))
        && given.iter().all(same)
        && asks_the_same(facts, region, shared, call)
}

/// A name that says that it is a text or a number: nobody can change what it holds.
fn is_word(facts: &FileFacts, node: NodeId) -> bool {
    const WORDS: [&str; 10] = [
        "id", "uuid", "key", "name", "kind", "type", "url", "path", "index", "limit",
    ];
    let text = facts.name_text(node).or_else(|| facts.payload_text(node));
    WORDS.contains(&super::words::last_word(text.unwrap_or_default()).as_str())
}

/// `self.store.get(...)` where the class sets `store` when the object is made; `store.get(...)` of a name from outside.
fn asks_the_same(facts: &FileFacts, region: NodeId, shared: &[PlaceId], call: NodeId) -> bool {
    let Some(func) = facts.child(call, Role::Func) else {
        return false;
    };
    if facts.kind(func) == Kind::Name {
        return true;
    }
    let mut path = Vec::new();
    let mut at = func;
    while facts.kind(at) == Kind::Attribute {
        path.push(facts.payload_text(at).unwrap_or_default());
        let Some(value) = facts.child(at, Role::Value) else {
            return false;
        };
        at = value;
    }
    let Some(place) = facts.name_place(at) else {
        return false;
    };
    if facts.is_receiver(at) {
        let class = facts.function(facts.place(place).owner).class;
        // A method of the object itself may read what the loop sets on it.
        return path.len() > 1 && class.is_some_and(|it| !is_set_later(facts, it, path[path.len() - 1]));
    }
    shared.contains(&place)
        || facts
            .definitions_of(place)
            .iter()
            .all(|it| !facts.contains(region, it.node))
}

/// Whether something that lives longer than one run feeds an expression: what is made of nothing is not context.
fn comes_from_outside(facts: &FileFacts, region: NodeId, shared: &[PlaceId], expr: NodeId) -> bool {
    let slice = facts.slice(region, expr);
    let outside = |place: PlaceId| {
        let mut all = facts.definitions_of(place).iter();
        let is_local = facts.place(place).kind == PlaceKind::Local;
        let code = |how: How| matches!(how, How::Function(_) | How::Class(_) | How::Import(_));
        is_local && all.all(|it| !facts.contains(region, it.node) && !code(it.how))
    };
    slice.places.iter().any(|&it| shared.contains(&it) || outside(it))
}

/// `self.x` stays the same where the class sets it when the object is made, and never again.
fn reads_settled_attributes(facts: &FileFacts, local: LocalFn, region: NodeId, expr: NodeId) -> bool {
    let slice = facts.slice(region, expr);
    let uses = slice.roots.iter().flat_map(|&it| facts.subtree(it));
    uses.into_iter().filter(|&it| facts.is_receiver(it)).all(|it| {
        let parent = facts.parent(it);
        let owner = facts.name_place(it).map(|place| facts.place(place).owner);
        let class = owner.map_or(local, |it| it);
        let class = facts.function(class).class;
        match (facts.kind(parent), class) {
            (Kind::Attribute, Some(class)) if facts.method_on(it).is_none() => {
                is_settled_attribute(facts, class, facts.payload_text(parent).unwrap_or_default())
            }
            _ => false,
        }
    })
}

/// Whether the call that an argument is handed to does not change it.
fn leaves_alone(project: &Project, function: FnId, argument: NodeId) -> bool {
    let facts = project.names.facts(function.module);
    let call = facts.ancestors(argument).find(|&it| facts.kind(it) == Kind::Call);
    let Some(call) = call else { return true };
    let caller = FnId {
        module: function.module,
        local: facts.function_of(call),
    };
    let at = At {
        module: function.module,
        node: call,
    };
    let mut targets = project
        .graph
        .sites_at(caller, call)
        .flat_map(|(_, site)| site.targets().iter().copied())
        .peekable();
    // What a library is handed it mostly sends or prints; an unknown call of this project may do anything.
    if targets.peek().is_none() {
        return project.graph.sites_at(caller, call).next().is_some() || is_reader(facts, call);
    }
    targets.all(|target| {
        parameter_of(project, at, target, argument)
            .is_some_and(|index| handling_of_parameter(project, target, index, 2) < Handling::Unknown)
    })
}

/// Builtin functions, and methods of text and loggers, that read what they are given.
fn is_reader(facts: &FileFacts, call: NodeId) -> bool {
    const READERS: [&str; 18] = [
        "len",
        "str",
        "repr",
        "isinstance",
        "print",
        "sorted",
        "enumerate",
        "zip",
        "range",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "list",
        "dict",
        "set",
        "tuple",
    ];
    let func = facts.child(call, Role::Func);
    let name = func.and_then(|it| facts.name_text(it));
    name.is_some_and(|it| READERS.contains(&it))
}
