//! `# noqa` comments of other linters that accept the same thing: which code means which rules.

use crate::facts::IgnoreComment;

/// Codes of ruff and flake8-async beside the rules that report the same, see
/// <https://docs.astral.sh/ruff/rules/#flake8-async-async>. A code that fits several rules accepts them all.
const CODES: [(&str, &[&str]); 13] = [
    ("ASYNC103", &["swallowed-cancellation"]),
    ("ASYNC104", &["swallowed-cancellation"]),
    ("ASYNC210", &["blocking-http-call"]),
    ("ASYNC211", &["blocking-http-call"]),
    ("ASYNC212", &["blocking-http-call"]),
    ("ASYNC220", &["blocking-subprocess"]),
    ("ASYNC221", &["blocking-subprocess"]),
    ("ASYNC222", &["blocking-subprocess", "blocking-wait"]),
    ("ASYNC230", &["blocking-file-io"]),
    ("ASYNC240", &["blocking-file-io"]),
    ("ASYNC250", &["blocking-wait"]),
    ("ASYNC251", &["blocking-sleep"]),
    ("RUF006", &["dangling-task"]),
];

/// Turns the codes of `# noqa` comments into rules where they are to be obeyed, and forgets these comments otherwise.
pub fn settle(comments: &mut Vec<IgnoreComment>, obeyed: bool) {
    for comment in comments.iter_mut().filter(|it| it.noqa) {
        let rules = comment.rules.iter().flat_map(|code| meant(code));
        comment.rules = rules.map(|rule| (*rule).to_owned()).collect();
    }
    comments.retain(|it| !it.noqa || (obeyed && !it.rules.is_empty()));
}

fn meant(code: &str) -> &'static [&'static str] {
    let known = CODES.iter().find(|(name, _)| *name == code);
    known.map_or(&[], |(_, rules)| *rules)
}
