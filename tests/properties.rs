//! What must hold for any input: no mutation of a fixture breaks the tool, and what does not matter changes nothing.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use support::tool;

/// The Python files of all projects and pages.
static FIXTURES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut texts = Vec::new();
    for file in support::files_below(&support::root().join("fixtures/projects")) {
        if file.extension().is_some_and(|kind| kind == "py") {
            texts.push(fs::read_to_string(file).expect("a readable fixture"));
        }
    }
    for file in support::files_below(&support::root().join("rules")) {
        if file.extension().is_some_and(|kind| kind == "md") {
            let text = fs::read_to_string(file).expect("a readable page");
            let sections = support::page::parse(&text).expect("a well-formed page");
            texts.extend(
                sections
                    .into_iter()
                    .flat_map(|section| section.fences)
                    .map(|fence| fence.text),
            );
        }
    }
    texts
});

fn projects() -> Vec<PathBuf> {
    support::folders_in(&support::root().join("fixtures/projects"))
}

fn json_of(folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["check", "--isolated", "--exit-zero", "--format", "json"], more].concat();
    let output = tool::run(&arguments, folder);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// One change to a text, at a place given as a share of its length.
#[derive(Clone, Debug)]
enum Change {
    DeleteLine(usize),
    DuplicateLine(usize),
    SwapLines(usize, usize),
    Truncate(usize),
    DeleteToken(usize),
    DuplicateToken(usize),
    InsertToken(usize, &'static str),
    Indent(usize),
}

const TOKENS: &[&str] = &[
    "(", ")", "[", "{", ":", "async ", "await ", "lambda: ", "*", "def ", "\n", "\"", "f\"{", "\\", "\u{feff}", "\0",
    "=",
];

fn change() -> impl Strategy<Value = Change> {
    let place = || 0usize..10_000;
    prop_oneof![
        place().prop_map(Change::DeleteLine),
        place().prop_map(Change::DuplicateLine),
        (place(), place()).prop_map(|(one, other)| Change::SwapLines(one, other)),
        place().prop_map(Change::Truncate),
        place().prop_map(Change::DeleteToken),
        place().prop_map(Change::DuplicateToken),
        (place(), prop::sample::select(TOKENS)).prop_map(|(at, token)| Change::InsertToken(at, token)),
        place().prop_map(Change::Indent),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut tokens: Vec<&str> = text
        .split_inclusive(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    if lines.is_empty() || tokens.is_empty() {
        return text.to_owned();
    }
    let line = |share: &usize| share * lines.len() / 10_000;
    let token = |share: &usize| share * tokens.len() / 10_000;
    match change {
        Change::DeleteLine(at) => {
            let at = line(at);
            lines.remove(at);
            lines.concat()
        }
        Change::DuplicateLine(at) => {
            let at = line(at);
            lines.insert(at, lines[at]);
            lines.concat()
        }
        Change::SwapLines(one, other) => {
            let (one, other) = (line(one), line(other));
            lines.swap(one, other);
            lines.concat()
        }
        Change::Indent(at) => {
            let at = line(at);
            [&lines[..at].concat(), "    ", &lines[at..].concat()].concat()
        }
        Change::Truncate(at) => tokens[..token(at)].concat(),
        Change::DeleteToken(at) => {
            let at = token(at);
            tokens.remove(at);
            tokens.concat()
        }
        Change::DuplicateToken(at) => {
            let at = token(at);
            tokens.insert(at, tokens[at]);
            tokens.concat()
        }
        Change::InsertToken(at, what) => {
            let at = token(at);
            [&tokens[..at].concat(), *what, &tokens[at..].concat()].concat()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]

    // Each case is one run over a folder of mutated files, so that a case is worth its process.
    #[test]
    fn no_mutation_breaks_the_tool(mutations in prop::collection::vec((0usize..10_000, prop::collection::vec(change(), 1..4)), 40)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (number, (fixture, changes)) in mutations.iter().enumerate() {
            let mut text = FIXTURES[fixture * FIXTURES.len() / 10_000].clone();
            for change in changes {
                text = apply(&text, change);
            }
            fs::write(folder.path().join(format!("m{number}.py")), text).expect("a written file");
        }
        let (status, stdout, stderr) = json_of(folder.path(), &["--pedantic", "--min-severity", "low", "--min-confidence", "low"]);
        prop_assert!(matches!(status, Some(0 | 2)), "{status:?} {stderr}");
        prop_assert!(!stderr.contains("panicked") && !stderr.contains("internal-error"), "{stderr}");
        prop_assert!(serde_json::from_str::<Value>(&stdout).is_ok(), "{stdout}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for project in projects() {
        let one = json_of(&project, &["--jobs", "1", "."]);
        let eight = json_of(&project, &["--jobs", "8", "."]);
        assert!(one == eight, "{}: other bytes with eight threads", project.display());
    }
}

#[test]
fn the_order_of_paths_changes_nothing() {
    for project in projects() {
        let mut files: Vec<String> = support::files_below(&project)
            .into_iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "py"))
            .map(|file| {
                file.strip_prefix(&project)
                    .expect("a file of the project")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        let run = |files: &[String]| json_of(&project, &files.iter().map(String::as_str).collect::<Vec<_>>());
        let sorted = run(&files);
        files.reverse();
        assert!(
            sorted == run(&files),
            "{}: other bytes with the paths reversed",
            project.display()
        );
        let half = files.len() / 2;
        files.rotate_left(half);
        assert!(
            sorted == run(&files),
            "{}: other bytes with the paths rotated",
            project.display()
        );
    }
}

/// Rule, path and line of each finding.
fn findings(folder: &Path) -> Vec<(String, String, usize)> {
    let report = tool::check(folder, &[]).expect("a report");
    report
        .findings
        .into_iter()
        .map(|one| (one.rule, one.path, one.line))
        .collect()
}

/// A copy of a project with every text changed.
fn copy_with(project: &Path, change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in support::files_below(project) {
        let target = folder
            .path()
            .join(file.strip_prefix(project).expect("a file of the project"));
        fs::create_dir_all(target.parent().expect("a file in a folder")).expect("a folder");
        let text = fs::read_to_string(&file).expect("a readable fixture");
        fs::write(target, change(&text)).expect("a written file");
    }
    folder
}

#[test]
fn an_ignore_comment_only_stops_what_it_names() {
    let project = support::root().join("fixtures/projects/ignores");
    let with = findings(&project);
    let bare = copy_with(&project, |text| text.replace("# tailspike: ignore", "# ignore"));
    let without = findings(bare.path());
    let real = |all: &[(String, String, usize)]| -> Vec<_> {
        all.iter().filter(|one| one.0 != "unused-ignore").cloned().collect()
    };
    for finding in real(&with) {
        assert!(without.contains(&finding), "{finding:?} is gone once the comments are");
    }
    assert!(
        real(&without).len() > real(&with).len(),
        "removing the comments brings nothing back: {without:?}"
    );
    assert!(!without.iter().any(|one| one.0 == "unused-ignore"));
}

#[test]
fn adding_an_ignore_comment_removes_that_finding() {
    let project = support::root().join("fixtures/projects/transitive_chain");
    for (rule, path, line) in findings(&project) {
        let folder = copy_with(&project, str::to_owned);
        let file = folder.path().join(&path);
        let text = fs::read_to_string(&file).expect("a readable file");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let code = lines[line - 1].split("  #").next().unwrap_or_default().to_owned();
        lines[line - 1] = format!("{code}  # tailspike: ignore[{rule}] measured");
        fs::write(&file, lines.join("\n") + "\n").expect("a written file");
        let left = findings(folder.path());
        assert!(
            !left.contains(&(rule.clone(), path.clone(), line)),
            "{path}:{line} [{rule}] is still reported"
        );
        assert!(
            !left.iter().any(|one| one.0 == "unused-ignore"),
            "{path}:{line} [{rule}]: called unused"
        );
    }
}

/// Local names that mean nothing to the analysis, and what they become.
const RENAMED: &[&str] = &[
    "url", "urls", "text", "item", "items", "answer", "body", "task", "attempt", "pages",
];

#[test]
fn renaming_locals_changes_nothing() {
    let names: BTreeMap<&str, String> = RENAMED.iter().map(|name| (*name, format!("{name}_q"))).collect();
    for name in ["fan_out", "offload", "retries", "loop_blockers", "transitive_chain"] {
        let project = support::root().join("fixtures/projects").join(name);
        let renamed = copy_with(&project, |text| rename(text, &names));
        assert_eq!(findings(&project), findings(renamed.path()), "{name}");
    }
}

/// Renames whole words that are neither attributes, keywords of a call, nor in strings.
fn rename(text: &str, names: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut quoted = None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if word.is_empty() {
            if first == '"' || first == '\n' {
                quoted = if quoted.is_some() || first == '\n' {
                    None
                } else {
                    Some(first)
                };
            }
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = &rest[word.len()..];
        let keyword = rest.starts_with('=') && !rest.starts_with("==");
        match names.get(word.as_str()) {
            Some(new) if quoted.is_none() && !out.ends_with('.') && !keyword => out.push_str(new),
            _ => out.push_str(&word),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    // Whatever is mended still parses, and a second run finds nothing more to mend.
    #[test]
    fn mended_files_parse_and_stay(mutations in prop::collection::vec((0usize..10_000, prop::collection::vec(change(), 0..3)), 40)) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (number, (fixture, changes)) in mutations.iter().enumerate() {
            let mut text = FIXTURES[fixture * FIXTURES.len() / 10_000].clone();
            for change in changes {
                text = apply(&text, change);
            }
            fs::write(folder.path().join(format!("m{number}.py")), text).expect("a written file");
        }
        let texts = || -> Vec<String> {
            support::files_below(folder.path()).iter().map(|it| fs::read(it).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).expect("readable")).collect()
        };
        let all = ["--min-severity", "low", "--min-confidence", "low"];
        let mends = [&all[..], &["--fix", "--unsafe-fixes"]].concat();
        let (_, _, before) = json_of(folder.path(), &all);
        let (status, _, _) = json_of(folder.path(), &mends);
        let once = texts();
        prop_assert!(matches!(status, Some(0 | 2)), "{status:?}");
        let (_, _, after) = json_of(folder.path(), &all);
        prop_assert_eq!(before, after, "what did not parse, before and after");
        json_of(folder.path(), &mends);
        prop_assert_eq!(once, texts());
    }
}
