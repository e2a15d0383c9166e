//! The documents and the code say the same: registry, pages, README, paths, the style of messages.
//!
//! `UPDATE=1 cargo test --test documents` rewrites the generated blocks.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use support::{page, tool};

/// The headings of a page, in their order.
const HEADINGS: &[&str] = &[
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "In a log",
    "Known limits",
];

fn hold(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn registry() -> Vec<Value> {
    let output = tool::run(&["rules", "--format", "json"], support::root());
    let json: Value = serde_json::from_slice(&output.stdout).expect("`tailspike rules --format json` prints JSON");
    json.as_array()
        .or_else(|| json.get("rules")?.as_array())
        .expect("a list of rules")
        .clone()
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn pages() -> Vec<(String, String)> {
    let folder = support::root().join("rules");
    let files = support::files_below(&folder);
    // Folders inside hold other things, the catalog's own README among them.
    let pages = files
        .iter()
        .filter(|file| file.parent() == Some(&folder) && file.extension().is_some_and(|kind| kind == "md"));
    pages
        .map(|file| (stem(file), std::fs::read_to_string(file).expect("a readable page")))
        .collect()
}

fn stem(file: &Path) -> String {
    file.file_stem().expect("a file name").to_string_lossy().into_owned()
}

#[test]
fn registry_pages_and_rule_files_agree() {
    let registered: BTreeSet<String> = registry().iter().map(|rule| text(rule, "name").to_owned()).collect();
    let pages: BTreeSet<String> = pages().into_iter().map(|(name, _)| name).collect();
    let mut files = BTreeSet::new();
    for file in support::files_below(&support::root().join("src/rules")) {
        let code = std::fs::read_to_string(&file).expect("a readable source file");
        if code.contains("static RULE: Rule") {
            files.insert(stem(&file).replace('_', "-"));
        }
    }
    let mut broken = Vec::new();
    for name in registered.union(&pages).cloned().collect::<BTreeSet<_>>().union(&files) {
        let file = name.replace('-', "_");
        for (has, what) in [
            (
                registered.contains(name),
                "it is not registered in src/rules/mod.rs".to_owned(),
            ),
            (pages.contains(name), format!("rules/{name}.md is missing")),
            (
                files.contains(name),
                format!("src/rules/{file}.rs is missing, or holds no `static RULE`"),
            ),
        ] {
            if !has {
                broken.push(format!("{name}: {what}"));
            }
        }
    }
    hold(&broken);
}

#[test]
fn pages_have_their_headings() {
    let mut broken = Vec::new();
    for (name, page_text) in pages() {
        let sections = match page::parse(&page_text) {
            Ok(sections) => sections,
            Err(problem) => {
                broken.push(format!("rules/{name}.md: {problem}"));
                continue;
            }
        };
        let titles: Vec<&str> = sections
            .iter()
            .filter(|one| one.level == 2)
            .map(|one| one.title.as_str())
            .collect();
        if titles != HEADINGS {
            broken.push(format!(
                "rules/{name}.md: the headings are {titles:?}, not {HEADINGS:?}"
            ));
        }
        if sections
            .first()
            .is_none_or(|first| first.level != 1 || first.title != name)
        {
            broken.push(format!("rules/{name}.md: begin with `# {name}`"));
        }
        for section in &sections {
            let announced = section.fences.iter().any(|fence| fence.text.contains("# error"));
            if section.title == "Example" && !announced {
                broken.push(format!("rules/{name}.md: no `# error` under `Example`"));
            }
            if section.title == "Use instead" && (announced || section.fences.is_empty()) {
                broken.push(format!(
                    "rules/{name}.md: `Use instead` shows code without any `# error`"
                ));
            }
            if section.level == 2 && section.prose.trim().is_empty() && section.title != "Use instead" {
                broken.push(format!("rules/{name}.md: nothing under `{}`", section.title));
            }
        }
    }
    hold(&broken);
}

/// What the README shows of the tool's output: the marker around it, and the arguments that print it.
const SHOWN: &[(&str, &[&str])] = &[
    (
        "triage",
        &[
            "triage",
            "fixtures/projects/bookshelf/run.log",
            "fixtures/projects/bookshelf",
            "--isolated",
        ],
    ),
    (
        "report",
        &["check", "--isolated", "--color", "never", "fixtures/projects/orders"],
    ),
    ("rules", &["rules", "--format", "markdown"]),
];

#[test]
fn what_the_readme_shows_is_generated() {
    let path = support::root().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README.md");
    let wanted = SHOWN.iter().fold(readme.clone(), |text, (marker, arguments)| {
        let output = tool::run(arguments, support::root());
        let printed = String::from_utf8(output.stdout).expect("the output is UTF-8");
        let block = match *marker {
            "rules" => printed.trim().to_owned(),
            _ => format!("```text\n{}\n```", printed.trim()),
        };
        between(&text, marker, &block)
    });
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).expect("README.md can be written");
    } else {
        assert!(
            readme == wanted,
            "README.md shows an old report or table of rules: `UPDATE=1 cargo test --test documents`"
        );
    }
}

