//! Where log lines would have told more: for each finding the pair of lines that splits its time best.

use super::Triage;
use super::found::Found;
use super::found::Subject;
use super::measures::Measures;
use super::report::Spot;
use super::report::spot;
use crate::diagnostic::Diagnostic;
use crate::project::Project;

/// A place where a log line would have told more.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where.
    pub spot: Spot,
    /// What to log there, one sentence.
    pub text: String,
}

/// More advice is not followed.
const MOST: usize = 4;
/// Fewer lines than this leave a stretch without a shape.
const FEW: usize = 5;

/// Where to log more, for the costliest findings first.
#[must_use]
pub fn gaps(triage: &Triage, project: &Project, diagnostics: &[Diagnostic]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for found in &triage.found {
        let Some(gap) = gap(triage, project, diagnostics, found) else {
            continue;
        };
        if gaps.len() < MOST && !gaps.iter().any(|it| it.spot == gap.spot) {
            gaps.push(gap);
        }
    }
    gaps
}

fn gap(triage: &Triage, project: &Project, diagnostics: &[Diagnostic], found: &Found) -> Option<Gap> {
    let longest = found.windows[0];
    let measures = busiest(triage, longest);
    let cause = match &found.subject {
        Subject::Diagnostic(index) => of(&diagnostics[*index]),
        Subject::Unexplained { function, node } => spot(project, *function, *node),
    };
    // The lines of the items stand where the items are, and that is often not where the defect is.
    let own = || {
        let inside = &triage.run.events[triage.windows[longest].inside.clone()];
        let mut items = inside.iter().filter(|it| Some(it.function) == measures.function);
        items.next_back().map(|it| spot(project, it.function, it.node))
    };
    if measures.items < FEW {
        let text = format!(
            "`{}` writes nothing for {:.1} s: log before and after this line, with the item's id",
            cause.qualname, measures.seconds
        );
        return Some(Gap { spot: cause, text });
    }
    let line = own().unwrap_or_else(|| cause.clone());
    let text = if measures.vague {
        format!(
            "the lines of `{}` have no time: give them one, with milliseconds",
            line.qualname
        )
    } else if measures.width > 0 || measures.held > 0.0 {
        return within(cause, measures);
    } else if cause.qualname == line.qualname && cause.line < line.line {
        format!(
            "`{}` tells only that an item is done: log before line {} too, with the item's id, and waiting and working can be told apart",
            line.qualname, cause.line
        )
    } else {
        format!(
            "`{}` tells only that an item is done: log that it begins too, with its id, and how many are in flight can be seen",
            line.qualname
        )
    };
    Some(Gap { spot: line, text })
}

/// Starts and ends are known; what is left is to part the time between them. A held loop needs no more.
fn within(cause: Spot, it: &Measures) -> Option<Gap> {
    let text = format!(
        "starts and ends are logged, and `{}` lies between them: log when its limiter, lock or connection was got, and waiting and working can be told apart",
        cause.qualname
    );
    (it.held <= 0.0).then_some(Gap { spot: cause, text })
}

/// The measures of the function that wrote most lines.
fn busiest(triage: &Triage, window: usize) -> &Measures {
    &triage.measures[window][0]
}

fn of(it: &Diagnostic) -> Spot {
    Spot {
        file: it.location.file,
        line: it.location.line,
        qualname: it.qualname.clone(),
        module: it.module.clone(),
    }
}
