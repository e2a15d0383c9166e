//! Reading `tailspike.toml` and `[tool.tailspike]`: every key by hand, so that every mistake has its place.

use super::keys::{self, KEYS};
use super::suggest::nearest;
use super::{ConfigError, select};
use crate::catalog::Entry;
use crate::diagnostic::Confidence;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::Severity;
use crate::source::PathGlobs;
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// What a file sets; absent keys are `None` or empty.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) select: Option<select::Names>,
    pub(super) ignore: select::Names,
    pub(super) extend_select: select::Names,
    pub(super) exclude: PathGlobs,
    pub(super) per_file_ignores: Vec<(PathGlobs, select::Names)>,
    pub(super) src: Vec<String>,
    pub(super) min_severity: Option<Severity>,
    pub(super) min_confidence: Option<Confidence>,
    pub(super) fail_on: Option<Severity>,
    pub(super) pedantic: bool,
    pub(super) noqa: bool,
    pub(super) severities: Vec<(select::Names, Severity)>,
    pub(super) respect_gitignore: Option<bool>,
    pub(super) baseline: Option<PathBuf>,
    pub(super) jobs: Option<usize>,
    pub(super) calls: Vec<Entry>,
    pub(super) python: Option<(u8, u8)>,
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Reads the settings out of a file's text; in a `pyproject.toml` they stand under `[tool.tailspike]`.
pub(super) fn parse(
    path: &str,
    text: &str,
    is_pyproject: bool,
    rules: &[&'static RuleInfo],
) -> Result<Settings, ConfigError> {
    let reader = Reader { path, text, rules };
    let document = DeTable::parse(text).map_err(|error| reader.syntax(&error))?;
    let document = document.get_ref();
    let mut settings = Settings::default();
    if !is_pyproject {
        reader.table(document, &mut settings)?;
        return Ok(settings);
    }
    settings.python = lookup(document, &["project", "requires-python"])
        .and_then(|value| value.get_ref().as_str())
        .and_then(oldest_python);
    if let Some(section) = lookup(document, &["tool", "tailspike"]) {
        let table = section
            .get_ref()
            .as_table()
            .ok_or_else(|| reader.wrong(section, "a table"))?;
        reader.table(table, &mut settings)?;
    }
    Ok(settings)
}

fn lookup<'t, 'a>(table: &'t DeTable<'a>, keys: &[&str]) -> Option<&'t Value<'a>> {
    let (first, rest) = keys.split_first()?;
    let value = table.iter().find(|(key, _)| key.get_ref() == first)?.1;
    if rest.is_empty() {
        Some(value)
    } else {
        lookup(value.get_ref().as_table()?, rest)
    }
}

/// The oldest Python that `requires-python` allows: `>=3.10,<4` gives 3.10.
fn oldest_python(requirement: &str) -> Option<(u8, u8)> {
    requirement.split(',').find_map(|clause| {
        let clause = clause.trim();
        let version = [">=", "~=", "==", ">"].iter().find_map(|op| clause.strip_prefix(op))?;
        let mut numbers = version.trim().split('.').map(|part| part.parse::<u8>().ok());
        Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
    })
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    rules: &'a [&'static RuleInfo],
}

