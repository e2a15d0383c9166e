//! Whose code ran while nothing was written: every pause belongs to the stretch of code that the line after it ends.
//!
//! A held loop writes nothing, and the first to write again is most often the one that held it. So the code between a
//! log call and the log call before it in the same function is blamed for the pauses before its lines.

use super::events::Run;
use super::windows::Window;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::Project;
use crate::project::order::Order;
use crate::project::order::Region;
use crate::project::order::Rounds;
use rustc_hash::FxHashMap;

/// So many stretches of code are told apart, those with most time first; the rest of the time is nobody's.
const MOST_STRETCHES: usize = 6;

/// The same stretch of code is run again and again.
const ANY: Rounds = Rounds {
    after: true,
    before: true,
};

/// The pauses of some windows, by the code that can have run in them.
#[derive(Default)]
pub struct Blame {
    stretches: Vec<(Region, f64)>,
    /// The share of time that ends with a line of the main line, or with a rare one: everybody's.
    open: f64,
}

/// A log call.
type Place = (FnId, NodeId);

impl Blame {
    /// Shares out the time of some windows of the same code.
    #[must_use]
    pub fn new(run: &Run, project: &Project, order: &Order<'_>, windows: &[&Window]) -> Self {
        let mut pauses: FxHashMap<Place, f64> = FxHashMap::default();
        let mut total = 0.0;
        for window in windows {
            total += window.seconds();
            let mut last = window.start;
            for event in &run.events[window.inside.clone()] {
                // What only ticks is the first to write after a pause, and has not filled it. A bar belongs to where it is
                // made, and others move it on.
                if !run.tickers.contains(&event.function) && !event.bar {
                    *pauses.entry((event.function, event.node)).or_default() += (event.time - last).max(0.0);
                }
                last = last.max(event.time);
            }
        }
        if total <= 0.0 {
            return Self::default();
        }
        let mut sorted: Vec<(Place, f64)> = pauses.iter().map(|it| (*it.0, *it.1)).collect();
        sorted.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        sorted.truncate(MOST_STRETCHES);
        let known: f64 = sorted.iter().map(|it| it.1).sum();
        let stretch = |(end, seconds): (Place, f64)| {
            let region = match project.line_before(end, pauses.keys().copied()) {
                Some(start) => order.between((end.0, start), end, ANY),
                None => order.in_item(end),
            };
            (region, seconds / total)
        };
        Self {
            stretches: sorted.into_iter().map(stretch).collect(),
            open: 1.0 - known / total,
        }
    }

    /// The share of the time in which a place can have run.
    #[must_use]
    pub fn share(&self, function: FnId, node: NodeId) -> f64 {
        let ran = |it: &&(Region, f64)| it.0.distance(function, node).is_some();
        self.open + self.stretches.iter().filter(ran).map(|it| it.1).sum::<f64>()
    }
}
