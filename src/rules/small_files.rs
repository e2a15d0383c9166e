//! Files that are small by what the code does with them: documents that are parsed as soon as they are read, results kept
//! on the disk, files that come with the program.

use crate::catalog::{Act, Blocks, Cost};
use crate::facts::{FileFacts, How, Kind, NodeId, Op, PlaceId, PlaceKind, Role};
use crate::project::{Callee, Site, SiteId, written};
use crate::rules::Context;

/// A call at the end of a chain that opens, reads or writes a file.
pub(super) struct FileUse<'a> {
    cx: &'a Context<'a>,
    site: &'a Site,
    facts: &'a FileFacts,
}

impl<'a> FileUse<'a> {
    pub(super) fn new(cx: &'a Context<'a>, end: SiteId) -> Self {
        let site = cx.project.graph.site(end);
        let facts = cx.project.names.facts(site.at.module);
        Self { cx, site, facts }
    }

    /// `with open(path) as file: return json.load(file)`: a record or a setting.
    pub(super) fn is_parsed_at_once(&self) -> bool {
        let (facts, call) = (self.facts, self.site.at.node);
        let content = self.target();
        let mut around = facts.ancestors(call).take_while(|&it| !facts.kind(it).is_statement());
        let block = facts.statement_of(call);
        around.any(|it| self.parses(it))
            || content.is_some_and(|content| {
                let scope = if facts.kind(block) == Kind::With {
                    block
                } else {
                    facts.function(self.site.caller.local).node
                };
                facts
                    .descendants(scope)
                    .any(|it| self.parses(it) && mentions(facts, it, content))
            })
    }

    /// What the file, or what is read of it, is called.
    fn target(&self) -> Option<PlaceId> {
        let facts = self.facts;
        let parent = NodeId(facts.node(self.site.at.node).parent);
        let target = facts.child(parent, Role::Target)?;
        matches!(facts.kind(parent), Kind::WithItem | Kind::Assign | Kind::AnnAssign)
            .then(|| facts.name_place(target))?
    }

    /// `json.load`, `yaml.safe_load`: what gives a document as a whole.
    fn parses(&self, node: NodeId) -> bool {
        let catalog = &self.cx.project.names.catalog;
        self.facts.kind(node) == Kind::Call
            && self.entries_at(node).any(|entry| {
                let last = catalog.entry_name(entry).rsplit('.').next().unwrap_or_default();
                let entry = catalog.entry(entry);
                entry.blocks == Some(Blocks::Cpu)
                    && entry.cost == Some(Cost::Small)
                    && (last.ends_with("load") || last.ends_with("loads") || last.starts_with("from_json"))
            })
    }

