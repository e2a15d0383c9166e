//! What a blocking call costs where it stands: the severity of the loop-blocker family.
//!
//! Cost decides, exposure lowers: what runs once, only after an error, or beside nothing else is right and negligible.

use crate::catalog::{Act, Blocks, Cost, Deadline};
use crate::diagnostic::{Exposure, Severity};
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use crate::project::{Callee, Flags, FnId, Reach, SiteId, Tier, is_opted_in};
use crate::rules::Context;
use crate::rules::bridges::{is_awaited_pool, waits_for_little};
use crate::rules::small_files::FileUse;

/// A blocking call, with what its severity depends on.
pub(super) struct Weight<'a> {
    cx: Context<'a>,
    function: FnId,
    site: SiteId,
    kind: Blocks,
    reach: Reach,
    chain: &'a [SiteId],
}

impl<'a> Weight<'a> {
    pub(super) fn new(
        cx: &Context<'a>,
        function: FnId,
        site: SiteId,
        kind: Blocks,
        reach: &Reach,
        chain: &'a [SiteId],
    ) -> Self {
        Self {
            cx: *cx,
            function,
            site,
            kind,
            reach: *reach,
            chain,
        }
    }

    /// How often, and beside what else, the call runs.
    pub(super) fn exposure(&self) -> Exposure {
        let own = self.cx.exposure(self.function);
        // What an open function does per item is per item whoever calls it; short stalls only count where that is certain.
        if own == Exposure::Open && self.in_loop() && self.reach.cost.0 == Cost::High {
            Exposure::Hot
        } else if own == Exposure::Solitary && self.waits_for_ever() && self.starts_tasks() {
            Exposure::Open
        } else {
            own
        }
    }

    /// What it costs if it is true.
    pub(super) fn severity(&self) -> Severity {
        let exposure = self.exposure();
        // A sleep after an error is long on purpose, and those whose service is well wait with the one whose is not.
        let backs_off = self.kind == Blocks::Sleep && self.reach.tier == Tier::Error;
        if (self.reach.tier != Tier::Always && !backs_off) || exposure == Exposure::Solitary {
            return Severity::Low;
        }
        // Who is asked on a console sits before it; that matters to tasks that run beside the question.
        if self.kind == Blocks::Wait && self.reach.cost.0 == Cost::Medium && !self.starts_tasks() {
            return Severity::Low;
        }
        match self.reach.cost.0 {
            // Work for the processor at the beginning or end of a thing's life is what it costs to have it, and who
            // closes it waits for its threads and processes on purpose.
            Cost::High if self.kind == Blocks::Cpu && self.is_named(&BEGINNINGS) => Severity::Low,
            Cost::High
                if matches!(self.kind, Blocks::Cpu | Blocks::Wait | Blocks::Subprocess) && self.is_named(&ENDS) =>
            {
                Severity::Low
            }
            // So does who ends something through a helper.
            Cost::High if matches!(self.kind, Blocks::Wait | Blocks::Subprocess) && self.passes_an_end() => {
                Severity::Low
            }
            Cost::High
                if self.kind == Blocks::Wait && (self.is_last_thing() || waits_for_little(&self.cx, self.chain)) =>
            {
                Severity::Low
            }
            // What nobody of the project calls and takes a record or a store away is seldom done and one command.
            Cost::High if self.kind == Blocks::Database && exposure == Exposure::Open && self.is_exactly(&REMOVALS) => {
                Severity::Low
            }
            // Long, through candidates, and called by nobody knows whom: too many ifs for anybody to act on.
            Cost::High if self.reach.duck && exposure == Exposure::Open && self.reach.hops >= MAX_SHORT_HOPS => {
                Severity::Low
            }
            Cost::High if backs_off => Severity::Medium,
            Cost::High => Severity::High,
            Cost::Medium if self.is_short_and_acted_on(exposure) => Severity::Medium,
            Cost::Micro if self.cx.pedantic => Severity::Medium,
            Cost::Medium | Cost::Small | Cost::Micro => Severity::Low,
        }
    }