/// Every rule with what its page says first; the pages hold the rest.
fn rules_document() -> String {
    let pages = pages();
    let mut text = "# Rules\n\nMade of the pages in `rules/` by `UPDATE=1 cargo test --test documents`.\n\
        A page has the examples, what to write instead, what a log shows, and the known limits; `tailspike explain RULE` prints it.\n"
        .to_owned();
    let mut pattern = String::new();
    for rule in registry() {
        if self::text(&rule, "pattern") != pattern {
            self::text(&rule, "pattern").clone_into(&mut pattern);
            text.push_str(&format!("\n## {pattern}\n"));
        }
        let name = self::text(&rule, "name");
        let page = pages
            .iter()
            .find(|(page, _)| page == name)
            .expect("every rule has a page");
        let sections = page::parse(&page.1).expect("a page in order");
        let prose = |title: &str| {
            let section = sections.iter().find(|one| one.title == title).expect("a page in order");
            section
                .prose
                .trim()
                .split("\n\n")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        text.push_str(&format!(
            "\n### [`{name}`](../rules/{name}.md)\n\n{}\n\n{}\n\nSet: {}. Severity at most: {}.\n",
            prose("What it does"),
            prose("Why is this bad?"),
            self::text(&rule, "set"),
            self::text(&rule, "severity"),
        ));
    }
    text
}

#[test]
fn the_list_of_rules_is_generated() {
    let path = support::root().join("docs/rules.md");
    let wanted = rules_document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).expect("docs/rules.md can be written");
    } else {
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == wanted,
            "docs/rules.md is not what the pages say: `UPDATE=1 cargo test --test documents`"
        );
    }
}

#[test]
fn the_configuration_reference_is_generated() {
    let output = tool::run(&["schema", "configuration"], support::root());
    let schema: Value = serde_json::from_slice(&output.stdout).expect("a JSON Schema");
    let path = support::root().join("docs/configuration.md");
    let document = std::fs::read_to_string(&path).expect("docs/configuration.md");
    let keys = table("key", &schema["properties"], &schema);
    let fields = table("field", &schema["$defs"]["Entry"]["properties"], &schema);
    let wanted = between(&between(&document, "keys", &keys), "call", &fields);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).expect("docs/configuration.md can be written");
    } else {
        assert!(
            document == wanted,
            "docs/configuration.md shows old keys: `UPDATE=1 cargo test --test documents`"
        );
    }
}

/// The properties of a schema as a table.
fn table(heading: &str, properties: &Value, schema: &Value) -> String {
    let mut lines = vec![
        format!("| {heading} | type | default | meaning |"),
        "|---|---|---|---|".to_owned(),
    ];
    for (name, it) in properties.as_object().expect("properties") {
        let default = match &it["default"] {
            Value::Null => String::new(),
            Value::Array(items) if items.is_empty() => String::new(),
            Value::Object(fields) if fields.is_empty() => String::new(),
            value => format!("`{value}`"),
        };
        let meaning = it["description"].as_str().expect("every key says what it means");
        let meaning = meaning.replace('|', "\\|").replace('\n', " ");
        lines.push(format!("| `{name}` | {} | {default} | {meaning} |", form(it, schema)));
    }
    lines.join("\n")
}

