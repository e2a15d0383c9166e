//! Findings with one root cause, told once.

use super::{Finding, Report};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Fewer findings than this are easier to read one by one.
const FEWEST: usize = 3;
/// The share of a group's chains that must pass through a function before it is named as the one to mend.
const MOST: f64 = 0.8;

/// Findings told together: the first in full, the others by place.
pub(super) struct Fold<'a> {
    pub(super) first: &'a Finding<'a>,
    pub(super) others: Vec<&'a Finding<'a>>,
    pub(super) mend: Option<&'a str>,
}

/// Groups findings of one rule and one root cause, in the order of their first.
pub(super) fn fold<'a>(report: &'a Report<'a>) -> Vec<Fold<'a>> {
    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (index, finding) in report.findings.iter().enumerate() {
        if !finding.diagnostic.group.is_empty() {
            groups.entry(key(finding)).or_default().push(index);
        }
    }
    let mut folds = Vec::new();
    for (index, finding) in report.findings.iter().enumerate() {
        let members = groups.get(&key(finding)).map_or(&[][..], Vec::as_slice);
        if members.len() < FEWEST {
            folds.push(Fold {
                first: finding,
                others: Vec::new(),
                mend: None,
            });
        } else if members.first() == Some(&index) {
            let members: Vec<&Finding<'_>> = members.iter().map(|&index| &report.findings[index]).collect();
            folds.push(Fold {
                first: finding,
                mend: mend(&members),
                others: members[1..].to_vec(),
            });
        }
    }
    folds
}

fn key<'a>(finding: &'a Finding<'_>) -> (&'a str, &'a str) {
    (finding.diagnostic.rule.name, &finding.diagnostic.group)
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
    #[expect(clippy::cast_precision_loss, reason = "the number of findings is far below 2^52")]
    let enough = findings.len() as f64 * MOST;
    passing
        .into_iter()
        .filter(|(_, (chains, _))| {
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            let chains = *chains as f64;
            chains >= enough
        })
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
