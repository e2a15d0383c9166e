//! A project that is linked again after edits is the one that linking everything makes.

mod support;

use proptest::prelude::*;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use tailspike::catalog::Catalog;
use tailspike::pipeline;
use tailspike::project::{Module, ModuleId, Project};
use tailspike::rules;
use tailspike::rules::Settings;
use tailspike::source::{Sources, WalkOptions};
use tailspike::syntax;

/// The modules of a folder and their texts.
struct Tree {
    modules: Vec<Module>,
    texts: Vec<String>,
}

impl Tree {
    fn read(root: &Path) -> Self {
        let options = WalkOptions {
            root: root.to_path_buf(),
            ..WalkOptions::default()
        };
        let sources = Sources::discover(&[root.to_path_buf()], &options).expect("a folder that can be walked");
        let (modules, _) = pipeline::load(&sources);
        let texts = sources.ids().map(|it| sources.read(it).expect("a readable file"));
        let texts = texts.collect();
        Self { modules, texts }
    }
}

/// The fixtures, each project and all of them as one.
static TREES: LazyLock<Vec<Tree>> = LazyLock::new(|| {
    let all = support::root().join("fixtures/projects");
    let mut trees: Vec<Tree> = support::folders_in(&all).iter().map(|it| Tree::read(it)).collect();
    trees.push(Tree::read(&all));
    trees.retain(|it| it.modules.len() > 2);
    trees
});

/// Catalogs that nobody needs at present; loading one takes a while.
static CATALOGS: Mutex<Vec<Catalog>> = Mutex::new(Vec::new());

fn catalog() -> Catalog {
    let free = CATALOGS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    free.unwrap_or_else(|| Catalog::load(&[]).expect("a sound catalog"))
}

fn give_back(project: Project) {
    let catalog = project.names.catalog;
    CATALOGS.lock().unwrap_or_else(PoisonError::into_inner).push(catalog);
}

/// An edit of a file, at places given as shares.
#[derive(Clone, Debug)]
enum Edit {
    /// What is a word here becomes one that stands elsewhere in the project.
    Rename(usize, usize, usize),
    /// A line goes.
    Drop(usize),
    /// A line stands twice.
    Double(usize),
    /// A line of the project comes, indented like its new neighbour.
    Borrow(usize, usize, usize),
    /// A statement comes.
    Insert(usize, &'static str),
    /// The file as it was at first.
    Restore,
}

const STATEMENTS: &[&str] = &[
    "import json",
    "from asyncio import *",
    "import time; time.sleep(1)",
    "added = lambda one: one",
    "async def added(one, two=None): return await one(two)",
    "def added(one): return one",
    "class Added: pass",
    "return self",
    "self.added = added",
    "await added(1)",
    "value = [it for it in range(3)]",
];

fn edit() -> impl Strategy<Value = (usize, Edit)> {
    let place = || 0usize..10_000;
    let edit = prop_oneof![
        4 => (place(), place(), place()).prop_map(|(at, file, word)| Edit::Rename(at, file, word)),
        2 => place().prop_map(Edit::Drop),
        1 => place().prop_map(Edit::Double),
        3 => (place(), place(), place()).prop_map(|(at, file, line)| Edit::Borrow(at, file, line)),
        3 => (place(), prop::sample::select(STATEMENTS)).prop_map(|(at, it)| Edit::Insert(at, it)),
        1 => Just(Edit::Restore),
    ];
    (place(), edit)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn apply(texts: &[String], first: &str, file: usize, edit: &Edit) -> String {
    let share = |share: usize, of: usize| share * of / 10_000;
    let text = &texts[file];
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return first.to_owned();
    }
    let indent = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
    let added;
    match *edit {
        Edit::Restore => return first.to_owned(),
        Edit::Drop(at) => {
            lines.remove(share(at, lines.len()));
        }
        Edit::Double(at) => {
            let at = share(at, lines.len());
            lines.insert(at, lines[at]);
        }
        Edit::Insert(at, statement) => {
            let at = share(at, lines.len());
            added = indent(lines[at]) + statement;
            lines.insert(at, &added);
        }
        Edit::Borrow(at, other, line) => {
            let theirs: Vec<&str> = texts[share(other, texts.len())].lines().collect();
            let at = share(at, lines.len());
            let Some(line) = theirs.get(share(line, theirs.len())) else {
                return text.clone();
            };
            added = indent(lines[at]) + line.trim_start();
            lines.insert(at, &added);
        }
        Edit::Rename(at, other, word) => {
            let words: Vec<&str> = texts[share(other, texts.len())].split(|c| !is_word(c)).collect();
            let word = words[share(word, words.len())];
            let mut parts: Vec<&str> = text.split_inclusive(|c| !is_word(c)).collect();
            let at = share(at, parts.len());
            let tail = parts[at].trim_start_matches(is_word);
            added = word.to_owned() + tail;
            parts[at] = &added;
            return parts.concat();
        }
    }
    lines.join("\n") + "\n"
}

/// All that the linking concludes, as far as rules and findings can tell.
fn concluded(project: &Project) -> (Vec<String>, Vec<String>) {
    let sites = project.graph.sites.iter().map(|it| format!("{it:?}"));
    let settings = Settings {
        pedantic: true,
        ..Settings::default()
    };
    let (found, failed) = pipeline::check(project, rules::ALL, settings, &|_| true);
    let found = found.iter().map(|it| format!("{it:?}"));
    let failed = failed.iter().map(|it| format!("{it:?}"));
    (sites.collect(), found.chain(failed).collect())
}

fn same_after(tree: &Tree, edits: &[(usize, Edit)]) -> Result<(), TestCaseError> {
    let mut texts = tree.texts.clone();
    let mut modules = tree.modules.clone();
    let mut project = Project::kept(modules.clone(), catalog(), rules::rule_of);
    let mut skipped = 0;
    for (file, edit) in edits {
        let file = file * texts.len() / 10_000;
        let text = apply(&texts, &tree.texts[file], file, edit);
        let facts = syntax::lower(&text);
        // Files that do not parse are empty, and one is enough.
        if facts.error.is_some() && skipped < 5 {
            skipped += 1;
            continue;
        }
        skipped = 0;
        texts[file] = text;
        modules[file].facts = facts;
        let id = ModuleId(u32::try_from(file).expect("few files"));
        project = project.edited(vec![(id, modules[file].clone())], rules::rule_of);
        let afresh = Project::new(modules.clone(), catalog(), rules::rule_of);
        let (one, other) = (concluded(&project), concluded(&afresh));
        let differs = |(one, other): (&Vec<String>, &Vec<String>)| {
            let at = one.iter().zip(other).position(|(one, other)| one != other);
            at.map(|it| format!("{}\n{}", one[it], other[it]))
        };
        prop_assert!(
            one.0 == other.0,
            "sites after {edit:?} of {file}:\n{}\n{:?}",
            texts[file],
            differs((&one.0, &other.0))
        );
        prop_assert!(
            one.1 == other.1,
            "findings after {edit:?} of {file}:\n{}\n{:?}",
            texts[file],
            differs((&one.1, &other.1))
        );
        give_back(afresh);
    }
    give_back(project);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn linking_again_is_linking_all(tree in 0usize..10_000, edits in prop::collection::vec(edit(), 1..8)) {
        let tree = &TREES[tree * TREES.len() / 10_000];
        same_after(tree, &edits)?;
    }
}
