#![doc = include_str!("../../rules/copied-context.md")]

use super::copies::{self, Copied};
use crate::diagnostic::{Confidence, Diagnostic, Exposure, Pattern, RuleInfo, RuleSet, Severity};
use crate::facts::{FnKind, Kind, LocalFn, NodeId};
use crate::project::{At, Flags, Handling, handling, repeat};
use crate::rules::Context;
use crate::rules::Rule;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "copied-context",
        summary: "shared state that is copied deeply per item or per call, though nobody changes the copy",
        pattern: Pattern::ContextDuplication,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/copied-context.md"),
    },
    check,
};

fn check(cx: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (local, function) in cx.facts().all_functions() {
        if function.kind == FnKind::Module {
            continue;
        }
        let calls = cx
            .facts()
            .body_nodes(local)
            .filter(|&it| cx.facts().kind(it) == Kind::Call);
        found.extend(calls.filter_map(|call| report(cx, local, call)));
    }
}

fn report(cx: &Context<'_>, local: LocalFn, call: NodeId) -> Option<Diagnostic> {
    let copied = copies::copied(cx, local, call)?;
    let function = cx.function(local);
    let mut sites = cx.project.graph.sites_at(function, call);
    let seldom = Flags::ERROR_PATH.with(Flags::ONCE).with(Flags::MAIN);
    if copies::is_small(cx, copied.what)
        || copies::is_snapshot(cx, call)
        || sites.any(|(_, site)| site.flags.has(seldom))
    {
        return None;
    }
    let at = At {
        module: cx.module,
        node: call,
    };
    let handled = handling(cx.project, at);
    if handled == Handling::Changes {
        return None;
    }
    let repeated = repeat(cx.project, function, copied.what);
    let state = cx.node_text(copied.what);
    let made = cx.node_text(call);
    let message = match &repeated {
        Some(_) => format!("`{made}` copies `{state}` in full for every item"),
        None if handled == Handling::Reads && copies::is_state(cx, copied.what) => {
            format!(
                "`{made}` copies `{state}` in full at every call of `{}`",
                cx.qualname(function)
            )
        }
        None => return None,
    };
    let mut diagnostic = cx.diagnostic(&RULE.info, function, call, message);
    diagnostic.confidence = match (&repeated, handled) {
        (Some(_), Handling::Reads) => Confidence::High,
        (Some(_), Handling::Replaces) | (None, Handling::Reads) => Confidence::Medium,
        _ => Confidence::Low,
    };
    if repeated.is_none() && diagnostic.exposure == Exposure::Solitary {
        return None;
    }
    explain(&mut diagnostic, handled, &copied, &state);
    if let Some(it) = repeated {
        diagnostic.labels.push(cx.label(it.at, "once per item"));
    }
    Some(diagnostic)
}

fn explain(diagnostic: &mut Diagnostic, handled: Handling, copied: &Copied, state: &str) {
    "a deep copy visits every object below, on the event loop's thread, and memory grows by one copy for each that is alive"
        .clone_into(&mut diagnostic.why);
    diagnostic.help = match handled {
        Handling::Reads => format!("pass `{state}` itself: the copy is only read"),
        Handling::Replaces => format!("{} is enough: only its first level is changed", copied.shallow),
        _ => "share it, and copy only the part that is changed".to_owned(),
    };
    state.clone_into(&mut diagnostic.group);
}
