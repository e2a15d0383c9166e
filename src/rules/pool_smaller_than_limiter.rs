#![doc = include_str!("../../rules/pool-smaller-than-limiter.md")]

use super::clients::{self, Shared};
use super::fan_out_text as text;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::FanOut;
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "pool-smaller-than-limiter",
        summary: "a limiter that lets in more calls than the client has connections",
        pattern: Pattern::PoolExhaustion,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &["default-pool-limits"],
        page: include_str!("../../rules/pool-smaller-than-limiter.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        let mut strands = fan_out.strands.iter();
        found.extend(strands.find_map(|strand| {
            let shared = clients::shared(cx, fan_out, strand)?;
            let limit = shared.limiter.and_then(|(_, size)| size)?;
            let room = shared.pool.size;
            let wide = clients::exceeds(strand.width, room);
            (limit > room && wide).then(|| report(cx, fan_out, &shared, limit))
        }));
    }
}

fn report(cx: &Context<'_>, fan_out: &FanOut, shared: &Shared, limit: u64) -> Diagnostic {
    let starter = text::starter(cx, fan_out);
    let what = cx.project.names.catalog.class_name(shared.pool.client.class).to_owned();
    let room = shared.pool.size;
    let message = format!("`{starter}` lets {limit} calls run at once through a `{what}` that has {room} connections");
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    diagnostic.why = match shared.pool.gives_up {
        Some(seconds) => format!("the others wait for a connection where nobody sees it, and fail after {seconds} s"),
        None => {
            "the others wait for a connection where nobody sees it, while they hold a place of the limiter".to_owned()
        }
    };
    diagnostic.help = if shared.pool.is_default {
        format!("give the client as many connections as the limiter has places, or let only {room} in")
    } else {
        format!("make the pool as large as the limiter, {limit}, or let only {room} in")
    };
    diagnostic
        .labels
        .push(cx.label(shared.pool.made, format!("{room} connections")));
    if let Some((at, _)) = shared.limiter {
        diagnostic.labels.push(cx.label(at, format!("{limit} at once")));
    }
    diagnostic.labels.push(cx.label(shared.used, "waits for a connection"));
    diagnostic.confidence = Confidence::High;
    if diagnostic.exposure == Exposure::Solitary && !clients::exceeds(fan_out.strands[0].width, room) {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = what;
    diagnostic
}
