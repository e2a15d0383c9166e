//! One finding as a SARIF result.

use super::ROOT;
use super::descriptors::{Descriptors, level, precision};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Fix;
use crate::diagnostic::Step;
use crate::report::place::{Place, Texts};
use crate::report::{AcceptedBy, Finding, Report, severity};
use crate::source::Location;
use crate::source::printable;
use serde_json::{Value, json};

/// Longer code is not repeated in the log, in bytes.
const MOST_SNIPPET: usize = 1_000;

pub(super) fn result(
    report: &Report<'_>,
    finding: &Finding<'_>,
    accepted: Option<AcceptedBy>,
    descriptors: &Descriptors,
    texts: &mut Texts<'_>,
) -> Value {
    let it = finding.diagnostic;
    let mut result = json!({
        "ruleId": it.rule.name,
        "ruleIndex": descriptors.index(it),
        "level": level(it.severity),
        "message": message(it, &texts.place(&it.location).in_file().2),
        "locations": [location(report, it, texts)],
        "partialFingerprints": {"tailspikeFinding/v1": finding.fingerprint},
        "properties": properties(it),
    });
    if !it.witness.is_empty() {
        result["codeFlows"] = json!([{"threadFlows": [{"locations": flow(report, &it.witness)}]}]);
    }
    if !it.labels.is_empty() {
        let labels = it.labels.iter().enumerate();
        result["relatedLocations"] = labels
            .map(|(id, label)| related(report, id, &label.location, &label.text))
            .collect();
    }
    // An edit of a cell has no place in the notebook's JSON.
    if let Some(fix) = it
        .fix
        .as_ref()
        .filter(|_| !report.sources.file(it.location.file).is_notebook)
    {
        result["fixes"] = json!([mend(report, fix, texts)]);
    }
    if let Some(by) = accepted {
        let kind = match by {
            AcceptedBy::Comment => "inSource",
            AcceptedBy::Baseline => "external",
        };
        result["suppressions"] = json!([{"kind": kind}]);
    }
    result
}

/// What, why and what to do. The text is for consumers that show no Markdown.
fn message(it: &Diagnostic, cell: &str) -> Value {
    let parts: Vec<String> = [&it.message, &it.why, &it.help]
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| sentence(part))
        .collect();
    json!({"text": format!("{cell}{}", parts.join(" ")), "markdown": format!("{cell}{}", parts.join("\n\n"))})
}

/// A message as a sentence: ours are lower case and have no final period.
pub(super) fn sentence(text: &str) -> String {
    let text = printable(text);
    let mut chars = text.chars();
    let mut sentence: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(chars.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

fn properties(it: &Diagnostic) -> Value {
    let mut properties = json!({
        "severity": severity(it),
        "precision": precision(it.confidence),
        "exposure": it.exposure,
        "pattern": it.rule.pattern.name(),
    });
    if !it.group.is_empty() {
        properties["group"] = json!(it.group);
    }
    properties
}

fn location(report: &Report<'_>, it: &Diagnostic, texts: &mut Texts<'_>) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(&report.path_in_checkout(it.location.file)),
            "region": shown(&it.location, texts),
        },
        "logicalLocations": [{
            "fullyQualifiedName": format!("{}.{}", it.module, it.qualname),
            "kind": if it.qualname == "<module>" { "module" } else { "function" },
        }],
    })
}

/// A file of the checkout; SARIF wants a URI, so what a URI can't hold is escaped.
pub(super) fn artifact(path: &str) -> Value {
    json!({"uri": uri(path), "uriBaseId": ROOT})
}

fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn region(place: Place) -> Value {
    let (line, end_line, _) = place.in_file();
    let mut region = json!({"startLine": line, "endLine": end_line});
    if let (Some(start), Some(end), None) = (place.column, place.end_column, place.cell) {
        region["startColumn"] = json!(start);
        region["endColumn"] = json!(end);
    }
    region
}

/// A region with its code, where the file is as it was.
fn shown(location: &Location, texts: &mut Texts<'_>) -> Value {
    let mut region = region(texts.place(location));
    let text = texts.text(location.file);
    let snippet = text
        .filter(|it| !it.is_notebook)
        .and_then(|it| it.text.get(location.start as usize..location.end as usize));
    if let Some(snippet) = snippet.filter(|it| it.len() <= MOST_SNIPPET) {
        region["snippet"] = json!({"text": snippet});
    }
    region
}

/// The chain of calls. Only lines: their files are not read again.
fn flow(report: &Report<'_>, witness: &[Step]) -> Vec<Value> {
    let steps = witness.iter().enumerate();
    steps
        .map(|(depth, step)| {
            let text = format!("`{}` calls `{}`", printable(&step.qualname), printable(&step.text));
            json!({
                "location": place(report, &step.location, &text),
                "nestingLevel": depth,
                "importance": if depth == 0 || depth + 1 == witness.len() { "essential" } else { "important" },
            })
        })
        .collect()
}

fn related(report: &Report<'_>, id: usize, location: &Location, text: &str) -> Value {
    let mut it = place(report, location, text);
    it["id"] = json!(id);
    it
}

fn place(report: &Report<'_>, location: &Location, text: &str) -> Value {
    let cell = report.sources.cell(location.file, location.line);
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(&report.path_in_checkout(location.file)),
            "region": {"startLine": if cell.is_some() { 1 } else { location.line }},
        },
        "message": {"text": cell.map_or_else(|| sentence(text), |(cell, line)| format!("cell {cell}, line {line}: {}", sentence(text)))},
    })
}

fn mend(report: &Report<'_>, fix: &Fix, texts: &mut Texts<'_>) -> Value {
    let mut changes: Vec<Value> = Vec::new();
    for (location, text) in &fix.edits {
        let uri = artifact(&report.path_in_checkout(location.file));
        let replacement = json!({
            "deletedRegion": region(texts.place(location)),
            "insertedContent": {"text": text},
        });
        match changes.iter_mut().find(|change| change["artifactLocation"] == uri) {
            Some(change) => {
                if let Some(list) = change["replacements"].as_array_mut() {
                    list.push(replacement);
                }
            }
            None => changes.push(json!({"artifactLocation": uri, "replacements": [replacement]})),
        }
    }
    json!({"description": {"text": sentence(&fix.title)}, "artifactChanges": changes})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ü#.py"), "a%20b/%C3%BC%23.py");
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("it waits"), "It waits.");
        assert_eq!(sentence("`f` waits."), "`f` waits.");
    }
}
