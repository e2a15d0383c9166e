//! Tasks started one by one in a loop.

use super::collect::Scope;
use super::{FanOut, Starter, Strand, Worker};
use crate::catalog::{Act, EntryId, Takes};
use crate::facts::{FileFacts, How, Kind, NodeId, Op, Role};
use crate::project::classes::written;
use crate::project::graph::Callee;
use crate::project::ids::At;
use crate::project::limiter::{LimiterKind, says_limit, spoken};
use crate::project::words::has_word;

impl Scope<'_> {
    /// The spawns in loops that no gather of the function has taken.
    pub(super) fn spawns(&mut self) -> Vec<FanOut> {
        let facts = self.facts;
        let mut found = Vec::new();
        let mut repeats = false;
        for node in facts.body_nodes(self.local) {
            let kind = facts.kind(node);
            repeats |= kind.is_loop()
                || matches!(
                    kind,
                    Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp
                );
            // What repeats a call stands before it.
            if !repeats || kind != Kind::Call || self.consumed.contains(&node) {
                continue;
            }
            let Some((id, is_function)) = self.spawn(node) else {
                continue;
            };
            self.begins = true;
            let loops = self.loops_around_spawn(node);
            if loops.is_empty() {
                continue;
            }
            let worker = self.spawned(node, id, is_function);
            let (width, source) = self.width(&loops);
            let bounded = loops.iter().any(|&it| self.slides(it))
                || self.is_awaited_in_turn(node)
                || self.waits_first(node)
                || self.is_admitted(node);
            found.push(FanOut {
                at: At {
                    module: self.function.module,
                    node,
                },
                orchestrator: self.function,
                starter: Starter::OneByOne(id),
                strands: vec![Strand { worker, width, source }],
                bounded,
            });
        }
        found
    }

    /// Whether a call starts a task; whether it takes a function.
    fn spawn(&self, node: NodeId) -> Option<(Option<EntryId>, bool)> {
        let id = self
            .graph
            .sites_at(self.function, node)
            .find_map(|(_, site)| match site.callee {
                Callee::Library(id) => Some(id),
                _ => None,
            });
        if let Some(id) = id {
            let entry = self.names.catalog.entry(id);
            let starts = entry.act == Some(Act::Spawn) && !entry.in_turn;
            return starts.then_some((Some(id), entry.takes == Some(Takes::Function)));
        }
        if !self.spawns_by_name(node) {
            return None;
        }
        let func = self.facts.child(node, Role::Func)?;
        Some((None, self.facts.payload_text(func) == Some("start_soon")))
    }

    fn spawned(&mut self, node: NodeId, id: Option<EntryId>, is_function: bool) -> Option<Worker> {
        let facts = self.facts;
        let entry = id.map(|it| self.names.catalog.entry(it));
        let position = entry.and_then(|it| it.callable).unwrap_or(0) as usize;
        let keyword = entry.and_then(|it| it.callable_keyword.as_deref()).unwrap_or("coro");
        let what = facts.arg(node, position).or_else(|| facts.keyword(node, keyword))?;
        if is_function {
            return Some(Worker {
                node: what,
                wrapped: Vec::new(),
                in_thread: false,
            });
        }
        self.worker(what)
    }

    /// The loops and generators that repeat a spawn, up to the task group that waits for it.
    fn loops_around_spawn(&self, node: NodeId) -> Vec<NodeId> {
        let facts = self.facts;
        let group = self.group(node);
        let root = facts.function(self.local).node;
        let mut below = node;
        let mut loops = Vec::new();
        for it in facts.ancestors(node) {
            if it == root || Some(it) == group {
                break;
            }
            let role = facts.node(below).role;
            match facts.kind(it) {
                Kind::For | Kind::AsyncFor if role == Role::Body => loops.push(it),
                Kind::While if role == Role::Body => loops.push(it),
                Kind::ListComp | Kind::SetComp | Kind::GeneratorExp | Kind::DictComp if role != Role::Generator => {
                    loops.extend(facts.children_as(it, Role::Generator));
                }
                _ => {}
            }
            below = it;
        }
        loops
    }

    /// The `async with` that opened the task group on which the spawn is called.
    fn group(&self, node: NodeId) -> Option<NodeId> {
        let facts = self.facts;
        let func = facts.child(node, Role::Func)?;
        let place = facts.name_place(facts.child(func, Role::Value)?)?;
        let definitions = facts.definitions_of(place);
        definitions.iter().find_map(|it| match it.how {
            How::Enter { is_async: true, .. } => {
                let statement = facts.statement_of(it.node);
                facts.contains(statement, node).then_some(statement)
            }
            _ => None,
        })
    }

    /// `task = create_task(f(x)); await task` in the same turn of the loop, or a pause in every turn.
    fn is_awaited_in_turn(&self, node: NodeId) -> bool {
        let facts = self.facts;
        let Some(around) = facts.ancestors(node).find(|&it| facts.kind(it).is_loop()) else {
            return false;
        };
        let statement = facts.statement_of(node);
        let target = (facts.kind(statement) == Kind::Assign)
            .then(|| facts.child(statement, Role::Target))
            .flatten()
            .and_then(|it| facts.name_place(it));
        facts.descendants(around).any(|it| {
            if facts.kind(it) != Kind::Await || facts.function_of(it) != self.local {
                return false;
            }
            let Some(value) = facts.child(it, Role::Value) else {
                return false;
            };
            let awaits = target.is_some()
                && (value.0..facts.node(value).end)
                    .map(NodeId)
                    .any(|it| facts.name_place(it) == target);
            let pauses = self.entry(value).is_some_and(|it| it.act == Some(Act::AsyncSleep))
                && facts
                    .arg(value, 0)
                    .and_then(|it| facts.number(it))
                    .is_some_and(|it| it > 0.0);
            awaits || pauses
        })
    }

    /// A slot is taken before the spawn: `await sem.acquire()`, or a rate limiter is entered.
    fn waits_first(&self, node: NodeId) -> bool {
        self.limiters
            .around(self.function.module, self.local, node)
            .any(|it| !it.is_with || matches!(it.kind, LimiterKind::Rate))
    }

    /// A turn of the loop that asks whether there is room: `if running >= MAX: continue`, `limiter.acquire_nowait()`.
    fn is_admitted(&self, node: NodeId) -> bool {
        let facts = self.facts;
        let Some(around) = facts.ancestors(node).find(|&it| facts.kind(it).is_loop()) else {
            return false;
        };
        facts
            .descendants(around)
            .take_while(|&it| it < node)
            .any(|it| match facts.kind(it) {
                Kind::If => facts
                    .child(it, Role::Test)
                    .is_some_and(|test| asks_for_room(facts, test)),
                Kind::Call => facts.child(it, Role::Func).is_some_and(|func| {
                    let text = spoken(facts, func);
                    let last = text.rsplit('.').next().unwrap_or_default();
                    (last.starts_with("acquire") || last == "locked" || last.starts_with("try_acquire"))
                        && says_limit(&text)
                }),
                _ => false,
            })
    }

    /// A loop, or the loop around a gather, that keeps only so many running: it waits for the first of the pending ones,
    /// or drains them when there are enough.
    pub(super) fn slides(&self, node: NodeId) -> bool {
        let facts = self.facts;
        let around = if facts.kind(node).is_loop() {
            Some(node)
        } else {
            facts.ancestors(node).filter(|&it| facts.kind(it).is_loop()).last()
        };
        let Some(around) = around else { return false };
        facts.descendants(around).any(|it| {
            if facts.kind(it) != Kind::Call || facts.function_of(it) != self.local {
                return false;
            }
            let first = facts
                .keyword(it, "return_when")
                .is_some_and(|it| written(facts, it).ends_with("FIRST_COMPLETED"));
            first || (it != node && self.drains(it, around))
        })
    }

    /// `if len(tasks) >= n: await gather(*tasks)` inside the loop, or a queue with a bound.
    fn drains(&self, call: NodeId, around: NodeId) -> bool {
        let facts = self.facts;
        let gathers = self.entry(call).is_some_and(|it| matches!(it.act, Some(Act::FanOut)));
        gathers
            && facts.ancestors(call).take_while(|&it| it != around).any(|it| {
                facts.kind(it) == Kind::If
                    && facts.child(it, Role::Test).is_some_and(|test| {
                        (test.0..facts.node(test).end)
                            .map(NodeId)
                            .any(|it| facts.name_text(it) == Some("len"))
                    })
            })
    }
}

/// A comparison with something that is called a maximum.
fn asks_for_room(facts: &FileFacts, test: NodeId) -> bool {
    const MAXIMUM: [&str; 7] = [
        "max",
        "limit",
        "concurrency",
        "concurrent",
        "capacity",
        "slots",
        "maximum",
    ];
    let is_order = |op: u32| [Op::Gt, Op::GtE, Op::Lt, Op::LtE].iter().any(|&it| it as u32 == op);
    (test.0..facts.node(test).end).map(NodeId).any(|it| {
        facts.kind(it) == Kind::Compare
            && is_order(facts.node(it).payload)
            && facts.children(it).any(|side| has_word(&spoken(facts, side), &MAXIMUM))
    })
}
