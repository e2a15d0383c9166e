//! What the names of limiters say.

use crate::facts::{FileFacts, Kind, NodeId, Role};
use crate::project::words::{has_word, words};

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
    match facts.kind(node) {
        Kind::Name => facts.name_text(node).unwrap_or_default().to_owned(),
        Kind::Attribute => {
            let value = facts
                .child(node, Role::Value)
                .map(|it| spoken(facts, it))
                .unwrap_or_default();
            format!("{value}.{}", facts.payload_text(node).unwrap_or_default())
        }
        Kind::Call => facts
            .child(node, Role::Func)
            .map(|it| spoken(facts, it))
            .unwrap_or_default(),
        Kind::Subscript | Kind::Await => facts
            .child(node, Role::Value)
            .map(|it| spoken(facts, it))
            .unwrap_or_default(),
        Kind::IfExp | Kind::BoolOp => {
            let all: Vec<String> = facts.children(node).map(|it| spoken(facts, it)).collect();
            all.join(" ")
        }
        _ => String::new(),
    }
}

/// `self._pool.acquire()` hands out a connection; `self._tokens.acquire()` is a bound as well.
pub(super) fn is_limit_holder(text: &str) -> bool {
    has_word(text, &["tokens", "token", "rate", "rates", "workers", "capacity"])
}

/// `await self._rate_limit()`, `await throttle.wait()`.
pub(super) fn waits_by_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    let last_words = words(last);
    let verb = last_words.iter().any(|it| {
        matches!(
            it.as_str(),
            "acquire" | "wait" | "throttle" | "enforce" | "consume" | "take" | "respect"
        )
    });
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
    (verb && is_rate(text)) || is_rate(last)
}
