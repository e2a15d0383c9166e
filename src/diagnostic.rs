//! What a rule says: [`Diagnostic`], and the words it is weighed in.

use crate::source::{FileId, Location};
use schemars::JsonSchema;
use serde::Serialize;

/// What a finding costs if it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Right, and negligible: start-up, memoized, error path, a tiny input.
    Low,
    /// Worth mending.
    Medium,
    /// Stalls every task, or breaks under load.
    High,
}

/// How sure the analysis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess that the reader has to check.
    Low,
    /// One step of the proof is a convention, not a definition.
    Medium,
    /// Every step of the proof is in the code.
    High,
}

/// The patterns that users know; every rule belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the names are the documentation; each rule's page explains its pattern"
)]
pub enum Pattern {
    UnboundedConcurrency,
    HugeGather,
    LongTail,
    SerializedAwaits,
    RetryStorm,
    LoopBlocker,
    ContextDuplication,
    PoolExhaustion,
    LostWork,
    SilentFanOut,
}

impl Pattern {
    /// Every pattern, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::UnboundedConcurrency,
        Self::HugeGather,
        Self::LongTail,
        Self::SerializedAwaits,
        Self::RetryStorm,
        Self::LoopBlocker,
        Self::ContextDuplication,
        Self::PoolExhaustion,
        Self::LostWork,
        Self::SilentFanOut,
    ];

    /// The name in selections and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnboundedConcurrency => "unbounded-concurrency",
            Self::HugeGather => "huge-gather",
            Self::LongTail => "long-tail",
            Self::SerializedAwaits => "serialized-awaits",
            Self::RetryStorm => "retry-storm",
            Self::LoopBlocker => "loop-blocker",
            Self::ContextDuplication => "context-duplication",
            Self::PoolExhaustion => "pool-exhaustion",
            Self::LostWork => "lost-work",
            Self::SilentFanOut => "silent-fan-out",
        }
    }
}

/// Whether a rule runs unless asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSet {
    /// On.
    Default,
    /// On with `--pedantic` or when selected.
    Pedantic,
}

/// What is known of a rule without running it.
#[derive(Debug)]
pub struct RuleInfo {
    /// The one name: file, page, configuration key, ignore comment, SARIF id.
    pub name: &'static str,
    /// One line, lower case, no final period.
    pub summary: &'static str,
    /// The pattern it belongs to.
    pub pattern: Pattern,
    /// The severity of an ordinary finding; a finding may carry less.
    pub severity: Severity,
    /// Whether it is on by default.
    pub set: RuleSet,
    /// Rules of the same pattern whose finding at the same fan-out or call it replaces.
    pub subsumes: &'static [&'static str],
    /// The rule's page, Markdown.
    pub page: &'static str,
}

/// How often, and beside what else, the code of a finding runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Exposure {
    /// Only from start-up, `main`, a CLI command, an import, a test.
    Solitary,
    /// Public async API whose callers are unknown.
    Open,
    /// Per item or per request.
    Hot,
}

/// One step of the chain that proves a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub location: Location,
    /// The function in which the step stands.
    pub qualname: String,
    /// What happens there: the call as written, or what it reaches.
    pub text: String,
}

/// A secondary place that helps to understand a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// What is to be seen there, a few words.
    pub text: String,
}

/// Whether a fix may be applied without being asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// Right whatever surrounds it.
    Safe,
    /// Right in nearly all code; `--unsafe-fixes`.
    Unsafe,
}

/// Replacements in one file that mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, one line.
    pub title: String,
    /// Whether it may be applied unasked.
    pub safety: Safety,
    /// The replacements: place and new text; they do not overlap.
    pub edits: Vec<(Location, String)>,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that speaks.
    pub rule: &'static RuleInfo,
    /// The exact call or fan-out.
    pub location: Location,
    /// Dotted module name.
    pub module: String,
    /// The function, `Class.method.inner`, or `<module>`.
    pub qualname: String,
    /// What happens: lower case, no final period, code in backticks.
    pub message: String,
    /// Why it costs.
    pub why: String,
    /// What to do next.
    pub help: String,
    /// Secondary places.
    pub labels: Vec<Label>,
    /// The chain of calls that proves it, from the function to the effect; empty where the finding is its own proof.
    pub witness: Vec<Step>,
    /// The chain's end, by which equal root causes fold (`socket.getaddrinfo`); empty where nothing is shared.
    pub group: String,
    /// What it costs if true.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// How often the code runs.
    pub exposure: Exposure,
    /// The expression with spaces removed, part of the fingerprint.
    pub anchor: String,
    /// A mend.
    pub fix: Option<Fix>,
    /// An ignore comment covers it (kept for triage).
    pub accepted: bool,
}

impl Diagnostic {
    /// The order of reports: path, place, rule.
    #[must_use]
    pub fn order(&self) -> (FileId, u32, u32, &'static str) {
        (
            self.location.file,
            self.location.start,
            self.location.end,
            self.rule.name,
        )
    }
}

/// The name of findings about ignore comments themselves: outside the registry, selected and silenced like a rule.
pub const UNUSED_IGNORE: &str = "unused-ignore";

/// Why a file is not, or not wholly, analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// It has no text: unreadable, too large, a wrong encoding.
    Read,
    /// It does not parse.
    Syntax,
    /// The tool itself failed on it; the exit status is 2.
    Internal,
}

/// A file, or a folder, that could not be analysed. Everything else still is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct FileError {
    /// Relative to the project root; empty where no file is to blame.
    pub path: String,
    /// 1-based, where known.
    pub line: Option<u32>,
    /// 1-based, in code points, where known.
    pub column: Option<u32>,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What is wrong and, where something can be done, what.
    pub message: String,
}
