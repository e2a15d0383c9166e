#![doc = include_str!("../../rules/cpu-bound-call.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "cpu-bound-call",
        summary: "CPU work of noticeable length on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/cpu-bound-call.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Cpu, found),
};
