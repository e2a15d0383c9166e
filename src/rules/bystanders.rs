//! Work beside the work: what is lost with it, nobody misses for long.

use crate::project::has_word;

/// Words of what says how things stand, or makes the next call faster.
const BYSTANDERS: [&str; 25] = [
    "alert",
    "alerting",
    "alerts",
    "analytics",
    "broadcast",
    "cache",
    "heartbeat",
    "log",
    "logger",
    "logging",
    "logs",
    "metric",
    "metrics",
    "ping",
    "prefetch",
    "progress",
    "report",
    "stats",
    "status",
    "stream",
    "telemetry",
    "trace",
    "tracing",
    "warm",
    "websocket",
];

/// Words of records that somebody must be able to rely on, whatever else the name says.
const RECORDS: [&str; 3] = ["audit", "audits", "persist"];

/// Whether a callee as it is written (`self.metrics.send`) is such work.
pub(super) fn is_bystander(work: &str) -> bool {
    has_word(work, &BYSTANDERS) && !has_word(work, &RECORDS)
}
