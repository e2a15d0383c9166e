#![doc = include_str!("../../rules/blocking-dns-lookup.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-dns-lookup",
        summary: "a name lookup or a raw socket or TLS operation that waits on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-dns-lookup.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Dns, found),
};
