//! Clients that try again by themselves, and the retries of the project around their calls.

use super::nesting::around;
use super::{Retry, Tried};
use crate::catalog::ExtClass;
use crate::facts::{FileFacts, Kind, NO_PAYLOAD, NodeId, PlaceKind, Role};
use crate::project::{At, Callee, FnId, ModuleId, Site, SiteId, constant};
use crate::rules::Context;
use rustc_hash::FxHashSet;

/// A client is followed through this many getters and attributes.
const FUEL: u32 = 4;

/// A client that retries, and the retry around its use.
#[derive(Debug)]
pub(in crate::rules) struct SdkRetry {
    /// Where it is made.
    pub(in crate::rules) made: NodeId,
    /// The function that makes it.
    pub(in crate::rules) function: FnId,
    /// Its class.
    pub(in crate::rules) class: ExtClass,
    /// How often it tries again.
    pub(in crate::rules) retries: u64,
    /// Nobody has said so: it is the library's default.
    pub(in crate::rules) is_default: bool,
    /// All of its arguments are written there.
    pub(in crate::rules) is_plain: bool,
    /// The module of the retry around it.
    pub(in crate::rules) module: ModuleId,
    /// The retry around it.
    pub(in crate::rules) outer: Retry,
    /// The calls between that retry and the client's use.
    pub(in crate::rules) chain: Vec<SiteId>,
    /// How many retries there are around it in all.
    pub(in crate::rules) others: usize,
}

/// The clients of a module that are used under a retry of the project and retry by themselves.
pub(in crate::rules) fn sdk_retries(cx: &Context<'_>) -> Vec<SdkRetry> {
    let functions = cx.facts().all_functions();
    let sites = functions.flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)));
    let mut found: Vec<SdkRetry> = Vec::new();
    for (_, site) in sites {
        if found.iter().any(|it| it.made == site.at.node) {
            continue;
        }
        found.extend(sdk_retry(cx, site));
    }
    found
}

fn sdk_retry(cx: &Context<'_>, site: &Site) -> Option<SdkRetry> {
    let facts = cx.facts();
    let made = site.at.node;
    let (class, default) = makes(cx, site)?;
    let (retries, is_default) = match given(facts, made) {
        Some(node) => (
            constant(
                &cx.project.names,
                &cx.project.graph,
                At {
                    module: cx.module,
                    node,
                },
            )?,
            false,
        ),
        None => (default, true),
    };
    let is_plain = !facts.has_double_star(made);
    if retries == 0 || (!is_plain && is_spoken_of(cx, site.caller, made)) {
        return None;
    }
    let mut users = Users {
        cx,
        seen: FxHashSet::default(),
        found: Vec::new(),
    };
    users.of(site.at, FUEL);
    let users = users.found;
    let mut outer: Vec<(ModuleId, Retry, Vec<SiteId>)> = Vec::new();
    for (function, uses) in users {
        for it in around(cx, function, &uses) {
            if !outer.iter().any(|known| known.0 == it.0 && known.1.at == it.1.at) {
                outer.push(it);
            }
        }
    }
    let others = outer.len();
    // An async client is used in the async one of two twins.
    let is_async = cx.project.names.catalog.class_entry(class).r#async;
    let is_other =
        |module: ModuleId, retry: &Retry| cx.project.names.facts(module).is_async(retry.function) != is_async;
    let best = outer
        .into_iter()
        .min_by_key(|(module, retry, chain)| (is_other(*module, retry), chain.len(), *module, retry.at))?;
    Some(SdkRetry {
        made,
        function: site.caller,
        class,
        retries,
        is_default,
        is_plain,
        module: best.0,
        outer: best.1,
        chain: best.2,
        others: others - 1,
    })
}

/// The client that a site makes, and how often it tries again by itself.
fn makes(cx: &Context<'_>, site: &Site) -> Option<(ExtClass, u64)> {
    let catalog = &cx.project.names.catalog;
    let class = match site.callee {
        Callee::Construct(name) => catalog.class(name)?,
        Callee::Library(entry) if catalog.entry_name(entry).ends_with(".__init__") => catalog.owner(entry)?,
        _ => return None,
    };
    let line = catalog.lineage(class);
    let retries = line.into_iter().find_map(|it| catalog.class_entry(it).retries)?;
    let is_call = cx.facts().kind(site.at.node) == Kind::Call;
    (is_call && catalog.is(class, crate::catalog::Is::Client)).then_some((class, u64::from(retries)))
}

/// The argument that says how often: `max_retries=5`, `num_retries=2`.
fn given(facts: &FileFacts, call: NodeId) -> Option<NodeId> {
    let keywords = facts.children_as(call, Role::Keyword);
    let mut named = keywords.filter(|&it| {
        facts
            .payload_text(it)
            .is_some_and(|it| it.contains("retr") || it == "config")
    });
    named.next().and_then(|it| facts.child(it, Role::Value))
}

