//! How many attempts two retries make together, in words.

use super::retry::Limit;
use crate::diagnostic::{Diagnostic, Severity};

/// Up to so many attempts in all, the product does little harm: two by two.
const FEW: u64 = 4;

/// Few attempts in all cost little.
pub(super) fn weigh(diagnostic: &mut Diagnostic, outer: Limit, inner: Limit) {
    if let (Limit::Attempts(a), Limit::Attempts(b)) = (outer, inner)
        && a.saturating_mul(b) <= FEW
    {
        diagnostic.severity = Severity::Low;
    }
}

/// How often, in words.
pub(super) fn times(limit: Limit) -> String {
    match limit {
        Limit::Attempts(n) => plural(n, "time", "times"),
        Limit::Never => "for ever".to_owned(),
        Limit::Bounded | Limit::Unknown => "several times".to_owned(),
    }
}

/// What the attempts multiply to, in words.
pub(super) fn product(outer: Limit, inner: Limit) -> String {
    match (outer, inner) {
        (Limit::Never, _) | (_, Limit::Never) => "requests without end".to_owned(),
        (Limit::Attempts(a), Limit::Attempts(b)) => format!("up to {} requests", a.saturating_mul(b)),
        (Limit::Attempts(n), _) | (_, Limit::Attempts(n)) => format!("{n} times as many requests"),
        _ => "the attempts multiply".to_owned(),
    }
}

/// A number and its noun.
pub(super) fn plural(n: u64, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        _ => format!("{n} {many}"),
    }
}