    fn entries_at(&self, node: NodeId) -> impl Iterator<Item = crate::catalog::EntryId> + '_ {
        let sites = self.cx.project.graph.sites_at(self.site.caller, node);
        sites.filter_map(|(_, site)| match site.callee {
            Callee::Library(entry) => Some(entry),
            _ => None,
        })
    }

    /// `if os.path.exists(path): read(path) else: write(path, compute())`: both are little beside what is computed.
    pub(super) fn is_a_kept_result(&self) -> bool {
        let facts = self.facts;
        let mut below = self.site.at.node;
        facts.ancestors(below).any(|around| {
            let role = facts.node(below).role;
            below = around;
            let (true, Some(test)) = (
                facts.kind(around) == Kind::If && matches!(role, Role::Body | Role::Orelse),
                facts.child(around, Role::Test),
            ) else {
                return false;
            };
            let other = if role == Role::Body { Role::Orelse } else { Role::Body };
            let Some(found) = branch_with_the_file(facts, test) else {
                return false;
            };
            let has = |role, is: &dyn Fn(NodeId) -> bool| {
                let mut nodes = facts.children_as(around, role).flat_map(|it| facts.subtree(it));
                nodes.any(is)
            };
            has(other, &|it| self.opens(it)) && has(found, &|it| self.parses(it))
        })
    }

    fn opens(&self, node: NodeId) -> bool {
        let catalog = &self.cx.project.names.catalog;
        self.facts.kind(node) == Kind::Call
            && self
                .entries_at(node)
                .any(|it| catalog.entry(it).blocks == Some(Blocks::File) && catalog.entry(it).cost != Some(Cost::Micro))
    }

    /// `open(Path(__file__).parent / "index.html")`
    pub(super) fn comes_with_the_program(&self) -> bool {
        let facts = self.facts;
        let call = self.site.at.node;
        let func = facts.child(call, Role::Func);
        let receiver = func
            .filter(|&it| facts.kind(it) == Kind::Attribute)
            .and_then(|it| facts.child(it, Role::Value));
        let about = receiver.or_else(|| facts.arg(call, 0).filter(|_| facts.kind(call) == Kind::Call));
        let Some(about) = about else { return false };
        let slice = facts.slice(facts.function(self.site.caller.local).node, about);
        let chosen = slice
            .places
            .iter()
            .any(|&it| facts.place(it).kind != PlaceKind::Module && !is_plain(facts, it));
        let own = slice.roots.iter().any(|&it| names_its_file(facts, it))
            || slice.places.iter().any(|&it| defined_by_its_file(facts, it));
        own && !chosen && !self.is_handed_over_elsewhere()
    }

    /// Whether the project passes this call on elsewhere, likely to a thread: then it keeps its loop free of files.
    fn is_handed_over_elsewhere(&self) -> bool {
        let names = &self.cx.project.names;
        let Callee::Library(entry) = self.site.callee else {
            return false;
        };
        let name = names.catalog.entry_name(entry).rsplit('.').next().unwrap_or_default();
        names.modules.iter().filter(|it| !it.is_test).any(|module| {
            let facts = &module.facts;
            let mut nodes = (0..u32::try_from(facts.nodes.len()).unwrap_or(0)).map(NodeId);
            nodes.any(|it| {
                facts.node(it).role == Role::Arg
                    && match facts.kind(it) {
                        Kind::Attribute => facts.payload_text(it) == Some(name),
                        Kind::Name => facts.name_text(it) == Some(name),
                        _ => false,
                    }
            })
        })
    }

    /// `with open(path) as file: await to_thread(write, state, file)`
    pub(super) fn is_handed_to_a_thread(&self) -> bool {
        let (facts, graph) = (self.facts, &self.cx.project.graph);
        let catalog = &self.cx.project.names.catalog;
        let block = facts.statement_of(self.site.at.node);
        let Some(file) = self.target().filter(|_| facts.kind(block) == Kind::With) else {
            return false;
        };
        facts.descendants(block).any(|it| {
            let call = NodeId(facts.node(it).parent);
            facts.name_place(it) == Some(file)
                && facts.node(it).role == Role::Arg
                && graph.sites_at(self.site.caller, call).any(|(_, site)| {
                    matches!(site.callee, Callee::Library(entry) if catalog.entry(entry).act == Some(Act::Offload))
                })
        })
    }
}

/// The branch of `if os.path.exists(path)`, `if not path.is_file()` that has the file.
fn branch_with_the_file(facts: &FileFacts, test: NodeId) -> Option<Role> {
    if facts.kind(test) == Kind::UnaryOp && facts.node(test).payload == Op::Not as u32 {
        let opposite = branch_with_the_file(facts, facts.child(test, Role::Value)?)?;
        return Some(if opposite == Role::Body {
            Role::Orelse
        } else {
            Role::Body
        });
    }
    let text = written(facts, facts.child(test, Role::Func)?);
    matches!(text.rsplit('.').next(), Some("exists" | "isfile" | "is_file")).then_some(Role::Body)
}

fn mentions(facts: &FileFacts, call: NodeId, place: PlaceId) -> bool {
    let arguments = facts.children(call).filter(|&it| facts.node(it).role != Role::Func);
    arguments
        .flat_map(|it| facts.subtree(it))
        .any(|it| facts.name_place(it) == Some(place))
}

/// A local that is assigned, and so as constant as what it is assigned.
fn is_plain(facts: &FileFacts, place: PlaceId) -> bool {
    let mut made = facts.definitions_of(place).iter();
    made.all(|it| matches!(it.how, How::Assign { .. } | How::Import(_)))
}

fn names_its_file(facts: &FileFacts, node: NodeId) -> bool {
    facts.subtree(node).any(|it| facts.name_text(it) == Some("__file__"))
}

/// A constant of the module: `ROOT = Path(__file__).parent`.
fn defined_by_its_file(facts: &FileFacts, place: PlaceId) -> bool {
    facts.definitions_of(place).iter().any(|it| match it.how {
        How::Assign { value, .. } => names_its_file(facts, value),
        _ => false,
    })
}
