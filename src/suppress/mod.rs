//! What silences findings after the rules have spoken: the baseline; and what ought to silence and does not.

mod baseline;
mod fingerprint;
mod unused;

pub(crate) use baseline::replace;
pub use baseline::{Accepted, Baseline, BaselineError};
pub use fingerprint::fingerprints;
pub use unused::{RULE as UNUSED_IGNORE_RULE, unused};
