//! Nesting and size that would break a naive parser.

use tailspike::facts::FileFacts;
use tailspike::syntax;

fn on_big_stack(text: String) -> FileFacts {
    let thread = std::thread::Builder::new().stack_size(syntax::STACK_BYTES);
    let thread = thread.spawn(move || syntax::lower(&text)).expect("a thread");
    thread.join().expect("no panic")
}

fn nested(open: &str, close: &str, n: usize) -> String {
    format!("{}1{}", open.repeat(n), close.repeat(n))
}

fn bombs(n: usize) -> Vec<(&'static str, String)> {
    let brackets = nested("[", "]", n);
    vec![
        ("parentheses", nested("(", ")", n)),
        ("lists", brackets.clone()),
        ("dicts", nested("{1:", "}", n)),
        ("calls in calls", nested("f(", ")", n)),
        ("method calls", nested("", ".b()", n).replacen('1', "a", 1)),
        ("subscripts", nested("", "[0]", n)),
        ("additions", nested("1+", "", n)),
        ("powers", nested("1**", "", n)),
        ("nots", nested("not ", "", n)),
        ("minuses", nested("-", "", n)),
        ("lambdas", nested("lambda: ", "", n)),
        ("conditionals", nested("1 if 1 else ", "", n)),
        ("comparisons", nested("(1 < ", ")", n)),
        ("awaits", nested("await ", "", n)),
        ("patterns", format!("match a:\n case {brackets}: pass")),
        ("targets", format!("{} = 1", brackets.replace('1', "a"))),
        ("types", format!("x: {}", nested("a[", "]", n))),
        ("unclosed", "(".repeat(n)),
        ("unclosed strings", "f'{".repeat(n)),
        ("strings in strings", nested("f'{", "}'", n)),
    ]
}

#[test]
fn what_no_python_compiles_is_refused() {
    for n in [10_000, 100_000] {
        for (name, text) in bombs(n) {
            let facts = on_big_stack(text);
            assert!(facts.error.is_some(), "{n} {name} are refused");
        }
    }
}

#[test]
fn what_is_merely_deep_is_opaque_below() {
    for (name, text) in bombs(1_000) {
        let facts = on_big_stack(text);
        let is_broken = name.starts_with("unclosed") || name == "awaits";
        assert!(is_broken || facts.error.is_none(), "1,000 {name}: {:?}", facts.error);
    }
}

#[test]
fn long_is_not_deep() {
    let texts = [
        format!("if a: pass\n{}", "elif b: pass\n".repeat(10_000)),
        "x = f(a)\n".repeat(100_000),
        format!("x = [{}]", "(1, -2), ".repeat(100_000)),
        format!("x = (\n{})", "'a'\n".repeat(50_000)),
        format!("x = [\n{}]", "not a, lambda: b, c if d else e,\n".repeat(20_000)),
        format!("x = {{\n{}}}", "'a': -1 if b else -2,\n".repeat(50_000)),
    ];
    for text in texts {
        assert_eq!(on_big_stack(text).error, None);
    }
}

#[test]
fn deep_blocks_do_not_break() {
    let mut text = String::new();
    for depth in 0..2_000 {
        text.push_str(&" ".repeat(depth));
        text.push_str("if a:\n");
    }
    text.push_str(&" ".repeat(2_000));
    text.push_str("pass\n");
    assert_eq!(on_big_stack(text).error, None);
}

#[test]
fn huge_files_are_refused() {
    let error = on_big_stack("#".repeat(syntax::MAX_FILE_BYTES + 1)).error;
    assert_eq!(
        error.map(|it| it.message).as_deref(),
        Some("the file is larger than 16 MB")
    );
}
