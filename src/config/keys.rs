//! Every key of the configuration: its form, its default, what it means. Documentation and schema are made of this.

use super::{CONFIDENCES, SEVERITIES};
use crate::catalog::Entry;
use crate::diagnostic::Pattern;
use crate::diagnostic::RuleInfo;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Rules,
    Boolean,
    Level,
    Patterns,
    PerFile,
    Folders,
    Path,
    Integer,
    Calls,
    Severities,
}

/// A key of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    form: Form,
    /// As it would be written; `None` where the key is absent by default.
    default: Option<&'static str>,
    meaning: &'static str,
}

const fn key(name: &'static str, form: Form, default: Option<&'static str>, meaning: &'static str) -> Key {
    Key {
        name,
        form,
        default,
        meaning,
    }
}

/// The keys in the order of the documentation.
pub(super) const KEYS: [Key; 16] = [
    key(
        "select",
        Form::Rules,
        None,
        "run only these, instead of the default rules",
    ),
    key("extend-select", Form::Rules, None, "run these as well"),
    key("ignore", Form::Rules, None, "run all but these"),
    key(
        "pedantic",
        Form::Boolean,
        Some("false"),
        "run the pedantic rules, and count calls that take microseconds",
    ),
    key(
        "min-severity",
        Form::Level,
        Some("medium"),
        "show what costs at least this",
    ),
    key(
        "min-confidence",
        Form::Level,
        Some("medium"),
        "show what is at least this sure",
    ),
    key(
        "fail-on",
        Form::Level,
        Some("medium"),
        "exit with 1 for what costs at least this",
    ),
    key(
        "per-file-ignores",
        Form::PerFile,
        None,
        "path pattern to a list of rules",
    ),
    key(
        "exclude",
        Form::Patterns,
        None,
        "files and folders that are not read, besides those left out by default",
    ),
    key(
        "respect-gitignore",
        Form::Boolean,
        Some("true"),
        "do not read what git ignores",
    ),
    key(
        "src",
        Form::Folders,
        None,
        "further import roots, relative to the project root",
    ),
    key(
        "baseline",
        Form::Path,
        None,
        "accepted findings, relative to the configuration file",
    ),
    key(
        "jobs",
        Form::Integer,
        None,
        "threads; all of the machine's where absent",
    ),
    key(
        "noqa",
        Form::Boolean,
        Some("false"),
        "also obey `# noqa` comments that name a code of the same meaning (ASYNC210, RUF006, ...)",
    ),
    key(
        "severity",
        Form::Severities,
        None,
        "rule to the level that all its findings get",
    ),
    key("call", Form::Calls, None, "what your own functions do, see below"),
];

/// The names of all keys, for a message.
pub(super) fn listed() -> String {
    KEYS.map(|key| format!("`{}`", key.name)).join(", ")
}

/// The JSON Schema of `tailspike.toml` and of `[tool.tailspike]`, for editors that complete and check TOML.
#[must_use]
pub fn schema(rules: &[&'static RuleInfo]) -> Schema {
    let mut generator = SchemaGenerator::default();
    let call = generator.subschema_for::<Entry>();
    let mut properties = serde_json::Map::new();
    for key in KEYS {
        let mut it = form(key.form, &call);
        it["description"] = json!(key.meaning);
        if let Some(default) = key.default {
            it["default"] = serde_json::from_str(default).unwrap_or_else(|_| json!(default));
        }
        properties.insert(key.name.to_owned(), it);
    }
    let mut definitions = generator.take_definitions(true);
    definitions.insert("Rule".to_owned(), rule(rules));
    definitions.insert(
        "Rules".to_owned(),
        json!({"type": "array", "items": {"$ref": "#/$defs/Rule"}}),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tailspike configuration",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions,
    })
    .try_into()
    .unwrap_or_default()
}

/// The name of a rule or a pattern, or a name with `*`.
fn rule(rules: &[&'static RuleInfo]) -> Value {
    let names: Vec<&str> = rules
        .iter()
        .map(|rule| rule.name)
        .chain(Pattern::ALL.map(Pattern::name))
        .collect();
    json!({
        "description": "the name of a rule, the name of a pattern (all its rules), or a name with `*`",
        "anyOf": [{"enum": names}, {"type": "string", "pattern": r"\*"}],
    })
}

fn form(form: Form, call: &Schema) -> Value {
    let levels: Vec<&str> = SEVERITIES.iter().map(|(word, _)| *word).collect();
    debug_assert!(CONFIDENCES.iter().all(|(word, _)| levels.contains(word)));
    let list = || json!({"type": "array", "items": {"type": "string"}});
    match form {
        Form::Rules => json!({"$ref": "#/$defs/Rules"}),
        Form::Boolean => json!({"type": "boolean"}),
        Form::Level => json!({"enum": levels}),
        Form::Patterns | Form::Folders => list(),
        Form::PerFile => json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/Rules"}}),
        Form::Severities => json!({
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/Rule"},
            "additionalProperties": {"enum": levels},
        }),
        Form::Path => json!({"type": "string"}),
        Form::Integer => json!({"type": "integer", "minimum": 0}),
        Form::Calls => json!({"type": "array", "items": call}),
    }
}
