//! Which loops try the same thing again, as opposed to those that go on to the next thing, poll or serve.

use super::Errors;
use crate::facts::{FileFacts, How, Kind, NodeId, Op, PlaceId, Role};
use crate::project::written;

/// A loop of attempts: the loop, and what is tried in it.
pub(super) struct Attempts {
    /// The loop statement.
    pub(super) of: NodeId,
    /// The `try` whose failure leads to the next attempt; the loop itself where an answer is asked whether it is one.
    pub(super) tried: NodeId,
}

/// The loop of attempts in which a sleep stands: in a handler, behind a `try` that leaves the loop where it succeeds, or
/// under a condition that says that the answer is a failure, or anywhere where the names say that it is a retry.
pub(super) fn around(facts: &FileFacts, sleep: NodeId) -> Option<Attempts> {
    let mut below = sleep;
    let mut tried = None;
    let mut failed = false;
    for around in facts.ancestors(sleep) {
        let kind = facts.kind(around);
        match kind {
            Kind::FunctionDef | Kind::Lambda | Kind::Module => return None,
            Kind::Handler if tried.is_none() => {
                if gives_up(facts, sleep, around) {
                    return None;
                }
                tried = Some(NodeId(facts.node(around).parent));
            }
            // A sleep in what is tried comes before a failure, not after it.
            Kind::Try if facts.node(below).role == Role::Body && tried != Some(around) && !failed => return None,
            Kind::If if facts.node(below).role == Role::Body => {
                failed |= facts
                    .child(around, Role::Test)
                    .is_some_and(|it| says_failure(facts, it));
            }
            _ if kind.is_loop() && facts.node(below).role == Role::Body => {
                let tried = tried.or_else(|| try_before(facts, around, below));
                let told = failed || is_named_retry(facts, around) || is_answered(facts, around, below);
                let tried = tried.or_else(|| told.then_some(around))?;
                let found = Attempts { of: around, tried };
                return is_attempts(facts, &found, Some(sleep)).then_some(found);
            }
            _ => {}
        }
        below = around;
    }
    None
}

/// A loop whose counter, or whose function, is called after retries.
fn is_named_retry(facts: &FileFacts, of: NodeId) -> bool {
    let says = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("retr") || name.contains("backoff")
    };
    let counter = facts.child(of, Role::Target).or_else(|| facts.child(of, Role::Test));
    let function = facts.function(facts.function_of(of));
    let counted =
        counter.is_some_and(|it| (it.0..facts.node(it).end).any(|at| facts.name_text(NodeId(at)).is_some_and(says)));
    counted || says(facts.text(function.name))
}

/// Whether a block around the sleep, up to the handler, ends behind it by leaving: then no attempt follows.
fn gives_up(facts: &FileFacts, sleep: NodeId, handler: NodeId) -> bool {
    let mut below = facts.statement_of(sleep);
    loop {
        let parent = NodeId(facts.node(below).parent);
        let role = facts.node(below).role;
        let last = facts.children_as(parent, role).last().unwrap_or(below);
        match facts.kind(last) {
            Kind::Continue => return false,
            Kind::Raise | Kind::Return | Kind::Break if last != below => return true,
            _ if parent == handler || parent == below => return false,
            _ => below = parent,
        }
    }
}

/// The `try` before a statement of the loop's body that leaves the loop when it succeeds and falls through when it fails.
fn try_before(facts: &FileFacts, of: NodeId, statement: NodeId) -> Option<NodeId> {
    facts
        .children_as(of, Role::Body)
        .take_while(|&it| it < statement)
        .filter(|&it| facts.kind(it) == Kind::Try && succeeds_out(facts, it))
        .last()
}

/// Whether the loop is left before a statement of its body where the answer is good: `if r.status_code < 500: return r`.
fn is_answered(facts: &FileFacts, of: NodeId, statement: NodeId) -> bool {
    let before = facts.children_as(of, Role::Body).take_while(|&it| it < statement);
    let mut conditions = before.filter(|&it| facts.kind(it) == Kind::If && ends_outside(facts, it, Role::Body));
    conditions.any(|it| facts.child(it, Role::Test).is_some_and(|it| asks_status(facts, it)))
}

