//! Ignore comments, lines, and files that do not parse.

use super::lower;
use tailspike::syntax;

fn ignores(text: &str) -> Vec<(u32, (u32, u32), String)> {
    let facts = lower(text);
    let ignores = facts.ignores.iter();
    ignores.map(|it| (it.line, it.covers, it.rules.join(" "))).collect()
}

fn covers(text: &str) -> (u32, u32) {
    let all = ignores(text);
    assert_eq!(all.len(), 1, "in {text}");
    all[0].1
}

#[test]
fn forms() {
    let text =
        "a()  # tailspike: ignore[x, y-z] because\nb()  #tailspike:ignore [w]\nc()  # noqa # tailspike: ignore[no]\n";
    assert_eq!(
        ignores(text),
        [(1, (1, 1), "x y-z".to_string()), (2, (2, 2), "w".to_string())]
    );
    assert_eq!(ignores("s = '# tailspike: ignore[x]'\n"), []);
}

#[test]
fn malformed_ones_name_no_rule() {
    for comment in ["ignore", "ignore[x", "ignore[]", "allow[x]"] {
        let text = format!("a()  # tailspike: {comment}");
        assert_eq!(ignores(&text), [(1, (1, 1), String::new())], "in {text}");
    }
}

#[test]
fn whole_file() {
    let facts = lower("# tailspike: ignore-file[x]\na()\nb()");
    assert!(facts.ignores[0].whole_file);
    assert_eq!(facts.ignores[0].covers, (1, 3));
}

#[test]
fn a_statement_is_covered_whole() {
    assert_eq!(covers("a(\n  1,  # tailspike: ignore[x]\n)\nb()"), (1, 3));
    assert_eq!(covers("a(\n  # tailspike: ignore[x]\n  1,\n)\nb()"), (1, 4));
    assert_eq!(covers("a(\n  1,\n)  # tailspike: ignore[x]\nb()"), (1, 3));
    assert_eq!(covers("if a: b(\n 1)  # tailspike: ignore[x]\nc()"), (1, 2));
}

#[test]
fn only_the_header_of_a_compound_statement_is_covered() {
    assert_eq!(
        covers("@d\nasync def f(\n  a,\n):  # tailspike: ignore[x]\n  b()"),
        (1, 4)
    );
    assert_eq!(
        covers("@d\nasync def f(\n  # tailspike: ignore[x]\n  a,\n):\n  b()"),
        (1, 5)
    );
    assert_eq!(covers("for a in b:  # tailspike: ignore[x]\n  c()"), (1, 1));
    assert_eq!(
        covers("try:\n  a()\nexcept B as e:  # tailspike: ignore[x]\n  c()"),
        (3, 3)
    );
    assert_eq!(
        covers("if a:\n  b()\nelif c(\n  1\n):  # tailspike: ignore[x]\n  d()"),
        (3, 5)
    );
    assert_eq!(covers("try:\n  a()\nfinally:  # tailspike: ignore[x]\n  c()"), (3, 3));
    assert_eq!(covers("with (\n a as b\n):  # tailspike: ignore[x]\n  c()"), (1, 3));
}

#[test]
fn a_comment_on_its_own_line_covers_the_next_statement() {
    assert_eq!(covers("# tailspike: ignore[x]\n\n# why\na(\n)\nb()"), (1, 5));
    assert_eq!(covers("def f():\n  # tailspike: ignore[x]\n  a()\n  b()"), (2, 3));
    assert_eq!(covers("# tailspike: ignore[x]\nwith a():\n  b()"), (1, 2));
    assert_eq!(covers("a()\n# tailspike: ignore[x]"), (2, 2));
}

#[test]
fn files_with_errors_keep_their_comments() {
    assert_eq!(syntax::lower("a()  # tailspike: ignore[x]\nprint 1").ignores.len(), 1);
}

#[test]
fn the_first_error_is_reported_in_code_points() {
    let facts = syntax::lower("x = 1\nö = 'é' )\n");
    let error = facts.error.as_ref().map(|it| (it.line, it.column));
    assert_eq!(error, Some((2, 9)));
    assert!(facts.nodes.is_empty() && facts.places.is_empty());
    assert_eq!(facts.line_starts, [0, 6, 18]);
}

#[test]
fn old_and_broken_files_have_an_error() {
    let texts = [
        "print 'x'",
        "exec code in ns",
        "def f(",
        "'abc",
        "\0",
        "x = 08",
        "f'{'",
        "if x:\npass",
        "a\u{feff}b c",
    ];
    for text in texts {
        assert!(syntax::lower(text).error.is_some(), "in {text}");
    }
}

#[test]
fn what_another_version_knows_is_no_error() {
    let texts = [
        "",
        "\u{feff}x = 1",
        "return 1",
        "await x",
        "x = t'{a}'",
        "def f[T](): pass",
        "try: pass\nexcept a, b: pass",
    ];
    for text in texts {
        lower(text);
    }
}

#[test]
fn lines_end_in_three_ways() {
    assert_eq!(lower("a\nb\r\nc\rd").line_starts, [0, 2, 5, 7]);
}

#[test]
fn the_hash_is_that_of_the_text() {
    assert_eq!(lower("a").text_hash, syntax::text_hash("a"));
    assert_ne!(syntax::text_hash("a"), syntax::text_hash("b"));
}
