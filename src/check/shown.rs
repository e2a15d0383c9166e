//! Which findings are shown: selection, thresholds, changes, ignore comments, baseline.

use super::{Found, Status, say};
use crate::changed::Changes;
use crate::config::Config;
use crate::config::ConfigError;
use crate::diagnostic::Diagnostic;
use crate::report;
use crate::report::AcceptedBy;
use crate::report::AcceptedFinding;
use crate::report::Finding;
use crate::source::Sources;
use crate::suppress;
use crate::suppress::Accepted;
use crate::suppress::Baseline;
use anyhow::Result;
use std::collections::BTreeSet;
use std::io::Write;

/// Indices of the findings.
pub(super) struct Visible {
    /// Reported.
    pub(super) shown: Vec<usize>,
    /// Covered by an ignore comment.
    pub(super) accepted: Vec<usize>,
    /// How many are below the thresholds.
    pub(super) hidden: usize,
}

/// Sorts the findings by whether they are shown; with `changes` only those that they concern.
pub(super) fn visible(
    config: &Config,
    sources: &Sources,
    changes: Option<&Changes>,
    findings: &[Diagnostic],
) -> Visible {
    let mut visible = Visible {
        shown: Vec::new(),
        accepted: Vec::new(),
        hidden: 0,
    };
    for (index, it) in findings.iter().enumerate() {
        let file = sources.file(it.location.file);
        if changes.is_some_and(|changes| !changes.concern(it, sources)) {
            continue;
        }
        if !file.reported || !config.enabled(it.rule) || config.ignores(it.rule.name, &file.path) {
            continue;
        }
        if config.shows(it, &file.path) {
            let list = if it.accepted {
                &mut visible.accepted
            } else {
                &mut visible.shown
            };
            list.push(index);
        } else if !it.accepted {
            visible.hidden += 1;
        }
    }
    visible
}

fn accepted<'a>(sources: &'a Sources, findings: &'a [Finding<'a>]) -> Vec<Accepted<'a>> {
    findings
        .iter()
        .map(|finding| Accepted {
            path: sources.path(finding.diagnostic.location.file),
            rule: finding.diagnostic.rule.name,
            qualname: &finding.diagnostic.qualname,
            fingerprint: finding.fingerprint,
        })
        .collect()
}

/// By finding: whether the baseline accepts it.
fn baselined(config: &Config, sources: &Sources, findings: &[Finding<'_>]) -> Result<Vec<bool>> {
    let Some(path) = &config.baseline else {
        return Ok(vec![false; findings.len()]);
    };
    let paths: BTreeSet<&str> = sources.ids().map(|id| sources.path(id)).collect();
    Ok(Baseline::read(path)?.accepts(&accepted(sources, findings), &paths))
}

/// Splits off what the baseline accepts.
pub(super) fn without_baseline<'a>(
    config: &Config,
    sources: &Sources,
    findings: Vec<Finding<'a>>,
) -> Result<(Vec<Finding<'a>>, Vec<AcceptedFinding<'a>>)> {
    let accepts = baselined(config, sources, &findings)?;
    let mut left = Vec::new();
    let mut baselined = Vec::new();
    for (finding, accepted) in findings.into_iter().zip(accepts) {
        if accepted {
            let by = AcceptedBy::Baseline;
            baselined.push(AcceptedFinding { finding, by });
        } else {
            left.push(finding);
        }
    }
    Ok((left, baselined))
}

/// The findings that a report shows.
pub(super) fn findings<'a>(found: &Found<'a>) -> Result<Vec<&'a Diagnostic>> {
    let fingerprints = suppress::fingerprints(&found.analysis.findings);
    let all = &found.analysis.findings;
    let visible = visible(found.config, found.sources, found.changes, all);
    let candidates = visible.shown.iter().map(|&index| Finding {
        diagnostic: &all[index],
        fingerprint: &fingerprints[index],
    });
    let accepts = baselined(found.config, found.sources, &candidates.collect::<Vec<_>>())?;
    let open = visible.shown.iter().zip(accepts).filter(|(_, accepted)| !accepted);
    Ok(open.map(|(&index, _)| &all[index]).collect())
}

/// Makes the findings the new baseline; what the old one says of files that were not asked about stays.
pub(super) fn write_baseline(
    config: &Config,
    sources: &Sources,
    findings: &[Finding<'_>],
    err: &mut dyn Write,
) -> Result<Status> {
    let path = config.baseline.as_ref().ok_or_else(|| {
        ConfigError::new(
            "no baseline to write",
            "name one with `--baseline FILE` or the key `baseline`",
        )
    })?;
    let mut baseline = Baseline::of(accepted(sources, findings));
    if path.exists() {
        let elsewhere: BTreeSet<&str> = sources
            .ids()
            .filter(|&id| !sources.file(id).reported)
            .map(|id| sources.path(id))
            .collect();
        baseline.keep(Baseline::read(path)?, |path| elsewhere.contains(path));
    }
    baseline.write(path)?;
    say(
        err,
        &format!(
            "{} written to `{}`",
            report::plural(findings.len(), "finding"),
            path.display()
        ),
    );
    Ok(Status::Clean)
}
