#![doc = include_str!("../../rules/unbounded-retry.md")]

use super::retry::{self, Errors, Form, Limit, Retry};
use crate::diagnostic::{Confidence, Diagnostic, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::{At, Bound};
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "unbounded-retry",
        summary: "retries without a cap on their number or on their time",
        pattern: Pattern::RetryStorm,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["retry-without-backoff", "retry-without-jitter"],
        page: include_str!("../../rules/unbounded-retry.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for retry in retry::all(cx).iter() {
        let after_errors = !matches!(retry.errors, Errors::Local | Errors::Results);
        if retry.limit == Limit::Never && after_errors {
            found.extend(report(cx, retry));
        }
    }
}

fn report(cx: &Context<'_>, retry: &Retry) -> Option<Diagnostic> {
    let function = cx.function(retry.function);
    let at = At {
        module: cx.module,
        node: retry.at,
    };
    let bound = cx.project.deadlines.at(&cx.project.graph, function, at);
    if bound == Bound::Always {
        return None;
    }
    let who = retry.said(cx);
    let message = format!("{who} tries again for ever: neither the attempts nor their time are bounded");
    let mut diagnostic = cx.diagnostic(&RULE.info, function, retry.at, message);
    "while the service is down the caller waits without an error, and adds to the load that keeps it down"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = help(retry.form).to_owned();
    diagnostic.confidence = match bound {
        Bound::Sometimes => Confidence::Low,
        _ => retry.remote,
    };
    retry.weigh(&mut diagnostic);
    Some(diagnostic)
}

fn help(form: Form) -> &'static str {
    match form {
        Form::Tenacity => "add `stop=stop_after_attempt(5) | stop_after_delay(60)`",
        Form::Backoff => "add `max_tries=...` or `max_time=...`",
        Form::Stamina => "leave `attempts` or `timeout` at its default",
        Form::Urllib3 | Form::AiohttpRetry | Form::RetryDecorator => "bound the attempts, or the time of all of them",
        Form::Loop => "count the attempts and raise after the last: `for attempt in range(5):`",
    }
}
