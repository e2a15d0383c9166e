//! Reading the catalog's files into one trie of names and one table of classes.

use super::Catalog;
use super::ClassRow;
use super::EntryId;
use super::EntryRow;
use super::ExtClass;
use super::ExtType;
use super::FILES;
use super::Name;
use super::TrieNode;
use super::schema::CatalogFile;
use super::schema::ClassEntry;
use super::schema::Entry;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;
use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

impl Catalog {
    /// The built-in catalog and the user's entries.
    ///
    /// # Errors
    /// A file that is not TOML of the schema, or a type name that is not in the catalog; the message names the file and the name.
    pub fn load(user: &[Entry]) -> Result<Self, String> {
        let parse = |&(file, text): &(&str, &str)| {
            toml::from_str::<CatalogFile>(text).map_err(|error| format!("rules/catalog/{file}: {error}"))
        };
        let mut files = FILES.into_par_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let known = |name: &str| {
            files
                .iter()
                .any(|it| it.class.iter().any(|class| class.names.iter().any(|it| it == name)))
        };
        let class = user_classes(user).filter(|it| !known(it)).map(named_class).collect();
        files.push(CatalogFile {
            call: user.to_vec(),
            class,
            ..CatalogFile::default()
        });
        Self::build(files)
    }

    fn build(files: Vec<CatalogFile>) -> Result<Self, String> {
        let mut catalog = Self {
            trie: vec![TrieNode::default()],
            classes: Vec::new(),
            described: Vec::new(),
            entries: Vec::new(),
            method_names: FxHashSet::default(),
        };
        let mut calls = Vec::new();
        let mut aliases = Vec::new();
        let mut instances = Vec::new();
        for file in files {
            calls.extend(file.call);
            aliases.extend(file.alias);
            instances.extend(file.instance);
            for class in file.class {
                catalog.add_class(class)?;
            }
        }
        for (name, class) in instances {
            let class = catalog.class_named(&class)?;
            let at = catalog.intern(&name);
            catalog.trie[at.0 as usize].instance = Some(class);
        }
        catalog.link_classes()?;
        for entry in calls {
            catalog.add_call(entry)?;
        }
        for (alias, target) in aliases {
            let target = catalog.intern(&target);
            let at = catalog.intern(&alias);
            catalog.trie[at.0 as usize].alias_of = Some(target);
        }
        catalog.draw_lines();
        Ok(catalog)
    }

    fn intern(&mut self, dotted: &str) -> Name {
        let mut at = Name(0);
        let mut end = 0;
        for part in dotted.split('.') {
            end += part.len() + 1;
            at = match self.trie[at.0 as usize].children.get(part) {
                Some(&child) => child,
                None => {
                    let child = Name(u32::try_from(self.trie.len()).unwrap_or(u32::MAX));
                    self.trie.push(TrieNode {
                        dotted: dotted[..end - 1].to_owned(),
                        ..TrieNode::default()
                    });
                    self.trie[at.0 as usize].children.insert(part.into(), child);
                    child
                }
            };
        }
        at
    }

    fn add_class(&mut self, entry: ClassEntry) -> Result<(), String> {
        let id = ExtClass(u32::try_from(self.classes.len()).unwrap_or(u32::MAX));
        for name in &entry.names {
            let at = self.intern(name);
            if self.trie[at.0 as usize].class.replace(id).is_some() {
                return Err(format!("the class `{name}` stands twice in the catalog"));
            }
        }
        self.classes.push(ClassRow {
            entry,
            bases: Vec::new(),
            line: Vec::new(),
            methods: FxHashMap::default(),
            attributes: FxHashMap::default(),
            enter: None,
            iterates: None,
        });
        Ok(())
    }

    fn class_named(&self, dotted: &str) -> Result<ExtClass, String> {
        self.find(dotted)
            .and_then(|at| self.class(at))
            .ok_or_else(|| format!("the type `{dotted}` is not a class of the catalog"))
    }

