//! Every folder of `fixtures/projects` is a test: all default rules run on it, and its expectations must hold.

mod support;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use support::expect;
use support::verdict::{Case, Subject, judge};

fn main() {
    let mut trials = Vec::new();
    for folder in support::folders_in(&support::root().join("fixtures/projects")) {
        let name = folder
            .file_name()
            .expect("a project has a name")
            .to_string_lossy()
            .into_owned();
        trials.push(Trial::test(name, move || Ok(run_project(&folder)?)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run_project(folder: &Path) -> Result<(), String> {
    let mut subjects = Vec::new();
    for file in support::files_below(folder) {
        if file.extension().is_none_or(|kind| kind != "py") {
            continue;
        }
        let shown = file
            .strip_prefix(support::root())
            .unwrap_or(&file)
            .to_string_lossy()
            .into_owned();
        let path = file
            .strip_prefix(folder)
            .unwrap_or(&file)
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{shown}: {error}"))?;
        let expected = expect::parse(&text).map_err(|problem| format!("{shown}: {problem}"))?;
        subjects.push(Subject {
            path,
            shown,
            before: 0,
            expected,
        });
    }
    judge(&Case {
        folder,
        flags: Vec::new(),
        rule: None,
        subjects,
    })
}
