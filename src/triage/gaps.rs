//! Where log lines would have told more: for each finding the pair of lines that splits its time best.

use super::Triage;
use super::found::Found;
use super::found::Subject;
use super::measures::Measures;
use super::report::Spot;
use super::report::spot;
use crate::diagnostic::Diagnostic;
use crate::project::Project;
use crate::project::order::Region;
use crate::project::steps::Step;

/// A place where a log line would have told more.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where.
    pub spot: Spot,
    /// What to log there, one sentence.
    pub text: String,
}

/// Functions that only pass on are followed this far.
const DEEPEST: usize = 6;
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
    if measures.items < FEW && matches!(found.subject, Subject::Unexplained { .. }) {
        let seconds = measures.seconds;
        if let Some(gap) = split(project, &triage.windows[longest].region, seconds) {
            return Some(gap);
        }
    }
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

/// The line that parts a silent stretch best: between the steps of its function, where there are several, else further in.
fn split(project: &Project, region: &Region, seconds: f64) -> Option<Gap> {
    let frame = region.frame?;
    let mut function = frame;
    for _ in 0..DEEPEST {
        let steps = project.steps(function, |it| {
            function != frame || region.distance(frame, it) == Some(0)
        });
        let name = spot(project, function, project.names.function(function).node).qualname;
        match steps.as_slice() {
            [] => return None,
            [only] if only.is_for_many => {
                let worker = only.inside?;
                let spot = spot(project, worker, project.names.function(worker).node);
                let text = format!(
                    "`{}` runs for each item and writes nothing: log where it begins and where it is done, with the item's id, and the {seconds:.1} s fall to the items",
                    spot.qualname
                );
                return Some(Gap { spot, text });
            }
            [only] => function = only.inside?,
            several => {
                let (before, after) = middle(several);
                let line = |it: &Step| spot(project, function, it.statement);
                let text = format!(
                    "`{name}` waits for {} things in {seconds:.1} s: log between line {} and line {}, and it shows which of them takes the time",
                    several.len(),
                    line(before).line,
                    line(after).line
                );
                return Some(Gap {
                    spot: line(after),
                    text,
                });
            }
        }
    }
    None
}

/// The two steps between which a line parts the others most evenly; what runs for many items counts for more.
fn middle(steps: &[Step]) -> (&Step, &Step) {
    /// A fan-out or a loop has few items or thousands; ten is enough for it to outweigh the single steps around it.
    const MANY: u32 = 10;
    let weight = |it: &Step| if it.is_for_many { MANY } else { 1 };
    let total: u32 = steps.iter().map(weight).sum();
    let mut before = 0;
    let uneven = steps[..steps.len() - 1].iter().enumerate().map(|(index, it)| {
        before += weight(it);
        ((2 * before).abs_diff(total), index)
    });
    let index = uneven.min().map_or(0, |it| it.1);
    (&steps[index], &steps[index + 1])
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
