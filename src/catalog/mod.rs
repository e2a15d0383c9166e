//! What libraries do: functions, classes and their methods, by dotted name.
//!
//! The catalog is the only source of external effects; no library is ever imported.
//! A [`Name`] is a position in a trie of dotted names, so following an attribute is one lookup.

mod schema;

use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
pub use schema::{Act, Blocks, CatalogFile, ClassEntry, Cost, Deadline, Entry, Is, Takes};

/// A dotted name that the catalog knows, or a package above one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

/// A class of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtClass(u32);

/// A call entry: a function or a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(u32);

/// A type named by the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtType {
    /// An instance of a catalog class.
    Instance(ExtClass),
    /// A collection whose elements are instances.
    CollectionOf(ExtClass),
    /// The receiver's own class (`returns = "self"`).
    Receiver,
}

#[derive(Default)]
struct TrieNode {
    children: FxHashMap<Box<str>, Name>,
    dotted: String,
    entry: Option<EntryId>,
    class: Option<ExtClass>,
    alias_of: Option<Name>,
    instance: Option<ExtClass>,
}

struct ClassRow {
    entry: ClassEntry,
    bases: Vec<ExtClass>,
    methods: FxHashMap<Box<str>, EntryId>,
    attributes: FxHashMap<Box<str>, ExtType>,
    enter: Option<ExtType>,
    iterates: Option<ExtType>,
}

struct EntryRow {
    name: String,
    entry: Entry,
    returns: Option<ExtType>,
}

/// Everything known about libraries.
pub struct Catalog {
    trie: Vec<TrieNode>,
    classes: Vec<ClassRow>,
    entries: Vec<EntryRow>,
    method_names: FxHashSet<Box<str>>,
}

/// The catalog's own files, in order.
pub const FILES: &[(&str, &str)] = &include!("../../rules/catalog/files.in");

impl Catalog {
    /// The built-in catalog and the user's entries.
    ///
    /// # Errors
    /// A file that is not TOML of the schema, or a type name that is not in the catalog; the message names the file and the name.
    pub fn load(user: &[Entry]) -> Result<Self, String> {
        let mut files = Vec::new();
        for (file, text) in FILES {
            let parsed: CatalogFile = toml::from_str(text).map_err(|error| format!("rules/catalog/{file}: {error}"))?;
            files.push(parsed);
        }
        files.push(CatalogFile {
            call: user.to_vec(),
            ..CatalogFile::default()
        });
        Self::build(files)
    }

