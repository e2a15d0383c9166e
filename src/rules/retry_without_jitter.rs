#![doc = include_str!("../../rules/retry-without-jitter.md")]

use super::mends;
use super::retry::{self, Errors, Form, Growth, Limit, Retry};
use crate::diagnostic::{Diagnostic, Fix, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::How;
use crate::project::{At, Steadiness};
use crate::rules::{Context, Rule};

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "retry-without-jitter",
        summary: "retries whose waits are the same for every caller",
        pattern: Pattern::RetryStorm,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["retry-without-backoff"],
        page: include_str!("../../rules/retry-without-jitter.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for retry in retry::all(cx).iter() {
        let same = matches!(retry.waits, Steadiness::Fixed | Steadiness::Given);
        let waits = retry.growth != Growth::Immediate && !matches!(retry.limit, Limit::Attempts(0 | 1));
        if same && waits && !matches!(retry.errors, Errors::Local | Errors::Results) {
            found.push(report(cx, retry));
        }
    }
}

fn report(cx: &Context<'_>, retry: &Retry) -> Diagnostic {
    let policy = cx.node_text(retry.at);
    let wait = &retry.wait;
    let message = match retry.form {
        Form::Loop if retry.waits == Steadiness::Given => {
            format!("every caller that fails waits exactly what the server says, `{wait}`, before it tries again")
        }
        Form::Loop => format!("every caller that fails waits the same `{wait}` before it tries again"),
        Form::AiohttpRetry => format!("`{policy}` makes every caller that fails wait the same time"),
        _ if wait.is_empty() => format!("`{policy}` makes every caller that fails wait the same time"),
        _ => format!("`{policy}` with `{wait}` makes every caller that fails wait the same time"),
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, cx.function(retry.function), retry.at, message);
    "what failed together comes back together, and overloads the service again".clone_into(&mut diagnostic.why);
    diagnostic.help = help(cx, retry);
    diagnostic.fix = fix(cx, retry);
    diagnostic.confidence = retry.remote;
    diagnostic
        .labels
        .extend(computed(cx, retry).map(|it| cx.label(it, "the same for everybody")));
    retry.weigh_crowd(cx, &mut diagnostic);
    diagnostic
}

/// Where a wait with a name is computed.
fn computed(cx: &Context<'_>, retry: &Retry) -> Option<At> {
    let facts = cx.facts();
    let place = facts.name_place(facts.arg(retry.at, 0)?)?;
    let before = facts.definitions_of(place).iter().rev().find(|it| it.node < retry.at)?;
    let How::Assign { value, .. } = before.how else {
        return None;
    };
    Some(At {
        module: cx.module,
        node: value,
    })
}

fn fix(cx: &Context<'_>, retry: &Retry) -> Option<Fix> {
    match retry.form {
        Form::Tenacity => mends::tenacity(cx, retry.at),
        Form::Backoff => mends::backoff(cx, retry.at),
        Form::Stamina => mends::stamina(cx, retry.at),
        Form::Loop => mends::slept(cx, retry.at, retry.waits),
        Form::Urllib3 | Form::AiohttpRetry | Form::RetryDecorator => None,
    }
}

fn help(cx: &Context<'_>, retry: &Retry) -> String {
    match retry.form {
        Form::Tenacity if retry.wait.ends_with("wait_exponential") => {
            "use `wait_random_exponential(...)` with the same arguments, or `wait_exponential_jitter(...)`".to_owned()
        }
        Form::Tenacity => format!("add chance to it: `{}(...) + wait_random(0, 1)`", retry.wait),
        Form::Backoff => "use `jitter=backoff.full_jitter`, which is the default".to_owned(),
        Form::Stamina => "leave `wait_jitter` at its default".to_owned(),
        Form::Urllib3 => "add `backoff_jitter=...` (urllib3 2.0 or later)".to_owned(),
        Form::AiohttpRetry => "use `aiohttp_retry.JitterRetry` instead".to_owned(),
        Form::RetryDecorator => "add its `jitter` (or `wait_jitter_max`) argument".to_owned(),
        Form::Loop => {
            let sleep = cx.node_text(retry.at);
            if retry.waits == Steadiness::Given {
                return format!("add chance to it: `{sleep}({} + random.uniform(0, 1))`", retry.wait);
            }
            format!("wait a random part of it: `{sleep}(random.uniform(0, {}))`", retry.wait)
        }
    }
}