    /// Milliseconds matter where they recur. In the body of the function itself they are likely its purpose. What a
    /// helper does with a file is as likely a setting, a cache or an option (docs/precision.md: 1 of 13 acted on), unless
    /// it is done per item, a request says which file, or the project itself runs that helper in a thread elsewhere.
    fn is_short_and_acted_on(&self, exposure: Exposure) -> bool {
        let one_off = self.is_named(&BEGINNINGS) || self.is_named(&ENDS);
        if self.reach.hops == 0 {
            // A file may be of any size; what is computed is chosen here, and milliseconds of it matter if they recur.
            let recurs = exposure == Exposure::Hot || !one_off && self.kind != Blocks::Cpu;
            return recurs && !self.is_worked_on_elsewhere() && !self.is_small_file();
        }
        let near = self.reach.hops <= MAX_SHORT_HOPS;
        match self.kind {
            Blocks::File if self.is_optional() || self.is_small_file() => false,
            Blocks::File if near && !one_off && (self.is_per_item() || self.is_asked_for(exposure)) => true,
            Blocks::File => near && self.is_offloaded_elsewhere(),
            // A database on this machine answers within a millisecond or two.
            Blocks::Database => near && exposure == Exposure::Hot && self.is_per_item(),
            _ => near && exposure == Exposure::Hot,
        }
    }

    /// `with open(path) as file: await to_thread(file.read)`: what is left here is the opening.
    fn is_worked_on_elsewhere(&self) -> bool {
        let facts = self.cx.facts();
        let item = NodeId(facts.node(self.cx.project.graph.site(self.site).at.node).parent);
        let target = facts.child(item, Role::Target).and_then(|it| facts.name_place(it));
        if facts.kind(item) != Kind::WithItem || target.is_none() {
            return false;
        }
        facts.descendants(NodeId(facts.node(item).parent)).any(|it| {
            let method = NodeId(facts.node(it).parent);
            facts.name_place(it) == target
                && facts.kind(method) == Kind::Attribute
                && facts.node(method).role == Role::Arg
                && facts.is_awaited(NodeId(facts.node(method).parent))
        })
    }

    /// `validate(path)` per request: the helper works on what it is handed, so it has no cache or setting of its own.
    fn is_asked_for(&self, exposure: Exposure) -> bool {
        exposure == Exposure::Hot && self.cx.project.works_on_what_it_is_handed(self.chain) && !self.is_a_record()
    }

    /// A document that the helper parses as soon as it has it.
    fn is_a_record(&self) -> bool {
        self.chain
            .last()
            .is_some_and(|&it| FileUse::new(&self.cx, it).is_parsed_at_once())
    }

    fn is_small_file(&self) -> bool {
        self.kind == Blocks::File
            && self.chain.last().is_some_and(|&it| {
                let file = FileUse::new(&self.cx, it);
                file.is_a_kept_result() || file.is_handed_to_a_thread() || file.comes_with_the_program()
            })
    }

    /// Some step of the chain stands in a loop.
    fn is_per_item(&self) -> bool {
        let graph = &self.cx.project.graph;
        self.chain.iter().any(|&it| graph.site(it).flags.has(Flags::IN_LOOP))
    }

    fn in_loop(&self) -> bool {
        self.cx.project.graph.site(self.site).flags.has(Flags::IN_LOOP)
    }

    /// Only done by who asks for it: behind a flag that is off by default.
    fn is_optional(&self) -> bool {
        let graph = &self.cx.project.graph;
        self.chain
            .iter()
            .any(|&it| is_opted_in(&self.cx.project.names, graph.site(it)))
    }

    /// Some step of the chain is a function that another place hands to a thread.
    fn is_offloaded_elsewhere(&self) -> bool {
        let graph = &self.cx.project.graph;
        let targets = self.chain.iter().flat_map(|&it| graph.site(it).targets());
        targets
            .into_iter()
            .any(|&it| graph.callers(it).any(|(_, site)| site.flags.has(Flags::OFFLOADED)))
    }

