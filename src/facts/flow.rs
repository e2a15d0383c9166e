//! Where the value of an expression comes from, and what a loop or function changes while it runs.

use super::{Definition, FileFacts, How, Kind, NodeId, PlaceId, PlaceKind, Role};

/// Values that more assignments than this feed are taken to differ.
const MAX_ROOTS: usize = 24;

/// What feeds an expression inside a region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The expression, and the right sides of the assignments in the region that feed it.
    pub roots: Vec<NodeId>,
    /// The names they read.
    pub places: Vec<PlaceId>,
    /// Those of them that the region makes and fills.
    pub filled: Vec<PlaceId>,
    /// Everything was followed.
    pub is_whole: bool,
}

/// Methods that change their receiver.
const CHANGES: [&str; 26] = [
    "append",
    "appendleft",
    "extend",
    "insert",
    "add",
    "update",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "discard",
    "clear",
    "setdefault",
    "sort",
    "reverse",
    "write",
    "writelines",
    "put",
    "put_nowait",
    "set",
    "push",
    "difference_update",
    "intersection_update",
    "__setitem__",
    "seek",
    "feed",
];

/// Calls that give something else each time.
const DIFFERS: [&str; 22] = [
    "now",
    "utcnow",
    "today",
    "time",
    "time_ns",
    "monotonic",
    "perf_counter",
    "uuid1",
    "uuid4",
    "random",
    "randint",
    "choice",
    "uniform",
    "sample",
    "token_hex",
    "urandom",
    "next",
    "pop",
    "popleft",
    "get_nowait",
    "readline",
    "input",
];

impl FileFacts {
    /// What feeds an expression, through the assignments that stand in a region around it.
    #[must_use]
    pub fn slice(&self, region: NodeId, expr: NodeId) -> Slice {
        let mut roots = vec![expr];
        let mut places: Vec<PlaceId> = Vec::new();
        let mut filled: Vec<PlaceId> = Vec::new();
        let mut at = 0;
        while at < roots.len() && roots.len() <= MAX_ROOTS {
            let root = roots[at];
            at += 1;
            for place in self.subtree(root).filter_map(|it| self.name_place(it)) {
                if places.contains(&place) {
                    continue;
                }
                places.push(place);
                let inside = self.definitions_of(place).iter();
                let values = inside.filter(|it| self.contains(region, it.node));
                let mut values: Vec<NodeId> = values.filter_map(|it| self.assigned(it)).collect();
                if let Some(added) = self.filled_by(region, place) {
                    filled.push(place);
                    values.extend(added);
                }
                for value in values {
                    if !roots.iter().any(|&it| self.contains(it, value)) {
                        roots.push(value);
                    }
                }
            }
        }
        let is_whole = at == roots.len();
        Slice {
            roots,
            places,
            filled,
            is_whole,
        }
    }

    /// Whether an expression has the same value each time a region (a loop, a comprehension, a function) runs it:
    /// nothing that feeds it is bound or changed there. Parameters count as the same only where they are `shared`.
    #[must_use]
    pub fn invariant_in(&self, region: NodeId, shared: &[PlaceId], expr: NodeId) -> bool {
        let slice = self.slice(region, expr);
        slice.is_whole
            && !slice.roots.iter().any(|&it| self.may_differ(it))
            && slice
                .places
                .iter()
                .filter(|it| !slice.filled.contains(it))
                .all(|&it| shared.contains(&it) || self.is_bound_outside(region, &slice, it))
            && !self
                .uses(&slice)
                .filter(|&it| self.name_place(it).is_none_or(|it| !slice.filled.contains(&it)))
                .any(|it| self.is_changed_in(region, it))
    }

