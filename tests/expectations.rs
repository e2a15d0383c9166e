//! The expectation grammar itself, and that every page and project follows it.

mod support;

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