/// Whether the places where the `**` arguments come from speak of retries: then somebody has thought of them.
fn is_spoken_of(cx: &Context<'_>, function: FnId, call: NodeId) -> bool {
    let facts = cx.facts();
    let of = facts.function(function.local);
    if speaks(facts, of.node) {
        return true;
    }
    let by_class = of.class.is_some_and(|it| {
        let spreads_self = facts.children_as(call, Role::Keyword).any(|it| {
            let inside = facts.descendants(it);
            facts.node(it).payload == NO_PAYLOAD && inside.into_iter().any(|at| facts.name_text(at) == Some("self"))
        });
        spreads_self && speaks(facts, facts.classes[it.0 as usize].node)
    });
    // `{**self.kwargs, **client_kwargs()}`.
    let mut helpers = cx.project.graph.sites_in(function).flat_map(|(_, site)| site.targets());
    by_class
        || helpers.any(|it| {
            let theirs = cx.project.names.facts(it.module);
            speaks(theirs, theirs.function(it.local).node)
        })
}

fn speaks(facts: &FileFacts, root: NodeId) -> bool {
    facts.descendants(root).any(|it| {
        matches!(facts.kind(it), Kind::Str | Kind::Keyword)
            && facts
                .payload_text(it)
                .is_some_and(|it| it.contains("max_retries") || it.contains("num_retries"))
    })
}

/// Who uses a value: the functions, and where in them.
struct Users<'a> {
    cx: &'a Context<'a>,
    seen: FxHashSet<At>,
    found: Vec<(FnId, Vec<NodeId>)>,
}

impl Users<'_> {
    /// Follows a value from where it is made, through names, attributes, getters and what wraps it.
    fn of(&mut self, at: At, fuel: u32) {
        let Some(left) = fuel.checked_sub(1) else { return };
        if !self.seen.insert(at) {
            return;
        }
        let facts = self.cx.project.names.facts(at.module);
        let parent = NodeId(facts.node(at.node).parent);
        let function = FnId {
            module: at.module,
            local: facts.function_of(at.node),
        };
        match (facts.kind(parent), facts.node(at.node).role) {
            (Kind::Return, _) => self.callers(function, left),
            (Kind::Assign | Kind::AnnAssign, Role::Value) => {
                for target in facts.children_as(parent, Role::Target) {
                    self.target(at.module, function, target, left);
                }
            }
            (Kind::NamedExpr, Role::Value) => {
                if let Some(target) = facts.child(parent, Role::Target) {
                    self.target(at.module, function, target, left);
                }
            }
            (Kind::WithItem, Role::Context) => match facts.child(parent, Role::Target) {
                Some(target) => self.target(at.module, function, target, left),
                None => self.found.push((function, vec![parent])),
            },
            // `with_tools(AsyncOpenAI())`, `client or AsyncOpenAI()`: what comes out uses it.
            (Kind::Call, Role::Arg) | (Kind::BoolOp | Kind::IfExp | Kind::Await, _) => {
                self.of(At { node: parent, ..at }, fuel)
            }
            (Kind::Attribute, Role::Value) => self.found.push((function, vec![at.node])),
            _ => {}
        }
    }

    fn callers(&mut self, function: FnId, fuel: u32) {
        let sites: Vec<At> = self.cx.project.graph.callers(function).map(|(_, it)| it.at).collect();
        for at in sites {
            if !self.cx.project.names.modules[at.module.0 as usize].is_test {
                self.of(at, fuel);
            }
        }
    }

    fn target(&mut self, module: ModuleId, function: FnId, target: NodeId, fuel: u32) {
        let facts = self.cx.project.names.facts(module);
        match facts.kind(target) {
            Kind::Name => {
                let Some(place) = facts.name_place(target) else { return };
                let n = u32::try_from(facts.nodes.len()).unwrap_or(0);
                let is_local = facts.place(place).kind == PlaceKind::Local;
                let range = if is_local {
                    let root = facts.function(function.local).node;
                    root.0..facts.node(root).end
                } else {
                    0..n
                };
                let reads = range
                    .map(NodeId)
                    .filter(|&it| facts.name_place(it) == Some(place) && facts.node(it).role != Role::Target);
                self.reads(module, reads.collect(), fuel);
            }
            Kind::Attribute => {
                let class = facts.function(function.local).class;
                let Some(class) = class.map(|it| facts.classes[it.0 as usize].node) else {
                    return;
                };
                let name = facts.payload_text(target);
                let reads = facts.descendants(class).filter(|&it| {
                    facts.kind(it) == Kind::Attribute
                        && facts.node(it).role != Role::Target
                        && facts.payload_text(it) == name
                        && facts
                            .child(it, Role::Value)
                            .is_some_and(|it| facts.name_text(it) == Some("self"))
                });
                self.reads(module, reads.collect(), fuel);
            }
            _ => {}
        }
    }

    /// The functions that read a value, and where; a read that hands it on is followed.
    fn reads(&mut self, module: ModuleId, reads: Vec<NodeId>, fuel: u32) {
        let facts = self.cx.project.names.facts(module);
        for node in reads {
            let parent = NodeId(facts.node(node).parent);
            if facts.kind(parent) == Kind::Attribute {
                let function = FnId {
                    module,
                    local: facts.function_of(node),
                };
                match self.found.iter_mut().find(|it| it.0 == function) {
                    Some(known) => known.1.push(node),
                    None => self.found.push((function, vec![node])),
                }
            } else {
                self.of(At { module, node }, fuel);
            }
        }
    }
}

impl SdkRetry {
    /// Whether the retry around it is a loop or a decorator in another function.
    pub(in crate::rules) fn is_direct(&self) -> bool {
        self.chain.is_empty() && self.outer.tried != Tried::Elsewhere
    }
}
