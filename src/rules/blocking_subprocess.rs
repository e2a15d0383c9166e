#![doc = include_str!("../../rules/blocking-subprocess.md")]

use crate::catalog::Blocks;
use crate::diagnostic::{Pattern, RuleInfo, RuleSet, Severity};
use crate::rules::Rule;
use crate::rules::blocking;

/// The rule.
pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        name: "blocking-subprocess",
        summary: "a subprocess that is started or waited for on the event loop's thread",
        pattern: Pattern::LoopBlocker,
        severity: Severity::High,
        set: RuleSet::Default,
        subsumes: &[],
        page: include_str!("../../rules/blocking-subprocess.md"),
    },
    check: |cx, found| blocking::check(cx, Blocks::Subprocess, found),
};
