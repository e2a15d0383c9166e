//! What a function waits for on its way, step by step: where a line between two steps would part its time.

use super::Project;
use super::graph::{Flags, Site};
use super::ids::{FnId, SiteId};
use super::order::is_spawner;
use crate::facts::NodeId;

/// A statement that waits for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The statement.
    pub statement: NodeId,
    /// The function of this program that it runs, if there is one.
    pub inside: Option<FnId>,
    /// It does so for many items.
    pub is_for_many: bool,
}

impl Project {
    /// The statements of a function that wait for something, of those in which a node `ran`; in order.
    #[must_use]
    pub fn steps(&self, function: FnId, ran: impl Fn(NodeId) -> bool) -> Vec<Step> {
        let facts = self.names.facts(function.module);
        let mut steps: Vec<Step> = Vec::new();
        for (id, site) in self.graph.sites_in(function).filter(|it| ran(it.1.at.node)) {
            if !self.is_waited_for(id, site) {
                continue;
            }
            let fresh = Step {
                statement: facts.statement_of(site.at.node),
                inside: site.targets().first().copied(),
                is_for_many: self.around(function, site.at.node) > 0 || is_spawner(self, function, site.at.node),
            };
            match steps.iter_mut().find(|it| it.statement == fresh.statement) {
                Some(known) => {
                    known.inside = known.inside.or(fresh.inside);
                    known.is_for_many |= fresh.is_for_many;
                }
                None => steps.push(fresh),
            }
        }
        steps.sort_by_key(|it| it.statement);
        steps
    }

    /// Awaited, started beside others, or work of this program that computes or asks on the caller's thread.
    fn is_waited_for(&self, id: SiteId, site: &Site) -> bool {
        !site.flags.has(Flags::ERROR_PATH)
            && (site.flags.has(Flags::AWAITED)
                || is_spawner(self, site.caller, site.at.node)
                || self.remote_callers.from(&self.graph, id).is_some()
                || self.computes(site) > 0)
    }
}
