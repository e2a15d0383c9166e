//! Reports on findings made by hand; what they look like is in the files beside.

mod machines;
mod people;
mod services;

use super::*;
use crate::diagnostic::Confidence;
use crate::diagnostic::Exposure;
use crate::diagnostic::Fix;
use crate::diagnostic::Label;
use crate::diagnostic::Pattern;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::RuleSet;
use crate::diagnostic::Safety;
use crate::diagnostic::Severity;
use crate::diagnostic::Step;
use crate::source::FileId;
use crate::source::Location;
use crate::source::testing::sources;
use crate::source::text_hash;

static RULE: RuleInfo = RuleInfo {
    name: "blocking-dns-lookup",
    summary: "a name lookup that waits",
    pattern: Pattern::LoopBlocker,
    severity: Severity::High,
    set: RuleSet::Default,
    subsumes: &[],
    page: "",
};

const CALLERS: &str = "\
async def first(url):
    validate(url)

async def second(url):
    validate(url)

async def third(url):
    if validate(
        url,
    ):
        pass
";
const NET: &str = "\
def validate(url):
    return lookup(url)

def lookup(url):
    return socket.getaddrinfo(url, 80)
";

/// The place of the nth `what` in a text.
fn at(file: u32, text: &str, what: &str, nth: usize) -> Location {
    let (start, _) = text.match_indices(what).nth(nth).expect("it is in the text");
    let line = text[..start].matches('\n').count() + 1;
    Location {
        file: FileId(file),
        start: u32::try_from(start).expect("small"),
        end: u32::try_from(start + what.len()).expect("small"),
        line: u32::try_from(line).expect("small"),
    }
}

fn step(location: Location, qualname: &str, text: &str) -> Step {
    Step {
        location,
        qualname: qualname.to_owned(),
        text: text.to_owned(),
    }
}

fn finding(qualname: &str, location: Location) -> Diagnostic {
    Diagnostic {
        rule: &RULE,
        location,
        module: "callers".to_owned(),
        qualname: qualname.to_owned(),
        message: "`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup".to_owned(),
        why: "every task of the loop waits for the name server".to_owned(),
        help: "use `loop.getaddrinfo`".to_owned(),
        labels: Vec::new(),
        witness: vec![
            step(location, qualname, "validate"),
            step(at(1, NET, "lookup(url)", 0), "validate", "lookup"),
            step(at(1, NET, "socket.getaddrinfo", 0), "lookup", "socket.getaddrinfo"),
        ],
        group: "socket.getaddrinfo".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        exposure: Exposure::Open,
        anchor: "validate(url)".to_owned(),
        fix: None,
        accepted: false,
    }
}

fn three() -> Vec<Diagnostic> {
    vec![
        finding("first", at(0, CALLERS, "validate(url)", 0)),
        finding("second", at(0, CALLERS, "validate(url)", 1)),
        finding("third", at(0, CALLERS, "validate(\n        url,\n    )", 0)),
    ]
}

/// A report on these findings in files whose text may have changed since it was analysed.
fn render_changed(findings: &[Diagnostic], format: Format, files: &[(&str, &str, &str)]) -> String {
    let now: Vec<(&str, &str)> = files.iter().map(|(path, _, now)| (*path, *now)).collect();
    let (_folder, sources) = sources(&now);
    let hashes: Vec<u64> = files.iter().map(|(_, analysed, _)| text_hash(analysed)).collect();
    let report = Report {
        sources: &sources,
        folder: String::new(),
        hashes: &hashes,
        findings: findings
            .iter()
            .map(|diagnostic| Finding {
                diagnostic,
                fingerprint: "00",
            })
            .collect(),
        accepted: Vec::new(),
        rules: vec![&RULE],
        errors: &[],
        files: files.len(),
        hidden: 0,
        quiet: false,
    };
    let mut out = Vec::new();
    write(&report, format, false, &mut out).expect("memory can be written");
    String::from_utf8(out).expect("text")
}

fn render(findings: &[Diagnostic], format: Format) -> String {
    render_changed(
        findings,
        format,
        &[("callers.py", CALLERS, CALLERS), ("net.py", NET, NET)],
    )
}
