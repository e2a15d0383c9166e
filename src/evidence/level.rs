//! Log levels, as formatters spell them.

use serde::Serialize;

/// How loud a log call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of logging and loguru")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Success,
    Warning,
    Error,
    Critical,
}

impl Level {
    /// Reads a level's name as a formatter writes it: any case, `WARN`, `FATAL`, or the one letter of `%(levelname).1s`.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        let mut folded = [0; 9];
        let folded = folded.get_mut(..word.len())?;
        for (to, from) in folded.iter_mut().zip(word) {
            *to = from.to_ascii_lowercase();
        }
        Some(match &*folded {
            b"trace" | b"verbose" => Self::Trace,
            b"debug" => Self::Debug,
            b"info" | b"notice" | b"inf" => Self::Info,
            b"success" => Self::Success,
            b"warning" | b"warn" => Self::Warning,
            b"error" | b"err" | b"exception" => Self::Error,
            b"critical" | b"fatal" | b"crit" => Self::Critical,
            _ => return Self::letter(word),
        })
    }

    fn letter(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"T" => Self::Trace,
            b"D" => Self::Debug,
            b"I" => Self::Info,
            b"W" => Self::Warning,
            b"E" => Self::Error,
            // Not `F`: container runtimes mark a whole line with it.
            b"C" => Self::Critical,
            _ => return None,
        })
    }
}