    fn build(files: Vec<CatalogFile>) -> Result<Self, String> {
        let mut catalog = Self {
            trie: vec![TrieNode::default()],
            classes: Vec::new(),
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
        for entry in calls {
            catalog.add_call(entry)?;
        }
        catalog.link_classes()?;
        for (alias, target) in aliases {
            let target = catalog.intern(&target);
            let at = catalog.intern(&alias);
            catalog.trie[at.0 as usize].alias_of = Some(target);
        }
        catalog.method_names = catalog
            .classes
            .iter()
            .flat_map(|it| it.methods.keys().cloned())
            .collect();
        Ok(catalog)
    }

    fn intern(&mut self, dotted: &str) -> Name {
        let mut at = Name(0);
        for part in dotted.split('.') {
            at = match self.trie[at.0 as usize].children.get(part) {
                Some(&child) => child,
                None => {
                    let child = Name(u32::try_from(self.trie.len()).unwrap_or(u32::MAX));
                    let parent = &self.trie[at.0 as usize].dotted;
                    let dotted = if parent.is_empty() {
                        part.to_owned()
                    } else {
                        format!("{parent}.{part}")
                    };
                    self.trie.push(TrieNode {
                        dotted,
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
            methods: FxHashMap::default(),
            attributes: FxHashMap::default(),
            enter: None,
            iterates: None,
        });
        Ok(())
    }

    fn class_named(&self, dotted: &str) -> Result<ExtClass, String> {
        self.walk(dotted)
            .and_then(|at| self.trie[at.0 as usize].class)
            .ok_or_else(|| format!("the type `{dotted}` is not a class of the catalog"))
    }

    fn type_named(&self, text: &str) -> Result<ExtType, String> {
        if text == "self" {
            return Ok(ExtType::Receiver);
        }
        match text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            Some(inner) => Ok(ExtType::CollectionOf(self.class_named(inner)?)),
            None => Ok(ExtType::Instance(self.class_named(text)?)),
        }
    }

    fn add_entry(&mut self, name: String, entry: &Entry) -> Result<EntryId, String> {
        let returns = entry.returns.as_deref().map(|it| self.type_named(it)).transpose();
        let returns = returns.map_err(|error| format!("`{name}`: {error}"))?;
        let id = EntryId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(EntryRow {
            name,
            entry: Entry {
                names: Vec::new(),
                ..entry.clone()
            },
            returns,
        });
        Ok(id)
    }

    fn add_call(&mut self, entry: Entry) -> Result<(), String> {
        for name in entry.names.iter().chain(&entry.name).cloned().collect::<Vec<_>>() {
            let id = self.add_entry(name.clone(), &entry)?;
            // The user's entry comes last and wins over ours; so does a method named through its class.
            let (parent, method) = name.rsplit_once('.').unwrap_or(("builtins", &name));
            match self.class_named(parent) {
                Ok(class) => drop(self.classes[class.0 as usize].methods.insert(method.into(), id)),
                Err(_) => {
                    let at = self.intern(&name);
                    self.trie[at.0 as usize].entry = Some(id);
                }
            }
        }
        Ok(())
    }

    fn link_classes(&mut self) -> Result<(), String> {
        for index in 0..self.classes.len() {
            let entry = self.classes[index].entry.clone();
            let canonical = entry.names[0].clone();
            let bases = entry
                .bases
                .iter()
                .map(|it| self.class_named(it))
                .collect::<Result<_, _>>();
            let bases = bases.map_err(|error| format!("`{canonical}`: {error}"))?;
            for method in &entry.method {
                for name in &method.names {
                    let id = self.add_entry(format!("{canonical}.{name}"), method)?;
                    self.classes[index].methods.entry(name.as_str().into()).or_insert(id);
                }
            }
            let mut attributes = FxHashMap::default();
            for (name, of) in &entry.attributes {
                let of = self
                    .type_named(of)
                    .map_err(|error| format!("`{canonical}.{name}`: {error}"))?;
                attributes.insert(name.as_str().into(), of);
            }
            let enter = entry.enter.as_deref().map(|it| self.type_named(it)).transpose()?;
            let iterates = entry.iterates.as_deref().map(|it| self.type_named(it)).transpose()?;
            let row = &mut self.classes[index];
            (row.bases, row.attributes, row.enter, row.iterates) = (bases, attributes, enter, iterates);
        }
        Ok(())
    }

    fn walk(&self, dotted: &str) -> Option<Name> {
        let mut at = Name(0);
        for part in dotted.split('.') {
            at = self.member(at, part)?;
        }
        Some(at)
    }

    /// The name for a dotted path, if the catalog has it or something below it.
    #[must_use]
    pub fn find(&self, dotted: &str) -> Option<Name> {
        self.walk(dotted)
    }

    /// The name below a package, module or class.
    #[must_use]
    pub fn member(&self, of: Name, part: &str) -> Option<Name> {
        let child = *self.trie[of.0 as usize].children.get(part)?;
        Some(self.trie[child.0 as usize].alias_of.unwrap_or(child))
    }

    /// A builtin function or class.
    #[must_use]
    pub fn builtin(&self, name: &str) -> Option<Name> {
        self.member(self.member(Name(0), "builtins")?, name)
    }

    /// The dotted text of a name.
    #[must_use]
    pub fn dotted(&self, name: Name) -> &str {
        &self.trie[name.0 as usize].dotted
    }

    /// What calling the function does.
    #[must_use]
    pub fn function(&self, name: Name) -> Option<EntryId> {
        self.trie[name.0 as usize].entry
    }

    /// The class with this name.
    #[must_use]
    pub fn class(&self, name: Name) -> Option<ExtClass> {
        self.trie[name.0 as usize].class
    }

    /// The class of a module member that is an instance.
    #[must_use]
    pub fn instance(&self, name: Name) -> Option<ExtClass> {
        self.trie[name.0 as usize].instance
    }

    /// The class's own description.
    #[must_use]
    pub fn class_entry(&self, class: ExtClass) -> &ClassEntry {
        &self.classes[class.0 as usize].entry
    }

    /// The class's canonical dotted name.
    #[must_use]
    pub fn class_name(&self, class: ExtClass) -> &str {
        &self.classes[class.0 as usize].entry.names[0]
    }

    /// The entry's fields.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize].entry
    }

    /// The entry's dotted name.
    #[must_use]
    pub fn entry_name(&self, id: EntryId) -> &str {
        &self.entries[id.0 as usize].name
    }

    /// The class whose method the entry is.
    #[must_use]
    pub fn owner(&self, id: EntryId) -> Option<ExtClass> {
        let (parent, _) = self.entry_name(id).rsplit_once('.')?;
        self.class(self.find(parent)?)
    }

    /// What the call gives (what `await` gives where it is a coroutine).
    #[must_use]
    pub fn returns(&self, id: EntryId) -> Option<ExtType> {
        self.entries[id.0 as usize].returns
    }

    /// The class and its bases, nearest first.
    #[must_use]
    pub fn lineage(&self, class: ExtClass) -> Vec<ExtClass> {
        let mut line = vec![class];
        let mut at = 0;
        while at < line.len() {
            for &base in &self.classes[line[at].0 as usize].bases {
                if !line.contains(&base) {
                    line.push(base);
                }
            }
            at += 1;
        }
        line
    }

    /// A method of a class or of its bases; where none is named, what the class says of every method (`*`).
    #[must_use]
    pub fn method(&self, class: ExtClass, name: &str) -> Option<EntryId> {
        let line = self.lineage(class);
        let named = |name: &str| {
            line.iter()
                .find_map(|it| self.classes[it.0 as usize].methods.get(name).copied())
        };
        named(name).or_else(|| if name.starts_with('_') { None } else { named("*") })
    }

    /// The type of an attribute of a class or of its bases.
    #[must_use]
    pub fn attribute(&self, class: ExtClass, name: &str) -> Option<ExtType> {
        self.lineage(class)
            .into_iter()
            .find_map(|it| self.classes[it.0 as usize].attributes.get(name).copied())
    }

    /// What `with` gives.
    #[must_use]
    pub fn enter(&self, class: ExtClass) -> Option<ExtType> {
        self.lineage(class)
            .into_iter()
            .find_map(|it| self.classes[it.0 as usize].enter)
    }

    /// What iteration gives.
    #[must_use]
    pub fn iterates(&self, class: ExtClass) -> Option<ExtType> {
        self.lineage(class)
            .into_iter()
            .find_map(|it| self.classes[it.0 as usize].iterates)
    }

    /// Whether the class or one of its bases is for this.
    #[must_use]
    pub fn is(&self, class: ExtClass, what: Is) -> bool {
        self.lineage(class)
            .into_iter()
            .any(|it| self.classes[it.0 as usize].entry.is == Some(what))
    }

    /// Whether any class of the catalog, or a builtin container or `str`, has a method of this name.
    #[must_use]
    pub fn is_common_method(&self, name: &str) -> bool {
        self.method_names.contains(name)
    }
}
