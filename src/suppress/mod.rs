//! What silences findings after the rules have spoken: the baseline; and what ought to silence and does not.

mod baseline;
mod fingerprint;
mod noqa;
mod replace;
mod unused;

pub use baseline::{Accepted, Baseline, BaselineError};
pub use fingerprint::fingerprints;
pub use noqa::settle as settle_noqa;
pub(crate) use replace::replace;
pub use unused::{RULE as UNUSED_IGNORE_RULE, unused};
