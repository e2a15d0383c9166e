//! `tailspike run` and `triage --follow`: a run as it happens.
//!
//! `child` starts the command and passes everything through, `recorder` keeps what it writes with the time it came,
//! `memory` looks at its processes, `follow` reads a log that still grows.

#[cfg(unix)]
mod child;
mod follow;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod record;
#[cfg(unix)]
mod recorder;
mod tail;

pub use follow::follow;
#[cfg(unix)]
pub use record::run;

/// Recording needs signals and terminals as Unix has them.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn run(_: &crate::cli::RunArgs, _: &mut dyn std::io::Write) -> anyhow::Result<crate::check::Status> {
    anyhow::bail!("`run` works on Linux and macOS; elsewhere write the log to a file and use `triage`")
}
