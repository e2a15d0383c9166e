//! The shape of the code: who may use whom, where the parser and the file system may be named, how long files are.
//!
//! Each test prints every place that breaks it, with the reason, so that the message is enough to mend it.

mod support;

use std::path::Path;

/// A layer and what it may import of the crate; a name with `::` allows that one item.
const LAYERS: &[(&str, &[&str])] = &[
    ("facts", &[]),
    ("source", &[]),
    ("catalog", &[]),
    ("diagnostic", &["source"]),
    ("config", &["source", "catalog", "diagnostic"]),
    ("syntax", &["facts", "source"]),
    ("project", &["facts", "catalog", "source::FileId"]),
    (
        "rules",
        &[
            "facts",
            "project",
            "catalog",
            "diagnostic",
            "config",
            "source::FileId",
            "source::Location",
        ],
    ),
    (
        "suppress",
        &[
            "facts",
            "diagnostic",
            "source::FileId",
            "source::Location",
            "source::reason",
        ],
    ),
    ("edit", &["facts", "diagnostic", "source::FileId", "source::Location"]),
    ("evidence", &["facts", "project"]),
    (
        "triage",
        &["diagnostic", "project", "evidence", "facts::NodeId", "source::FileId"],
    ),
    ("report", &["source", "diagnostic", "triage"]),
];

/// Where the layers are put together; these may use all of them.
const SPINE: &[&str] = &[
    "lib", "main", "cli", "check", "changed", "progress", "analysis", "pipeline", "guard", "run", "server", "explain",
    "sites", "triaging",
];

/// Who may touch the outside world.
const TOUCHES_THE_WORLD: &[&str] = &[
    "source", "config", "edit", "suppress", "run", "server", "evidence", "main", "check", "changed", "cli",
];

/// The words that do so.
const WORLD: &[&str] = &[
    "std::fs",
    "fs::",
    "File::",
    "std::net",
    "std::process",
    "Command::",
    "stdin(",
];

/// What a linked project and its rules must not hold: they are read-only.
const CELLS: &[&str] = &[
    "Mutex",
    "RwLock",
    "RefCell",
    "Cell<",
    "OnceLock",
    "LazyLock",
    "OnceCell",
    "thread_local",
    "static mut",
];

/// Longest file, and longest file that is a rule.
const LONGEST: (usize, usize) = (400, 150);

/// A source file: its layer, its path and its code without comments.
struct Source {
    layer: String,
    path: String,
    text: String,
    code: Vec<(usize, String)>,
}

fn sources() -> Vec<Source> {
    let folder = support::root().join("src");
    let mut all = Vec::new();
    for file in support::files_below(&folder) {
        if file.extension().is_none_or(|kind| kind != "rs") {
            continue;
        }
        let inner = file.strip_prefix(&folder).expect("a file below src");
        let first = inner.components().next().expect("a path").as_os_str();
        let text = std::fs::read_to_string(&file).expect("a readable source file");
        let code = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(index, line)| (index + 1, line.to_owned()))
            .collect();
        all.push(Source {
            layer: Path::new(first)
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
            path: format!("src/{}", inner.display()),
            text,
            code,
        });
    }
    all
}

fn hold(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn layers_hold() {
    let mut broken = Vec::new();
    for source in sources() {
        if SPINE.contains(&source.layer.as_str()) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == source.layer) else {
            broken.push(format!(
                "{}: `{}` is in no layer; add it to the table of this test",
                source.path, source.layer
            ));
            continue;
        };
        for (line, code) in &source.code {
            for import in code.split("crate::").skip(1) {
                if let Err(problem) = may_import(&source.layer, allowed, import) {
                    broken.push(format!("{}:{line}: {problem}", source.path));
                }
            }
        }
    }
    hold(&broken);
}

fn may_import(layer: &str, allowed: &[&str], import: &str) -> Result<(), String> {
    let word = |text: &str| {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let target = word(import);
    if target.is_empty() {
        return Err("one `use crate::x::...` path per `use` line".to_owned());
    }
    let item = word(import[target.len()..].trim_start_matches("::"));
    if target == layer || allowed.contains(&target.as_str()) || allowed.contains(&format!("{target}::{item}").as_str())
    {
        return Ok(());
    }
    Err(format!(
        "`{layer}` must not import `{target}`: it may use {allowed:?} only, so that each layer can be read alone"
    ))
}

#[test]
fn only_syntax_names_the_parser() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.layer != "syntax") {
        for (line, code) in &source.code {
            if code.contains("ruff_python_") {
                broken.push(format!(
                    "{}:{line}: only `syntax` may name `ruff_python_*`",
                    source.path
                ));
            }
        }
    }
    hold(&broken);
}

#[test]
fn only_the_edges_touch_the_world() {
    let mut broken = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !TOUCHES_THE_WORLD.contains(&source.layer.as_str()))
    {
        for (line, code) in &source.code {
            if let Some(word) = WORLD.iter().find(|word| names(code, word)) {
                broken.push(format!(
                    "{}:{line}: `{word}` in the core, which takes data and returns data",
                    source.path
                ));
            }
        }
    }
    hold(&broken);
}

/// Whether the code holds the word, not as the tail of a longer one.
fn names(code: &str, word: &str) -> bool {
    let longer = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| !longer(at))
}

#[test]
fn a_linked_project_is_read_only() {
    let mut broken = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| ["facts", "project", "rules"].contains(&source.layer.as_str()))
    {
        for (line, code) in &source.code {
            if let Some(word) = CELLS.iter().find(|word| code.contains(**word)) {
                broken.push(format!(
                    "{}:{line}: `{word}` in what must be read-only once it is linked",
                    source.path
                ));
            }
        }
    }
    hold(&broken);
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for source in sources() {
        let is_rule = source.layer == "rules" && source.text.contains("static RULE");
        let longest = if is_rule { LONGEST.1 } else { LONGEST.0 };
        let lines = source.text.lines().count();
        if lines > longest {
            broken.push(format!(
                "{}: {lines} lines, at most {longest}: split it where the reader would",
                source.path
            ));
        }
    }
    hold(&broken);
}

#[test]
fn names_say_what_is_inside() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc"];
    let is_vague = |source: &Source| {
        Path::new(&source.path).components().any(|part| {
            vague.contains(
                &Path::new(part.as_os_str())
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .as_ref(),
            )
        })
    };
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| is_vague(source))
        .map(|source| format!("{}: a name that says nothing", source.path))
        .collect();
    hold(&broken);
}

#[test]
fn every_file_says_what_it_is() {
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//!") && !source.text.starts_with("#![doc"))
        .map(|source| {
            format!(
                "{}: begin with a `//!` line that says what it takes and gives",
                source.path
            )
        })
        .collect();
    hold(&broken);
}
