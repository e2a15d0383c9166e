//! What findings at the same place know of each other: of one pattern the strongest speaks, of two each names the other.

use crate::diagnostic::{Confidence, Diagnostic, Label, Severity};

/// Folds what says the same, and joins what says something else of the same place.
pub fn relate(found: &mut Vec<Diagnostic>) {
    keep_strongest(found);
    name_each_other(found);
}

/// Makes a finding that a rule subsumes a label of that rule's own finding at the same place.
fn keep_strongest(found: &mut Vec<Diagnostic>) {
    let speaker = |weak: &Diagnostic| {
        let mut stronger = found.iter().enumerate().filter(|(_, it)| speaks_for(it, weak));
        let first = stronger.next()?;
        // The strongest is the one for which nobody else speaks.
        let better = stronger.find(|(_, it)| speaks_for(it, first.1));
        Some(better.unwrap_or(first).0)
    };
    let speakers: Vec<Option<usize>> = found.iter().map(speaker).collect();
    let mut labels: Vec<(usize, Label)> = Vec::new();
    for (weak, speaker) in found.iter().zip(&speakers) {
        if let Some(speaker) = *speaker {
            labels.push((speaker, also(weak)));
        }
    }
    for (speaker, label) in labels {
        found[speaker].labels.push(label);
    }
    let mut spoken_for = speakers.into_iter();
    found.retain(|_| spoken_for.next().flatten().is_none());
}

/// Across patterns both stay findings: who mends one should know of the other.
fn name_each_other(found: &mut [Diagnostic]) {
    let labels: Vec<Vec<Label>> = found
        .iter()
        .map(|it| {
            found
                .iter()
                .filter(|other| belongs_beside(it, other))
                .map(also)
                .collect()
        })
        .collect();
    for (it, labels) in found.iter_mut().zip(labels) {
        it.labels.extend(labels);
    }
}

/// Whether another finding stands at the same place and is one that people see.
fn belongs_beside(it: &Diagnostic, other: &Diagnostic) -> bool {
    it.location == other.location
        && it.rule.pattern != other.rule.pattern
        && !other.accepted
        && other.severity > Severity::Low
        && other.confidence > Confidence::Low
}

fn also(other: &Diagnostic) -> Label {
    Label {
        location: other.location,
        text: format!("also `{}`: {}", other.rule.name, other.message),
    }
}

/// Whether a finding says of its place what another one says there, and at least as loudly.
fn speaks_for(strong: &Diagnostic, weak: &Diagnostic) -> bool {
    strong.rule.subsumes.contains(&weak.rule.name)
        && strong.location == weak.location
        && strong.severity >= weak.severity
        && strong.confidence >= weak.confidence
        && (!strong.accepted || weak.accepted)
}