    /// The names that one iteration of a loop leaves for the next: bound before it, and bound and read inside it.
    #[must_use]
    pub fn carried_by(&self, region: NodeId) -> Vec<PlaceId> {
        let mut found: Vec<PlaceId> = Vec::new();
        for id in self.subtree(region) {
            let Some(place) = self.name_place(id) else { continue };
            let is_read = self.node(id).role != Role::Target || self.kind(self.parent(id)) == Kind::AugAssign;
            if !is_read || found.contains(&place) {
                continue;
            }
            let all = self.definitions_of(place);
            let inside = all.iter().filter(|it| self.contains(region, it.node)).count();
            if inside > 0 && inside < all.len() {
                found.push(place);
            }
        }
        found
    }

    /// The calls in a region that are handed, whole, what an expression reads: they may change it.
    #[must_use]
    pub fn handed_in(&self, region: NodeId, expr: NodeId) -> Vec<NodeId> {
        let slice = self.slice(region, expr);
        let inside = |it: NodeId| slice.roots.iter().any(|&root| self.contains(root, it));
        let paths: Vec<(PlaceId, Option<&str>)> = self.uses(&slice).filter_map(|it| self.path(it)).collect();
        let arguments = self.subtree(region).filter(|&it| {
            self.path(it)
                .is_some_and(|(place, _)| paths.iter().any(|it| it.0 == place))
        });
        arguments
            .filter(|&it| !inside(it))
            .map(|it| (self.path(it), self.top(it)))
            .filter(|(path, top)| {
                let given = matches!(self.node(*top).role, Role::Arg)
                    || self.kind(self.parent(*top)) == Kind::Keyword && self.node(*top).role == Role::Value;
                given && path.is_some_and(|path| paths.iter().any(|&it| overlap(it, path)))
            })
            .map(|(_, top)| top)
            .collect()
    }

    /// Whether something is assigned, deleted or called through a value in a way that changes it.
    #[must_use]
    pub fn is_changed_at(&self, usage: NodeId) -> bool {
        let top = self.top(usage);
        if top != usage && self.node(top).role == Role::Target {
            return true;
        }
        self.method_on(top)
            .is_some_and(|(name, call)| CHANGES.contains(&name) || self.is_dropped(call))
    }

    /// The outermost attribute or element of a value that is written here: `x.a[0]` for the `x` in `x.a[0].f()`.
    #[must_use]
    pub fn top(&self, usage: NodeId) -> NodeId {
        let mut at = usage;
        loop {
            let parent = self.parent(at);
            let is_part = self.node(at).role == Role::Value
                && matches!(self.kind(parent), Kind::Attribute | Kind::Subscript)
                && !(self.node(parent).role == Role::Func && self.kind(parent) == Kind::Attribute);
            if !is_part {
                return at;
            }
            at = parent;
        }
    }

    /// The method that is called on a value, and the call.
    #[must_use]
    pub fn method_on(&self, value: NodeId) -> Option<(&str, NodeId)> {
        let attribute = self.parent(value);
        let call = self.parent(attribute);
        let is_method = self.kind(attribute) == Kind::Attribute
            && self.node(value).role == Role::Value
            && self.node(attribute).role == Role::Func
            && self.kind(call) == Kind::Call;
        is_method.then(|| (self.payload_text(attribute).unwrap_or_default(), call))
    }

