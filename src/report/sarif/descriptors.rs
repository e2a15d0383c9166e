//! The rules of a run, each with its page.

use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::Severity;
use crate::report::Report;
use serde_json::{Value, json};

/// The enabled rules in the order of the registry, and what else speaks in this run.
pub(super) struct Descriptors {
    rules: Vec<&'static RuleInfo>,
}

impl Descriptors {
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut rules = report.rules.clone();
        let accepted = report.accepted.iter().map(|it| it.finding.diagnostic);
        for it in report.findings.iter().map(|it| it.diagnostic).chain(accepted) {
            if !rules.iter().any(|rule| rule.name == it.rule.name) {
                rules.push(it.rule);
            }
        }
        Self { rules }
    }

    /// Where a finding's rule stands in the list.
    pub(super) fn index(&self, diagnostic: &Diagnostic) -> Option<usize> {
        self.rules.iter().position(|rule| rule.name == diagnostic.rule.name)
    }

    pub(super) fn rules(&self) -> Vec<Value> {
        self.rules.iter().map(|rule| descriptor(rule)).collect()
    }
}

fn descriptor(rule: &RuleInfo) -> Value {
    let summary = super::results::sentence(rule.summary);
    let page = if rule.page.is_empty() {
        &summary
    } else {
        rule.page.trim_end()
    };
    json!({
        "id": rule.name,
        "name": title(rule.name),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": full(rule, &summary)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": ["async", "performance", rule.pattern.name()],
            "problem.severity": match rule.severity {
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "recommendation",
            },
        },
    })
}

/// The first paragraph of the page's first section, where it has one.
fn full(rule: &RuleInfo, summary: &str) -> String {
    let mut lines = rule.page.lines().skip_while(|line| !line.starts_with("## "));
    lines.next();
    let paragraph: Vec<&str> = lines
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| !line.trim().is_empty())
        .collect();
    if paragraph.is_empty() {
        summary.to_owned()
    } else {
        paragraph.join(" ")
    }
}

/// `blocking-dns-lookup` as `BlockingDnsLookup`.
fn title(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (head, tail) = word.split_at(word.len().min(1));
            head.to_uppercase() + tail
        })
        .collect()
}

/// A severity in SARIF's words.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// A confidence in the words of code scanning.
pub(super) fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}
