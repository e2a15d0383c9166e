//! Chance for the waits of retries.

use super::imports::member;
use super::{after, before, between, replace};
use crate::diagnostic::{Fix, Safety};
use crate::facts::{Kind, NodeId, Role};
use crate::project::{Steadiness, Ty};
use crate::rules::Context;

/// `wait_exponential(...)` becomes `wait_random_exponential(...)`, which takes the same arguments; to others a random wait
/// is added.
pub(in crate::rules) fn tenacity(cx: &Context<'_>, policy: NodeId) -> Option<Fix> {
    let facts = cx.facts();
    let wait = facts.keyword(policy, "wait")?;
    let func = (facts.kind(wait) == Kind::Call)
        .then(|| facts.child(wait, Role::Func))
        .flatten();
    let (title, mut edits, import) = match func {
        Some(func) if is_exponential(cx, func) => {
            let to = "wait_random_exponential";
            let title = "wait a random part of the exponential time";
            if facts.kind(func) == Kind::Attribute {
                let end = facts.span(func).end;
                let start = end - u32::try_from(EXPONENTIAL.len()).unwrap_or(0);
                (title, vec![(between(cx, start, end), to.to_owned())], None)
            } else {
                let to = member(cx, "tenacity", to, policy)?;
                (title, vec![replace(cx, func, to.text)], to.import)
            }
        }
        _ => {
            let is_operand = matches!(
                facts.kind(wait),
                Kind::Call | Kind::Name | Kind::Attribute | Kind::BinOp
            );
            let random = is_operand.then(|| member(cx, "tenacity", "wait_random", policy))??;
            let text = format!(" + {}(0, 1)", random.text);
            (
                "add a random wait of up to a second",
                vec![after(cx, wait, text)],
                random.import,
            )
        }
    };
    edits.extend(import);
    Some(safe(title, edits))
}

const EXPONENTIAL: &str = "wait_exponential";

fn is_exponential(cx: &Context<'_>, func: NodeId) -> bool {
    let Ty::Name(name) = cx.eval().expr(func) else {
        return false;
    };
    let name = cx.project.names.catalog.dotted(name);
    name == "tenacity.wait_exponential" || name == "tenacity.wait.wait_exponential"
}

/// `jitter=None` becomes the default.
pub(in crate::rules) fn backoff(cx: &Context<'_>, policy: NodeId) -> Option<Fix> {
    let jitter = cx.facts().keyword(policy, "jitter")?;
    let full = member(cx, "backoff", "full_jitter", policy)?;
    let mut edits = vec![replace(cx, jitter, full.text)];
    edits.extend(full.import);
    Some(safe("jitter the whole wait, as is the default", edits))
}

/// `wait_jitter=0` becomes the default, a second.
pub(in crate::rules) fn stamina(cx: &Context<'_>, policy: NodeId) -> Option<Fix> {
    let jitter = cx.facts().keyword(policy, "wait_jitter")?;
    let edits = vec![replace(cx, jitter, "1.0".to_owned())];
    Some(safe("jitter by up to a second, as is the default", edits))
}

/// The sleep of a loop: a random part of what it waits, or a little more than a server asks for.
pub(in crate::rules) fn slept(cx: &Context<'_>, sleep: NodeId, waits: Steadiness) -> Option<Fix> {
    let facts = cx.facts();
    let delay = facts.arg(sleep, 0)?;
    let is_operand = matches!(
        facts.kind(delay),
        Kind::Call | Kind::Name | Kind::Attribute | Kind::BinOp | Kind::Number | Kind::Subscript
    );
    if !is_operand {
        return None;
    }
    let uniform = member(cx, "random", "uniform", sleep)?;
    let (title, mut edits) = if waits == Steadiness::Given {
        let more = after(cx, delay, format!(" + {}(0, 1)", uniform.text));
        ("wait up to a second more", vec![more])
    } else {
        let part = vec![
            before(cx, delay, format!("{}(0, ", uniform.text)),
            after(cx, delay, ")".to_owned()),
        ];
        ("wait a random part of it", part)
    };
    edits.extend(uniform.import);
    Some(Fix {
        title: title.to_owned(),
        safety: Safety::Unsafe,
        edits,
    })
}

fn safe(title: &str, edits: Vec<super::Edit>) -> Fix {
    Fix {
        title: title.to_owned(),
        safety: Safety::Safe,
        edits,
    }
}
