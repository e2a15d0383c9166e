//! The two parallel halves of an analysis: files to facts, and rules over the linked project.
//!
//! A panic in one file or one rule is an error of its own; everything else is still reported.

use crate::diagnostic::Diagnostic;
use crate::facts::FileFacts;
use crate::guard;
use crate::project::Module;
use crate::project::ModuleId;
use crate::project::Project;
use crate::rules::Context;
use crate::rules::Remembered;
use crate::rules::Rule;
use crate::rules::Settings;
use crate::rules::relate;
use crate::source::FileId;
use crate::source::SourceFile;
use crate::source::Sources;
use crate::syntax;
use crate::syntax::Dialect;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Something that could not be analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub file: FileId,
    /// 1-based line and column, where there is one.
    pub place: Option<(u32, u32)>,
    /// What is wrong and what to do.
    pub message: String,
    /// A fault of tailspike, not of the file.
    pub internal: bool,
}

/// Every file as a module, in the order of file ids, and what could not be read or parsed.
#[must_use]
pub fn load(sources: &Sources) -> (Vec<Module>, Vec<Failure>) {
    let roots = import_roots(sources);
    let ids: Vec<FileId> = sources.ids().collect();
    let loaded: Vec<(Module, Option<Failure>)> = ids
        .into_par_iter()
        .map(|file| {
            let (facts, failure) = facts_of(sources, file);
            (module(sources, &roots, file, facts), failure)
        })
        .collect();
    let mut failures = Vec::new();
    let mut modules = Vec::with_capacity(loaded.len());
    for (module, failure) in loaded {
        modules.push(module);
        failures.extend(failure);
    }
    (modules, failures)
}

/// One file as a module, read anew.
#[must_use]
pub fn load_one(sources: &Sources, file: FileId) -> (Module, Option<Failure>) {
    let (facts, failure) = facts_of(sources, file);
    (module(sources, &import_roots(sources), file, facts), failure)
}

fn import_roots(sources: &Sources) -> FxHashMap<&str, u32> {
    let mut roots = FxHashMap::default();
    for id in sources.ids() {
        let next = u32::try_from(roots.len()).unwrap_or(u32::MAX);
        roots.entry(sources.file(id).import_root.as_str()).or_insert(next);
    }
    roots
}

fn module(sources: &Sources, roots: &FxHashMap<&str, u32>, file: FileId, facts: FileFacts) -> Module {
    let source = sources.file(file);
    Module {
        file,
        root: roots.get(source.import_root.as_str()).copied().unwrap_or(0),
        name: source.module.clone(),
        path_name: source
            .portion
            .clone()
            .or_else(|| path_name(&source.import_root, &source.module)),
        is_package: source.is_package,
        reported: source.reported,
        is_test: source.is_test,
        facts,
    }
}

/// The dotted name below the project root of a module whose import root lies deeper.
fn path_name(import_root: &str, module: &str) -> Option<String> {
    let parts = import_root.split('/').filter(|it| !it.is_empty());
    let whole: Vec<&str> = parts.chain(module.split('.')).filter(|it| !it.is_empty()).collect();
    (!import_root.is_empty()).then(|| whole.join("."))
}

/// In what a file is written.
pub(crate) fn dialect(file: &SourceFile) -> Dialect {
    if file.is_notebook {
        Dialect::Notebook
    } else {
        Dialect::Python
    }
}

/// The facts of one file; its text and tree are gone when this returns.
fn facts_of(sources: &Sources, file: FileId) -> (FileFacts, Option<Failure>) {
    let failed = |message: String, internal: bool| Failure {
        file,
        place: None,
        message,
        internal,
    };
    let text = match sources.read(file) {
        Ok(text) => text,
        Err(error) => return (FileFacts::default(), Some(failed(error.to_string(), false))),
    };
    let dialect = dialect(sources.file(file));
    match catch_unwind(AssertUnwindSafe(|| syntax::lower_as(&text, dialect))) {
        Ok(facts) => {
            let failure = facts.error.as_ref().map(|error| Failure {
                place: Some((error.line, error.column)),
                ..failed(format!("can't be parsed: {}", error.message), false)
            });
            (facts, failure)
        }
        Err(_) => (
            FileFacts::default(),
            Some(failed(
                "internal error while reading this file; please report it with the file".to_owned(),
                true,
            )),
        ),
    }
}

/// Runs rules over every reported module that is asked about; findings in the order of reports.
#[must_use]
pub fn check(
    project: &Project,
    rules: &[&'static Rule],
    settings: Settings,
    asked: &(dyn Fn(&Module) -> bool + Sync),
) -> (Vec<Diagnostic>, Vec<Failure>) {
    let n = u32::try_from(project.names.modules.len()).unwrap_or(u32::MAX);
    let results: Vec<(Vec<Diagnostic>, Vec<Failure>)> = (0..n)
        .into_par_iter()
        .map(ModuleId)
        .filter(|id| {
            let module = &project.names.modules[id.0 as usize];
            module.reported && asked(module)
        })
        .map(|module| check_module(project, module, rules, settings))
        .collect();
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for (diagnostics, failed) in results {
        found.extend(diagnostics);
        failures.extend(failed);
    }
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    (found, failures)
}

fn check_module(
    project: &Project,
    module: ModuleId,
    rules: &[&'static Rule],
    settings: Settings,
) -> (Vec<Diagnostic>, Vec<Failure>) {
    let cx = Context {
        project,
        module,
        remembered: None,
        pedantic: settings.pedantic,
        python: settings.python,
    };
    // Where this panics, each rule that asks meets it and says so.
    let remembered = guard::catch(|| Remembered::of(&cx)).ok();
    let cx = Context {
        remembered: remembered.as_ref(),
        ..cx
    };
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for rule in rules {
        let before = found.len();
        if let Err(panic) = guard::catch(|| (rule.check)(&cx, &mut found)) {
            found.truncate(before);
            failures.push(Failure {
                file: project.names.modules[module.0 as usize].file,
                place: None,
                message: format!(
                    "internal error in the rule `{}`: {panic}; please report it with the file",
                    rule.info.name
                ),
                internal: true,
            });
        }
    }
    relate(&mut found);
    (found, failures)
}
