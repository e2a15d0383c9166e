//! Reports for people.

use super::*;

#[test]
fn text_shows_code_chain_reason_and_remedy() {
    insta::assert_snapshot!(render(&three()[..1], Format::Text), @r"
    error[blocking-dns-lookup]: `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
      ┌─ callers.py:2:5
      │
    2 │     validate(url)
      │     ^^^^^^^^^^^^^ reaches `socket.getaddrinfo`
      │
      = chain:
          callers.py:2  first     validate
          net.py:2      validate  lookup
          net.py:5      lookup    socket.getaddrinfo
      = why: every task of the loop waits for the name server
      = help: use `loop.getaddrinfo`

    1 finding (1 high) in 1 of 2 files
    ");
}

#[test]
fn findings_with_one_root_cause_are_told_once() {
    insta::assert_snapshot!(render(&three(), Format::Text), @r"
    error[blocking-dns-lookup]: `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
      ┌─ callers.py:2:5
      │
    2 │     validate(url)
      │     ^^^^^^^^^^^^^ reaches `socket.getaddrinfo`
      │
      = chain:
          callers.py:2  first     validate
          net.py:2      validate  lookup
          net.py:5      lookup    socket.getaddrinfo
      = why: every task of the loop waits for the name server
      = help: use `loop.getaddrinfo`
      = 2 more reach `socket.getaddrinfo`; most chains pass through `validate`: mend that one
          callers.py:5:5  second
          callers.py:8:8  third

    3 findings (3 high) in 1 of 2 files
    ");
}

#[test]
fn two_findings_are_each_told_in_full() {
    let text = render(&three()[..2], Format::Text);
    assert_eq!(text.matches("error[blocking-dns-lookup]").count(), 2);
}

#[test]
fn calls_that_end_in_the_callers_own_function_do_not_fold() {
    let mut all = three();
    for it in &mut all {
        it.witness.truncate(1);
    }
    let text = render(&all, Format::Text);
    assert_eq!(text.matches("error[blocking-dns-lookup]").count(), 3);
}

#[test]
fn labels_stand_in_the_code_or_are_named_with_their_file() {
    let mut it = finding("second", at(0, CALLERS, "validate(url)", 1));
    it.witness.clear();
    it.confidence = Confidence::Medium;
    it.severity = Severity::Medium;
    it.labels = vec![
        Label {
            location: at(0, CALLERS, "second", 0),
            text: "runs once per request".to_owned(),
        },
        Label {
            location: at(1, NET, "lookup", 0),
            text: "the limiter is made here".to_owned(),
        },
    ];
    insta::assert_snapshot!(render(&[it], Format::Text), @r"
    warning[blocking-dns-lookup]: `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
      ┌─ callers.py:5:5
      │
    4 │ async def second(url):
      │           ------ runs once per request
    5 │     validate(url)
      │     ^^^^^^^^^^^^^
      │
      = net.py:2: the limiter is made here
      = why: every task of the loop waits for the name server
      = help: use `loop.getaddrinfo`
      = confidence: medium, one step rests on a convention

    1 finding (1 medium) in 1 of 2 files
    ");
}

#[test]
fn a_file_that_changed_is_shown_without_its_lines() {
    let files = [("callers.py", CALLERS, "x = 1\n"), ("net.py", NET, NET)];
    insta::assert_snapshot!(render_changed(&three()[..1], Format::Text, &files), @r"
    error[blocking-dns-lookup]: `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
     = at callers.py:2
     = chain:
         callers.py:2  first     validate
         net.py:2      validate  lookup
         net.py:5      lookup    socket.getaddrinfo
     = why: every task of the loop waits for the name server
     = help: use `loop.getaddrinfo`

    1 finding (1 high) in 1 of 2 files
    ");
    insta::assert_snapshot!(render_changed(&three()[..1], Format::Concise, &files), @r"
    callers.py:2:1: high[blocking-dns-lookup] `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
    1 finding (1 high) in 1 of 2 files
    ");
}

#[test]
fn escape_codes_and_long_lines_do_not_reach_the_terminal() {
    let hostile = "f('\u{1b}[31m\u{202E}é', x)\r\n";
    let mut it = finding("\u{1b}]0;title\u{7}", at(0, hostile, "x", 0));
    it.witness.clear();
    insta::assert_snapshot!(render_changed(&[it], Format::Text, &[("a.py", hostile, hostile)]), @r"
    error[blocking-dns-lookup]: `validate` reaches `socket.getaddrinfo`, which blocks the event loop on a name lookup
      ┌─ a.py:1:14
      │
    1 │ f('?[31m�é', x)
      │              ^
      │
      = why: every task of the loop waits for the name server
      = help: use `loop.getaddrinfo`

    1 finding (1 high) in 1 of 1 file
    ");
    let long = format!("f({}, 1)", "x".repeat(5000));
    let it = finding("f", at(0, &long, "f(", 0));
    let text = render_changed(&[it], Format::Text, &[("a.py", &long, &long), ("net.py", NET, NET)]);
    assert!(text.len() < 1000, "{text}");
}

#[test]
fn nothing_found_is_said() {
    insta::assert_snapshot!(render(&[], Format::Text), @"no findings in 2 files");
}

#[test]
fn errors_are_one_line_each() {
    let error = FileError {
        path: "a\u{1b}b.py".to_owned(),
        line: Some(3),
        column: Some(7),
        kind: crate::diagnostic::ErrorKind::Syntax,
        message: "can't be parsed: expected `:`\n".to_owned(),
    };
    insta::assert_snapshot!(error_line(&error), @r"error: a\u{1b}b.py:3:7: can't be parsed: expected `:`\n");
}
