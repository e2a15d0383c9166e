//! What becomes of a collection of results that a call gives.

use super::{FileFacts, Kind, NodeId, PlaceId, PlaceKind, Role};

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// Nobody looks at them.
    Dropped,
    /// They go to the caller of the function as they are.
    Returned,
    /// This loop or comprehension takes them one by one, and nothing else reads them.
    Each(NodeId),
    /// Something reads them together, or more than once.
    Whole,
}

/// Values are followed through this many names.
const FUEL: u32 = 4;

impl FileFacts {
    /// What becomes of the results of a call that is awaited.
    #[must_use]
    pub fn results(&self, call: NodeId) -> Results {
        self.results_at(call, FUEL)
    }

    fn results_at(&self, value: NodeId, fuel: u32) -> Results {
        let Some(fuel) = fuel.checked_sub(1) else {
            return Results::Whole;
        };
        let parent = NodeId(self.node(value).parent);
        match (self.kind(parent), self.node(value).role) {
            (Kind::Await | Kind::NamedExpr, Role::Value) => self.results_at(parent, fuel + 1),
            (Kind::ExprStmt, _) => Results::Dropped,
            (Kind::Return, _) => Results::Returned,
            (Kind::For | Kind::AsyncFor, Role::Iter) => Results::Each(parent),
            (Kind::Generator, Role::Iter) => Results::Each(NodeId(self.node(parent).parent)),
            (Kind::Call, Role::Arg) if self.passes_each(parent) => self.results_at(parent, fuel),
            (Kind::Assign | Kind::AnnAssign, Role::Value) => self.results_in(parent, fuel),
            _ => Results::Whole,
        }
    }

    /// `enumerate(results)`, `zip(items, results)`, `list(results)`.
    fn passes_each(&self, call: NodeId) -> bool {
        let func = self.child(call, Role::Func).and_then(|it| self.name_text(it));
        matches!(
            func,
            Some("enumerate" | "zip" | "list" | "reversed" | "filter" | "tqdm")
        )
    }

    fn results_in(&self, statement: NodeId, fuel: u32) -> Results {
        let mut targets = self.children_as(statement, Role::Target);
        let place = match (targets.next(), targets.next()) {
            (Some(only), None) => self.name_place(only),
            _ => None,
        };
        let Some(place) = place.filter(|&it| self.place(it).kind == PlaceKind::Local) else {
            return Results::Whole;
        };
        let mut found = Results::Dropped;
        for read in self.reads_after(place, statement) {
            found = match (found, self.results_at(read, fuel)) {
                (before, Results::Dropped) => before,
                (Results::Dropped, now) => now,
                _ => return Results::Whole,
            };
        }
        found
    }

    /// The reads of a name behind a statement; those that only count or test it tell nothing.
    fn reads_after(&self, place: PlaceId, statement: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let owner = self.function(self.place(place).owner).node;
        let end = self.node(statement).end;
        self.descendants(owner).filter(move |&it| {
            it.0 >= end
                && self.name_place(it) == Some(place)
                && self.node(it).role != Role::Target
                && !self.is_counted(it)
        })
    }

    fn is_counted(&self, read: NodeId) -> bool {
        let parent = NodeId(self.node(read).parent);
        match self.kind(parent) {
            Kind::Call => self.child(parent, Role::Func).and_then(|it| self.name_text(it)) == Some("len"),
            Kind::If | Kind::UnaryOp | Kind::IfExp => self.node(read).role != Role::Body,
            _ => false,
        }
    }
}