/// A test that holds of an answer that is well: `status == 200`, `status < 500`, `status not in (429, 503)`, `answer.ok`.
fn asks_status(facts: &FileFacts, test: NodeId) -> bool {
    let named = |it: NodeId| {
        facts
            .name_text(it)
            .or_else(|| facts.payload_text(it))
            .unwrap_or_default()
    };
    if facts.kind(test) == Kind::Attribute {
        return matches!(named(test), "ok" | "is_success");
    }
    let inside = || (test.0..facts.node(test).end).map(NodeId);
    let is_status = |it: NodeId| matches!(facts.kind(it), Kind::Name | Kind::Attribute) && named(it).contains("status");
    let codes = |low: f64, high: f64| inside().any(|it| facts.number(it).is_some_and(|it| (low..high).contains(&it)));
    let compares = |ops: &[Op]| ops.iter().any(|op| facts.node(test).payload == *op as u32);
    let is_well = codes(200.0, 400.0) && compares(&[Op::Eq, Op::In, Op::Lt, Op::LtE])
        || codes(400.0, 600.0) && compares(&[Op::NotEq, Op::NotIn, Op::Lt, Op::LtE]);
    facts.kind(test) == Kind::Compare && is_well && inside().any(is_status)
}

/// Whether the `try` leaves the loop when it succeeds.
fn succeeds_out(facts: &FileFacts, tried: NodeId) -> bool {
    ends_outside(facts, tried, Role::Body) || ends_outside(facts, tried, Role::Orelse)
}

/// Whether a block ends by leaving the loop.
fn ends_outside(facts: &FileFacts, of: NodeId, role: Role) -> bool {
    let Some(last) = facts.children_as(of, role).last() else {
        return false;
    };
    match facts.kind(last) {
        Kind::Return | Kind::Break => true,
        Kind::With | Kind::AsyncWith => ends_outside(facts, last, Role::Body),
        Kind::Try => succeeds_out(facts, last),
        Kind::If => ends_outside(facts, last, Role::Body) && ends_outside(facts, last, Role::Orelse),
        _ => false,
    }
}

/// Whether a loop tries the same again until it succeeds; `sleep` is the wait between attempts, if there is one.
pub(super) fn is_attempts(facts: &FileFacts, it: &Attempts, sleep: Option<NodeId>) -> bool {
    let counted = match facts.kind(it.of) {
        Kind::For => match counts(facts, it) {
            Some(counts) => counts,
            None => return false,
        },
        Kind::While => match counts_by_test(facts, it.of) {
            Some(counts) => counts,
            None => return false,
        },
        _ => return false,
    };
    if sleeps_elsewhere(facts, it, sleep) || Errors::caught(facts, it.tried) == Errors::Local {
        return false;
    }
    leaves_after(facts, it)
        || succeeds_out(facts, it.tried)
        || (counted && may_leave(facts, it.tried))
        || sets_what_is_asked(facts, it)
        || sleep.is_some_and(|sleep| it.tried == it.of && is_answered(facts, it.of, facts.statement_of(sleep)))
}

/// `while not done: try: ...; done = True except: ...`.
fn sets_what_is_asked(facts: &FileFacts, it: &Attempts) -> bool {
    let asked = facts
        .child(it.of, Role::Test)
        .filter(|&test| facts.kind(it.of) == Kind::While && facts.kind(test) == Kind::UnaryOp)
        .and_then(|test| facts.name_place(facts.child(test, Role::Value)?));
    let set = |node: NodeId| {
        let bodies = [Role::Body, Role::Orelse].into_iter();
        bodies
            .flat_map(|role| facts.children_as(it.tried, role))
            .any(|at| facts.contains(at, node))
    };
    asked.is_some_and(|place| facts.definitions_of(place).iter().any(|at| set(at.node)))
}

/// Whether a `for` counts attempts (true) or goes through delays (true); `None` where it goes on to the next thing.
fn counts(facts: &FileFacts, it: &Attempts) -> Option<bool> {
    let target = facts.child(it.of, Role::Target)?;
    let iter = facts.child(it.of, Role::Iter)?;
    let is_range = facts.kind(iter) == Kind::Call
        && facts.child(iter, Role::Func).is_some_and(|func| {
            matches!(
                written(facts, func).rsplit('.').next(),
                Some("range" | "count" | "repeat")
            )
        });
    if it.tried == it.of {
        return is_range.then_some(true);
    }
    let names: Vec<PlaceId> = (target.0..facts.node(target).end)
        .filter_map(|at| facts.name_place(NodeId(at)))
        .collect();
    let fed = facts
        .children_as(it.tried, Role::Body)
        .flat_map(|statement| statement.0..facts.node(statement).end)
        .map(NodeId)
        .filter_map(|at| facts.name_place(at))
        .find(|place| names.contains(place));
    match fed {
        None => Some(true),
        Some(place) if is_range && is_attempt_name(facts.text(facts.place(place).name)) => Some(true),
        Some(_) => None,
    }
}

