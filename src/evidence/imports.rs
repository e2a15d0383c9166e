//! Loggers that come from another module of the program, by paths alone.

use super::loggers;
use super::loggers::LoggerName;
use super::loggers::Output;
use super::loggers::Sink;
use super::modules::Modules;
use super::sites::module_name;
use crate::facts::FileFacts;
use crate::facts::Kind;
use crate::facts::NodeId;
use rustc_hash::FxHashMap;

/// Where a logger writes, and its name.
type Named = (Sink, Option<String>);

/// Remembers the loggers of modules.
pub struct Loggers<'a> {
    modules: &'a Modules<'a>,
    known: FxHashMap<(usize, String), Option<Named>>,
}

/// A logger handed on through more modules than this is left without a name.
const MAX_STEPS: usize = 3;

impl<'a> Loggers<'a> {
    /// None are known yet.
    #[must_use]
    pub fn new(modules: &'a Modules<'a>) -> Self {
        Self {
            modules,
            known: FxHashMap::default(),
        }
    }

    /// Replaces an imported logger by what it is: its kind, and the name that a formatter prints.
    pub fn settle(&mut self, file: usize, output: &mut Output) {
        let Some(LoggerName::Imported(level, module, member)) = output.logger.clone() else {
            return;
        };
        let found = self
            .modules
            .find(self.modules.file(file).path, level, &module)
            .and_then(|it| self.logger(it, &member, 0));
        output.logger = None;
        if let Some((sink, name)) = found {
            output.sink = sink;
            output.logger = name.map(LoggerName::Text);
        }
    }

    fn logger(&mut self, file: usize, member: &str, steps: usize) -> Option<(Sink, Option<String>)> {
        if let Some(known) = self.known.get(&(file, member.to_owned())) {
            return known.clone();
        }
        let found = self.look(file, member, steps);
        self.known.insert((file, member.to_owned()), found.clone());
        found
    }

    fn look(&mut self, file: usize, member: &str, steps: usize) -> Option<(Sink, Option<String>)> {
        let source = self.modules.file(file);
        let (sink, name) = names(source.facts, member).find_map(|it| loggers::logger_of(source.facts, it))?;
        match name {
            Some(LoggerName::Text(text)) => Some((sink, Some(text))),
            Some(LoggerName::Root) => Some((sink, Some("root".to_owned()))),
            Some(LoggerName::Module) => Some((sink, Some(module_name(source.path)))),
            Some(LoggerName::Imported(level, module, member)) if steps < MAX_STEPS => {
                let next = self.modules.find(source.path, level, &module)?;
                self.logger(next, &member, steps + 1)
            }
            _ => Some((sink, None)),
        }
    }
}

/// The nodes that name `member`.
fn names<'a>(facts: &'a FileFacts, member: &'a str) -> impl Iterator<Item = NodeId> + 'a {
    let nodes = (0u32..)
        .map(NodeId)
        .zip(&facts.nodes)
        .filter(|(_, it)| it.kind == Kind::Name);
    nodes
        .map(|it| it.0)
        .filter(move |it| facts.name_text(*it) == Some(member))
}
