//! The expectation grammar: comments in Python code that say what the tool must report there.
//!
//! ```text
//! # error                          the page's rule speaks on this line
//! # error: 5 [rule] (hot) "part"   at column 5, this rule, this exposure or severity, a part of the message;
//!                                  each is optional
//! # quiet: [rule] "part"           found, and hidden by the default thresholds: severity or confidence is low
//! # note: "part"                   a label or a step of a chain lands on this line and contains the part
//! # missed: [rule] "reason"        a known missed alarm: fails once it is reported
//! # false-alarm: [rule] "reason"   a known false alarm: fails once it is not
//! # later: [rule]                  for a rule that does not exist yet; not checked
//! # tailspike-test: --pedantic     flags for the whole project
//! ```
//!
//! A comment at the end of a line speaks of that line, one that stands alone speaks of the next line of code.
//! Several may share a line.

/// What is expected on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reported with the default thresholds.
    Error,
    /// Reported only with the thresholds lowered.
    Quiet,
    /// A label or a step of a chain.
    Note,
    /// Wrongly not reported.
    Missed,
    /// Wrongly reported.
    FalseAlarm,
    /// Not checked.
    Later,
}

const KEYWORDS: &[(&str, Kind)] = &[
    ("error", Kind::Error),
    ("quiet", Kind::Quiet),
    ("note", Kind::Note),
    ("missed", Kind::Missed),
    ("false-alarm", Kind::FalseAlarm),
    ("later", Kind::Later),
];

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// What is expected.
    pub(crate) kind: Kind,
    /// The 1-based line it speaks of.
    pub(crate) line: usize,
    /// The 1-based line on which it is written.
    pub(crate) written: usize,
    /// The column the finding must have.
    pub(crate) column: Option<usize>,
    /// The rule, where it is named.
    pub(crate) rule: Option<String>,
    /// Severities and exposures the finding must have.
    pub(crate) weights: Vec<String>,
    /// A part of the message, or the reason of a known wrong answer.
    pub(crate) part: Option<String>,
}

/// Everything expected in one file.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// In the order of the lines.
    pub(crate) expectations: Vec<Expectation>,
    /// Flags for the run.
    pub(crate) flags: Vec<String>,
}

/// Reads the expectations of one file.
pub(crate) fn parse(text: &str) -> Result<Expected, String> {
    let mut expected = Expected::default();
    // Comments that stand alone wait here for the next line of code.
    let mut waiting = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(flags) = line.trim().strip_prefix("# tailspike-test:") {
            expected.flags.extend(flags.split_whitespace().map(str::to_owned));
            continue;
        }
        let mut here = parse_line(line, number).map_err(|problem| format!("line {number}: {problem}"))?;
        if line.trim_start().starts_with('#') {
            waiting.append(&mut here);
            continue;
        }
        if line.trim().is_empty() && !waiting.is_empty() {
            continue;
        }
        for mut earlier in waiting.drain(..) {
            let earlier: &mut Expectation = &mut earlier;
            earlier.line = number;
            expected.expectations.push(earlier.clone());
        }
        expected.expectations.append(&mut here);
    }
    match waiting.first() {
        Some(left) => Err(format!(
            "line {}: no line of code follows this expectation",
            left.written
        )),
        None => Ok(expected),
    }
}

fn parse_line(line: &str, number: usize) -> Result<Vec<Expectation>, String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((kind, after)) = next_keyword(rest) {
        let (expectation, left) = parse_body(kind, after, number)?;
        found.push(expectation);
        rest = left;
    }
    Ok(found)
}

/// The first keyword of the grammar in a comment, and what follows it.
///
/// Prose such as `# error handling` or `# note that` is no expectation: a keyword ends its comment or has a colon.
fn next_keyword(text: &str) -> Option<(Kind, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("# ") {
        let start = from + at;
        let body = &text[start + 2..];
        let opens = start == 0 || text[..start].ends_with([' ', '\t']);
        for (word, kind) in KEYWORDS {
            let Some(after) = body.strip_prefix(word) else { continue };
            let ends = after.trim_start();
            if opens && (after.starts_with(':') || ends.is_empty() || ends.starts_with("# ")) {
                return Some((*kind, after));
            }
        }
        from = start + 2;
    }
    None
}

fn parse_body(kind: Kind, after: &str, line: usize) -> Result<(Expectation, &str), String> {
    let mut expectation = Expectation {
        kind,
        line,
        written: line,
        column: None,
        rule: None,
        weights: Vec::new(),
        part: None,
    };
    let Some(body) = after.strip_prefix(':') else {
        return Ok((expectation, after));
    };
    let mut rest = body.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        expectation.column = rest[..digits].parse().ok();
        rest = rest[digits..].trim_start();
    }
    if let Some(inside) = rest.strip_prefix('[') {
        let (rule, left) = inside.split_once(']').ok_or("`[` without `]`")?;
        expectation.rule = Some(rule.to_owned());
        rest = left.trim_start();
    }
    if let Some(inside) = rest.strip_prefix('(') {
        let (weights, left) = inside.split_once(')').ok_or("`(` without `)`")?;
        expectation.weights = weights.split_whitespace().map(str::to_owned).collect();
        rest = left.trim_start();
    }
    if let Some(inside) = rest.strip_prefix('"') {
        let (part, left) = inside
            .split_once('"')
            .ok_or("a quoted part without its closing quote")?;
        expectation.part = Some(part.to_owned());
        rest = left.trim_start();
    }
    let wrong_answer = matches!(kind, Kind::Missed | Kind::FalseAlarm);
    if wrong_answer && expectation.part.is_none() {
        return Err("a known wrong answer needs its reason in quotes".to_owned());
    }
    if rest.is_empty() || rest.starts_with("# ") || kind == Kind::Later {
        return Ok((expectation, rest));
    }
    Err(format!("expected `[rule]`, a quoted part or nothing, found `{rest}`"))
}
