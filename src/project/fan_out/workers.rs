//! What an awaitable runs, through `create_task`, `wait_for`, wrappers and local names.

use super::Worker;
use super::collect::Scope;
use crate::catalog::{Act, Entry, Takes};
use crate::facts::{How, Kind, NodeId, PlaceKind, Role};
use crate::project::Callee;
use crate::project::reaching::reaching;

/// Expressions are followed this far.
const FUEL: u32 = 10;

impl<'a> Scope<'a> {
    /// The worker of an element, and the spawns it passes through.
    pub(super) fn worker(&mut self, node: NodeId) -> Option<Worker> {
        self.follow_worker(node, FUEL)
    }

    fn follow_worker(&mut self, node: NodeId, fuel: u32) -> Option<Worker> {
        let fuel = fuel.checked_sub(1)?;
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Call => self.called(node, fuel),
            Kind::Name => {
                let place = facts.name_place(node)?;
                let at = facts.place(place);
                if at.kind != PlaceKind::Local || at.owner != self.local {
                    return None;
                }
                let all = facts.definitions_of(place);
                reaching(facts, all, node)
                    .into_iter()
                    .find_map(|index| match all[index].how {
                        How::Assign { value, .. } => self.follow_worker(value, fuel),
                        _ => None,
                    })
            }
            Kind::IfExp => {
                let arms = [facts.child(node, Role::Body), facts.child(node, Role::Orelse)];
                arms.into_iter().flatten().find_map(|it| self.follow_worker(it, fuel))
            }
            Kind::NamedExpr => self.follow_worker(facts.child(node, Role::Value)?, fuel),
            // `results.append((name, task))`.
            Kind::Tuple => facts.children(node).find_map(|it| self.follow_worker(it, fuel)),
            _ => None,
        }
    }

    fn called(&mut self, node: NodeId, fuel: u32) -> Option<Worker> {
        let facts = self.facts;
        let entry = self.entry(node);
        let passes_on = entry.is_some_and(|it| {
            it.takes == Some(Takes::Awaitable) && !matches!(it.act, Some(Act::RunLoop | Act::LoopCallback))
        });
        let act = entry.and_then(|it| it.act);
        let position = entry.and_then(|it| it.callable).unwrap_or(0) as usize;
        if passes_on || (entry.is_none() && self.spawns_by_name(node)) {
            if act == Some(Act::Spawn) || entry.is_none() {
                self.takes(node)?;
            }
            let keyword = entry.and_then(|it| it.callable_keyword.as_deref()).unwrap_or("coro");
            let inner = facts.arg(node, position).or_else(|| facts.keyword(node, keyword))?;
            return self.follow_worker(inner, fuel);
        }
        if act == Some(Act::Offload) {
            return Some(Worker {
                node,
                wrapped: Vec::new(),
                in_thread: true,
            });
        }
        if matches!(act, Some(Act::Spawn)) {
            self.takes(node)?;
            let function = facts.arg(node, position)?;
            return Some(Worker {
                node: function,
                wrapped: Vec::new(),
                in_thread: false,
            });
        }
        let wrapped = self.coroutine_arguments(node);
        Some(Worker {
            node,
            wrapped,
            in_thread: false,
        })
    }

    /// A spawn inside the fan-out's own call is part of it; what was spawned before is only waited for.
    fn takes(&mut self, spawn: NodeId) -> Option<()> {
        if self.fan.is_some_and(|it| !self.facts.contains(it, spawn)) {
            return None;
        }
        self.consumed.push(spawn);
        Some(())
    }

    /// Calls among the arguments that give coroutines nobody awaits there.
    fn coroutine_arguments(&self, call: NodeId) -> Vec<NodeId> {
        let facts = self.facts;
        let args = facts.given(call);
        args.filter(|&it| facts.kind(it) == Kind::Call && self.is_coroutine(it))
            .collect()
    }

    pub(super) fn is_coroutine(&self, call: NodeId) -> bool {
        self.graph
            .sites_at(self.function, call)
            .any(|(_, site)| match &site.callee {
                Callee::Library(entry) => self.names.catalog.entry(*entry).coroutine,
                _ => site
                    .targets()
                    .iter()
                    .any(|&it| self.names.function(it).kind == crate::facts::FnKind::Async),
            })
    }

    /// The catalog entry of a call.
    pub(super) fn entry(&self, call: NodeId) -> Option<&'a Entry> {
        let names = self.names;
        self.graph
            .sites_at(self.function, call)
            .find_map(|(_, site)| match site.callee {
                Callee::Library(entry) => Some(names.catalog.entry(entry)),
                _ => None,
            })
    }

    /// `tg.create_task(...)`, `nursery.start_soon(...)` on a receiver that nobody typed.
    pub(super) fn spawns_by_name(&self, call: NodeId) -> bool {
        let facts = self.facts;
        let Some(func) = facts.child(call, Role::Func) else {
            return false;
        };
        facts.kind(func) == Kind::Attribute
            && matches!(
                facts.payload_text(func),
                Some("create_task" | "start_soon" | "ensure_future")
            )
            && self
                .graph
                .sites_at(self.function, call)
                .all(|(_, site)| site.targets().is_empty())
    }
}
