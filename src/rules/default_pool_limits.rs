#![doc = include_str!("../../rules/default-pool-limits.md")]

use super::clients::{self, Shared, Unsized};
use super::fan_out_text as text;
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::project::{FanOut, Width};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "default-pool-limits",
        summary: "more calls at once than a client with the library's default pool has connections",
        pattern: Pattern::PoolExhaustion,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/default-pool-limits.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for fan_out in cx.project.fan_outs.of(cx.module) {
        if fan_out.bounded || text::is_shutdown(cx, fan_out) {
            continue;
        }
        let mut strands = fan_out.strands.iter();
        found.extend(strands.find_map(|strand| {
            let shared = clients::shared(cx, fan_out, strand)?;
            // What a limiter lets in is compared with the pool by another rule.
            let free = shared.pool.is_default && shared.limiter.is_none();
            let wide = clients::exceeds(strand.width, shared.pool.size);
            (free && wide && !text::is_configured(cx, strand))
                .then(|| report(cx, fan_out, &shared, strand.width == Width::Data))
        }));
    }
    found.extend(clients::unsized_engines(cx).iter().map(|it| unsized_engine(cx, it)));
}

/// Requests share the few connections of an engine whose pool nobody chose.
fn unsized_engine(cx: &Context<'_>, it: &Unsized) -> Diagnostic {
    let what = cx.project.names.catalog.class_name(it.making.class).to_owned();
    let (size, gives_up) = (it.size, it.gives_up);
    let message = format!("`{what}` has {size} connections by default, for however many requests use it at once");
    let mut diagnostic = cx.diagnostic(&RULE.info, it.making.function, it.making.node, message);
    diagnostic.why =
        format!("a request that gets no connection within {gives_up} s fails, though the database is well");
    diagnostic.help = "choose `pool_size` and `max_overflow` for what the database takes".to_owned();
    diagnostic
        .labels
        .push(cx.label(it.used, "needs a connection, per request or item"));
    diagnostic.exposure = Exposure::Hot;
    diagnostic.confidence = Confidence::Medium;
    if it.is_replaceable {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = what;
    diagnostic
}

fn report(cx: &Context<'_>, fan_out: &FanOut, shared: &Shared, is_data: bool) -> Diagnostic {
    let starter = text::starter(cx, fan_out);
    let entry = cx.project.names.catalog.class_entry(shared.pool.client.class);
    let what = cx.project.names.catalog.class_name(shared.pool.client.class).to_owned();
    let room = shared.pool.size;
    let message = format!("`{starter}` starts more calls than the {room} connections that `{what}` has by default");
    let mut diagnostic = cx.diagnostic(&RULE.info, fan_out.orchestrator, fan_out.at.node, message);
    diagnostic.why = match shared.pool.gives_up {
        Some(seconds) => format!("a call that gets no connection within {seconds} s fails, though the service is well"),
        None => "the others wait for a connection, unseen by any limiter, log or metric".to_owned(),
    };
    diagnostic.help = format!(
        "put a limiter of at most {room} around the call, or set the pool to the number that the service takes"
    );
    let since = entry
        .version
        .as_deref()
        .map(|it| format!(" ({it})"))
        .unwrap_or_default();
    diagnostic
        .labels
        .push(cx.label(shared.pool.made, format!("{room} connections by default{since}")));
    diagnostic.labels.push(cx.label(shared.used, "waits for a connection"));
    // A wait that cannot fail bounds the fan-out as a limiter would; where the width is data, that it is not bounded
    // is the finding, and another rule's.
    if shared.pool.gives_up.is_none() || is_data {
        diagnostic.severity = Severity::Low;
    }
    diagnostic.group = what;
    diagnostic
}
