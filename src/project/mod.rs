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
mod infer;
mod innermost;
mod limiter;
mod lines;
mod loops;
mod marks;
mod members;
mod modules;
pub mod order;
mod origin;
mod platforms;
mod reaching;
mod remote;
mod repeats;
mod scarce;
mod sites;
mod startup;
mod steadiness;
mod transparent;
mod transport;
mod ty;
mod types;
mod unset;
mod width;
mod words;

use crate::catalog::Blocks;
use crate::catalog::Catalog;
use crate::facts::{FileFacts, Function};
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
use marks::{Marks, marks};
pub use modules::{Importer, Module, ModuleTable, Target};
pub use origin::{constant, origin};
use rayon::prelude::*;
pub use repeats::{PerItem, Repeat, per_item, repeat, repeated_question};
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
}

impl Project {
    /// Links the modules (in the order of their file ids). `rule_of` names the rule that speaks of a kind of blocking,
    /// so that ignore comments can stop its effect where they stand.
    #[must_use]
    pub fn new(modules: Vec<Module>, catalog: Catalog, rule_of: fn(Blocks) -> &'static str) -> Self {
        let names = Names::new(modules, catalog);
        let types = Types::new(&names);
        let (graph, decorators) = rayon::join(|| CallGraph::new(&names, &types), || Decorators::new(&names, &types));
        let accepts = |site: &Site, kind: Blocks| names.accepted(site.at, rule_of(kind)).is_some();
        // Many of these searches run on one thread each, so they run beside one another.
        let bounds = || {
            let limiters = Limiters::new(&names, &types, &graph, &decorators);
            let fan_outs = FanOuts::new(&names, &graph, &limiters);
            let (exposures, scarce) = rayon::join(
                || Exposures::new(&names, &graph, &decorators, &fan_outs),
                || Scarce::new(&names, &graph, &limiters),
            );
            (limiters, fan_outs, exposures, scarce)
        };
        let reach = || {
            let blocking = Blocking::new(&names, &graph, &accepts);
            let deadlines = Deadlines::new(&names, &graph);
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

/// How a function in a class body takes its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// `self`.
    Instance,
    /// `cls`.
    Class,
    /// Nothing.
    Static,
}

/// Names resolved: modules, imports, classes. What types are inferred from.
pub struct Names {
    /// Modules in the order of file ids.
    pub modules: Vec<Module>,
    /// Modules by name.
    pub table: ModuleTable,
    /// The libraries.
    pub catalog: Catalog,
    /// What each import of each module binds.
    pub imports: Vec<Vec<Target>>,
    /// The types of what they bind, where no inference is needed.
    imported: Vec<Vec<Option<Ty>>>,
    /// Classes.
    pub classes: ClassTable,
    marks: Vec<Vec<Marks>>,
    properties: rustc_hash::FxHashSet<String>,
    arguments: arguments::Arguments,
}

impl Names {
    /// Links the modules, which must be in the order of their file ids.
    #[must_use]
    pub fn new(modules: Vec<Module>, catalog: Catalog) -> Self {
        let table = ModuleTable::new(&modules, &|name| catalog.find(name).is_some());
        let mut names = Self {
            modules,
            table,
            catalog,
            imports: Vec::new(),
            imported: Vec::new(),
            classes: ClassTable::default(),
            marks: Vec::new(),
            properties: rustc_hash::FxHashSet::default(),
            arguments: arguments::Arguments::default(),
        };
        let importer = names.importer();
        let imports = importer.modules.par_iter().enumerate().map(|(index, module)| {
            let id = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
            module.facts.imports.iter().map(|it| importer.resolve(id, it)).collect()
        });
        names.imports = imports.collect();
        let imported = names.imports.par_iter();
        names.imported = imported
            .map(|them| them.iter().map(|&it| names.static_ty(it)).collect())
            .collect();
        names.classes = ClassTable::new(names.importer());
        names.marks = names.modules.par_iter().map(|it| marks(&it.facts)).collect();
        names.properties = names.property_names();
        names.arguments = arguments::Arguments::new(&names);
        names
    }

    fn static_ty(&self, target: Target) -> Option<Ty> {
        let Target::Member(module, place) = target else {
            return Some(self.importer().target_ty(target).unwrap_or_default());
        };
        match self.facts(module).definitions_of(place) {
            [only] => Importer::static_ty(module, only.how),
            _ => None,
        }
    }

    fn property_names(&self) -> rustc_hash::FxHashSet<String> {
        let modules = self.modules.iter().zip(&self.marks);
        modules
            .flat_map(|(module, marks)| {
                let functions = module
                    .facts
                    .functions
                    .iter()
                    .zip(marks)
                    .filter(|(_, marks)| marks.property);
                functions.map(|(function, _)| module.facts.text(function.name).to_owned())
            })
            .collect()
    }

    /// Whether some class has a property of this name.
    #[must_use]
    pub fn has_property(&self, name: &str) -> bool {
        self.properties.contains(name)
    }

    /// The resolver of imports.
    #[must_use]
    pub fn importer(&self) -> Importer<'_> {
        Importer {
            modules: &self.modules,
            table: &self.table,
            catalog: &self.catalog,
        }
    }

    /// The id of a module (its position).
    #[must_use]
    pub fn id_of(&self, module: &Module) -> ModuleId {
        let index = self
            .modules
            .binary_search_by_key(&module.file, |it| it.file)
            .unwrap_or(0);
        ModuleId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The ignore comment (its index in the file) that accepts a rule's effect at a node.
    #[must_use]
    pub fn accepted(&self, at: At, rule: &str) -> Option<usize> {
        let facts = self.facts(at.module);
        if facts.ignores.is_empty() {
            return None;
        }
        let line = facts.line(at.node);
        facts.ignores.iter().position(|it| {
            (it.whole_file || (it.covers.0 <= line && line <= it.covers.1)) && it.rules.iter().any(|name| name == rule)
        })
    }

    /// The facts of a module.
    #[must_use]
    pub fn facts(&self, module: ModuleId) -> &FileFacts {
        &self.modules[module.0 as usize].facts
    }

    /// A function's own facts.
    #[must_use]
    pub fn function(&self, function: FnId) -> &Function {
        self.facts(function.module).function(function.local)
    }

    fn marks(&self, function: FnId) -> Marks {
        self.marks[function.module.0 as usize][function.local.0 as usize]
    }

    /// Whether the function is read as an attribute.
    #[must_use]
    pub fn is_property(&self, function: FnId) -> bool {
        self.marks(function).property
    }

    /// Whether calling it runs it elsewhere (`@sync_to_async`).
    #[must_use]
    pub fn is_offload_decorated(&self, function: FnId) -> bool {
        self.marks(function).offload
    }

    /// Whether it stands in for something real by its name (`mock_completion`): proof of nothing.
    #[must_use]
    pub fn stands_in(&self, function: FnId) -> bool {
        let name = self.facts(function.module).text(self.function(function).name);
        let name = name.trim_start_matches('_');
        name.starts_with("mock_") || name.starts_with("fake_")
    }

    /// Whether its results are remembered.
    #[must_use]
    pub fn is_memoized(&self, function: FnId) -> bool {
        self.marks(function).memoized
    }

    /// Whether it only declares what subclasses do.
    #[must_use]
    pub fn is_abstract(&self, function: FnId) -> bool {
        self.marks(function).is_abstract
    }

    /// How a method takes its first argument.
    #[must_use]
    pub fn method_kind(&self, function: FnId) -> MethodKind {
        let marks = self.marks(function);
        if marks.static_method {
            MethodKind::Static
        } else if marks.class_method {
            MethodKind::Class
        } else {
            MethodKind::Instance
        }
    }
}
