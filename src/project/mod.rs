//! The whole program, linked: modules, names, types, the call graph, effects, exposure, fan-outs and limiters.
//!
//! Takes facts and the catalog, gives a read-only [`Project`]. Knows no rule, no log and no output.

mod arguments;
mod at_once;
mod blocking;
mod branches;
mod bulk;
mod candidates;
mod carried;
mod chains;
mod circumstances;
mod classes;
mod constructed;
mod consumed;
mod crossing;
mod deadlines;
mod decorators;
mod dual_mode;
mod earlier;
mod endless;
mod exposure;
mod fan_out;
mod graph;
mod guards;
mod handed;
mod handling;
mod ids;
mod implementations;
mod implicit;
mod infer;
mod innermost;
mod limiter;
mod lines;
mod loops;
mod managed;
mod marks;
mod members;
mod modules;
mod names;
pub mod order;
mod origin;
mod platforms;
mod reaching;
mod relink;
mod remote;
mod repeats;
mod rows;
mod scarce;
mod sites;
mod startup;
mod steadiness;
pub mod steps;
mod transparent;
mod transport;
mod ty;
mod types;
mod unset;
mod width;
mod words;

use crate::catalog::Blocks;
use crate::catalog::Catalog;
pub use blocking::{Blocking, Reach, Tier, usual_cost};
pub use branches::is_conditional;
pub use bulk::Bulk;
pub use carried::has_independent_turns;
pub use chains::Chains;
pub use classes::{Base, ClassTable, Member, written};
pub use deadlines::{Bound, Deadlines, has_bound};
pub use decorators::{Decorator, Decorators};
pub use endless::waits_for_ever;
pub use exposure::{Exposures, Frequency};
pub use fan_out::{FanOut, FanOuts, Starter, Strand, Worker};
pub use graph::{CallGraph, Callee, Flags, Resolution, Site};
pub use guards::is_opted_in;
pub use guards::{Flag, Guard, Guards};
pub use handling::{Handling, argument_for, handling, handling_of_parameter, is_settled_attribute, parameter_of};
pub use ids::{At, ClassId, FnId, ModuleId, SiteId};
pub use infer::Eval;
pub use limiter::{Hold, LimiterKind, Limiters, says_limit};
pub use modules::{Importer, Module, ModuleTable, Target};
pub use names::{MethodKind, Names};
pub use origin::{constant, largest, origin};
pub use repeats::{PerItem, Repeat, per_item, repeat, repeated_question};
use rows::Before;
pub use scarce::{Reached, Resource, Scarce};
pub use steadiness::Steadiness;
pub use transport::is_bounded_by_transport;
pub use ty::Ty;
pub use types::{Entity, Types};
pub use width::{Width, repetitions, width};
pub use words::has_word;

/// The whole program, linked and read-only.
pub struct Project {
    /// Names.
    pub names: Names,
    /// Types of what outlives functions.
    pub types: Types,
    /// Calls.
    pub graph: CallGraph,
    /// Decorators.
    pub decorators: Decorators,
    /// How often functions run.
    pub exposures: Exposures,
    /// Who blocks.
    pub blocking: Blocking,
    /// Which sync functions start an event loop on the thread that calls them.
    pub loop_starters: Chains,
    /// Which functions reach a remote service, on whatever thread.
    pub remote_callers: Chains,
    /// What bounds how many run.
    pub limiters: Limiters,
    /// What starts many at once.
    pub fan_outs: FanOuts,
    /// Who uses what is scarce.
    pub scarce: Scarce,
    /// What bounds how long a wait can last.
    pub deadlines: Deadlines,
    /// Who waits for a peer that may be gone, without a deadline.
    pub endless: Chains,
    /// What the linking has read, where edits are to come.
    kept: Option<relink::Kept>,
}

/// What earlier searches have left.
#[derive(Default)]
struct Left<'a> {
    limiters: Option<Before<'a, Limiters>>,
    fan_outs: Option<Before<'a, FanOuts>>,
    exposures: Option<Before<'a, Exposures>>,
    scarce: Option<Before<'a, Scarce>>,
    deadlines: Option<Before<'a, Deadlines>>,
}

