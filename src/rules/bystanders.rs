//! Work beside the work: what is lost with it, nobody misses for long.

use crate::project::has_word;

/// Words of what says how things stand, or makes the next call faster, or is done again soon anyway.
const BYSTANDERS: [&str; 32] = [
    "alert",
    "alerting",
    "alerts",
    "analytics",
    "broadcast",
    "cache",
    "callback",
    "experiment",
    "export",
    "health",
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
    "refresh",
    "report",
    "shadow",
    "stats",
    "status",
    "stream",
    "telemetry",
    "trace",
    "tracing",
    "warm",
    "warmup",
    "websocket",
];

/// Words of classes that observe: what they send describes the work, and is none.
const OBSERVERS: [&str; 11] = [
    "alerting",
    "analytics",
    "exporter",
    "logger",
    "logging",
    "metrics",
    "monitor",
    "reporter",
    "telemetry",
    "tracer",
    "tracing",
];

/// Words of records that somebody must be able to rely on, whatever else the name says.
const RECORDS: [&str; 3] = ["audit", "audits", "persist"];

/// Whether a method is of a class that by its name observes, and the callee, as it is written, leaves no record that counts.
pub(super) fn is_of_an_observer(class: &str, work: &str) -> bool {
    let class = class.split('.').next().unwrap_or_default();
    // `SQSLogger` is a logger too.
    let ends = |it: &&str| class.to_ascii_lowercase().ends_with(*it);
    (has_word(class, &OBSERVERS) || OBSERVERS.iter().any(ends)) && !has_word(work, &RECORDS)
}

/// Whether a callee as it is written (`self.metrics.send`) is such work.
pub(super) fn is_bystander(work: &str) -> bool {
    has_word(work, &BYSTANDERS) && !has_word(work, &RECORDS)
}
