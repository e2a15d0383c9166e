//! Configuration as people write it, right and wrong.

use super::*;
use crate::catalog::Blocks;
use crate::diagnostic::Pattern;
use crate::diagnostic::RuleSet;

static HTTP: RuleInfo = info("blocking-http-call", Pattern::LoopBlocker, RuleSet::Default);
static SLEEP: RuleInfo = info("blocking-sleep", Pattern::LoopBlocker, RuleSet::Default);
static FAN_OUT: RuleInfo = info("unbounded-fan-out", Pattern::UnboundedConcurrency, RuleSet::Default);
static SEQUENTIAL: RuleInfo = info("sequential-awaits", Pattern::SerializedAwaits, RuleSet::Pedantic);
static RULES: [&RuleInfo; 4] = [&HTTP, &SLEEP, &FAN_OUT, &SEQUENTIAL];

const fn info(name: &'static str, pattern: Pattern, set: RuleSet) -> RuleInfo {
    RuleInfo {
        name,
        summary: "",
        pattern,
        severity: Severity::High,
        set,
        subsumes: &[],
        page: "",
    }
}

fn config(text: &str, overrides: &Overrides) -> Result<Config, ConfigError> {
    let settings = file::parse("tailspike.toml", text, false, &RULES)?;
    Config::merge(settings, None, overrides, &RULES)
}

fn on(text: &str, overrides: &Overrides) -> Vec<&'static str> {
    let config = config(text, overrides).expect("valid");
    RULES
        .iter()
        .filter(|rule| config.enabled(rule))
        .map(|rule| rule.name)
        .collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn error(text: &str) -> String {
    config(text, &Overrides::default()).expect_err("a mistake").to_string()
}

#[test]
fn the_default_set_is_on_and_pedantic_rules_are_asked_for() {
    let none = Overrides::default();
    assert_eq!(
        on("", &none),
        ["blocking-http-call", "blocking-sleep", "unbounded-fan-out"]
    );
    assert_eq!(on("pedantic = true", &none).len(), 4);
    assert_eq!(on("extend-select = ['sequential-awaits']", &none).len(), 4);
}

#[test]
fn rules_are_selected_by_name_pattern_and_glob() {
    let none = Overrides::default();
    assert_eq!(
        on("select = ['loop-blocker']", &none),
        ["blocking-http-call", "blocking-sleep"]
    );
    assert_eq!(on("select = ['*fan*']", &none), ["unbounded-fan-out"]);
    assert_eq!(on("ignore = ['blocking-*']", &none), ["unbounded-fan-out"]);
    assert_eq!(
        on("select = ['loop-*']", &none),
        ["blocking-http-call", "blocking-sleep"]
    );
}

#[test]
fn the_command_line_selects_what_the_file_ignores() {
    let overrides = Overrides {
        select: words(&["blocking-*"]),
        ignore: words(&["blocking-sleep"]),
        ..Overrides::default()
    };
    assert_eq!(
        on("ignore = ['blocking-http-call']", &overrides),
        ["blocking-http-call"]
    );
}

