//! What becomes of an expression's value.

use super::{FileFacts, Kind, NodeId, Op, PlaceId, PlaceKind, Role};

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody takes it: the expression is a statement.
    Dropped,
    /// It is bound to a local name that nobody reads.
    Unread(PlaceId),
    /// It is bound to a local name that is read only to give it a callback.
    OnlyCalledBack,
    /// Only its truth counts: a condition, `not`, an operand of `and`.
    Tested,
    /// It is compared with something other than `None`.
    Compared,
    /// It becomes text in an f-string.
    Shown,
    /// Somebody takes it: awaited, passed, kept, returned.
    Taken,
}

impl FileFacts {
    /// What becomes of the value of an expression.
    #[must_use]
    pub fn fate(&self, id: NodeId) -> Fate {
        let node = self.node(id);
        let parent = NodeId(node.parent);
        match (self.kind(parent), node.role) {
            (Kind::ExprStmt, _) => Fate::Dropped,
            (Kind::Assign | Kind::AnnAssign, Role::Value) => self.fate_of_assigned(parent),
            (Kind::If | Kind::While | Kind::IfExp | Kind::Assert | Kind::Generator, Role::Test)
            | (Kind::MatchCase, Role::Guard) => Fate::Tested,
            (Kind::UnaryOp, _) if self.node(parent).payload == Op::Not as u32 => Fate::Tested,
            (Kind::BoolOp, _) if !self.is_last_child(parent, id) => Fate::Tested,
            (Kind::BoolOp | Kind::IfExp, _) => self.fate(parent),
            (Kind::Compare, _) if self.children(parent).any(|it| self.kind(it) == Kind::None) => Fate::Taken,
            (Kind::Compare, _) => Fate::Compared,
            (Kind::FormatHole, _) => Fate::Shown,
            (Kind::Attribute, _) if self.is_given_callback(id) => Fate::OnlyCalledBack,
            // `[create_task(f(x)) for x in xs]` as a statement drops every element.
            (Kind::ListComp | Kind::SetComp, Role::Element) if self.fate(parent) == Fate::Dropped => Fate::Dropped,
            _ => Fate::Taken,
        }
    }

    fn fate_of_assigned(&self, statement: NodeId) -> Fate {
        let mut targets = self.children_as(statement, Role::Target);
        let (Some(only), None) = (targets.next(), targets.next()) else {
            return Fate::Taken;
        };
        match self.name_place(only) {
            Some(place) if self.place(place).kind == PlaceKind::Local => {
                let mut reads = self.reads(place).peekable();
                if reads.peek().is_none() {
                    Fate::Unread(place)
                } else if reads.all(|it| self.is_given_callback(it)) {
                    Fate::OnlyCalledBack
                } else {
                    Fate::Taken
                }
            }
            _ => Fate::Taken,
        }
    }

    /// `value.add_done_callback`.
    fn is_given_callback(&self, value: NodeId) -> bool {
        let parent = NodeId(self.node(value).parent);
        self.kind(parent) == Kind::Attribute && self.payload_text(parent) == Some("add_done_callback")
    }

    /// The expressions that read the local name, also in nested functions; `del x` and `x += 1` count as reading.
    fn reads(&self, place: PlaceId) -> impl Iterator<Item = NodeId> + '_ {
        let owner = self.function(self.place(place).owner).node;
        self.descendants(owner).filter(move |&it| {
            self.name_place(it) == Some(place) && {
                let node = self.node(it);
                let parent = self.kind(NodeId(node.parent));
                node.role != Role::Target || matches!(parent, Kind::Delete | Kind::AugAssign)
            }
        })
    }

    fn is_last_child(&self, parent: NodeId, child: NodeId) -> bool {
        self.node(child).end == self.node(parent).end
    }
}
