//! Waits for what is known to be there already, so that they do not wait.

use crate::facts::{FileFacts, Kind, NodeId, Op, Role};
use crate::project::{SiteId, written};
use crate::rules::Context;

/// Whether the code before a call says that what its chain waits for is there: `while queue.empty(): await ...` or
/// `queue.put(...)` just before `queue.get()`, `while not future.done(): await ...` anywhere before `future.result()`, or
/// `if process.poll() is not None:` around `process.communicate()`.
pub(super) fn is_known_to_be_ready(cx: &Context<'_>, node: NodeId, chain: &[SiteId]) -> bool {
    let graph = &cx.project.graph;
    let receiver = |it: SiteId| {
        let at = graph.site(it).at;
        let facts = cx.project.names.facts(at.module);
        let value = facts.child(facts.child(at.node, Role::Func)?, Role::Value)?;
        Some(written(facts, value))
    };
    let Some((awaited, way)) = chain.split_last().and_then(|(&end, way)| Some((receiver(end)?, way))) else {
        return false;
    };
    let on_self = way.iter().all(|&it| receiver(it).as_deref() == Some("self"));
    on_self && !awaited.is_empty() && Before { cx, awaited }.says_so(node)
}

/// What stands before a call, and what the call waits for.
struct Before<'a> {
    cx: &'a Context<'a>,
    awaited: String,
}

impl Before<'_> {
    fn says_so(&self, node: NodeId) -> bool {
        let facts = self.cx.facts();
        let statement = facts.statement_of(node);
        let siblings = facts.children(NodeId(facts.node(statement).parent));
        let before: Vec<NodeId> = siblings.take_while(|&it| it < statement).collect();
        // A queue can be emptied again; what is done stays done.
        let filled = before
            .last()
            .is_some_and(|&it| self.loops_until(it, "empty", false) || self.puts(it));
        filled || before.iter().any(|&it| self.loops_until(it, "done", true)) || self.stands_under_the_end(node)
    }

    /// `while queue.empty():`, `while not future.done():`
    fn loops_until(&self, statement: NodeId, question: &str, negated: bool) -> bool {
        let facts = self.cx.facts();
        let test = facts
            .child(statement, Role::Test)
            .filter(|_| facts.kind(statement) == Kind::While);
        let asked = match test {
            Some(test) if negated => facts.child(test, Role::Value).filter(|_| is_not(facts, test)),
            other => other,
        };
        asked.is_some_and(|it| self.asks(it, question))
    }

    /// `queue.put(item)` or `queue.put_nowait(item)` as a statement.
    fn puts(&self, statement: NodeId) -> bool {
        let facts = self.cx.facts();
        let call = facts
            .child(statement, Role::Value)
            .filter(|_| facts.kind(statement) == Kind::ExprStmt);
        call.is_some_and(|it| self.asks(it, "put") || self.asks(it, "put_nowait"))
    }

    /// `if process.poll() is not None:` around it.
    fn stands_under_the_end(&self, node: NodeId) -> bool {
        let facts = self.cx.facts();
        let mut below = node;
        facts.ancestors(node).any(|around| {
            let in_body = facts.kind(around) == Kind::If && facts.node(below).role == Role::Body;
            below = around;
            let test = facts.child(around, Role::Test).filter(|_| in_body);
            test.is_some_and(|it| self.has_ended(it))
        })
    }

    /// `process.poll() is not None`
    fn has_ended(&self, test: NodeId) -> bool {
        let facts = self.cx.facts();
        let none = facts.child(test, Role::Right).map(|it| facts.kind(it)) == Some(Kind::None);
        facts.kind(test) == Kind::Compare
            && none
            && facts.node(test).payload == Op::IsNot as u32
            && facts.child(test, Role::Left).is_some_and(|it| self.asks(it, "poll"))
    }

    /// `awaited.question(...)`
    fn asks(&self, call: NodeId, question: &str) -> bool {
        let facts = self.cx.facts();
        let func = facts.child(call, Role::Func);
        func.is_some_and(|it| written(facts, it) == format!("{}.{question}", self.awaited))
    }
}

fn is_not(facts: &FileFacts, test: NodeId) -> bool {
    facts.kind(test) == Kind::UnaryOp && facts.node(test).payload == Op::Not as u32
}
