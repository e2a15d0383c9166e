//! What the names of limiters say.

use crate::facts::{FileFacts, Kind, NodeId, Role};
use crate::project::words::has_word;

/// Whether a name says that it bounds how many run.
#[must_use]
pub fn says_limit(text: &str) -> bool {
    has_word(
        text,
        &[
            "sem",
            "sema",
            "sems",
            "semaphore",
            "semaphores",
            "limiter",
            "limiters",
            "limit",
            "limits",
            "ratelimit",
            "ratelimiter",
            "throttle",
            "throttler",
            "throttled",
            "lock",
            "locks",
            "rlock",
            "mutex",
            "slot",
            "slots",
            "concurrency",
            "bulkhead",
            "bucket",
            "permit",
            "permits",
            "quota",
            "gate",
            "limited",
            "bounded",
            "backpressure",
        ],
    )
}

/// The names in an expression, calls and branches included: `self.limiter_for(host)` is `self.limiter_for`.
pub(in crate::project) fn spoken(facts: &FileFacts, node: NodeId) -> String {
    let mut text = String::new();
    speak(facts, node, &mut text);
    text
}

fn speak(facts: &FileFacts, node: NodeId, text: &mut String) {
    let inner = |role: Role| facts.child(node, role);
    match facts.kind(node) {
        Kind::Name => text.push_str(facts.name_text(node).unwrap_or_default()),
        Kind::Attribute => {
            if let Some(value) = inner(Role::Value) {
                speak(facts, value, text);
            }
            text.push('.');
            text.push_str(facts.payload_text(node).unwrap_or_default());
        }
        Kind::Call => {
            if let Some(func) = inner(Role::Func) {
                speak(facts, func, text);
            }
        }
        Kind::Subscript | Kind::Await => {
            if let Some(value) = inner(Role::Value) {
                speak(facts, value, text);
            }
        }
        Kind::IfExp | Kind::BoolOp => {
            for (at, it) in facts.children(node).enumerate() {
                if at > 0 {
                    text.push(' ');
                }
                speak(facts, it, text);
            }
        }
        _ => {}
    }
}

/// `self._pool.acquire()` hands out a connection; `self._tokens.acquire()` is a bound as well.
pub(super) fn is_limit_holder(text: &str) -> bool {
    has_word(text, &["tokens", "token", "rate", "rates", "workers", "capacity"])
}

/// `await self._rate_limit()`, `await throttle.wait()`.
pub(super) fn waits_by_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_verb = || {
        has_word(
            last,
            &["acquire", "wait", "throttle", "enforce", "consume", "take", "respect"],
        )
    };
    let is_rate = |text: &str| {
        has_word(
            text,
            &[
                "throttle",
                "throttler",
                "limiter",
                "ratelimit",
                "ratelimiter",
                "semaphore",
            ],
        ) || (has_word(text, &["rate"]) && has_word(text, &["limit", "limits", "limiter"]))
    };
    is_rate(last) || (is_verb() && is_rate(text))
}
