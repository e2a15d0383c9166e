//! Levels, as arguments name them.

use crate::diagnostic::Severity;
use clap::ValueEnum;

/// How much, or how sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The least.
    Low,
    /// Worth acting on.
    Medium,
    /// The most.
    High,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
        }
    }
}
