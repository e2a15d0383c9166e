//! Ignore comments that stop nothing: stale, misspelt, or naming no rule.

use crate::diagnostic::Confidence;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Exposure;
use crate::diagnostic::Pattern;
use crate::diagnostic::RuleInfo;
use crate::diagnostic::RuleSet;
use crate::diagnostic::Severity;
use crate::diagnostic::UNUSED_IGNORE;
use crate::facts::IgnoreComment;
use crate::source::FileId;
use crate::source::Location;

/// Stands in for a rule in findings; it is not in the registry. Severity low: a stale comment costs nothing today.
pub static RULE: RuleInfo = RuleInfo {
    name: UNUSED_IGNORE,
    summary: "an ignore comment that stops no finding",
    pattern: Pattern::LostWork,
    severity: Severity::Low,
    set: RuleSet::Default,
    subsumes: &[],
    page: "",
};

/// The findings about the comments of one file.
///
/// `used` is parallel to `comments`. `known` are the names of all rules; a comment whose rules did not all run
/// (`ran` says which did) may be of use in another run and is left alone.
pub fn unused(
    file: FileId,
    comments: &[IgnoreComment],
    used: &[bool],
    known: &[&'static RuleInfo],
    ran: impl Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    comments
        .iter()
        .zip(used)
        .filter(|(comment, _)| !comment.noqa)
        .filter(|(comment, used)| !**used || misspelt(comment, known).is_some())
        .filter_map(|(comment, _)| {
            let (message, help) = complaint(comment, known, &ran)?;
            Some(finding(file, comment, message, help))
        })
        .collect()
}

fn misspelt<'a>(comment: &'a IgnoreComment, known: &[&'static RuleInfo]) -> Option<&'a str> {
    comment
        .rules
        .iter()
        .map(String::as_str)
        .find(|name| *name != UNUSED_IGNORE && !is_known(name, known))
}

fn is_known(name: &str, known: &[&'static RuleInfo]) -> bool {
    known.iter().any(|rule| rule.name == name)
}

fn complaint(
    comment: &IgnoreComment,
    known: &[&'static RuleInfo],
    ran: &impl Fn(&str) -> bool,
) -> Option<(String, String)> {
    if comment.rules.is_empty() {
        return Some((
            "this ignore comment names no rule, so it stops nothing".to_owned(),
            "name the rule: `# tailspike: ignore[rule] reason`".to_owned(),
        ));
    }
    if let Some(name) = misspelt(comment, known) {
        return Some((
            format!("there is no rule `{name}`, so this ignore comment does not stop it"),
            "correct the name; `tailspike rules` lists them".to_owned(),
        ));
    }
    let all_ran = comment.rules.iter().all(|name| ran(name));
    let word = if comment.whole_file { "ignore-file" } else { "ignore" };
    all_ran.then(|| {
        (
            format!("`{word}[{}]` stops no finding", comment.rules.join(", ")),
            "remove the comment".to_owned(),
        )
    })
}

fn finding(file: FileId, comment: &IgnoreComment, message: String, help: String) -> Diagnostic {
    Diagnostic {
        rule: &RULE,
        location: Location {
            file,
            start: comment.span.start,
            end: comment.span.end,
            line: comment.line,
        },
        module: String::new(),
        qualname: "<module>".to_owned(),
        message,
        why: "a stale comment hides the next real finding at its place".to_owned(),
        help,
        labels: Vec::new(),
        witness: Vec::new(),
        group: String::new(),
        severity: Severity::Low,
        confidence: Confidence::High,
        exposure: Exposure::Solitary,
        anchor: comment.rules.join(","),
        fix: None,
        accepted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Span;

    static SLEEP: RuleInfo = RuleInfo {
        name: "blocking-sleep",
        pattern: Pattern::LoopBlocker,
        ..RULE
    };

    fn comment(rules: &[&str]) -> IgnoreComment {
        IgnoreComment {
            span: Span { start: 0, end: 5 },
            line: 1,
            covers: (1, 1),
            rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
            whole_file: false,
            noqa: false,
        }
    }

    fn messages(rules: &[&str], used: bool, ran: bool) -> Vec<String> {
        unused(FileId(0), &[comment(rules)], &[used], &[&SLEEP], |_| ran)
            .into_iter()
            .map(|it| it.message)
            .collect()
    }

    #[test]
    fn stale_misspelt_and_empty_comments_are_found() {
        assert_eq!(
            messages(&["blocking-sleep"], false, true),
            ["`ignore[blocking-sleep]` stops no finding"]
        );
        assert_eq!(
            messages(&["blocking-slep"], false, true),
            ["there is no rule `blocking-slep`, so this ignore comment does not stop it"]
        );
        assert_eq!(messages(&[], false, true).len(), 1);
    }

    #[test]
    fn used_comments_and_those_of_rules_that_did_not_run_are_left_alone() {
        assert_eq!(messages(&["blocking-sleep"], true, true), [""; 0]);
        assert_eq!(messages(&["blocking-sleep"], false, false), [""; 0]);
    }
}
