//! The rules: one file a rule, or a family that shares one analysis. This file is the registry.
//!
//! A rule is a `static` value and one `check`. It asks the project and writes diagnostics; it knows no files, logs or output.

mod answers;
mod await_in_loop;
mod backoff_inside_limiter;
mod barrier;
mod blocking;
mod blocking_database_call;
mod blocking_dns_lookup;
mod blocking_file_io;
mod blocking_http_call;
mod blocking_sdk_call;
mod blocking_sleep;
mod blocking_subprocess;
mod blocking_wait;
mod bridges;
mod bystanders;
mod client_per_call;
mod clients;
mod conditions;
mod context;
mod copied_context;
mod copies;
mod costs;
mod cpu_bound_call;
mod dangling_task;
mod default_pool_limits;
mod default_threads;
mod disabled_timeout;
mod endings;
mod fan_out_named;
mod fan_out_reach;
mod fan_out_text;
mod fan_out_unfollowed;
mod gathered_bulk_results;
mod growth;
mod holdups;
mod ineffective_limiter;
mod kept_tasks;
mod limiter_made;
mod limiter_use;
mod lock_across_await;
mod lookups;
mod mends;
mod missing_deadline;
mod narrow;
mod nested_event_loop;
mod nested_retry;
mod nested_text;
mod pool_smaller_than_limiter;
mod queue_ends;
mod ready;
mod rebuilt_context;
mod retry;
mod retry_without_backoff;
mod retry_without_jitter;
mod sequential_awaits;
mod serial;
mod silent_fan_out;
mod small_files;
mod strongest;
mod swallowed_cancellation;
mod text;
mod thread_pool_fan_out;
mod timers;
mod twin;
mod unawaited_coroutine;
mod unbounded_fan_out;
mod unbounded_queue;
mod unbounded_retry;
mod waits;
mod weight;

use crate::catalog::Blocks;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::RuleInfo;
pub use context::{Context, Library, Settings};
pub use retry::Remembered;
pub use strongest::relate;

/// A rule: what is known of it, and its check of one module.
#[derive(Debug)]
pub struct Rule {
    /// Name, summary, page and weights.
    pub info: RuleInfo,
    /// Finds what the rule speaks of in the context's module.
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

/// Every rule, sorted by name.
pub static ALL: &[&Rule] = &[
    &await_in_loop::RULE,
    &backoff_inside_limiter::RULE,
    &blocking_database_call::RULE,
    &blocking_dns_lookup::RULE,
    &blocking_file_io::RULE,
    &blocking_http_call::RULE,
    &blocking_sdk_call::RULE,
    &blocking_sleep::RULE,
    &blocking_subprocess::RULE,
    &blocking_wait::RULE,
    &client_per_call::RULE,
    &copied_context::RULE,
    &cpu_bound_call::RULE,
    &dangling_task::RULE,
    &default_pool_limits::RULE,
    &disabled_timeout::RULE,
    &gathered_bulk_results::RULE,
    &ineffective_limiter::RULE,
    &lock_across_await::RULE,
    &missing_deadline::RULE,
    &nested_event_loop::RULE,
    &nested_retry::RULE,
    &pool_smaller_than_limiter::RULE,
    &rebuilt_context::RULE,
    &retry_without_backoff::RULE,
    &retry_without_jitter::RULE,
    &sequential_awaits::RULE,
    &silent_fan_out::RULE,
    &swallowed_cancellation::RULE,
    &thread_pool_fan_out::RULE,
    &unawaited_coroutine::RULE,
    &unbounded_fan_out::RULE,
    &unbounded_queue::RULE,
    &unbounded_retry::RULE,
];

/// The rule that speaks of a kind of blocking.
#[must_use]
pub fn rule_of(kind: Blocks) -> &'static str {
    blocking::family_rule(kind).info.name
}

/// The rule with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|it| it.info.name == name)
}
