//! What triage needs before it can say anything: code, a log that is one, samples of memory where they are promised.

use crate::evidence::memory::Sample;
use crate::evidence::records::Log;
use crate::source::Sources;
use anyhow::Result;
use anyhow::bail;
use std::path::Path;

pub(super) fn has_code(sources: &Sources) -> Result<()> {
    if sources.is_empty() {
        bail!("no Python file was found; name the folder of the code that wrote the log");
    }
    Ok(())
}

pub(super) fn has_lines(path: &Path, log: &Log) -> Result<()> {
    let shown = path.display();
    if log.lines == 0 {
        bail!("the log `{shown}` is empty; give the log of a run");
    }
    // A log has a stray byte now and then; a program or a picture has them in every other line, and no times.
    if log.span.is_none() && log.garbled.saturating_mul(2) > u64::from(log.lines) {
        bail!("`{shown}` is not text; give the log of a run, unpacked and in UTF-8");
    }
    Ok(())
}

pub(super) fn has_samples(path: &Path, samples: Vec<Sample>) -> Result<Vec<Sample>> {
    if samples.is_empty() {
        bail!(
            "`{}` holds no samples of memory; docs/triage.md shows the forms that are read",
            path.display()
        );
    }
    Ok(samples)
}
