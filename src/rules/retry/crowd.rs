//! Whether many try again at the same time: code in threads that somebody starts for it, and services that refuse.

use super::{Limit, Retry, caps};
use crate::catalog::Act;
use crate::facts::{FileFacts, Kind, NodeId};
use crate::project::{At, Flags, FnId, has_word, origin};
use crate::rules::Context;
use rustc_hash::FxHashSet;

/// Calls between the thread and the function; further away, the thread is for something bigger.
const MAX_HOPS: usize = 4;

/// Whether the function, or one that calls it, is handed to threads or handles requests.
pub(super) fn runs_in_threads(cx: &Context<'_>, function: FnId) -> bool {
    let mut seen: FxHashSet<FnId> = FxHashSet::default();
    let mut level = vec![function];
    for _ in 0..=MAX_HOPS {
        let mut next = Vec::new();
        for function in level {
            if cx.project.decorators.act(function) == Some(Act::Handler) {
                return true;
            }
            for (_, site) in cx.project.graph.callers(function) {
                if site.flags.has(Flags::OFFLOADED) {
                    return true;
                }
                if seen.insert(site.caller) {
                    next.push(site.caller);
                }
            }
        }
        level = next;
    }
    false
}

/// Waits of so many seconds in all ride out a hiccup; whoever is overloaded is so for longer, and only then a crowd that
/// comes back together does harm.
const SHORT: f64 = 5.0;

/// So many attempts, waits of 1 and 2 seconds between them, are short.
const FEW: u64 = 3;

/// Whether a loop by hand is over after a moment.
pub(super) fn is_short(cx: &Context<'_>, retry: &Retry) -> bool {
    let Some(of) = around(cx.facts(), retry) else {
        return false;
    };
    let attempts = match retry.limit {
        Limit::Attempts(n) => Some(n),
        _ => caps::usual(cx, of),
    };
    let Some(attempts) = attempts else { return false };
    let facts = cx.facts();
    let slept = facts.arg(retry.at, 0).map(|node| {
        let module = cx.module;
        origin(&cx.project.names, &cx.project.graph, At { module, node })
    });
    let seconds = slept.and_then(|it| cx.project.names.facts(it.module).number(it.node));
    #[expect(clippy::cast_precision_loss, reason = "so many attempts are never made")]
    let short = seconds.is_some_and(|it| it * attempts.saturating_sub(1) as f64 <= SHORT);
    attempts <= FEW && seconds.is_none_or(|it| it <= SHORT) || short
}

/// Whether what is tried is known to refuse when too many come: the loop speaks of refusals, or asks a model, whose quota
/// everybody shares.
pub(super) fn is_contended(cx: &Context<'_>, retry: &Retry) -> bool {
    let facts = cx.facts();
    let within = around(facts, retry).unwrap_or_else(|| facts.function(retry.function).node);
    let function = facts.text(facts.function(retry.function).name);
    has_word(function, &MODELS)
        || facts.subtree(within).any(|it| match facts.kind(it) {
            Kind::Number => facts.number(it).is_some_and(|it| REFUSALS.contains(&it)),
            Kind::Name => facts.name_text(it).is_some_and(says_contended),
            Kind::Attribute => facts.payload_text(it).is_some_and(says_contended),
            Kind::Str => facts.payload_text(it).is_some_and(says_refusal),
            _ => false,
        })
}

/// Too many requests, service unavailable, site overloaded.
const REFUSALS: [f64; 3] = [429.0, 503.0, 529.0];

/// What language models do and are called.
const MODELS: [&str; 22] = [
    "llm",
    "model",
    "completion",
    "completions",
    "acompletion",
    "complete",
    "chat",
    "embed",
    "embedding",
    "embeddings",
    "aembedding",
    "generate",
    "agenerate",
    "predict",
    "apredict",
    "prompt",
    "inference",
    "ask",
    "aask",
    "invoke",
    "ainvoke",
    "openai",
];

fn says_contended(name: &str) -> bool {
    says_refusal(name) || has_word(name, &MODELS)
}

/// Ways to say that there were too many.
fn says_refusal(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "ratelimit",
        "throttl",
        "toomanyrequests",
        "overload",
        "unavailable",
        "quota",
        "retryablestatus",
        "unprocessed",
        "exhausted",
        "429",
    ];
    let flat: String = text
        .chars()
        .filter(|it| it.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    WORDS.iter().any(|it| flat.contains(it))
}

/// The loop that tries again.
fn around(facts: &FileFacts, retry: &Retry) -> Option<NodeId> {
    let root = facts.function(retry.function).node;
    facts
        .ancestors(retry.at)
        .take_while(|&it| it != root)
        .find(|&it| facts.kind(it).is_loop())
}