    fn type_named(&self, text: &str) -> Result<ExtType, String> {
        if text == "self" {
            return Ok(ExtType::Receiver);
        }
        if text == "argument" {
            return Ok(ExtType::Argument);
        }
        match text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            Some(inner) => Ok(ExtType::CollectionOf(self.class_named(inner)?)),
            None => Ok(ExtType::Instance(self.class_named(text)?)),
        }
    }

    fn type_of(&self, text: Option<&str>, whose: &str) -> Result<Option<ExtType>, String> {
        let named = text.map(|it| self.type_named(it)).transpose();
        named.map_err(|error| format!("`{whose}`: {error}"))
    }

    /// Keeps what several names share once.
    fn describe(&mut self, entry: Entry, whose: &str) -> Result<u32, String> {
        let returns = self.type_of(entry.returns.as_deref(), whose)?;
        self.described.push((entry, returns));
        Ok(u32::try_from(self.described.len() - 1).unwrap_or(u32::MAX))
    }

    fn add_entry(&mut self, name: String, described: u32) -> EntryId {
        self.entries.push(EntryRow { name, described });
        EntryId(u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX))
    }

    fn add_call(&mut self, mut entry: Entry) -> Result<(), String> {
        let mut names = std::mem::take(&mut entry.names);
        names.extend(entry.name.take());
        let first = names.first().cloned().unwrap_or_default();
        let described = self.describe(entry, &first)?;
        for name in names {
            // The user's entry comes last and wins over ours; so does a method named through its class.
            let (parent, method) = name.rsplit_once('.').unwrap_or(("builtins", &name));
            let id = EntryId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
            match self.class_named(parent) {
                Ok(class) => drop(self.classes[class.0 as usize].methods.insert(method.into(), id)),
                Err(_) => {
                    let at = self.intern(&name);
                    self.trie[at.0 as usize].entry = Some(id);
                }
            }
            self.add_entry(name, described);
        }
        Ok(())
    }

    fn link_classes(&mut self) -> Result<(), String> {
        for index in 0..self.classes.len() {
            let canonical = self.classes[index].entry.names[0].clone();
            let twin = self.classes[index].entry.twin.clone();
            for mut method in std::mem::take(&mut self.classes[index].entry.method) {
                if method.blocks.is_some() && method.instead.is_none() {
                    method.instead.clone_from(&twin);
                }
                let names = std::mem::take(&mut method.names);
                let described = self.describe(method, &canonical)?;
                for name in names {
                    // What constructs, or stands for every method, is named like the class.
                    let shown = match name.as_str() {
                        "__init__" | "*" => canonical.clone(),
                        _ => format!("{canonical}.{name}"),
                    };
                    let id = self.add_entry(shown, described);
                    self.classes[index].methods.insert(name.into(), id);
                }
            }
            self.link_types(index, &canonical)?;
        }
        Ok(())
    }

    fn link_types(&mut self, index: usize, canonical: &str) -> Result<(), String> {
        let entry = &self.classes[index].entry;
        let bases = entry.bases.iter().map(|it| self.class_named(it));
        let bases = bases
            .collect::<Result<_, _>>()
            .map_err(|error| format!("`{canonical}`: {error}"))?;
        let mut attributes = FxHashMap::default();
        for (name, of) in &entry.attributes {
            if let Some(of) = self.type_of(Some(of), canonical)? {
                attributes.insert(name.as_str().into(), of);
            }
        }
        let enter = self.type_of(entry.enter.as_deref(), canonical)?;
        let iterates = self.type_of(entry.iterates.as_deref(), canonical)?;
        let row = &mut self.classes[index];
        (row.bases, row.attributes, row.enter, row.iterates) = (bases, attributes, enter, iterates);
        Ok(())
    }

    fn draw_lines(&mut self) {
        for index in 0..self.classes.len() {
            let mut line = vec![ExtClass(u32::try_from(index).unwrap_or(u32::MAX))];
            let mut at = 0;
            while at < line.len() {
                for &base in &self.classes[line[at].0 as usize].bases {
                    if !line.contains(&base) {
                        line.push(base);
                    }
                }
                at += 1;
            }
            self.classes[index].line = line;
        }
        self.method_names = self.classes.iter().flat_map(|it| it.methods.keys().cloned()).collect();
    }
}

/// The classes whose methods the user's entries name: `acme.Client` of `acme.Client.send`.
fn user_classes(user: &[Entry]) -> impl Iterator<Item = String> {
    let names = user.iter().flat_map(|it| it.names.iter().chain(&it.name));
    let classes: BTreeSet<String> = names.filter_map(|it| class_part(it)).collect();
    classes.into_iter()
}

fn class_part(name: &str) -> Option<String> {
    let (parent, _) = name.rsplit_once('.')?;
    let (_, last) = parent.rsplit_once('.')?;
    last.starts_with(char::is_uppercase).then(|| parent.to_owned())
}

fn named_class(name: String) -> ClassEntry {
    ClassEntry {
        names: vec![name],
        ..ClassEntry::default()
    }
}
