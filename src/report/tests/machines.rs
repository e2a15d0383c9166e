//! Reports for programs.

use super::*;

#[test]
fn concise_is_one_line_a_finding() {
    insta::assert_snapshot!(render(&three(), Format::Concise), @r"
    callers.py:2:5: high[blocking-dns-lookup] `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
    callers.py:5:5: high[blocking-dns-lookup] `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
    callers.py:8:8: high[blocking-dns-lookup] `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
    3 findings (3 high) in 1 of 2 files
    ");
}

#[test]
fn github_annotates_ranges() {
    insta::assert_snapshot!(render(&three()[1..], Format::Github), @r"
    ::error title=blocking-dns-lookup,file=callers.py,line=5,endLine=5,col=5,endColumn=18::`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup%0Aevery task of the loop waits for the name server%0Ause `loop.getaddrinfo`
    ::error title=blocking-dns-lookup,file=callers.py,line=8,endLine=10::`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup%0Aevery task of the loop waits for the name server%0Ause `loop.getaddrinfo`
    ");
}

#[test]
fn json_has_every_field() {
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
    insta::assert_snapshot!(render(&[it], Format::Json).replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    {
      "schema": "tailspike/1",
      "tool": {
        "name": "tailspike",
        "version": "VERSION"
      },
      "summary": {
        "files": 2,
        "findings": 1,
        "high": 1,
        "medium": 0,
        "low": 0,
        "hidden": 0,
        "baselined": 0,
        "errors": 0
      },
      "findings": [
        {
          "rule": "blocking-dns-lookup",
          "pattern": "loop-blocker",
          "severity": "high",
          "confidence": "high",
          "path": "callers.py",
          "line": 2,
          "column": 5,
          "end_line": 2,
          "end_column": 18,
          "module": "callers",
          "qualname": "first",
          "message": "`validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup",
          "why": "every task of the loop waits for the name server",
          "help": "use `loop.getaddrinfo`",
          "group": "socket.getaddrinfo",
          "exposure": "open",
          "witness": [
            {
              "path": "callers.py",
              "line": 2,
              "qualname": "first",
              "text": "validate"
            },
            {
              "path": "net.py",
              "line": 2,
              "qualname": "validate",
              "text": "lookup"
            },
            {
              "path": "net.py",
              "line": 5,
              "qualname": "lookup",
              "text": "socket.getaddrinfo"
            }
          ],
          "related": [
            {
              "path": "net.py",
              "line": 2,
              "text": "looked up here"
            }
          ],
          "fingerprint": "00",
          "fix": {
            "title": "run it in a thread",
            "safety": "unsafe",
            "edits": [
              {
                "path": "callers.py",
                "line": 2,
                "column": 5,
                "end_line": 2,
                "end_column": 18,
                "text": "await asyncio.to_thread(validate, url)"
              }
            ]
          }
        }
      ],
      "errors": []
    }
    "#);
}

#[test]
fn the_tables_of_rules() {
    let table = |form| {
        let mut out = Vec::new();
        write_rules(&[&RULE], form, &mut out).expect("memory can be written");
        String::from_utf8(out).expect("text")
    };
    insta::assert_snapshot!(table(Table::Text), @"loop-blocker  blocking-dns-lookup  default   a name lookup that waits");
    insta::assert_snapshot!(table(Table::Markdown), @r"
    | pattern | rule | set | reports |
    |---|---|---|---|
    | loop-blocker | [`blocking-dns-lookup`](rules/blocking-dns-lookup.md) | default | a name lookup that waits |
    ");
    insta::assert_snapshot!(table(Table::Json), @r#"
    [
      {
        "name": "blocking-dns-lookup",
        "pattern": "loop-blocker",
        "set": "default",
        "severity": "high",
        "summary": "a name lookup that waits"
      }
    ]
    "#);
}

#[test]
fn the_documentation_names_every_field() {
    let documented = include_str!("../../../docs/json-schema.md");
    let printed = render(&three(), Format::Json);
    let value: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let mut missing = Vec::new();
    let mut todo = vec![&value];
    while let Some(value) = todo.pop() {
        match value {
            serde_json::Value::Object(fields) => {
                missing.extend(fields.keys().filter(|key| !documented.contains(&format!("`{key}`"))));
                todo.extend(fields.values());
            }
            serde_json::Value::Array(items) => todo.extend(items),
            _ => {}
        }
    }
    assert!(missing.is_empty(), "docs/json-schema.md lacks {missing:?}");
}
