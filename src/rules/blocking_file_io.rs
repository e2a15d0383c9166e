#![doc = include_str!("../../rules/blocking-file-io.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-file-io",
        summary: "file contents read or written on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::Medium,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-file-io.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::File, found),
};
