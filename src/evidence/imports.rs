//! Loggers that come from another module of the program, by paths alone.

use super::loggers;
use super::loggers::LoggerName;
use super::loggers::Output;
use super::loggers::Sink;
use super::sites::Source;
use super::sites::module_name;
use crate::facts::FileFacts;
use crate::facts::Kind;
use crate::facts::NodeId;
use rustc_hash::FxHashMap;

/// Where a logger writes, and its name.
type Named = (Sink, Option<String>);

/// Finds modules by path and remembers their loggers.
pub struct Loggers<'a> {
    files: &'a [Source<'a>],
    by_stem: FxHashMap<&'a str, usize>,
    known: FxHashMap<(usize, String), Option<Named>>,
}

/// A logger handed on through more modules than this is left without a name.
const MAX_STEPS: usize = 3;

impl<'a> Loggers<'a> {
    /// An index of the files.
    #[must_use]
    pub fn new(files: &'a [Source<'a>]) -> Self {
        let stems = files.iter().enumerate().map(|(index, it)| (stem(it.path), index));
        Self {
            files,
            by_stem: stems.collect(),
            known: FxHashMap::default(),
        }
    }

    /// Replaces an imported logger by what it is: its kind, and the name that a formatter prints.
    pub fn settle(&mut self, file: usize, output: &mut Output) {
        let Some(LoggerName::Imported(level, module, member)) = output.logger.clone() else {
            return;
        };
        let found = self
            .module(self.files[file].path, level, &module)
            .and_then(|it| self.logger(it, &member, 0));
        output.logger = None;
        if let Some((sink, name)) = found {
            output.sink = sink;
            output.logger = name.map(LoggerName::Text);
        }
    }

    /// The file that an import names.
    #[must_use]
    pub fn module(&self, path: &str, level: u32, module: &str) -> Option<usize> {
        let inner = module.replace('.', "/");
        let named = |folder: &str| {
            let stem = if folder.is_empty() {
                inner.clone()
            } else {
                format!("{folder}/{inner}")
            };
            self.by_stem.get(stem.trim_end_matches('/')).copied()
        };
        let mut folder = path;
        for _ in 0..level {
            folder = folder.rsplit_once('/').map_or("", |it| it.0);
        }
        if level > 0 {
            return named(folder);
        }
        // The folders above the importer are the likely roots, the nearest first.
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Some(found) = named(folder) {
                return Some(found);
            }
        }
        named("")
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
        let source = self.files[file];
        let (sink, name) = names(source.facts, member).find_map(|it| loggers::logger_of(source.facts, it))?;
        match name {
            Some(LoggerName::Text(text)) => Some((sink, Some(text))),
            Some(LoggerName::Root) => Some((sink, Some("root".to_owned()))),
            Some(LoggerName::Module) => Some((sink, Some(module_name(source.path)))),
            Some(LoggerName::Imported(level, module, member)) if steps < MAX_STEPS => {
                let next = self.module(source.path, level, &module)?;
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

fn stem(path: &str) -> &str {
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__").unwrap_or(path)
}
