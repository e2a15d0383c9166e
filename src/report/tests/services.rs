//! Reports for services that show findings beside the code.

use super::*;
use serde_json::Value;

/// One finding with everything that a finding can have.
fn whole() -> Diagnostic {
    let mut it = finding("first", at(0, CALLERS, "validate(url)", 0));
    it.labels = vec![Label {
        location: at(1, NET, "lookup", 0),
        text: "looked up here".to_owned(),
    }];
    it.fix = Some(Fix {
        title: "run it in a thread".to_owned(),
        safety: Safety::Unsafe,
        edits: vec![(
            at(0, CALLERS, "validate(url)", 0),
            "await asyncio.to_thread(validate, url)".to_owned(),
        )],
    });
    it
}

fn results(sarif: &str) -> Vec<Value> {
    let log: Value = serde_json::from_str(sarif).expect("JSON");
    log["runs"][0]["results"].as_array().expect("a list").clone()
}

#[test]
fn sarif_tells_the_whole_finding() {
    let printed = render(&[whole()], Format::Sarif).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let log: Value = serde_json::from_str(&printed).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).expect("JSON"));
}

#[test]
fn sarif_without_findings_is_a_log_too() {
    assert!(results(&render(&[], Format::Sarif)).is_empty());
}

#[test]
fn sarif_leaves_out_the_least_severe_beyond_what_services_take() {
    let mut many: Vec<Diagnostic> = (0..25_010)
        .map(|_| finding("first", at(0, CALLERS, "validate(url)", 0)))
        .collect();
    for it in &mut many {
        it.witness.clear();
        it.severity = Severity::Low;
    }
    many[25_009].severity = Severity::High;
    let printed = render(&many, Format::Sarif);
    let kept = results(&printed);
    assert!(printed.len() < 11_000_000 && kept.len() < many.len() && !kept.is_empty());
    assert_eq!(kept.last().map(|it| it["level"].clone()), Some(Value::from("error")));
}

#[test]
fn gitlab_takes_issues() {
    insta::assert_snapshot!(render(&three()[..2], Format::Gitlab), @r#"
    [
      {
        "description": "`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup; use `loop.getaddrinfo`",
        "check_name": "blocking-dns-lookup",
        "fingerprint": "00:callers.py",
        "severity": "critical",
        "location": {
          "path": "callers.py",
          "lines": {
            "begin": 2,
            "end": 2
          }
        }
      },
      {
        "description": "`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup; use `loop.getaddrinfo`",
        "check_name": "blocking-dns-lookup",
        "fingerprint": "00:callers.py",
        "severity": "critical",
        "location": {
          "path": "callers.py",
          "lines": {
            "begin": 5,
            "end": 5
          }
        }
      }
    ]
    "#);
}

#[test]
fn markdown_folds_root_causes() {
    insta::assert_snapshot!(render(&three(), Format::Markdown), @r"
    ### tailspike

    3 findings (3 high) in 1 of 2 files

    <details><summary><b>high</b> <code>blocking-dns-lookup</code> <code>callers.py:2</code> validate reaches socket.getaddrinfo, which blocks the event loop on a name lookup</summary>

    - Why: every task of the loop waits for the name server
    - Next step: use `loop.getaddrinfo`
    - Mend once in `validate`
    - Chain:
      1. `callers.py:2` `first` → `validate`
      1. `net.py:2` `validate` → `lookup`
      1. `net.py:5` `lookup` → `socket.getaddrinfo`
    - also `callers.py:5` in `second`
    - also `callers.py:8` in `third`

    </details>
    ");
}