/// Names that people give to the number of an attempt.
pub(super) fn is_attempt_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["attempt", "retr", "tries", "try", "trial"]
        .iter()
        .any(|it| name.contains(it))
}

/// Whether a `while` counts attempts; `None` where it waits until a time has come.
fn counts_by_test(facts: &FileFacts, of: NodeId) -> Option<bool> {
    let test = facts.child(of, Role::Test)?;
    let inside = || (test.0..facts.node(test).end).map(NodeId);
    if inside().any(|it| is_clock(facts, it)) {
        return None;
    }
    let compared = inside().any(|it| {
        facts.kind(it) == Kind::Compare
            && [Op::Lt, Op::LtE, Op::Gt, Op::GtE]
                .iter()
                .any(|op| facts.node(it).payload == *op as u32)
    });
    let stepped = |place: PlaceId| {
        facts
            .definitions_of(place)
            .iter()
            .any(|it| matches!(it.how, How::Augment { .. }) && facts.contains(of, it.node))
    };
    Some(compared && inside().filter_map(|it| facts.name_place(it)).any(stepped))
}

/// A call that asks for the time, or whether the time has come.
pub(super) fn is_clock(facts: &FileFacts, node: NodeId) -> bool {
    facts.kind(node) == Kind::Call
        && facts.child(node, Role::Func).is_some_and(|func| {
            matches!(
                written(facts, func).rsplit('.').next(),
                Some("time" | "monotonic" | "perf_counter" | "now" | "utcnow" | "is_set")
            )
        })
}

/// `try: r = f() ... except: sleep; continue`, then `return r` or `break`.
fn leaves_after(facts: &FileFacts, it: &Attempts) -> bool {
    let parent = NodeId(facts.node(it.tried).parent);
    facts
        .children_as(parent, Role::Body)
        .filter(|&at| at > it.tried)
        .last()
        .is_some_and(|last| matches!(facts.kind(last), Kind::Return | Kind::Break))
}

/// Whether the tried block has any way out of the loop.
fn may_leave(facts: &FileFacts, tried: NodeId) -> bool {
    [Role::Body, Role::Orelse].into_iter().any(|role| {
        facts.children_as(tried, role).any(|statement| {
            (statement.0..facts.node(statement).end)
                .any(|at| matches!(facts.kind(NodeId(at)), Kind::Return | Kind::Break))
        })
    })
}

/// A sleep outside the handlers is the pace of a poll, unless it follows an answer that says no.
fn sleeps_elsewhere(facts: &FileFacts, it: &Attempts, sleep: Option<NodeId>) -> bool {
    let after_failure = |at: NodeId| {
        let mut around = facts.ancestors(at).take_while(|&up| up != it.of);
        around.any(|up| match facts.kind(up) {
            Kind::Handler => true,
            Kind::If => facts
                .child(up, Role::Test)
                .is_some_and(|test| says_failure(facts, test)),
            _ => false,
        })
    };
    let is_sleep = |at: NodeId| {
        facts.kind(at) == Kind::Call
            && facts
                .child(at, Role::Func)
                .is_some_and(|func| written(facts, func).rsplit('.').next() == Some("sleep"))
    };
    let mut others = facts.descendants(it.of).filter(|&at| Some(at) != sleep && is_sleep(at));
    others.any(|at| !after_failure(at))
}

/// `response.status_code == 429`, `status in (500, 503)`, `is_rate_limited(...)`.
fn says_failure(facts: &FileFacts, test: NodeId) -> bool {
    (test.0..facts.node(test).end).map(NodeId).any(|it| {
        let named = || {
            facts
                .name_text(it)
                .or_else(|| facts.payload_text(it))
                .unwrap_or_default()
        };
        match facts.kind(it) {
            Kind::Number => facts.number(it).is_some_and(|code| (400.0..600.0).contains(&code)),
            Kind::Name | Kind::Attribute => ["rate_limit", "throttl", "retryable", "should_retry", "transient"]
                .iter()
                .any(|word| named().to_ascii_lowercase().contains(word)),
            _ => false,
        }
    })
}
