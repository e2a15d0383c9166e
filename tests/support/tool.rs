//! The tool as its users run it: the binary, its arguments and its JSON.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A place in the code and what is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    /// Relative to the project.
    pub(crate) path: String,
    /// 1-based.
    pub(crate) line: usize,
    /// The text.
    pub(crate) text: String,
}

/// A finding as the JSON output has it.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The rule's name.
    pub(crate) rule: String,
    /// Relative to the project.
    pub(crate) path: String,
    /// 1-based.
    pub(crate) line: usize,
    /// 1-based, in code points.
    pub(crate) column: usize,
    /// What happens.
    pub(crate) message: String,
    /// `high`, `medium` or `low`.
    pub(crate) severity: String,
    /// `high`, `medium` or `low`.
    pub(crate) confidence: String,
    /// `hot`, `open` or `solitary`.
    pub(crate) exposure: String,
    /// Labels and steps of the chain.
    pub(crate) remarks: Vec<Remark>,
}

/// What one run gave.
#[derive(Debug)]
pub(crate) struct Report {
    /// In the order of the output.
    pub(crate) findings: Vec<Finding>,
    /// Files that could not be read or parsed.
    pub(crate) errors: Vec<String>,
}

/// Runs the binary.
pub(crate) fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tailspike"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

/// Runs `check` on a project folder and reads its JSON.
///
/// A project with a configuration of its own is read with it, all others without any.
pub(crate) fn check(folder: &Path, flags: &[&str]) -> Result<Report, String> {
    let configured = folder.join("tailspike.toml").exists() || folder.join("pyproject.toml").exists();
    let mut arguments = vec!["check", "--format", "json", "--exit-zero"];
    if !configured {
        arguments.push("--isolated");
    }
    arguments.extend(flags);
    arguments.push(".");
    let output = run(&arguments, folder);
    let problem = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!(
            "`tailspike {}` gave {}:\n{problem}",
            arguments.join(" "),
            output.status
        ));
    }
    let json: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        format!(
            "`tailspike {}` printed no JSON: {error}\n{problem}",
            arguments.join(" ")
        )
    })?;
    Ok(read_report(&json))
}

fn read_report(json: &Value) -> Report {
    Report {
        findings: array(json, "findings").iter().map(read_finding).collect(),
        errors: array(json, "errors").iter().map(ToString::to_string).collect(),
    }
}

fn read_finding(json: &Value) -> Finding {
    let mut remarks = Vec::new();
    for key in ["witness", "related"] {
        remarks.extend(array(json, key).iter().map(read_remark));
    }
    Finding {
        rule: text(json, "rule"),
        path: text(json, "path"),
        line: number(json, "line"),
        column: number(json, "column"),
        message: text(json, "message"),
        severity: text(json, "severity"),
        confidence: text(json, "confidence"),
        exposure: text(json, "exposure"),
        remarks,
    }
}

fn read_remark(json: &Value) -> Remark {
    let said = [text(json, "text"), text(json, "message")].concat();
    Remark {
        path: text(json, "path"),
        line: number(json, "line"),
        text: said,
    }
}

fn array<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(json: &Value, key: &str) -> String {
    json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(json: &Value, key: &str) -> usize {
    json.get(key).and_then(Value::as_u64).unwrap_or_default() as usize
}
