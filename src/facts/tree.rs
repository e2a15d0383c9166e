//! Questions about the shape of a file's facts.

use super::node::NO_PAYLOAD;
use super::{
    Definition, FileFacts, FnKind, Function, Kind, LocalFn, MODULE_FN, Node, NodeId, Place, PlaceId, Role, Span, Sym,
};

/// The direct children of a node, in source order.
#[derive(Clone)]
pub struct Children<'a> {
    facts: &'a FileFacts,
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let child = NodeId(self.next);
        self.next = self.facts.node(child).end;
        Some(child)
    }
}

/// The nodes around a node, innermost first, the node itself excluded.
#[derive(Clone)]
pub struct Ancestors<'a> {
    facts: &'a FileFacts,
    at: NodeId,
}

impl Iterator for Ancestors<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let parent = NodeId(self.facts.node(self.at).parent);
        if parent == self.at {
            return None;
        }
        self.at = parent;
        Some(parent)
    }
}

impl FileFacts {
    /// The node with this id.
    #[inline]
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node's kind.
    #[inline]
    #[must_use]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// The text of a symbol.
    #[inline]
    #[must_use]
    pub fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym)
    }

    /// The place with this id.
    #[inline]
    #[must_use]
    pub fn place(&self, id: PlaceId) -> &Place {
        &self.places[id.0 as usize]
    }

    /// The function with this index.
    #[inline]
    #[must_use]
    pub fn function(&self, id: LocalFn) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// All functions with their indices, the module first.
    pub fn all_functions(&self) -> impl Iterator<Item = (LocalFn, &Function)> {
        (0..).map(LocalFn).zip(&self.functions)
    }

    /// The definitions of a place, in source order.
    #[inline]
    #[must_use]
    pub fn definitions_of(&self, place: PlaceId) -> &[Definition] {
        let place = self.place(place);
        let first = place.first_def as usize;
        &self.definitions[first..first + place.n_defs as usize]
    }

    /// The payload as a symbol's text, if the node carries one (attribute and keyword names, strings, numbers).
    #[inline]
    #[must_use]
    pub fn payload_text(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        let is_text = matches!(
            node.kind,
            Kind::Attribute | Kind::Keyword | Kind::Str | Kind::Number | Kind::FormatHole
        );
        (is_text && node.payload != NO_PAYLOAD).then(|| self.text(Sym(node.payload)))
    }

    /// The place that a `Name` refers to.
    #[inline]
    #[must_use]
    pub fn name_place(&self, id: NodeId) -> Option<PlaceId> {
        let node = self.node(id);
        (node.kind == Kind::Name).then_some(PlaceId(node.payload))
    }

    /// The identifier of a `Name`.
    #[inline]
    #[must_use]
    pub fn name_text(&self, id: NodeId) -> Option<&str> {
        self.name_place(id).map(|place| self.text(self.place(place).name))
    }

    /// The source range of a node.
    #[inline]
    #[must_use]
    pub fn span(&self, id: NodeId) -> Span {
        let node = self.node(id);
        Span {
            start: node.start,
            end: node.start + u32::from(node.len),
        }
    }

    /// The 1-based line of a byte offset.
    #[must_use]
    pub fn line_at(&self, offset: u32) -> u32 {
        u32::try_from(self.line_starts.partition_point(|&start| start <= offset))
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// The 1-based line on which a node starts.
    #[must_use]
    pub fn line(&self, id: NodeId) -> u32 {
        self.line_at(self.node(id).start)
    }

    /// What stands before an offset on its line, if that is nothing but indentation.
    #[must_use]
    pub fn indentation(&self, offset: u32) -> String {
        let start = self.line_starts.get(self.line_at(offset) as usize - 1).copied();
        let depth = offset.saturating_sub(start.unwrap_or(offset)) as usize;
        if self.tabs { "\t" } else { " " }.repeat(depth)
    }

    /// The direct children of a node.
    #[inline]
    #[must_use]
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children {
            facts: self,
            next: id.0 + 1,
            end: self.node(id).end,
        }
    }

    /// The direct children that play a role.
    #[inline]
    pub fn children_as(&self, id: NodeId, role: Role) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(move |&child| self.node(child).role == role)
    }

    /// The first child that plays a role.
    #[inline]
    #[must_use]
    pub fn child(&self, id: NodeId, role: Role) -> Option<NodeId> {
        self.children(id).find(|&child| self.node(child).role == role)
    }

    /// The nodes around a node, innermost first.
    #[inline]
    #[must_use]
    pub fn ancestors(&self, id: NodeId) -> Ancestors<'_> {
        Ancestors { facts: self, at: id }
    }

    /// The subtree below a node in preorder, the node excluded.
    #[inline]
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0 + 1..self.node(id).end).map(NodeId)
    }

    /// Whether `inner` is `outer` or below it.
    #[inline]
    #[must_use]
    pub fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner.0 < self.node(outer).end
    }

    /// The function in whose body a node is evaluated. Decorators, defaults and annotations belong to the scope around their function.
    #[must_use]
    pub fn function_of(&self, id: NodeId) -> LocalFn {
        let mut below = id;
        for node in self.ancestors(id) {
            let at = self.node(node);
            if matches!(at.kind, Kind::FunctionDef | Kind::Lambda | Kind::Module) && self.node(below).role == Role::Body
            {
                return LocalFn(at.payload);
            }
            below = node;
        }
        MODULE_FN
    }

    /// The nodes evaluated when the function runs, in preorder, bodies of nested functions and lambdas excluded
    /// (their decorators and defaults are included).
    #[inline]
    #[must_use]
    pub fn body_nodes(&self, function: LocalFn) -> BodyNodes<'_> {
        let root = self.function(function).node;
        let first = self.child(root, Role::Body);
        BodyNodes {
            facts: self,
            root: root.0,
            next: first.map_or(self.node(root).end, |it| it.0),
            end: self.node(root).end,
        }
    }

    /// The call's `index`-th positional argument, `None` where a `*args` stands before it.
    #[inline]
    #[must_use]
    pub fn arg(&self, call: NodeId, index: usize) -> Option<NodeId> {
        let mut args = self.children_as(call, Role::Arg);
        for _ in 0..index {
            if self.kind(args.next()?) == Kind::Starred {
                return None;
            }
        }
        args.next().filter(|&it| self.kind(it) != Kind::Starred)
    }

    /// The value of the call's keyword argument `name`.
    #[must_use]
    pub fn keyword(&self, call: NodeId, name: &str) -> Option<NodeId> {
        let found = self
            .children_as(call, Role::Keyword)
            .find(|&it| self.payload_text(it) == Some(name))?;
        self.child(found, Role::Value)
    }

    /// What the call is given: its arguments, and the values of its keywords.
    pub fn given(&self, call: NodeId) -> impl Iterator<Item = NodeId> {
        self.children(call).filter_map(|it| match self.node(it).role {
            Role::Arg => Some(it),
            Role::Keyword => self.child(it, Role::Value),
            _ => None,
        })
    }

    /// Whether the call has `**kwargs`, which may hold any keyword.
    #[must_use]
    pub fn has_double_star(&self, call: NodeId) -> bool {
        self.children_as(call, Role::Keyword)
            .any(|it| self.node(it).payload == NO_PAYLOAD)
    }

    /// Whether the expression is the operand of `await` (parentheses do not count).
    #[inline]
    #[must_use]
    pub fn is_awaited(&self, id: NodeId) -> bool {
        self.kind(NodeId(self.node(id).parent)) == Kind::Await
    }

    /// The statement that contains a node (the node itself if it is one).
    #[must_use]
    pub fn statement_of(&self, id: NodeId) -> NodeId {
        if self.kind(id).is_statement() {
            return id;
        }
        self.ancestors(id)
            .find(|&it| self.kind(it).is_statement())
            .unwrap_or(NodeId(0))
    }

    /// Whether the function is `async def`.
    #[inline]
    #[must_use]
    pub fn is_async(&self, function: LocalFn) -> bool {
        self.function(function).kind == FnKind::Async
    }

    /// A literal's number, negative ones included.
    #[must_use]
    pub fn number(&self, id: NodeId) -> Option<f64> {
        match self.kind(id) {
            Kind::Number => self.payload_text(id)?.parse().ok(),
            Kind::UnaryOp if self.node(id).payload == super::Op::USub as u32 => {
                self.child(id, Role::Value).and_then(|it| self.number(it)).map(|it| -it)
            }
            _ => None,
        }
    }
}

/// See [`FileFacts::body_nodes`].
pub struct BodyNodes<'a> {
    facts: &'a FileFacts,
    root: u32,
    next: u32,
    end: u32,
}

impl Iterator for BodyNodes<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        loop {
            if self.next >= self.end {
                return None;
            }
            let id = NodeId(self.next);
            let node = self.facts.node(id);
            let nested = node.role == Role::Body
                && node.parent != self.root
                && matches!(self.facts.kind(NodeId(node.parent)), Kind::FunctionDef | Kind::Lambda);
            if nested {
                self.next = node.end;
                continue;
            }
            self.next += 1;
            return Some(id);
        }
    }
}

impl Kind {
    /// Whether it is a statement (the parts of compound statements that are nodes of their own are not).
    #[must_use]
    pub fn is_statement(self) -> bool {
        self <= Kind::Pass && !matches!(self, Kind::WithItem | Kind::MatchCase | Kind::Handler)
    }

    /// Whether it is a loop statement.
    #[must_use]
    pub fn is_loop(self) -> bool {
        matches!(self, Kind::For | Kind::AsyncFor | Kind::While)
    }
}
