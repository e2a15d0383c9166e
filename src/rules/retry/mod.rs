//! Retries, however they are written: policies of libraries, and loops by hand. What the rules about retries share.

mod attempts;
mod loops;
mod policies;

use crate::diagnostic::Confidence;
use crate::facts::{LocalFn, NodeId};
use crate::project::Steadiness;
use crate::rules::Context;

/// A place that tries again.
#[derive(Debug)]
pub(super) struct Retry {
    /// The policy's call, or the sleep of a loop.
    pub(super) at: NodeId,
    /// The function that is tried again: the decorated one, or the one around the loop.
    pub(super) function: LocalFn,
    /// How it is written.
    pub(super) form: Form,
    /// Whether its waits are the same for every caller.
    pub(super) waits: Steadiness,
    /// The wait as it is written, for messages.
    pub(super) wait: String,
    /// How sure it is that what is tried reaches others.
    pub(super) remote: Confidence,
    /// Few do the same at that time: it waits for a service to come up, keeps one client connected, or heeds a server.
    pub(super) is_minor: bool,
}

/// How a retry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `tenacity`.
    Tenacity,
    /// `backoff`.
    Backoff,
    /// `stamina`.
    Stamina,
    /// `urllib3.Retry`.
    Urllib3,
    /// `aiohttp_retry`.
    AiohttpRetry,
    /// `retry` or `retrying`.
    RetryDecorator,
    /// A loop with `try` and a sleep.
    Loop,
}

/// Every retry of the module that waits between its attempts.
pub(super) fn all(cx: &Context<'_>) -> Vec<Retry> {
    let mut all = policies::find(cx);
    for (local, _) in cx.facts().all_functions() {
        all.extend(loops::find(cx, local));
    }
    all
}
