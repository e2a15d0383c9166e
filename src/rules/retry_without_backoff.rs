#![doc = include_str!("../../rules/retry-without-backoff.md")]

use super::retry::{self, Errors, Form, Growth, Limit, Retry};
use crate::diagnostic::{Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::Steadiness;
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "retry-without-backoff",
        summary: "retries that follow at once, or always after the same time",
        pattern: Pattern::RetryStorm,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/retry-without-backoff.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for retry in retry::all(cx).iter() {
        let steady = retry.growth == Growth::Constant && retry.waits == Steadiness::Fixed;
        let after_errors = !matches!(retry.errors, Errors::Local | Errors::Results);
        let again = !matches!(retry.limit, Limit::Attempts(0 | 1));
        if (retry.growth == Growth::Immediate || steady) && after_errors && again {
            found.push(report(cx, retry));
        }
    }
}

/// So many attempts in a row hurt nobody, unless many make them at the same time.
const FEW: u64 = 3;

fn report(cx: &Context<'_>, retry: &Retry) -> Diagnostic {
    let who = retry.said(cx);
    let times = match retry.limit {
        Limit::Attempts(n) => format!(", {n} times in all"),
        _ => String::new(),
    };
    let message = match retry.growth {
        Growth::Immediate => format!("{who} tries again at once{times}"),
        _ if retry.wait.is_empty() => format!("{who} waits the same time however often it has failed"),
        _ => format!("{who} waits `{}` however often it has failed", retry.wait),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(retry.function), retry.at, message);
    diagnostic.why = match retry.growth {
        Growth::Immediate => "a service that fails under load gets the same load again, several times over",
        _ => "a service that stays overloaded for longer is asked at an even rate, and never gets time to recover",
    }
    .to_owned();
    diagnostic.help = help(cx, retry);
    diagnostic.confidence = retry.remote;
    retry.weigh_crowd(cx, &mut diagnostic);
    let few = retry.form == Form::Loop && matches!(retry.limit, Limit::Attempts(n) if n <= FEW);
    if few && diagnostic.exposure != Exposure::Hot {
        diagnostic.severity = Severity::Low;
    }
    diagnostic
}

fn help(cx: &Context<'_>, retry: &Retry) -> String {
    match retry.form {
        Form::Tenacity => "add `wait=wait_random_exponential(max=60)`".to_owned(),
        Form::Backoff => "use `backoff.expo` with its default jitter".to_owned(),
        Form::Urllib3 => "add `backoff_factor=...` and `backoff_jitter=...`".to_owned(),
        Form::AiohttpRetry => "use `aiohttp_retry.JitterRetry`".to_owned(),
        Form::Stamina => "leave the waits at their defaults".to_owned(),
        Form::RetryDecorator => "add a wait that grows and has chance in it".to_owned(),
        Form::Loop => {
            let name = cx.library().name();
            let pause = if cx.facts().is_async(retry.function) {
                format!("await {name}.sleep")
            } else {
                "time.sleep".to_owned()
            };
            format!("wait longer each time before the next attempt: `{pause}(random.uniform(0, 2**attempt))`")
        }
    }
}
