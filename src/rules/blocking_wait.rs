#![doc = include_str!("../../rules/blocking-wait.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-wait",
        summary: "a wait for a lock, queue, thread, future or keyboard on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-wait.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Wait, found),
};
