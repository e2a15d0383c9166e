//! Retries by a library's policy: where the policies stand, and what they try again.

use super::{Errors, Form, Growth, Limit, Retry, Tried, arguments, tenacity};
use crate::catalog::{Act, EntryId, Waits};
use crate::diagnostic::Confidence;
use crate::facts::{Kind, LocalFn, NodeId, Role};
use crate::project::{At, Callee, FnId, Site, Steadiness, origin};
use crate::rules::Context;

/// What a policy says, wherever it stands.
pub(super) struct Policy {
    pub(super) form: Form,
    pub(super) limit: Limit,
    pub(super) growth: Growth,
    pub(super) waits: Steadiness,
    pub(super) wait: String,
    pub(super) errors: Errors,
}

/// The policies that a module makes, and the decorators that bring one without a call.
pub(super) fn find(cx: &Context<'_>) -> Vec<Retry> {
    let mut found = Vec::new();
    for (local, _) in cx.facts().all_functions() {
        for (_, site) in cx.project.graph.sites_in(cx.function(local)) {
            if let Some(policy) = policy(cx, site) {
                found.push(place(cx, local, site.at.node, policy));
            }
        }
        for decorator in bare_decorators(cx, local) {
            found.push(retry(cx, decorator, local, Tried::Function, tenacity::bare()));
        }
    }
    found
}

/// The policies under which a function runs: those of its decorators, also where they are made elsewhere, and those that
/// stand in it around a block.
pub(super) fn of_function(cx: &Context<'_>, local: LocalFn) -> Vec<Retry> {
    let mut found = Vec::new();
    for decorator in cx.project.decorators.of(cx.function(local)) {
        let made = origin(
            &cx.project.names,
            &cx.project.graph,
            At {
                module: cx.module,
                node: decorator.node,
            },
        );
        let theirs = Context {
            module: made.module,
            ..*cx
        };
        let caller = FnId {
            module: made.module,
            local: theirs.facts().function_of(made.node),
        };
        let mut sites = cx.project.graph.sites_at(caller, made.node);
        if let Some(policy) = sites.find_map(|(_, site)| policy(&theirs, site)) {
            found.push(retry(cx, decorator.node, local, Tried::Function, policy));
        }
    }
    for decorator in bare_decorators(cx, local) {
        found.push(retry(cx, decorator, local, Tried::Function, tenacity::bare()));
    }
    for (_, site) in cx.project.graph.sites_in(cx.function(local)) {
        if let Some(policy) = policy(cx, site) {
            let it = place(cx, local, site.at.node, policy);
            if matches!(it.tried, Tried::Block(_)) {
                found.push(it);
            }
        }
    }
    found
}

/// `@retry` of tenacity: without a call it tries for ever.
fn bare_decorators(cx: &Context<'_>, local: LocalFn) -> Vec<NodeId> {
    let decorators = cx.project.decorators.of(cx.function(local)).iter();
    let is_bare = |node: NodeId| matches!(cx.facts().kind(node), Kind::Name | Kind::Attribute);
    decorators
        .filter(|it| is_bare(it.node) && it.entry.is_some_and(|entry| library(cx, entry) == "tenacity"))
        .filter(|it| it.entry.is_some_and(|entry| retries(cx, entry)))
        .map(|it| it.node)
        .collect()
}

fn library<'a>(cx: &Context<'a>, entry: EntryId) -> &'a str {
    let name = cx.project.names.catalog.entry_name(entry);
    name.split('.').next().unwrap_or_default()
}

fn retries(cx: &Context<'_>, entry: EntryId) -> bool {
    let entry = cx.project.names.catalog.entry(entry);
    entry.act == Some(Act::Retry) && entry.policy.is_some()
}

/// What a policy's call tries again, by where it stands.
fn place(cx: &Context<'_>, local: LocalFn, node: NodeId, policy: Policy) -> Retry {
    let facts = cx.facts();
    let parent = NodeId(facts.node(node).parent);
    let (function, tried) = match (facts.kind(parent), facts.node(node).role) {
        (Kind::FunctionDef, Role::Decorator) => (LocalFn(facts.node(parent).payload), Tried::Function),
        (Kind::For | Kind::AsyncFor, Role::Iter) => (local, Tried::Block(parent)),
        // `Retrying(...)(fetch, url)`.
        (Kind::Call, Role::Func) => (local, Tried::Block(parent)),
        _ => match loop_over(cx, local, node) {
            Some(of) => (local, Tried::Block(of)),
            None => (local, Tried::Elsewhere),
        },
    };
    retry(cx, node, function, tried, policy)
}

/// `policy = AsyncRetrying(...)`, and `async for attempt in policy:` later in the same function.
fn loop_over(cx: &Context<'_>, local: LocalFn, made: NodeId) -> Option<NodeId> {
    let facts = cx.facts();
    let made = At {
        module: cx.module,
        node: made,
    };
    let loops = facts
        .body_nodes(local)
        .filter(|&it| matches!(facts.kind(it), Kind::For | Kind::AsyncFor));
    let mut over = loops.filter(|&it| {
        let iter = facts.child(it, Role::Iter).filter(|&it| facts.kind(it) == Kind::Name);
        iter.is_some_and(|node| {
            let at = At {
                module: cx.module,
                node,
            };
            origin(&cx.project.names, &cx.project.graph, at) == made
        })
    });
    over.next()
}

fn retry(cx: &Context<'_>, at: NodeId, function: LocalFn, tried: Tried, policy: Policy) -> Retry {
    let project = cx.project;
    let facts = cx.facts();
    let reaches = match tried {
        Tried::Block(block) => {
            let mut sites = project.graph.sites_in(cx.function(function));
            sites.any(|(id, site)| {
                facts.contains(block, site.at.node) && project.remote_callers.from(&project.graph, id).is_some()
            })
        }
        _ => project.remote_callers.reaches(&project.graph, cx.function(function)),
    };
    Retry {
        at,
        function,
        form: policy.form,
        tried,
        limit: policy.limit,
        growth: policy.growth,
        waits: policy.waits,
        wait: policy.wait,
        errors: policy.errors,
        remote: if reaches { Confidence::High } else { Confidence::Medium },
        is_minor: false,
    }
}

/// What the policy at a site says.
fn policy(cx: &Context<'_>, site: &Site) -> Option<Policy> {
    let facts = cx.facts();
    let Callee::Library(entry) = site.callee else {
        return None;
    };
    if facts.kind(site.at.node) != Kind::Call || !retries(cx, entry) {
        return None;
    }
    let described = cx.project.names.catalog.entry(entry).policy.as_ref()?;
    let call = site.at.node;
    match (described.waits, library(cx, entry)) {
        (Waits::ByArguments, "tenacity") => tenacity::read(cx, call),
        (_, library) => arguments::read(cx, call, described, library),
    }
}
