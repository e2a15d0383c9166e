//! Whether the turns of a loop are independent: nothing of one feeds the next, and what they do has no order.

use super::classes::written;
use super::reaching::reaching;
use crate::facts::{FileFacts, Kind, LocalFn, NodeId, PlaceId, PlaceKind, Role};

/// Whether the turns of a `for` loop could run in any order, as far as the code of the loop itself shows it. What its
/// awaited calls do is for the caller to ask.
#[must_use]
pub fn has_independent_turns(facts: &FileFacts, around: NodeId) -> bool {
    if facts.kind(around) != Kind::For || facts.child(around, Role::Orelse).is_some() {
        return false;
    }
    let function = facts.function_of(around);
    let turn = Turn {
        facts,
        around,
        function,
    };
    facts.children_as(around, Role::Body).all(|it| turn.allows(it)) && !turn.carries()
}

/// Methods that only add to a collection.
const ADDS: [&str; 5] = ["append", "add", "extend", "update", "setdefault"];

#[derive(Clone, Copy)]
struct Turn<'a> {
    facts: &'a FileFacts,
    around: NodeId,
    function: LocalFn,
}

impl Turn<'_> {
    /// The nodes of the body that run in this function.
    fn nodes(self) -> impl Iterator<Item = NodeId> {
        let first = self.facts.child(self.around, Role::Body).map_or(u32::MAX, |it| it.0);
        self.facts.descendants(self.around).filter(move |it| it.0 >= first)
    }

    /// Whether a statement neither leaves the loop nor does something whose order can be seen.
    fn allows(self, statement: NodeId) -> bool {
        let facts = self.facts;
        let blocks = |roles: &[Role]| {
            let inside = facts.children(statement);
            let mut inside = inside.filter(|&it| roles.contains(&facts.node(it).role));
            inside.all(|it| self.allows(it))
        };
        match facts.kind(statement) {
            Kind::Continue | Kind::Pass => true,
            Kind::Assign | Kind::AnnAssign => facts.children_as(statement, Role::Target).all(|it| self.may_set(it)),
            Kind::AugAssign => facts
                .child(statement, Role::Target)
                .is_some_and(|it| facts.kind(it) == Kind::Name),
            Kind::ExprStmt => facts.child(statement, Role::Value).is_some_and(|it| self.may_do(it)),
            Kind::If | Kind::For => blocks(&[Role::Body, Role::Orelse]),
            Kind::Try => {
                let handlers = facts.children_as(statement, Role::Handler);
                let mut handled = handlers.flat_map(|it| facts.children_as(it, Role::Body));
                blocks(&[Role::Body, Role::Orelse])
                    && handled.all(|it| facts.kind(it) == Kind::Raise || self.allows(it))
            }
            Kind::AsyncWith => blocks(&[Role::Body]),
            _ => false,
        }
    }

    fn may_set(self, target: NodeId) -> bool {
        let facts = self.facts;
        match facts.kind(target) {
            Kind::Name => facts
                .name_place(target)
                .is_some_and(|it| facts.place(it).kind == PlaceKind::Local && facts.place(it).owner == self.function),
            Kind::Tuple | Kind::List | Kind::Starred => facts.children(target).all(|it| self.may_set(it)),
            // `found[key] = ...` adds; `item.answer = ...` belongs to the turn.
            Kind::Subscript => facts
                .child(target, Role::Value)
                .is_some_and(|it| facts.kind(it) == Kind::Name),
            Kind::Attribute => facts
                .child(target, Role::Value)
                .and_then(|it| facts.name_place(it))
                .is_some_and(|it| self.is_of_turn(it)),
            _ => false,
        }
    }

    /// An expression that stands alone: something is added to a local collection, a line is logged, or a call is awaited.
    fn may_do(self, value: NodeId) -> bool {
        let facts = self.facts;
        if facts.kind(value) != Kind::Call {
            return facts.kind(value) == Kind::Await;
        }
        let Some(func) = facts.child(value, Role::Func) else {
            return false;
        };
        let text = written(facts, func);
        let (receiver, method) = text.rsplit_once('.').unwrap_or(("", &text));
        let is_local = facts
            .child(func, Role::Value)
            .is_some_and(|it| facts.kind(it) == Kind::Name);
        (is_local && ADDS.contains(&method)) || is_log(receiver, method)
    }

    /// Whether a name gets its value in the turn.
    fn is_of_turn(self, place: PlaceId) -> bool {
        let facts = self.facts;
        let definitions = facts.definitions_of(place);
        !definitions.is_empty() && definitions.iter().all(|it| facts.contains(self.around, it.node))
    }

    /// Whether a turn reads what an earlier one has set, added to or counted.
    fn carries(self) -> bool {
        let facts = self.facts;
        self.nodes().any(|node| {
            let Some(place) = facts.name_place(node) else {
                return false;
            };
            let parent = NodeId(facts.node(node).parent);
            if facts.node(node).role == Role::Target && facts.kind(parent) != Kind::AugAssign {
                return false;
            }
            let is_fed = |it: NodeId| facts.name_place(it) == Some(place) && self.feeds(it);
            if self.feeds(node) {
                return false;
            }
            if !self.is_of_turn(place) && self.nodes().any(is_fed) {
                return true;
            }
            let all = facts.definitions_of(place);
            let seen = reaching(facts, all, node);
            let inside = |&it: &usize| facts.contains(self.around, all[it].node);
            let is_outside = seen.iter().any(|it| !inside(it));
            let later = seen.iter().any(|it| inside(it) && all[*it].node > node);
            later || (is_outside && seen.iter().any(inside))
        })
    }

    /// `found.append(...)`, `found[key] = ...`, `count += 1`.
    fn feeds(self, node: NodeId) -> bool {
        let facts = self.facts;
        let parent = NodeId(facts.node(node).parent);
        match facts.kind(parent) {
            Kind::AugAssign => facts.node(node).role == Role::Target,
            Kind::Subscript => facts.node(parent).role == Role::Target && facts.node(node).role == Role::Value,
            Kind::Attribute => {
                let call = NodeId(facts.node(parent).parent);
                let is_statement = facts.kind(NodeId(facts.node(call).parent)) == Kind::ExprStmt;
                is_statement
                    && facts.kind(call) == Kind::Call
                    && facts.node(parent).role == Role::Func
                    && facts.payload_text(parent).is_some_and(|it| ADDS.contains(&it))
            }
            _ => false,
        }
    }
}

/// `logger.info(...)`, `self._log.debug(...)`, `print(...)`.
fn is_log(receiver: &str, method: &str) -> bool {
    let of = super::words::last_word(receiver);
    let writes = matches!(
        method,
        "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "trace" | "success"
    );
    (writes && matches!(of.as_str(), "log" | "logger" | "logging")) || (receiver.is_empty() && method == "print")
}
