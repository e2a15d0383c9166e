//! The state of one lowering and the few ways to add to it.

use super::depth;
use super::scopes::ScopeKind;
use super::scopes::Scopes;
use super::symbols::Symbols;
use super::targets::Bound;
use crate::facts::AttributeDef;
use crate::facts::Definition;
use crate::facts::FileFacts;
use crate::facts::FnKind;
use crate::facts::Function;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::LocalClass;
use crate::facts::LocalFn;
use crate::facts::MODULE_FN;
use crate::facts::NO_PAYLOAD;
use crate::facts::Node;
use crate::facts::NodeId;
use crate::facts::PlaceId;
use crate::facts::Role;
use crate::facts::Span;
use crate::facts::Sym;
use ruff_python_ast::ModModule;
use ruff_text_size::TextRange;

/// A place that is not known yet; none is left when the lowering is finished.
pub(super) const UNPLACED: PlaceId = PlaceId(u32::MAX);

/// One file on its way over the border.
pub(super) struct Lowering<'t> {
    pub(super) text: &'t str,
    pub(super) facts: FileFacts,
    pub(super) symbols: Symbols,
    pub(super) scopes: Scopes,
    /// The node whose children are being added.
    pub(super) parent: u32,
    pub(super) depth: u32,
    /// The function in whose body we are.
    pub(super) function: LocalFn,
    /// The class in whose body we are directly.
    pub(super) class: Option<LocalClass>,
    /// Dotted names of the functions and classes around, each with a dot after it.
    pub(super) prefix: String,
    pub(super) type_checking: bool,
    /// Set while lowering text that is not in the file as such (a quoted annotation with escapes): every node has this span.
    pub(super) fixed_span: Option<TextRange>,
    /// Where a tree deeper than any Python compiles begins.
    pub(super) too_deep: Option<u32>,
    /// Targets lowered and not yet defined, a stack.
    pub(super) bound: Vec<Bound>,
    /// First parameters of methods.
    pub(super) receivers: Vec<(PlaceId, LocalClass)>,
    /// Assignments to attributes of plain names: the name's node, and what it would be if that name is a receiver.
    pub(super) attributes: Vec<(NodeId, AttributeDef)>,
    /// `__all__` had a part that is no literal.
    pub(super) open_all: bool,
}

impl<'t> Lowering<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            facts: FileFacts {
                nodes: Vec::with_capacity(text.len() / 10 + 16),
                ..FileFacts::default()
            },
            symbols: Symbols::for_text(text),
            scopes: Scopes::default(),
            parent: 0,
            depth: 0,
            function: MODULE_FN,
            class: None,
            prefix: String::new(),
            type_checking: false,
            fixed_span: None,
            too_deep: None,
            bound: Vec::new(),
            receivers: Vec::new(),
            attributes: Vec::new(),
            open_all: false,
        }
    }

    /// Lowers the whole file.
    pub(super) fn module(&mut self, module: &ModModule) {
        let whole = TextRange::up_to(ruff_text_size::TextSize::of(self.text));
        let node = self.open(Kind::Module, Role::Root, whole, MODULE_FN.0);
        let name = self.symbols.intern("<module>");
        self.facts.functions.push(Function {
            name,
            qualname: name,
            kind: FnKind::Module,
            is_generator: false,
            node,
            name_span: Span { start: 0, end: 0 },
            parent: MODULE_FN,
            class: None,
            params: Box::default(),
            returns: None,
        });
        self.scopes.open(ScopeKind::Module, MODULE_FN);
        self.block(&module.body, Role::Body);
        self.scopes.close(&mut self.facts);
        self.close(node);
    }

    /// Adds a node and makes it the parent of what follows.
    pub(super) fn open(&mut self, kind: Kind, role: Role, range: TextRange, payload: u32) -> NodeId {
        let id = self.leaf(kind, role, range, payload);
        self.parent = id.0;
        id
    }

    /// Ends the subtree of `id`.
    pub(super) fn close(&mut self, id: NodeId) {
        let end = u32::try_from(self.facts.nodes.len()).unwrap_or(u32::MAX);
        let node = &mut self.facts.nodes[id.0 as usize];
        node.end = end;
        self.parent = node.parent;
    }

    /// Adds a node without children.
    pub(super) fn leaf(&mut self, kind: Kind, role: Role, range: TextRange, payload: u32) -> NodeId {
        let range = self.fixed_span.unwrap_or(range);
        let id = u32::try_from(self.facts.nodes.len()).unwrap_or(u32::MAX);
        self.facts.nodes.push(Node {
            kind,
            role,
            len: u16::try_from(range.len().to_u32()).unwrap_or(u16::MAX),
            start: range.start().to_u32(),
            end: id + 1,
            parent: self.parent,
            payload,
        });
        NodeId(id)
    }

    /// Adds a node for something that is not looked into.
    pub(super) fn opaque(&mut self, role: Role, range: TextRange) -> NodeId {
        self.leaf(Kind::Opaque, role, range, NO_PAYLOAD)
    }

    /// Adds a `Name`; its place is set when the scope that binds it closes.
    pub(super) fn name(&mut self, name: &str, role: Role, range: TextRange) -> (NodeId, Sym) {
        let sym = self.symbols.intern(name);
        let id = self.leaf(Kind::Name, role, range, NO_PAYLOAD);
        self.refer(id, sym);
        (id, sym)
    }

    /// Makes `sym`'s place the payload of `node`, now or when the scope that binds it closes.
    pub(super) fn refer(&mut self, node: NodeId, sym: Sym) {
        if let Some(place) = self.scopes.name(node, sym) {
            self.facts.nodes[node.0 as usize].payload = place.0;
        }
    }

    /// Records that `node` binds `sym` in the current scope.
    pub(super) fn define(&mut self, sym: Sym, node: NodeId, how: How) -> Option<PlaceId> {
        let at = self.facts.definitions.len();
        let place = self.scopes.bind(&mut self.facts, sym, at);
        self.push_definition(place, node, how);
        place
    }

    /// Records the target of a walrus.
    pub(super) fn define_walrus(&mut self, sym: Sym, node: NodeId, how: How) {
        let at = self.facts.definitions.len();
        let place = self.scopes.bind_walrus(&mut self.facts, sym, at);
        self.push_definition(place, node, how);
    }

    fn push_definition(&mut self, place: Option<PlaceId>, node: NodeId, how: How) {
        self.facts.definitions.push(Definition {
            place: place.unwrap_or(UNPLACED),
            node,
            function: self.function,
            how,
        });
    }

    /// Whether one more level fits; if not, `measure` says whether the tree below is deeper than any Python compiles.
    pub(super) fn enter(&mut self, range: TextRange, measure: impl FnOnce() -> bool) -> bool {
        if self.depth >= depth::MAX_LOWERED {
            if self.too_deep.is_none() && measure() {
                self.too_deep = Some(range.start().to_u32());
            }
            return false;
        }
        self.depth += 1;
        true
    }

    /// Ends what [`enter`](Self::enter) began.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}

/// Byte range as plain data.
pub(super) fn span(range: TextRange) -> Span {
    Span {
        start: range.start().to_u32(),
        end: range.end().to_u32(),
    }
}
