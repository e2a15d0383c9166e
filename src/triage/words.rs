//! What is said of each pattern when the code says nothing of its own.

use crate::diagnostic::Pattern;

/// Why rounds lose time, and what to do about it.
pub(super) const BARRIER: (&str, &str) = (
    "each round waits for its slowest item, and most of the places are idle meanwhile",
    "start the next item as soon as one is done: all of them at once under one `asyncio.Semaphore`, or workers that share a queue",
);

/// Why time is lost by a pattern that only the log shows.
pub(super) fn unexplained_why(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        Some(Pattern::LongTail) => {
            "nearly all items were done early, and the rest of the phase waited for the last ones"
        }
        Some(Pattern::RetryStorm) => "lines about retries fill this stretch of the run",
        Some(Pattern::LoopBlocker | Pattern::SerializedAwaits) => {
            "items come one after another at even intervals, as if only one could run at a time"
        }
        Some(Pattern::UnboundedConcurrency) => {
            "many items are in flight at once, and each takes longer the more there are"
        }
        Some(Pattern::PoolExhaustion) => "items come out at a steady rate, as if a pool let only some of them through",
        Some(Pattern::HugeGather) => "memory grows with the items and stays",
        Some(Pattern::ContextDuplication) => {
            "nothing is done for a long time, then everything at once, as if each item prepared something large"
        }
        None | Some(Pattern::LostWork | Pattern::SilentFanOut) => "the log says nothing about this stretch",
    }
}

/// What to do about a pattern that only the log shows.
pub(super) fn unexplained_help(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        Some(Pattern::LongTail) => "give each item a deadline, and log the item that came last",
        Some(Pattern::RetryStorm) => "wait longer and at random between attempts, and retry in one place only",
        Some(Pattern::LoopBlocker | Pattern::SerializedAwaits) => {
            "run it with `PYTHONASYNCIODEBUG=1`: asyncio then names what holds the loop"
        }
        Some(Pattern::UnboundedConcurrency) => "bound how many items run at once, and compare the throughput",
        Some(Pattern::PoolExhaustion) => "compare the pool's size with the number of items that run at once",
        Some(Pattern::HugeGather) => "handle each result as it arrives instead of keeping all of them",
        Some(Pattern::ContextDuplication) => "build what all items share once, before the first of them",
        None | Some(Pattern::LostWork | Pattern::SilentFanOut) => "log the start and the end of each item with its id",
    }
}

/// What would show that a pattern, and not another one, is the cause.
#[must_use]
pub fn tells_apart(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::LoopBlocker => "a run with `PYTHONASYNCIODEBUG=1` would name it as a slow callback",
        Pattern::PoolExhaustion => "a larger pool would lift the rate",
        Pattern::UnboundedConcurrency => "a bound of ten at once would make each item faster",
        Pattern::LongTail => "a deadline would cut the last items only",
        Pattern::RetryStorm => "a line at each retry would show how much of the time is waiting",
        Pattern::ContextDuplication => "a line before each item's first request would show how long it is built",
        Pattern::HugeGather => "`--rss` with a second sampling would show memory growing item by item",
        Pattern::SerializedAwaits => "a line at each item's start would show that only one is in flight",
        Pattern::LostWork | Pattern::SilentFanOut => "a line at the start and the end of each item would show it",
    }
}
