//! One project, kept linked while its files change.
//!
//! Takes paths and texts, gives the findings of the files that are asked about: the same that `check` gives for the
//! whole project with these texts.

use crate::Examined;
use crate::catalog::Catalog;
use crate::check::registry;
use crate::check::walk_options;
use crate::config::Config;
use crate::config::Origin;
use crate::config::Overrides;
use crate::diagnostic::Diagnostic;
use crate::examine;
use crate::pipeline;
use crate::pipeline::Failure;
use crate::project::Module;
use crate::project::ModuleId;
use crate::project::Project;
use crate::rules;
use crate::source::FileId;
use crate::source::Sources;
use crate::source::WalkOptions;
use crate::source::find_root;
use crate::source::is_source_name;
use crate::suppress;
use crate::suppress::Accepted;
use crate::suppress::Baseline;
use anyhow::{Context, Result, anyhow};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A project and what the editor has changed in it.
pub(super) struct Engine {
    folder: PathBuf,
    config: Config,
    sources: Sources,
    project: Option<Project>,
    failures: BTreeMap<FileId, Failure>,
    texts: BTreeMap<PathBuf, String>,
    /// Files that no disk had when the others were found.
    unsaved: BTreeSet<PathBuf>,
    changed: BTreeSet<FileId>,
}

/// What is to be said of an open file.
pub(super) struct Said {
    /// The file.
    pub(super) file: FileId,
    /// What the rules found.
    pub(super) findings: Vec<Diagnostic>,
    /// Why it could not be analysed.
    pub(super) failure: Option<Failure>,
}

impl Engine {
    /// Reads the configuration and finds the files; nothing is read of them yet.
    pub(super) fn new(folder: &Path, texts: BTreeMap<PathBuf, String>) -> Result<Self> {
        let root = find_root(&[folder.to_path_buf()], None, false)?;
        let config = Config::load(Origin::Root(&root.path), &Overrides::default(), &registry())?;
        let threads = rayon::current_num_threads();
        let is_new = |path: &&PathBuf| path.starts_with(folder) && is_source_name(path) && !path.exists();
        let unsaved: BTreeSet<PathBuf> = texts.keys().filter(is_new).cloned().collect();
        let options = WalkOptions {
            unsaved: unsaved.iter().cloned().collect(),
            ..walk_options(root, &config, threads, None)
        };
        let sources = Sources::discover(&[folder.to_path_buf()], &options)?;
        let mut engine = Self {
            folder: folder.to_path_buf(),
            config,
            sources,
            project: None,
            failures: BTreeMap::new(),
            texts: BTreeMap::new(),
            unsaved,
            changed: BTreeSet::new(),
        };
        for (path, text) in texts {
            engine.set_text(&path, Some(text));
        }
        Ok(engine)
    }

    /// The folder that the editor has open.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether the file is one of the project whose text is what an editor shows, which a notebook's is not.
    pub(super) fn has(&self, path: &Path) -> bool {
        let found = self.sources.find(path);
        found.is_some_and(|it| !self.sources.file(it).is_notebook)
    }

    /// Whether the files must be found again for one that is open and not saved yet.
    pub(super) fn lacks(&self, path: &Path) -> bool {
        let is_new = path.starts_with(&self.folder) && is_source_name(path) && !path.exists();
        is_new && !self.unsaved.contains(path) && self.sources.find(path).is_none()
    }

    /// Gives a file a text of its own, or what is on disk again.
    pub(super) fn set_text(&mut self, path: &Path, text: Option<String>) {
        if let Some(text) = &text {
            self.texts.insert(path.to_path_buf(), text.clone());
        } else {
            self.texts.remove(path);
        }
        if let Some(file) = self.sources.find(path) {
            self.sources.set_text(file, text);
            self.changed.insert(file);
        }
    }

    /// A file on disk has another text.
    pub(super) fn touch(&mut self, path: &Path) {
        if let Some(file) = self.sources.find(path)
            && !self.texts.contains_key(path)
        {
            self.changed.insert(file);
        }
    }

