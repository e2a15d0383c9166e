//! What the code says of its log calls: whether the loop can turn between two of them, whether one tells of a retry, what
//! lets only one item through at a time.

use super::Project;
use super::graph::{Callee, Flags, Site};
use super::ids::FnId;
use super::limiter::{Hold, LimiterKind};
use crate::catalog::{Act, Blocks};
use crate::facts::{FileFacts, FnKind, Kind, NodeId, Role};

/// Keywords by which retry libraries take a function that is called before they wait for the next attempt.
const BEFORE_A_WAIT: [&str; 3] = ["before_sleep", "on_backoff", "before_retry"];

impl Project {
    /// Whether the thread of `function` does nothing else from one node of it to a later one: the loop can't turn in between.
    #[must_use]
    pub fn holds_between(&self, function: FnId, from: NodeId, to: NodeId) -> bool {
        let facts = self.names.facts(function.module);
        let on_loop = match self.names.function(function).kind {
            FnKind::Async => true,
            // A plain function holds whoever calls it; in a thread that is not the loop.
            FnKind::Sync => {
                let mut callers = self.graph.callers(function).peekable();
                callers.peek().is_some() && callers.all(|(_, it)| !it.flags.has(Flags::ELSEWHERE.with(Flags::PASSED)))
            }
            _ => false,
        };
        let waits = |it: NodeId| {
            matches!(facts.kind(it), Kind::Await | Kind::AsyncFor | Kind::AsyncWith)
                && facts.function_of(it) == function.local
        };
        from < to && on_loop && !(facts.node(from).end..to.0).map(NodeId).any(waits)
    }

    /// Whether a log call tells that something is tried again: a wait follows it in a loop of attempts, or a library calls
    /// its function before it waits.
    #[must_use]
    pub fn tells_of_retry(&self, function: FnId, call: NodeId) -> bool {
        self.is_called_before_a_wait(function) || self.waits_for_another_attempt(function, call)
    }

    /// Whether a retry at a place can happen without a line: nothing is called before its waits, and of the log calls of its
    /// function, `lines`, none tells of it.
    #[must_use]
    pub fn retries_in_silence(&self, function: FnId, at: NodeId, mut lines: impl Iterator<Item = NodeId>) -> bool {
        let facts = self.names.facts(function.module);
        let calls_back = BEFORE_A_WAIT.iter().any(|it| facts.keyword(at, it).is_some());
        !calls_back && !lines.any(|it| self.tells_of_retry(function, it))
    }

    fn is_called_before_a_wait(&self, function: FnId) -> bool {
        self.graph.callers(function).any(|(_, site)| {
            let facts = self.names.facts(site.at.module);
            let mut around = std::iter::once(site.at.node)
                .chain(facts.ancestors(site.at.node))
                .take(3);
            around.any(|it| {
                facts.node(it).role == Role::Keyword
                    && facts.payload_text(it).is_some_and(|it| BEFORE_A_WAIT.contains(&it))
            })
        })
    }

    /// The call stands where an attempt has failed, and its loop sleeps before the next one.
    fn waits_for_another_attempt(&self, function: FnId, call: NodeId) -> bool {
        let facts = self.names.facts(function.module);
        let root = facts.function(function.local).node;
        let Some(around) = facts
            .ancestors(call)
            .take_while(|it| *it != root)
            .find(|it| facts.kind(*it).is_loop())
        else {
            return false;
        };
        let in_handler = facts
            .ancestors(call)
            .take_while(|it| *it != around)
            .any(|it| facts.node(it).role == Role::Handler);
        let sleeps = |site: &Site| {
            let node = site.at.node;
            call < node && facts.contains(around, node) && self.is_sleep(site)
        };
        (in_handler || counts_attempts(facts, around)) && self.graph.sites_in(function).any(|it| sleeps(it.1))
    }

    fn is_sleep(&self, site: &Site) -> bool {
        let Callee::Library(entry) = site.callee else {
            return false;
        };
        let entry = self.names.catalog.entry(entry);
        entry.act == Some(Act::AsyncSleep) || matches!(entry.blocks, Some(Blocks::Sleep))
    }

    /// The lock in a function that lets one item through at a time while it waits for something: a node of the `with`.
    #[must_use]
    pub fn lock_around_wait(&self, function: FnId) -> Option<NodeId> {
        let waits = |hold: &Hold| {
            let mut sites = self.graph.sites_in(function).map(|it| it.1);
            sites.any(|it| hold.covers(it.at.node) && it.flags.has(Flags::AWAITED))
        };
        let mut holds = self.limiters.holds(function.module).iter();
        let found =
            holds.find(|it| it.function == function && it.kind == LimiterKind::Lock && it.made.is_none() && waits(it));
        found.map(|it| it.at.node)
    }

    /// Whether a function waits for its turn by the second.
    #[must_use]
    pub fn is_paced(&self, function: FnId) -> bool {
        let mut holds = self.limiters.holds(function.module).iter();
        holds.any(|it| it.function == function && it.kind == LimiterKind::Rate)
    }
}

/// `for attempt in range(5)`: a loop that runs over numbers, not over data, and can be left early.
fn counts_attempts(facts: &FileFacts, around: NodeId) -> bool {
    let over_numbers = facts.child(around, Role::Iter).is_some_and(|it| {
        let name = facts.child(it, Role::Func).and_then(|it| facts.name_text(it));
        facts.kind(it) == Kind::Call && matches!(name, Some("range" | "count"))
    });
    let leaves = |it: NodeId| matches!(facts.kind(it), Kind::Return | Kind::Break);
    over_numbers && facts.descendants(around).any(leaves)
}
