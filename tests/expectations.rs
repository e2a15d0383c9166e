//! The expectation grammar itself, and that every page and project follows it.

mod support;

use support::expect::{Expectation, Kind, parse};
use support::page;

#[test]
fn every_expectation_parses() {
    let mut problems = Vec::new();
    for file in support::files_below(&support::root().join("fixtures/projects")) {
        if file.extension().is_some_and(|kind| kind == "py") {
            let text = std::fs::read_to_string(&file).expect("a readable fixture");
            if let Err(problem) = support::expect::parse(&text) {
                problems.push(format!("{}: {problem}", file.display()));
            }
        }
    }
    for file in support::files_below(&support::root().join("rules")) {
        if file.extension().is_some_and(|kind| kind == "md") {
            let text = std::fs::read_to_string(&file).expect("a readable page");
            for section in support::page::parse(&text).expect("a well-formed page") {
                for fence in section.fences {
                    if let Err(problem) = support::expect::parse(&fence.text) {
                        problems.push(format!("{}:{} and {problem}", file.display(), fence.before));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn one(text: &str) -> Expectation {
    let mut all = parse(text).expect("valid").expectations;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_trailing_comment_speaks_of_its_line() {
    let found = one("a = 1\nf()  # error: 3 [dangling-task] \"nobody keeps\"\n");
    assert_eq!((found.line, found.column), (2, Some(3)));
    assert_eq!(found.rule.as_deref(), Some("dangling-task"));
    assert_eq!(found.part.as_deref(), Some("nobody keeps"));
}

#[test]
fn a_lone_comment_speaks_of_the_next_line_of_code() {
    let found = one("# error\n# why this is so\n\nf()  # tailspike: ignore[x] reason\n");
    assert_eq!((found.line, found.written), (4, 1));
}

#[test]
fn several_share_a_line() {
    let all = parse("f()  # error: [a]  # note: \"b\"  # missed: [c] \"d\"\n")
        .expect("valid")
        .expectations;
    assert_eq!(
        all.iter().map(|one| one.kind).collect::<Vec<_>>(),
        [Kind::Error, Kind::Note, Kind::Missed]
    );
}

#[test]
fn prose_is_no_expectation() {
    let text = "f()  # note that this is fine\ng()  # error handling\nh()  # no error\n";
    assert!(parse(text).expect("valid").expectations.is_empty());
}

#[test]
fn malformed_expectations_are_refused() {
    for text in [
        "f()  # error: dangling-task\n",
        "f()  # missed: [a]\n",
        "f()  # error: [a\n",
        "# error\n",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn flags_are_for_the_project() {
    let expected = parse("# tailspike-test: --pedantic --min-severity low\nf()\n").expect("valid");
    assert_eq!(expected.flags, ["--pedantic", "--min-severity", "low"]);
}

#[test]
fn fences_become_files_with_their_place_in_the_page() {
    let text = "# r\n\n## Example\nText\n```python\na\n```\n\n`app/db.py`:\n\n```python\nb\n```\n```text\nc\n```\n";
    let sections = page::parse(text).expect("valid");
    let fences = &sections[1].fences;
    assert_eq!(fences.len(), 2);
    assert_eq!((fences[0].path.as_str(), fences[0].before), ("snippet_1.py", 5));
    assert_eq!((fences[1].path.as_str(), fences[1].text.as_str()), ("app/db.py", "b\n"));
}

#[test]
fn an_untagged_fence_is_refused() {
    assert!(page::parse("# r\n```\nx\n```\n").is_err());
}

/// The cells of every numbered row of `docs/traps.md`: number, what, fixture, twins, status.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .filter(|line| {
            line.strip_prefix("| ")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect()
}

/// `trap_7`, `trap_07` or `Trap07` in code, `trap 7` in a docstring.
fn bears(text: &str, number: usize) -> bool {
    let text = text.to_lowercase();
    [
        format!("trap_{number:02}_"),
        format!("trap{number:02}"),
        format!("trap {number}:"),
    ]
    .iter()
    .any(|name| text.contains(name.as_str()))
}

fn count(kind: Kind) -> usize {
    let texts = support::files_below(&support::root().join("fixtures/projects"));
    let texts = texts
        .iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "py"));
    texts
        .flat_map(|file| {
            parse(&std::fs::read_to_string(file).expect("a readable fixture"))
                .expect("valid")
                .expectations
        })
        .filter(|one| one.kind == kind)
        .count()
}

#[test]
fn the_table_of_look_alikes_is_true() {
    let path = support::root().join("docs/traps.md");
    let table = std::fs::read_to_string(&path).expect("docs/traps.md");
    let rows = rows(&table);
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().expect("a number")).collect();
    assert_eq!(numbers, (1..=115).collect::<Vec<_>>(), "one row for each number");
    for (number, row) in numbers.iter().zip(&rows) {
        let fixture = support::root().join("fixtures/projects").join(row[2]);
        let text = std::fs::read_to_string(&fixture).unwrap_or_default();
        assert!(bears(&text, *number), "{}: nothing bears the number {number}", row[2]);
        assert!(
            row[3].is_empty() || support::root().join("fixtures/projects").join(row[3]).exists(),
            "{}",
            row[3]
        );
        if row[4] == "known wrong answer" {
            assert!(
                text.contains("# false-alarm:") || text.contains("# missed:"),
                "{number}: nothing is marked"
            );
        }
    }
    let counted = format!(
        "Known wrong answers in all projects: {} false alarms, {} missed alarms.",
        count(Kind::FalseAlarm),
        count(Kind::Missed)
    );
    let (before, rest) = table.split_once("<!-- counts -->").expect("`<!-- counts -->`");
    let (_, after) = rest.split_once("<!-- /counts -->").expect("`<!-- /counts -->`");
    let wanted = format!("{before}<!-- counts -->\n{counted}\n<!-- /counts -->{after}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).expect("docs/traps.md can be written");
    } else {
        assert!(
            table == wanted,
            "the counts are old: `UPDATE=1 cargo test --test expectations`"
        );
    }
}
