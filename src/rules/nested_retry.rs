#![doc = include_str!("../../rules/nested-retry.md")]

use super::nested_text::{plural, product, times, weigh};
use super::retry::{self, Inner, Limit, Retry, SdkRetry};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::{At, FnId};
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "nested-retry",
        summary: "a retry around a call that already retries, so that attempts multiply",
        pattern: Pattern::RetryStorm,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[
            "backoff-inside-limiter",
            "retry-without-backoff",
            "retry-without-jitter",
            "unbounded-retry",
        ],
        page: include_str!("../../rules/nested-retry.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for outer in retry::all(cx).iter() {
        if let Some(inner) = retry::inner(cx, outer) {
            found.push(own(cx, outer, &inner));
        }
    }
    for nested in retry::sdk_retries(cx) {
        found.push(of_client(cx, &nested));
    }
}

/// A retry of the project inside another one.
fn own(cx: &Context<'_>, outer: &Retry, inner: &Inner) -> Diagnostic {
    let theirs = Context {
        module: inner.module,
        ..*cx
    };
    let function = cx.qualname(theirs.function(inner.retry.function));
    let product = product(outer.limit, inner.retry.limit);
    let (a, b) = (times(outer.limit), times(inner.retry.limit));
    let message = format!(
        "{} tries {a} what `{function}` already tries {b}: {product} for one call",
        outer.said(cx)
    );
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(outer.function), outer.at, message);
    why(&mut diagnostic);
    diagnostic.help =
        "retry in one place only: keep the one nearest the request, and let this one pass the error on".to_owned();
    let at = At {
        module: inner.module,
        node: inner.retry.at,
    };
    diagnostic.labels.push(cx.label(at, "retried here as well"));
    diagnostic.witness = cx.steps(&inner.chain);
    diagnostic.confidence = Confidence::High.min(outer.remote).min(inner.retry.remote);
    outer.weigh(&mut diagnostic);
    weigh(&mut diagnostic, outer.limit, inner.retry.limit);
    if outer.is_for_answers(cx) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic
}

/// A client of a library that retries by itself, inside a retry of the project.
fn of_client(cx: &Context<'_>, nested: &SdkRetry) -> Diagnostic {
    let theirs = Context {
        module: nested.module,
        ..*cx
    };
    let catalog = &cx.project.names.catalog;
    let class = catalog.class_name(nested.class);
    let limit = Limit::Attempts(nested.retries + 1);
    let outer = theirs.function(nested.outer.function);
    let retries = plural(nested.retries, "time", "times");
    let by = if nested.is_default {
        let version = catalog.class_entry(nested.class).version.as_deref();
        version.map_or(" by default".to_owned(), |it| format!(" by default ({it})"))
    } else {
        String::new()
    };
    let message = format!(
        "`{class}` retries {retries}{by}, and {} around `{}` tries {} as well: {} for one call",
        nested.outer.said(&theirs),
        cx.qualname(outer),
        times(nested.outer.limit),
        product(nested.outer.limit, limit),
    );
    let mut diagnostic = cx.diagnostic(&RULE.info, nested.function, nested.made, message);
    why(&mut diagnostic);
    diagnostic.help = "give the client `max_retries=0`, or drop the retry around it".to_owned();
    let at = At {
        module: nested.module,
        node: nested.outer.at,
    };
    let more = match nested.others {
        0 => String::new(),
        n => format!(", and in {}", plural(n as u64, "other place", "other places")),
    };
    diagnostic
        .labels
        .push(cx.label(at, format!("retried here as well{more}")));
    diagnostic.witness = cx.steps(&nested.chain);
    let certain = nested.is_plain && nested.is_direct();
    diagnostic.confidence = if certain { Confidence::High } else { Confidence::Medium };
    diagnostic.exposure = exposure(cx, outer);
    nested.outer.weigh(&mut diagnostic);
    weigh(&mut diagnostic, nested.outer.limit, limit);
    // Who asked the client for one retry has thought of the ones around it.
    let lowered = !nested.is_default && nested.retries <= 1;
    if lowered || nested.outer.is_for_answers(&theirs) {
        diagnostic.severity = Severity::Low;
    }
    class.clone_into(&mut diagnostic.group);
    diagnostic
}

fn why(diagnostic: &mut Diagnostic) {
    "an outage is answered with that many requests for every one that was wanted, and the caller waits for all of them"
        .clone_into(&mut diagnostic.why);
}

/// What counts is how often the retry runs, not how often the client is made.
fn exposure(cx: &Context<'_>, outer: FnId) -> Exposure {
    cx.exposure(outer)
}
