//! Which rules are meant: by name, by pattern, by a name with `*`.

use super::ConfigError;
use super::suggest::nearest;
use crate::diagnostic::Pattern;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::RuleSet;
use crate::diagnostic::UNUSED_IGNORE;
use globset::Glob;
use std::collections::BTreeSet;

/// Rule names, in order.
pub type Names = BTreeSet<&'static str>;

/// The rules that one word of a selection means.
pub(super) fn resolve(word: &str, rules: &[&'static RuleInfo]) -> Result<Names, ConfigError> {
    let names: Names = if word.contains(['*', '?', '[', '{']) {
        let matcher = Glob::new(word)
            .map_err(|error| {
                ConfigError::new(
                    format!("`{word}` is not a pattern of rule names"),
                    error.kind().to_string(),
                )
            })?
            .compile_matcher();
        let by_pattern = rules.iter().filter(|rule| matcher.is_match(rule.pattern.name()));
        all(rules)
            .filter(|name| matcher.is_match(name))
            .chain(by_pattern.map(|rule| rule.name))
            .collect()
    } else {
        rules
            .iter()
            .filter(|rule| rule.name == word || rule.pattern.name() == word)
            .map(|rule| rule.name)
            .chain((word == UNUSED_IGNORE).then_some(UNUSED_IGNORE))
            .collect()
    };
    // A pattern none of whose rules exists yet is no mistake of the user's.
    if names.is_empty() && Pattern::ALL.iter().all(|pattern| pattern.name() != word) {
        return Err(unknown(word, rules));
    }
    Ok(names)
}

fn all(rules: &[&'static RuleInfo]) -> impl Iterator<Item = &'static str> {
    rules.iter().map(|rule| rule.name).chain([UNUSED_IGNORE])
}

fn unknown(word: &str, rules: &[&'static RuleInfo]) -> ConfigError {
    let patterns = Pattern::ALL.iter().map(|pattern| pattern.name());
    let help = match nearest(word, all(rules).chain(patterns)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`tailspike rules` lists the rules and patterns".to_owned(),
    };
    ConfigError::new(format!("there is no rule or pattern `{word}`"), help)
}

/// The rules that run when nothing is selected.
pub(super) fn default_set(rules: &[&'static RuleInfo], pedantic: bool) -> Names {
    rules
        .iter()
        .filter(|rule| pedantic || rule.set == RuleSet::Default)
        .map(|rule| rule.name)
        .chain([UNUSED_IGNORE])
        .collect()
}