    /// Links what has changed since the last time; says whether anything had.
    pub(super) fn refresh(&mut self) -> Result<bool> {
        let Some(mut project) = self.project.take() else {
            self.load()?;
            return Ok(true);
        };
        let mut renewed = Vec::new();
        let mut moved = false;
        for file in std::mem::take(&mut self.changed) {
            let known = &mut project.names.modules[file.0 as usize];
            let (module, failure) = self.lower(file);
            match failure {
                Some(failure) => self.failures.insert(file, failure),
                None => self.failures.remove(&file),
            };
            // Whoever types passes through texts that do not parse: until it does again, others see what it last said.
            if module.facts.error.is_some() && known.facts.error.is_none() {
                moved = true;
                continue;
            }
            if known.facts.says_the_same(&module.facts) {
                // Only places have changed, and these are looked up in the facts.
                moved |= known.facts != module.facts;
                known.facts = module.facts;
            } else if module.facts != known.facts {
                // Modules stand in the order of their files.
                renewed.push((ModuleId(file.0), module));
            }
        }
        if renewed.is_empty() {
            self.project = Some(project);
            return Ok(moved);
        }
        self.project = Some(project.edited(renewed, rules::rule_of));
        Ok(true)
    }

    fn load(&mut self) -> Result<()> {
        let catalog = Catalog::load(&self.config.calls)
            .map_err(|message| anyhow!(message))
            .context("the `call` tables of the configuration")?;
        let (mut modules, failures) = pipeline::load(&self.sources);
        for module in &mut modules {
            suppress::settle_noqa(&mut module.facts.ignores, self.config.noqa);
        }
        self.failures = failures.into_iter().map(|it| (it.file, it)).collect();
        self.changed.clear();
        self.project = Some(Project::kept(modules, catalog, rules::rule_of));
        Ok(())
    }

    fn lower(&self, file: FileId) -> (Module, Option<Failure>) {
        let (mut module, failure) = pipeline::load_one(&self.sources, file);
        suppress::settle_noqa(&mut module.facts.ignores, self.config.noqa);
        (module, failure)
    }

    /// What `check` shows of the findings: neither accepted in a comment or the baseline, nor below the thresholds.
    fn shown(&self, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let fingerprints = suppress::fingerprints(&findings);
        let shown = |it: &Diagnostic| {
            let path = self.sources.path(it.location.file);
            !it.accepted && self.sources.file(it.location.file).reported && self.config.shows(it, path)
        };
        let left: Vec<(Diagnostic, String)> = findings
            .into_iter()
            .zip(fingerprints)
            .filter(|(it, _)| shown(it))
            .collect();
        let baseline = self.config.baseline.as_ref().and_then(|it| Baseline::read(it).ok());
        let Some(baseline) = baseline else {
            return left.into_iter().map(|(it, _)| it).collect();
        };
        let asked: Vec<Accepted<'_>> = left
            .iter()
            .map(|(it, fingerprint)| Accepted {
                path: self.sources.path(it.location.file),
                rule: it.rule.name,
                qualname: &it.qualname,
                fingerprint,
            })
            .collect();
        let paths: BTreeSet<&str> = self.sources.ids().map(|id| self.sources.path(id)).collect();
        let accepts = baseline.accepts(&asked, &paths);
        let open = left.into_iter().zip(accepts).filter(|(_, accepted)| !accepted);
        open.map(|((it, _), _)| it).collect()
    }

    /// What is to be said of some files of the project.
    pub(super) fn say(&self, asked: &[FileId]) -> Vec<Said> {
        let Some(project) = &self.project else {
            return Vec::new();
        };
        let wanted: FxHashSet<FileId> = asked.iter().copied().collect();
        let found = examine(project, &self.config, rules::ALL, &|module| {
            wanted.contains(&module.file)
        });
        let Examined {
            mut findings,
            failures,
            ignores,
        } = found;
        let registry = registry();
        for it in &ignores {
            let ran = |name: &str| self.config.is_on(name);
            findings.extend(suppress::unused(it.file, &it.comments, &it.used, &registry, ran));
        }
        findings.sort_by(|a, b| a.order().cmp(&b.order()));
        findings = self.shown(findings);
        asked
            .iter()
            .map(|&file| Said {
                file,
                findings: findings
                    .iter()
                    .filter(|it| it.location.file == file && !self.failures.contains_key(&file))
                    .cloned()
                    .collect(),
                failure: self
                    .failures
                    .get(&file)
                    .or_else(|| failures.iter().find(|it| it.file == file))
                    .cloned(),
            })
            .collect()
    }
}