    /// The node around a node.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> NodeId {
        NodeId(self.node(node).parent)
    }

    /// A node and everything below it.
    pub fn subtree(&self, root: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (root.0..self.node(root).end).map(NodeId)
    }

    fn is_dropped(&self, call: NodeId) -> bool {
        let parent = self.parent(call);
        let parent = if self.kind(parent) == Kind::Await {
            self.parent(parent)
        } else {
            parent
        };
        self.kind(parent) == Kind::ExprStmt
    }

    fn may_differ(&self, root: NodeId) -> bool {
        self.subtree(root).any(|it| match self.kind(it) {
            Kind::Await | Kind::Yield | Kind::YieldFrom | Kind::NamedExpr | Kind::Opaque => true,
            Kind::Call => {
                let func = self.child(it, Role::Func);
                let name = func.and_then(|it| self.name_text(it).or_else(|| self.payload_text(it)));
                name.is_some_and(|name| DIFFERS.contains(&name))
            }
            _ => false,
        })
    }

    fn is_bound_outside(&self, region: NodeId, slice: &Slice, place: PlaceId) -> bool {
        let inside = |it: &&Definition| self.contains(region, it.node);
        let all = self.definitions_of(place);
        let mut followed = 0;
        // `nonlocal x` in a function that the region may call.
        if all
            .iter()
            .any(|it| it.function != self.place(place).owner && matches!(it.how, How::Assign { .. }))
        {
            return false;
        }
        for definition in all.iter().filter(inside) {
            // The target of a comprehension or of a loop that is all there, and a function that is defined here, come
            // anew with every run.
            let is_target = self.place(place).kind == PlaceKind::Comprehension
                || matches!(definition.how, How::Iterate { is_async: false, .. });
            let is_own = is_target && slice.roots.iter().any(|&it| self.contains(it, definition.node));
            let is_code = matches!(definition.how, How::Function(_) | How::Class(_) | How::Import(_));
            if is_own || is_code {
                continue;
            }
            if self.assigned(definition).is_none() || matches!(definition.how, How::Augment { .. }) {
                return false;
            }
            followed += 1;
        }
        followed == 0 || (followed == 1 && all.iter().all(|it| inside(&it)))
    }

    /// The value that a name gets: the right side, or the file that a `with` opens.
    fn assigned(&self, definition: &Definition) -> Option<NodeId> {
        match definition.how {
            How::Assign { value, .. } | How::Unpack { value, .. } | How::Augment { value } => Some(value),
            How::Enter {
                context,
                is_async: false,
            } => self.opens(context).then_some(context),
            _ => None,
        }
    }

    /// `open(path)`, `path.open()`: what is read from it is the content of the file, from its start.
    #[must_use]
    pub fn opens(&self, expr: NodeId) -> bool {
        let func = self.child(expr, Role::Func).filter(|_| self.kind(expr) == Kind::Call);
        func.is_some_and(|it| self.name_text(it).or_else(|| self.payload_text(it)) == Some("open"))
    }

    /// The names of a slice where they are read.
    fn uses<'a>(&'a self, slice: &'a Slice) -> impl Iterator<Item = NodeId> + 'a {
        let roots = slice.roots.iter();
        roots
            .flat_map(|&it| self.subtree(it))
            .filter(|&it| self.name_place(it).is_some())
    }

    /// Whether the region changes what a name reads: `x.a` is not changed by `x.b = 1`.
    fn is_changed_in(&self, region: NodeId, usage: NodeId) -> bool {
        let Some(read) = self.path(usage) else { return false };
        let owner = self.place(read.0).owner;
        let touched = self
            .subtree(self.function(owner).node)
            .filter(|&it| self.path(it).is_some_and(|path| overlap(path, read)));
        // A function inside may be called from the region.
        touched
            .filter(|&it| self.contains(region, it) || self.function_of(it) != owner)
            .any(|it| self.is_changed_at(it) && !self.is_own_method(it))
    }

    /// `self.step()`: what it changes, the class says.
    fn is_own_method(&self, usage: NodeId) -> bool {
        self.method_on(usage).is_some() && self.is_receiver(usage)
    }

    /// Whether a name is the first parameter of a method.
    #[must_use]
    pub fn is_receiver(&self, usage: NodeId) -> bool {
        self.name_place(usage).is_some_and(|place| {
            let owner = self.function(self.place(place).owner);
            owner.class.is_some() && owner.params.first().is_some_and(|it| it.place == place)
        })
    }

    /// A name and the first attribute that is read from it.
    fn path(&self, usage: NodeId) -> Option<(PlaceId, Option<&str>)> {
        let place = self.name_place(usage)?;
        let parent = self.parent(usage);
        let is_read = self.kind(parent) == Kind::Attribute && self.method_on(usage).is_none();
        Some((place, if is_read { self.payload_text(parent) } else { None }))
    }
}

fn overlap(a: (PlaceId, Option<&str>), b: (PlaceId, Option<&str>)) -> bool {
    a.0 == b.0 && (a.1.is_none() || b.1.is_none() || a.1 == b.1)
}