    /// `input()`, `queue.get()`: nobody knows how long, and nothing ends it.
    fn waits_for_ever(&self) -> bool {
        let graph = &self.cx.project.graph;
        self.kind == Blocks::Wait
            && self.chain.last().is_some_and(|&it| match graph.site(it).callee {
                Callee::Library(entry) => {
                    let deadline = self.cx.project.names.catalog.entry(entry).default_deadline;
                    matches!(deadline, Some(Deadline::Never(false)))
                }
                _ => false,
            })
    }

    /// The function, or one around it, starts a task: it is not alone on its loop.
    fn starts_tasks(&self) -> bool {
        let facts = self.cx.facts();
        let graph = &self.cx.project.graph;
        let starts = |local: LocalFn| {
            graph.sites_in(self.cx.function(local)).any(|(_, site)| {
                matches!(site.callee, Callee::Library(entry)
                    if self.cx.project.names.catalog.entry(entry).act == Some(Act::Spawn))
            })
        };
        let mut at = self.function.local;
        loop {
            if starts(at) {
                return true;
            }
            let parent = facts.function(at).parent;
            if parent == at || facts.function(parent).kind == FnKind::Module {
                return false;
            }
            at = parent;
        }
    }

    /// `finally: thread.join()`, or a pool that is left after its results were awaited.
    fn is_last_thing(&self) -> bool {
        let facts = self.cx.facts();
        let at = self.cx.project.graph.site(self.site).at.node;
        let mut around = std::iter::once(at).chain(facts.ancestors(at));
        let root = facts.function(self.function.local).node;
        self.reach.hops == 0
            && (is_awaited_pool(&self.cx, self.site)
                || around
                    .by_ref()
                    .take_while(|&it| it != root)
                    .any(|it| facts.node(it).role == Role::Finally))
    }

    /// Some step of the chain is a function that by its name ends something.
    fn passes_an_end(&self) -> bool {
        let graph = &self.cx.project.graph;
        let mut steps = self.chain.iter().flat_map(|&it| graph.site(it).targets());
        steps.any(|&it| self.is_called(it, &ENDS))
    }

    /// Whether the function is called one of these and no more: `adelete`, `async_drop`.
    fn is_exactly(&self, stems: &[&str]) -> bool {
        let name = self.cx.facts().text(self.cx.facts().function(self.function.local).name);
        let own = name
            .strip_prefix("async_")
            .or_else(|| name.strip_prefix('a'))
            .unwrap_or(name);
        stems.contains(&own) || stems.contains(&name)
    }

    fn is_named(&self, stems: &[&str]) -> bool {
        self.is_called(self.function, stems)
    }

    /// Whether a function is by its name one of these: `start`, `async_start`, `astart`, `start_server`.
    fn is_called(&self, function: FnId, stems: &[&str]) -> bool {
        let facts = self.cx.project.names.facts(function.module);
        let name = facts.text(facts.function(function.local).name).trim_matches('_');
        let name = name
            .strip_prefix("async_")
            .or_else(|| name.strip_prefix('a').filter(|it| stems.contains(it)))
            .unwrap_or(name);
        stems
            .iter()
            .any(|&stem| name == stem || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('_')))
    }
}

/// A stall of milliseconds further away than this is likely an exception of what lies between.
const MAX_SHORT_HOPS: u32 = 3;

/// Names of what runs at the beginning of something's life.
const BEGINNINGS: [&str; 11] = [
    "setup",
    "init",
    "initialize",
    "start",
    "startup",
    "connect",
    "launch",
    "install",
    "bootstrap",
    "aenter",
    "configure",
];

/// Names of what takes one thing away.
const REMOVALS: [&str; 2] = ["delete", "drop"];

/// Names of what runs at its end.
const ENDS: [&str; 8] = [
    "exit",
    "stop",
    "shutdown",
    "close",
    "teardown",
    "cleanup",
    "disconnect",
    "aexit",
];