impl Project {
    /// Links the modules (in the order of their file ids). `rule_of` names the rule that speaks of a kind of blocking,
    /// so that ignore comments can stop its effect where they stand.
    #[must_use]
    pub fn new(modules: Vec<Module>, catalog: Catalog, rule_of: fn(Blocks) -> &'static str) -> Self {
        let names = Names::new(modules, catalog);
        let types = Types::new(&names, None);
        let (graph, decorators) = rayon::join(
            || CallGraph::new(&names, &types, None),
            || Decorators::new(&names, &types, None),
        );
        Self::searched((names, types, graph, decorators), rule_of, Left::default())
    }

    /// The same, and remembers what it has read, so that [`Project::edited`] need not do all of it again.
    #[must_use]
    pub fn kept(modules: Vec<Module>, catalog: Catalog, rule_of: fn(Blocks) -> &'static str) -> Self {
        let names = Names::new(modules, catalog);
        let mut reads = vec![relink::ReadSet::default(); names.modules.len()];
        let types = Types::new(&names, Some(&mut reads));
        let graph = CallGraph::new(&names, &types, Some(&mut reads));
        let decorators = Decorators::new(&names, &types, Some(&mut reads));
        let kept = relink::Kept::new(&names.modules, reads);
        let mut project = Self::searched((names, types, graph, decorators), rule_of, Left::default());
        project.kept = Some(kept);
        project
    }

    /// Searches again what is linked, where only these modules have something new to say.
    fn searched_again(self, anew: &[ModuleId], rule_of: fn(Blocks) -> &'static str) -> Self {
        let left = Left {
            limiters: Some(Before::new(self.limiters, anew)),
            fan_outs: Some(Before::new(self.fan_outs, anew)),
            exposures: Some(Before::new(self.exposures, anew)),
            scarce: Some(Before::new(self.scarce, anew)),
            deadlines: Some(Before::new(self.deadlines, anew)),
        };
        let linked = (self.names, self.types, self.graph, self.decorators);
        Self::searched(linked, rule_of, left)
    }

    /// Searches what is linked.
    fn searched(
        (names, types, graph, decorators): (Names, Types, CallGraph, Decorators),
        rule_of: fn(Blocks) -> &'static str,
        left: Left<'_>,
    ) -> Self {
        let accepts = |site: &Site, kind: Blocks| names.accepted(site.at, rule_of(kind)).is_some();
        // Many of these searches run on one thread each, so they run beside one another.
        let bounds = || {
            let limiters = Limiters::new(&names, &types, (&graph, &decorators), left.limiters);
            let fan_outs = FanOuts::new(&names, &graph, &limiters, left.fan_outs);
            let (exposures, scarce) = rayon::join(
                || Exposures::new(&names, (&graph, &decorators), &fan_outs, left.exposures),
                || Scarce::new(&names, &graph, &limiters, left.scarce),
            );
            (limiters, fan_outs, exposures, scarce)
        };
        let reach = || {
            let blocking = Blocking::new(&names, &graph, &accepts);
            let deadlines = Deadlines::new(&names, &graph, left.deadlines);
            let endless = endless::endless(&names, &graph, &deadlines);
            let loop_starters = loops::loop_starters(&names, &graph);
            let remote_callers = remote::remote_callers(&names, &graph);
            (blocking, deadlines, endless, loop_starters, remote_callers)
        };
        let ((limiters, fan_outs, exposures, scarce), (blocking, deadlines, endless, loop_starters, remote_callers)) =
            rayon::join(bounds, reach);
        Self {
            deadlines,
            endless,
            loop_starters,
            remote_callers,
            names,
            types,
            graph,
            decorators,
            exposures,
            blocking,
            limiters,
            fan_outs,
            scarce,
            kept: None,
        }
    }

    /// How many items iterating an expression gives.
    #[must_use]
    pub fn width(&self, at: At) -> Width {
        width::Widths::new(&self.names, at.module).of(at.node)
    }

    /// Whether what the site calls runs then and there, on the thread of its caller.
    #[must_use]
    pub fn runs_on_callers_thread(&self, site: SiteId) -> bool {
        !self.graph.site(site).flags.has(Flags::ELSEWHERE)
    }
}
