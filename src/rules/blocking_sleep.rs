#![doc = include_str!("../../rules/blocking-sleep.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-sleep",
        summary: "a sleep that stops the whole event loop",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-sleep.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Sleep, found),
};
