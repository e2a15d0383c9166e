//! Retries inside retries: what is tried again reaches something that tries again by itself.

use super::{Errors, Limit, Retry, Tried, of_function};
use crate::diagnostic::Confidence;
use crate::facts::{NodeId, Role};
use crate::project::{Flags, FnId, ModuleId, Site, SiteId};
use crate::rules::Context;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Calls between the two retries; through more of them, several layers have a say in what is passed on.
const MAX_HOPS: usize = 6;
/// Functions that are looked at for one retry; who reaches more is a program of its own, not an attempt.
const MAX_FUNCTIONS: usize = 200;
/// A call with more candidates says too little of which of them runs.
const MAX_CANDIDATES: usize = 2;

/// Calls that are not part of an attempt.
const NOT_TRIED: Flags = Flags::OFF_LOOP
    .with(Flags::LOOP_CALLBACK)
    .with(Flags::LAZY)
    .with(Flags::MAIN)
    .with(Flags::ONCE)
    .with(Flags::ERROR_PATH);

/// A retry that another one runs again.
#[derive(Debug)]
pub(in crate::rules) struct Inner {
    /// The module in which it stands.
    pub(in crate::rules) module: ModuleId,
    /// The retry itself.
    pub(in crate::rules) retry: Retry,
    /// The calls that lead to its function.
    pub(in crate::rules) chain: Vec<SiteId>,
}

/// Whether a retry is of the kind that multiplies: after errors of a service, more than once.
pub(super) fn multiplies(retry: &Retry) -> bool {
    !matches!(retry.errors, Errors::Local | Errors::Results)
        && !matches!(retry.limit, Limit::Attempts(0 | 1))
        && retry.tried != Tried::Elsewhere
        && retry.remote > Confidence::Low
}

/// The nearest retry in what another one tries.
pub(in crate::rules) fn inner(cx: &Context<'_>, outer: &Retry) -> Option<Inner> {
    if !multiplies(outer) {
        return None;
    }
    let start = cx.function(outer.function);
    let region = match outer.tried {
        Tried::Block(block) => Some(block),
        Tried::Function => None,
        Tried::Elsewhere => return None,
    };
    let within = |node: NodeId| region.is_none_or(|it| cx.facts().contains(it, node));
    // A loop in the same function, inside of what is tried.
    let own = of_function(cx, outer.function).into_iter().filter(multiplies);
    let mut own = own.filter(|it| match it.tried {
        Tried::Block(block) => it.at != outer.at && Some(block) != region && within(block) && is_known(it),
        _ => false,
    });
    if let Some(retry) = own.next() {
        return Some(Inner {
            module: cx.module,
            retry,
            chain: Vec::new(),
        });
    }
    let mut seen: FxHashSet<FnId> = FxHashSet::default();
    seen.insert(start);
    let mut queue: VecDeque<(FnId, Vec<SiteId>)> = VecDeque::from([(start, Vec::new())]);
    while let Some((function, chain)) = queue.pop_front() {
        for (id, site) in cx.project.graph.sites_in(function) {
            let here = chain.is_empty();
            if here && !within(site.at.node) || !is_tried(site, here && region.is_some()) {
                continue;
            }
            for &target in site.targets().iter().filter(|_| site.targets().len() <= MAX_CANDIDATES) {
                if seen.len() >= MAX_FUNCTIONS || !seen.insert(target) {
                    continue;
                }
                let theirs = Context {
                    module: target.module,
                    ..*cx
                };
                if cx.project.names.modules[target.module.0 as usize].is_test {
                    continue;
                }
                let mut chain = chain.clone();
                chain.push(id);
                let retries = of_function(&theirs, target.local).into_iter();
                if let Some(retry) = retries.filter(multiplies).find(is_known) {
                    return Some(Inner {
                        module: target.module,
                        retry,
                        chain,
                    });
                }
                if chain.len() < MAX_HOPS {
                    queue.push_back((target, chain));
                }
            }
        }
    }
    None
}

/// Whether it is known to reach a service.
fn is_known(retry: &Retry) -> bool {
    retry.remote == Confidence::High
}

/// Whether a call runs with each attempt; `Retrying(...)(fetch)` runs what it is handed.
fn is_tried(site: &Site, handed: bool) -> bool {
    !site.flags.has(NOT_TRIED) && (handed || !site.flags.has(Flags::PASSED))
}

/// The retries around a call, its own function's and those of its callers, nearest first; with the calls between.
pub(super) fn around(cx: &Context<'_>, function: FnId, uses: &[NodeId]) -> Vec<(ModuleId, Retry, Vec<SiteId>)> {
    let mut found = Vec::new();
    let mut seen: FxHashSet<FnId> = FxHashSet::default();
    seen.insert(function);
    let mut queue: VecDeque<(FnId, Vec<NodeId>, Vec<SiteId>)> = VecDeque::from([(function, uses.to_vec(), Vec::new())]);
    while let Some((function, uses, chain)) = queue.pop_front() {
        if cx.project.names.modules[function.module.0 as usize].is_test {
            continue;
        }
        let theirs = Context {
            module: function.module,
            ..*cx
        };
        let facts = theirs.facts();
        let covers = |retry: &Retry| match retry.tried {
            Tried::Function => true,
            Tried::Block(block) => uses.iter().any(|&it| facts.contains(block, it)),
            Tried::Elsewhere => false,
        };
        let retries = of_function(&theirs, function.local).into_iter();
        let around = retries.filter(|it| multiplies(it) && covers(it));
        found.extend(around.map(|it| (function.module, it, chain.clone())));
        if chain.len() >= MAX_HOPS || seen.len() >= MAX_FUNCTIONS {
            continue;
        }
        for (id, site) in cx.project.graph.callers(function) {
            let few = site.targets().len() <= MAX_CANDIDATES || is_on_self(cx, site);
            if is_tried(site, false) && few && seen.insert(site.caller) {
                let mut longer = vec![id];
                longer.extend(&chain);
                queue.push_back((site.caller, vec![site.at.node], longer));
            }
        }
    }
    found
}

/// `self.generate()` in the base class: an object of the class that implements it runs under whatever is around it there.
fn is_on_self(cx: &Context<'_>, site: &Site) -> bool {
    let facts = cx.project.names.facts(site.at.module);
    facts
        .child(site.at.node, Role::Func)
        .and_then(|func| facts.child(func, Role::Value))
        .is_some_and(|receiver| facts.name_text(receiver) == Some("self"))
}
