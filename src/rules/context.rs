//! What a rule may ask, and how it writes a finding.

use crate::diagnostic::{Confidence, Diagnostic, Exposure, Label, RuleInfo, Step};
use crate::facts::{FileFacts, LocalFn, NodeId};
use crate::project::{At, Eval, Flags, FnId, Frequency, ModuleId, Project, Site, SiteId};
use crate::rules::retry::Remembered;
use crate::source::Location;

/// One module of the project, as a rule sees it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The whole program.
    pub project: &'a Project,
    /// The module that is checked.
    pub module: ModuleId,
    /// Stalls of microseconds count too.
    pub pedantic: bool,
    /// The oldest Python that the project supports, where it says so.
    pub python: Option<(u8, u8)>,
    /// What several rules ask of one module.
    pub remembered: Option<&'a Remembered>,
}

/// The async library that a file speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// The standard library's.
    Asyncio,
    /// anyio.
    Anyio,
    /// trio.
    Trio,
}

impl Library {
    /// How it runs a function in a thread.
    #[must_use]
    pub fn to_thread(self) -> &'static str {
        match self {
            Self::Asyncio => "asyncio.to_thread",
            Self::Anyio => "anyio.to_thread.run_sync",
            Self::Trio => "trio.to_thread.run_sync",
        }
    }

    /// Its module.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asyncio => "asyncio",
            Self::Anyio => "anyio",
            Self::Trio => "trio",
        }
    }
}

/// What the configuration says to rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// See [`Context::pedantic`].
    pub pedantic: bool,
    /// See [`Context::python`].
    pub python: Option<(u8, u8)>,
}

impl<'a> Context<'a> {
    /// The module's facts.
    #[must_use]
    pub fn facts(&self) -> &'a FileFacts {
        self.project.names.facts(self.module)
    }

    /// A function of the module.
    #[must_use]
    pub fn function(&self, local: LocalFn) -> FnId {
        FnId {
            module: self.module,
            local,
        }
    }

    /// Where a node stands.
    #[must_use]
    pub fn location(&self, at: At) -> Location {
        let module = &self.project.names.modules[at.module.0 as usize];
        let span = module.facts.span(at.node);
        Location {
            file: module.file,
            start: span.start,
            end: span.end,
            line: module.facts.line_at(span.start),
        }
    }

    /// Where a node of this module stands.
    #[must_use]
    pub fn here(&self, node: NodeId) -> Location {
        self.location(At {
            module: self.module,
            node,
        })
    }

    /// A function's dotted name inside its module.
    #[must_use]
    pub fn qualname(&self, function: FnId) -> String {
        let facts = self.project.names.facts(function.module);
        facts.text(facts.function(function.local).qualname).to_owned()
    }

    /// How often a function runs.
    #[must_use]
    pub fn exposure(&self, function: FnId) -> Exposure {
        match self.project.exposures.of(&self.project.graph, function) {
            Frequency::Hot => Exposure::Hot,
            Frequency::Open => Exposure::Open,
            Frequency::Solitary => Exposure::Solitary,
        }
    }

    /// Whether the loop itself calls this sync function (`call_soon`, `add_done_callback`).
    #[must_use]
    pub fn runs_on_loop(&self, function: FnId) -> bool {
        let graph = &self.project.graph;
        graph
            .callers(function)
            .any(|(_, site)| site.flags.has(Flags::LOOP_CALLBACK))
    }

    /// The async library of this module: trio or anyio where only that is imported.
    #[must_use]
    pub fn library(&self) -> Library {
        let facts = self.facts();
        let imports = |wanted: &str| {
            facts.imports.iter().any(|it| {
                let module = facts.text(it.module);
                it.level == 0 && (module == wanted || module.strip_prefix(wanted).is_some_and(|it| it.starts_with('.')))
            })
        };
        if imports("asyncio") {
            Library::Asyncio
        } else if imports("trio") {
            Library::Trio
        } else if imports("anyio") {
            Library::Anyio
        } else {
            Library::Asyncio
        }
    }

    /// A finding at a node of this module; confidence high, severity the rule's own, until said otherwise.
    #[must_use]
    pub fn diagnostic(&self, rule: &'static RuleInfo, function: FnId, node: NodeId, message: String) -> Diagnostic {
        Diagnostic {
            rule,
            location: self.here(node),
            module: self.project.names.modules[self.module.0 as usize].name.clone(),
            qualname: self.qualname(function),
            message,
            why: String::new(),
            help: String::new(),
            labels: Vec::new(),
            witness: Vec::new(),
            group: String::new(),
            severity: rule.severity,
            confidence: Confidence::High,
            exposure: self.exposure(function),
            anchor: self.call_text(At {
                module: self.module,
                node,
            }),
            fix: None,
            accepted: self
                .project
                .names
                .accepted(
                    At {
                        module: self.module,
                        node,
                    },
                    rule.name,
                )
                .is_some(),
        }
    }

    /// A secondary place.
    #[must_use]
    pub fn label(&self, at: At, text: impl Into<String>) -> Label {
        Label {
            location: self.location(at),
            text: text.into(),
        }
    }

    /// The callee of a call (or an attribute) as it is written: `self.client.get`.
    #[must_use]
    pub fn call_text(&self, at: At) -> String {
        super::text::callee_text(self.project.names.facts(at.module), at.node)
    }

    /// The callee of a call of this module as it is written.
    #[must_use]
    pub fn node_text(&self, node: NodeId) -> String {
        super::text::callee_text(self.facts(), node)
    }

    /// An evaluator of this module's expressions.
    #[must_use]
    pub fn eval(&self) -> Eval<'a> {
        Eval::new(&self.project.names, &self.project.types, self.module)
    }

    /// A step of a witness: the site, its function, and the call as written.
    #[must_use]
    pub fn step(&self, site: &Site) -> Step {
        Step {
            location: self.location(site.at),
            qualname: self.qualname(site.caller),
            text: self.call_text(site.at),
        }
    }

    /// The steps of a chain of sites.
    #[must_use]
    pub fn steps(&self, chain: &[SiteId]) -> Vec<Step> {
        chain.iter().map(|&it| self.step(self.project.graph.site(it))).collect()
    }
}
