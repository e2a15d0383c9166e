//! Findings with one root cause, told once.

use super::{Finding, Report};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Fewer findings than this are easier to read one by one.
const FEWEST: usize = 3;
/// How many in a hundred of a group's chains that must pass through a function before it is named as the one to mend.
const MOST_PERCENT: usize = 80;

/// Findings told together: the first in full, the others by place.
pub(super) struct Fold<'a> {
    pub(super) first: &'a Finding<'a>,
    pub(super) others: Vec<&'a Finding<'a>>,
    pub(super) mend: Option<&'a str>,
}

/// One root cause: the rule, the chain's end, and the function of this project in which it stands.
type Cause<'a> = (&'a str, &'a str, FileId, &'a str);

/// Groups findings of one rule and one root cause, in the order of their first.
pub(super) fn fold<'a>(report: &'a Report<'a>) -> Vec<Fold<'a>> {
    let mut causes: BTreeMap<Cause<'_>, Vec<&Finding<'_>>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(cause) = cause(finding.diagnostic) {
            causes.entry(cause).or_default().push(finding);
        }
    }
    let mut folds = Vec::new();
    for finding in &report.findings {
        let members = cause(finding.diagnostic).and_then(|cause| causes.get(&cause));
        match members.filter(|members| members.len() >= FEWEST) {
            None => folds.push(Fold {
                first: finding,
                others: Vec::new(),
                mend: None,
            }),
            Some(members) if std::ptr::eq(members[0], finding) => folds.push(Fold {
                first: finding,
                others: members[1..].to_vec(),
                mend: mend(members),
            }),
            Some(_) => {}
        }
    }
    folds
}

/// The root cause that a finding may share. One whose own function holds the chain's end is mended where it is.
fn cause(diagnostic: &Diagnostic) -> Option<Cause<'_>> {
    let end = diagnostic.witness.last()?;
    let shared = !diagnostic.group.is_empty() && diagnostic.witness.len() > 1;
    shared.then_some((
        diagnostic.rule.name,
        &diagnostic.group,
        end.location.file,
        &end.qualname,
    ))
}

/// The function nearest the callers through which most of the chains pass.
fn mend<'a>(findings: &[&'a Finding<'a>]) -> Option<&'a str> {
    // By function: how many chains pass, and how far from their ends in sum.
    let mut passing: BTreeMap<(FileId, &str), (usize, usize)> = BTreeMap::new();
    for finding in findings {
        let mut seen = BTreeSet::new();
        for (from_end, function) in functions(finding.diagnostic).rev().enumerate() {
            if seen.insert(function) {
                let (chains, distance) = passing.entry(function).or_default();
                *chains += 1;
                *distance += from_end;
            }
        }
    }
    let enough = (findings.len() * MOST_PERCENT).div_ceil(100);
    passing
        .into_iter()
        .filter(|(_, (chains, _))| *chains >= enough)
        // The farthest from the end is the nearest to the callers; sums are compared as averages, by cross-multiplying.
        .reduce(|best, next| {
            let (best_chains, best_distance) = best.1;
            let (chains, distance) = next.1;
            if distance * best_chains > best_distance * chains {
                next
            } else {
                best
            }
        })
        .map(|((_, name), _)| name)
}

/// The functions of a chain below the one that the finding is in.
fn functions(diagnostic: &Diagnostic) -> impl DoubleEndedIterator<Item = (FileId, &str)> + ExactSizeIterator {
    let own = (diagnostic.location.file, diagnostic.qualname.as_str());
    let below: Vec<(FileId, &str)> = diagnostic
        .witness
        .iter()
        .map(|step| (step.location.file, step.qualname.as_str()))
        .filter(|function| *function != own)
        .collect();
    below.into_iter()
}
