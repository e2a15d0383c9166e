//! Every rule's page is a test: each heading is a project, and its expectations must hold.

mod support;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use support::page::Section;
use support::verdict::{Case, Subject, judge};
use support::{expect, page};

fn main() {
    let mut trials = Vec::new();
    for path in support::files_below(&support::root().join("rules")) {
        if path.extension().is_some_and(|kind| kind == "md") {
            let rule = path
                .file_stem()
                .expect("a page has a name")
                .to_string_lossy()
                .into_owned();
            trials.push(Trial::test(rule.clone(), move || Ok(run_page(&path, &rule)?)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run_page(path: &Path, rule: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut problems = Vec::new();
    for section in page::parse(&text)?.iter().filter(|section| !section.fences.is_empty()) {
        if let Err(problem) = run_section(section, rule) {
            problems.push(format!("## {}\n{problem}", section.title));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}

fn run_section(section: &Section, rule: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut subjects = Vec::new();
    let mut selected = vec![rule.to_owned()];
    for fence in &section.fences {
        let target = folder.path().join(&fence.path);
        std::fs::create_dir_all(target.parent().expect("a file in a folder")).map_err(|error| error.to_string())?;
        std::fs::write(&target, &fence.text).map_err(|error| error.to_string())?;
        let expected = expect::parse(&fence.text).map_err(|problem| format!("line {} and {problem}", fence.before))?;
        selected.extend(expected.expectations.iter().filter_map(|one| one.rule.clone()));
        let shown = format!("rules/{rule}.md");
        subjects.push(Subject {
            path: fence.path.clone(),
            shown,
            before: fence.before,
            expected,
        });
    }
    selected.sort();
    selected.dedup();
    // `unused-ignore` is always on and no rule that can be selected.
    selected.retain(|name| name != "unused-ignore");
    let flags = vec!["--select".to_owned(), selected.join(",")];
    judge(&Case {
        folder: folder.path(),
        flags,
        rule: Some(rule),
        subjects,
    })
}