/// What a property holds, in words.
fn form(it: &Value, schema: &Value) -> String {
    let reference = it["$ref"].as_str().or_else(|| it["anyOf"][0]["$ref"].as_str());
    let kind = it["type"].as_str().or_else(|| it["type"][0].as_str());
    match (reference, kind) {
        (Some("#/$defs/Rules"), _) => "list of rules".to_owned(),
        (Some(reference), _) => words(&schema["$defs"][reference.trim_start_matches("#/$defs/")]),
        (None, Some("array")) if it["items"]["$ref"].is_string() => "list of tables".to_owned(),
        (None, Some("array")) => "list of strings".to_owned(),
        (None, Some("object")) => "table".to_owned(),
        (None, Some(kind)) => kind.to_owned(),
        (None, None) => "level".to_owned(),
    }
}

/// The words that one may write.
fn words(definition: &Value) -> String {
    let listed = definition["enum"].as_array().into_iter().flatten();
    let explained = definition["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["const"]);
    let words: Vec<String> = listed
        .chain(explained)
        .filter_map(Value::as_str)
        .map(|it| format!("`{it}`"))
        .collect();
    if definition["type"].as_str() == Some("object") {
        "table".to_owned()
    } else if words.is_empty() {
        "`false` or number".to_owned()
    } else {
        words.join(", ")
    }
}

/// The text with this block between its two markers.
fn between(text: &str, marker: &str, block: &str) -> String {
    let (open, close) = (format!("<!-- {marker} -->"), format!("<!-- /{marker} -->"));
    let (before, rest) = text
        .split_once(&open)
        .unwrap_or_else(|| panic!("no `{open}` in the document"));
    let (_, after) = rest
        .split_once(&close)
        .unwrap_or_else(|| panic!("no `{close}` in the document"));
    format!("{before}{open}\n{block}\n{close}{after}")
}

#[test]
fn every_path_that_is_named_exists() {
    let mut broken = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "src/lib.rs"] {
        let Ok(text) = std::fs::read_to_string(support::root().join(document)) else {
            broken.push(format!("{document} is missing"));
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            for path in named_paths(line) {
                if !support::root().join(&path).exists() {
                    broken.push(format!("{document}:{}: `{path}` does not exist", index + 1));
                }
            }
        }
    }
    hold(&broken);
}

/// Paths of this repository in a line of prose; those with a placeholder are left out.
fn named_paths(line: &str) -> Vec<String> {
    let in_path = |c: char| c.is_alphanumeric() || "_-./<>*".contains(c);
    line.split(|c| !in_path(c))
        .filter(|word| {
            ["src/", "rules/", "fixtures/", "tests/", "docs/", "bench/"]
                .iter()
                .any(|top| word.starts_with(top))
        })
        .filter(|word| !word.contains(['<', '>', '*']) && !word.contains("my_") && !word.contains("my-"))
        .map(|word| word.trim_end_matches('.').to_owned())
        .collect()
}

#[test]
fn messages_keep_the_house_style() {
    let mut broken = BTreeSet::new();
    for rule in registry() {
        style(text(&rule, "name"), "summary", text(&rule, "summary"), &mut broken);
    }
    for project in support::folders_in(&support::root().join("fixtures/projects")) {
        let folder = project.to_str().expect("a path in UTF-8");
        let low = ["--min-severity", "low", "--min-confidence", "low"];
        let arguments = [
            &["check", "--isolated", "--exit-zero", "--format", "json"],
            &low[..],
            &[folder],
        ]
        .concat();
        let output = tool::run(&arguments, support::root());
        let json: Value = serde_json::from_slice(&output.stdout).expect("`tailspike check --format json` prints JSON");
        for finding in json["findings"].as_array().expect("a list of findings") {
            for key in ["message", "why", "help"] {
                style(text(finding, "rule"), key, text(finding, key), &mut broken);
            }
        }
    }
    hold(&broken.into_iter().collect::<Vec<_>>());
}

fn style(rule: &str, key: &str, said: &str, broken: &mut BTreeSet<String>) {
    let mut problem = |what: &str| {
        broken.insert(format!("{rule}: {key} {what}: {said}"));
    };
    if said.is_empty() {
        return problem("is empty");
    }
    // A name in backticks keeps its own case, and so do the few words that are written in capitals.
    let first = said.split_whitespace().next().unwrap_or_default();
    let capitals = first.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    if said.starts_with(char::is_uppercase) && !capitals {
        problem("begins with a capital");
    }
    if said.ends_with('.') && !said.ends_with("...") {
        problem("ends with a period");
    }
    if said.contains('\n') || said.matches('`').count() % 2 == 1 {
        problem("has a line break or an open backtick");
    }
}