#[test]
fn unknown_keys_are_shown_where_they_stand() {
    insta::assert_snapshot!(error("select = ['blocking-sleep']\nper-file-ignore = {}\n"), @r"
    error: unknown key `per-file-ignore`
      ┌─ tailspike.toml:2:1
      │
    2 │ per-file-ignore = {}
      │ ^^^^^^^^^^^^^^^
      │
      = did you mean `per-file-ignores`?
    ");
}

#[test]
fn unknown_rules_are_shown_where_they_stand() {
    insta::assert_snapshot!(error("select = [\n  'blocking-sleep',\n  'blocking-htp-call',\n]\n"), @r"
    error: there is no rule or pattern `blocking-htp-call`
      ┌─ tailspike.toml:3:3
      │
    3 │   'blocking-htp-call',
      │   ^^^^^^^^^^^^^^^^^^^
      │
      = did you mean `blocking-http-call`?
    ");
}

#[test]
fn wrong_types_levels_and_syntax_are_shown_where_they_stand() {
    insta::assert_snapshot!(error("pedantic = 'yes'"), @r"
    error: expected `true` or `false`, found string
      ┌─ tailspike.toml:1:12
      │
    1 │ pedantic = 'yes'
      │            ^^^^^
      │
      = `docs/configuration.md` shows every key
    ");
    insta::assert_snapshot!(error("min-severity = 'hihg'"), @r"
    error: `hihg` is not a level
      ┌─ tailspike.toml:1:16
      │
    1 │ min-severity = 'hihg'
      │                ^^^^^^
      │
      = the levels are `low`, `medium`, `high`
    ");
    insta::assert_snapshot!(error("select = [\n"), @r"
    error: unclosed array, expected `]`
      ┌─ tailspike.toml:1:11
      │
    1 │ select = [
      │           ^
      │
      = correct the TOML at this place
    ");
    insta::assert_snapshot!(error("exclude = ['a[']\n"), @r"
    error: `a[` is not a path pattern: unclosed character class; missing ']'
      ┌─ tailspike.toml:1:12
      │
    1 │ exclude = ['a[']
      │            ^^^^
      │
      = escape brackets or correct the pattern
    ");
}

#[test]
fn calls_use_the_fields_of_the_catalog() {
    let text = "[[call]]\nname = 'mylib.fetch'\nblocks = 'http'\ninstead = 'mylib.afetch'\n";
    let config = config(text, &Overrides::default()).expect("valid");
    assert_eq!(config.calls[0].name.as_deref(), Some("mylib.fetch"));
    assert_eq!(config.calls[0].blocks, Some(Blocks::Http));
    insta::assert_snapshot!(error("[[call]]\nname = 'f'\nblock = 'http'\n"), @r"
    error: unknown key `block`
      ┌─ tailspike.toml:3:1
      │
    3 │ block = 'http'
      │ ^^^^^
      │
      = did you mean `blocks`?
    ");
    insta::assert_snapshot!(error("[[call]]\nname = 'f'\nblocks = 'htp'\n"), @r"
    error: unknown value `htp`
      ┌─ tailspike.toml:3:10
      │
    3 │ blocks = 'htp'
      │          ^^^^^
      │
      = did you mean `http`?
    ");
    insta::assert_snapshot!(error("[[call]]\nblocks = 'http'\n"), @r#"
    error: this call has no name
      ┌─ tailspike.toml:1:1
      │
    1 │ [[call]]
      │ ^^^^^^^^
      │
      = add `name = "package.function"`
    "#);
}

#[test]
fn a_rule_gets_the_severity_that_the_project_gives_it_and_its_own_name_wins() {
    let text = "severity = { 'loop-blocker' = 'low', 'blocking-sleep' = 'high' }\n";
    let config = config(text, &Overrides::default()).expect("valid");
    assert_eq!(config.severity("blocking-http-call"), Some(Severity::Low));
    assert_eq!(config.severity("blocking-sleep"), Some(Severity::High));
    assert_eq!(config.severity("unbounded-fan-out"), None);
    assert!(error("severity = { 'blocking-slep' = 'low' }\n").contains("did you mean `blocking-sleep`?"));
    assert!(error("severity = { 'blocking-sleep' = 'huge' }\n").contains("the levels are"));
}

#[test]
fn per_file_ignores_match_paths_from_the_root() {
    let config = config(
        "[per-file-ignores]\n'scripts/*' = ['loop-blocker']\n",
        &Overrides::default(),
    )
    .expect("valid");
    assert!(config.ignores("blocking-sleep", "scripts/a.py"));
    assert!(!config.ignores("blocking-sleep", "pkg/scripts/a.py"));
    assert!(!config.ignores("unbounded-fan-out", "scripts/a.py"));
}

#[test]
fn pyproject_gives_the_section_and_the_oldest_python() {
    let text = "[project]\nrequires-python = '>=3.9,<4'\n[tool.tailspike]\nmin-severity = 'low'\n[tool.ruff]\nx = 1\n";
    let settings = file::parse("pyproject.toml", text, true, &RULES).expect("valid");
    assert_eq!(settings.python, Some((3, 9)));
    assert_eq!(settings.min_severity, Some(Severity::Low));
}