impl Reader<'_> {
    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        ConfigError::new(error.message(), "correct the TOML at this place").at(self.path, self.text, span)
    }

    fn wrong(&self, value: &Value<'_>, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        ConfigError::new(
            format!("expected {expected}, found {found}"),
            "`docs/configuration.md` shows every key",
        )
        .at(self.path, self.text, value.span())
    }

    fn table(&self, table: &DeTable<'_>, settings: &mut Settings) -> Result<(), ConfigError> {
        for (key, value) in table {
            self.key(key, value, settings)?;
        }
        Ok(())
    }

    fn key(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        to: &mut Settings,
    ) -> Result<(), ConfigError> {
        match key.get_ref().as_ref() {
            "select" => to.select = Some(self.rules(value)?),
            "ignore" => to.ignore = self.rules(value)?,
            "extend-select" => to.extend_select = self.rules(value)?,
            "exclude" => to.exclude = self.globs(&self.strings(value)?, value)?,
            "per-file-ignores" => to.per_file_ignores = self.per_file(value)?,
            "src" => to.src = self.strings(value)?.into_iter().map(|(text, _)| text).collect(),
            "min-severity" => to.min_severity = Some(self.word(value, &super::SEVERITIES)?),
            "min-confidence" => to.min_confidence = Some(self.word(value, &super::CONFIDENCES)?),
            "fail-on" => to.fail_on = Some(self.word(value, &super::SEVERITIES)?),
            "pedantic" => to.pedantic = self.boolean(value)?,
            "noqa" => to.noqa = self.boolean(value)?,
            "severity" => to.severities = self.severities(value)?,
            "respect-gitignore" => to.respect_gitignore = Some(self.boolean(value)?),
            "baseline" => to.baseline = Some(PathBuf::from(self.string(value)?)),
            "jobs" => to.jobs = Some(self.number(value)?),
            "call" => to.calls = self.calls(value)?,
            unknown => {
                let help = match nearest(unknown, KEYS.iter().map(|key| key.name)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the keys are {}", keys::listed()),
                };
                return Err(ConfigError::new(format!("unknown key `{unknown}`"), help).at(
                    self.path,
                    self.text,
                    key.span(),
                ));
            }
        }
        Ok(())
    }

    fn string(&self, value: &Value<'_>) -> Result<String, ConfigError> {
        value
            .get_ref()
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(value, "a string"))
    }

    fn boolean(&self, value: &Value<'_>) -> Result<bool, ConfigError> {
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong(value, "`true` or `false`"))
    }

    fn number(&self, value: &Value<'_>) -> Result<usize, ConfigError> {
        value
            .get_ref()
            .as_integer()
            .and_then(|number| usize::from_str_radix(number.as_str(), number.radix()).ok())
            .ok_or_else(|| self.wrong(value, "a number of threads"))
    }

    fn strings(&self, value: &Value<'_>) -> Result<Vec<(String, std::ops::Range<usize>)>, ConfigError> {
        let items = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(value, "a list of strings"))?;
        items.iter().map(|item| Ok((self.string(item)?, item.span()))).collect()
    }

    fn rules(&self, value: &Value<'_>) -> Result<select::Names, ConfigError> {
        let mut names = select::Names::new();
        for (word, span) in self.strings(value)? {
            let meant =
                select::resolve(&word, self.rules).map_err(|error| error.at(self.path, self.text, span.clone()))?;
            names.extend(meant);
        }
        Ok(names)
    }

    fn globs(
        &self,
        patterns: &[(String, std::ops::Range<usize>)],
        value: &Value<'_>,
    ) -> Result<PathGlobs, ConfigError> {
        let words: Vec<&str> = patterns.iter().map(|(pattern, _)| pattern.as_str()).collect();
        PathGlobs::new(&words).map_err(|error| {
            let span = patterns
                .iter()
                .find(|(pattern, _)| *pattern == error.pattern)
                .map_or_else(|| value.span(), |(_, span)| span.clone());
            ConfigError::new(error.to_string(), "escape brackets or correct the pattern").at(self.path, self.text, span)
        })
    }

    fn per_file(&self, value: &Value<'_>) -> Result<Vec<(PathGlobs, select::Names)>, ConfigError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value, "a table from path patterns to rules"))?;
        table
            .iter()
            .map(|(pattern, rules)| {
                let patterns = [(pattern.get_ref().to_string(), pattern.span())];
                Ok((self.globs(&patterns, value)?, self.rules(rules)?))
            })
            .collect()
    }

    fn severities(&self, value: &Value<'_>) -> Result<Vec<(select::Names, Severity)>, ConfigError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value, "a table from rules to levels"))?;
        table
            .iter()
            .map(|(rule, level)| {
                let names = select::resolve(rule.get_ref(), self.rules)
                    .map_err(|error| error.at(self.path, self.text, rule.span()))?;
                Ok((names, self.word(level, &super::SEVERITIES)?))
            })
            .collect()
    }

    fn word<T: Copy>(&self, value: &Value<'_>, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.string(value)?;
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| {
                let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                ConfigError::new(
                    format!("`{text}` is not a level"),
                    format!("the levels are {}", known.join(", ")),
                )
                .at(self.path, self.text, value.span())
            })
    }

    fn calls(&self, value: &Value<'_>) -> Result<Vec<Entry>, ConfigError> {
        let items = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(value, "`[[tool.tailspike.call]]` tables"))?;
        items.iter().map(|item| self.call(item)).collect()
    }

    fn call(&self, item: &Value<'_>) -> Result<Entry, ConfigError> {
        let entry = Entry::deserialize(ValueDeserializer::from(item.clone())).map_err(|error| {
            let (message, help) = explain(error.message());
            ConfigError::new(message, help).at(self.path, self.text, error.span().unwrap_or_else(|| item.span()))
        })?;
        if entry.name.is_none() && entry.names.is_empty() {
            return Err(
                ConfigError::new("this call has no name", "add `name = \"package.function\"`").at(
                    self.path,
                    self.text,
                    item.span(),
                ),
            );
        }
        Ok(entry)
    }
}

/// Shortens serde's message about an unknown word and suggests the nearest of those it lists.
fn explain(message: &str) -> (String, String) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (quoted.next(), message.split_once(", expected")) {
        (Some(word), Some((short, _))) => {
            let known: Vec<&str> = quoted.collect();
            let help = match nearest(word, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "known are {}",
                    known
                        .iter()
                        .map(|word| format!("`{word}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            (short.replace("field", "key").replace("variant", "value"), help)
        }
        _ => (
            message.to_owned(),
            "`docs/configuration.md` shows every key of a call".to_owned(),
        ),
    }
}
