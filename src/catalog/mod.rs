//! What libraries do: functions, classes and their methods, by dotted name.
//!
//! The catalog is the only source of external effects; no library is ever imported.
//! A [`Name`] is a position in a trie of dotted names, so following an attribute is one lookup.

mod build;
mod schema;

use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
pub use schema::{Act, Blocks, CatalogFile, ClassEntry, Copies, Cost, Deadline, Entry, Is, RetryPolicy, Takes, Waits};

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
    /// What it is given first, wrapped (`returns = "argument"`).
    Argument,
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
    line: Vec<ExtClass>,
    methods: FxHashMap<Box<str>, EntryId>,
    attributes: FxHashMap<Box<str>, ExtType>,
    enter: Option<ExtType>,
    iterates: Option<ExtType>,
}

struct EntryRow {
    name: String,
    described: u32,
}

/// Everything known about libraries.
pub struct Catalog {
    trie: Vec<TrieNode>,
    classes: Vec<ClassRow>,
    described: Vec<(Entry, Option<ExtType>)>,
    entries: Vec<EntryRow>,
    method_names: FxHashSet<Box<str>>,
}

/// The catalog's own files, in order.
pub const FILES: &[(&str, &str)] = &include!("../../rules/catalog/files.in");

impl Catalog {
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
        &self.described[self.entries[id.0 as usize].described as usize].0
    }

    /// Whether the entry describes all methods of a class alike (`*`).
    #[must_use]
    pub fn is_wildcard(&self, id: EntryId) -> bool {
        self.find(self.entry_name(id))
            .is_some_and(|it| self.class(it).is_some())
    }

    /// The entry's dotted name.
    #[must_use]
    pub fn entry_name(&self, id: EntryId) -> &str {
        &self.entries[id.0 as usize].name
    }

    /// The class whose method the entry is.
    #[must_use]
    pub fn owner(&self, id: EntryId) -> Option<ExtClass> {
        let name = self.entry_name(id);
        let (parent, _) = name.rsplit_once('.')?;
        let class_of = |it| self.find(it).and_then(|it| self.class(it));
        class_of(name).or_else(|| class_of(parent))
    }

    /// What the call gives (what `await` gives where it is a coroutine).
    #[must_use]
    pub fn returns(&self, id: EntryId) -> Option<ExtType> {
        self.described[self.entries[id.0 as usize].described as usize].1
    }

    /// The class and its bases, nearest first.
    #[must_use]
    pub fn lineage(&self, class: ExtClass) -> Vec<ExtClass> {
        self.line(class).to_vec()
    }

    fn line(&self, class: ExtClass) -> &[ExtClass] {
        &self.classes[class.0 as usize].line
    }

    /// A method of a class or of its bases; where none is named, what the class says of every method (`*`).
    #[must_use]
    pub fn method(&self, class: ExtClass, name: &str) -> Option<EntryId> {
        let line = self.line(class);
        let row = |it: &ExtClass| &self.classes[it.0 as usize];
        let named = |name: &str| line.iter().find_map(|it| row(it).methods.get(name).copied());
        let is_other = || !name.starts_with('_') && !line.iter().any(|it| row(it).attributes.contains_key(name));
        named(name).or_else(|| if is_other() { named("*") } else { None })
    }

    /// The type of an attribute of a class or of its bases; where none is named, what the class says of every attribute (`*`).
    #[must_use]
    pub fn attribute(&self, class: ExtClass, name: &str) -> Option<ExtType> {
        let line = self.line(class);
        let row = |it: &ExtClass| &self.classes[it.0 as usize];
        let named = |name: &str| line.iter().find_map(|it| row(it).attributes.get(name).copied());
        let is_other = || !name.starts_with('_') && !line.iter().any(|it| row(it).methods.contains_key(name));
        named(name).or_else(|| if is_other() { named("*") } else { None })
    }

    /// What `with` gives.
    #[must_use]
    pub fn enter(&self, class: ExtClass) -> Option<ExtType> {
        self.line(class).iter().find_map(|it| self.classes[it.0 as usize].enter)
    }

    /// What iteration gives.
    #[must_use]
    pub fn iterates(&self, class: ExtClass) -> Option<ExtType> {
        self.line(class)
            .iter()
            .find_map(|it| self.classes[it.0 as usize].iterates)
    }

    /// Whether the class or one of its bases is for this.
    #[must_use]
    pub fn is(&self, class: ExtClass, what: Is) -> bool {
        self.line(class)
            .iter()
            .any(|it| self.classes[it.0 as usize].entry.is == Some(what))
    }

    /// Whether any class of the catalog, or a builtin container or `str`, has a method of this name.
    #[must_use]
    pub fn is_common_method(&self, name: &str) -> bool {
        self.method_names.contains(name)
    }
}
