//! One place, one finding of a pattern: of the rules that see the same place, the strongest speaks.

use crate::diagnostic::{Diagnostic, Label};

/// Makes a finding that a rule subsumes a label of that rule's own finding at the same place.
pub fn keep_strongest(found: &mut Vec<Diagnostic>) {
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
            let text = format!("also `{}`: {}", weak.rule.name, weak.message);
            let location = weak.location;
            labels.push((speaker, Label { location, text }));
        }
    }
    for (speaker, label) in labels {
        found[speaker].labels.push(label);
    }
    let mut spoken_for = speakers.into_iter();
    found.retain(|_| spoken_for.next().flatten().is_none());
}

/// Whether a finding says of its place what another one says there, and at least as loudly.
fn speaks_for(strong: &Diagnostic, weak: &Diagnostic) -> bool {
    strong.rule.subsumes.contains(&weak.rule.name)
        && strong.location == weak.location
        && strong.severity >= weak.severity
        && strong.confidence >= weak.confidence
        && (!strong.accepted || weak.accepted)
}
