//! Which findings are shown: selection, thresholds, changes, ignore comments, baseline.

use super::{Status, say};
use crate::changed::Changes;
use crate::config::Config;
use crate::config::ConfigError;
use crate::diagnostic::Diagnostic;
use crate::report;
use crate::report::AcceptedBy;
use crate::report::AcceptedFinding;
use crate::report::Finding;
use crate::source::Sources;
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

/// Splits off what the baseline accepts.
pub(super) fn without_baseline<'a>(
    config: &Config,
    sources: &Sources,
    findings: Vec<Finding<'a>>,
) -> Result<(Vec<Finding<'a>>, Vec<AcceptedFinding<'a>>)> {
    let Some(path) = &config.baseline else {
        return Ok((findings, Vec::new()));
    };
    let baseline = Baseline::read(path)?;
    let paths: BTreeSet<&str> = sources.ids().map(|id| sources.path(id)).collect();
    let accepts = baseline.accepts(&accepted(sources, &findings), &paths);
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
