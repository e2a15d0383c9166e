#![doc = include_str!("../../rules/blocking-sdk-call.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-sdk-call",
        summary: "a synchronous SDK call (LLM, cloud, mail) on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-sdk-call.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Sdk, found),
};
