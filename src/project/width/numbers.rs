//! Widths that a number decides: ranges, slices, limits of queries, checks of a length.

use super::{Width, Widths};
use crate::facts::{How, Kind, NodeId, Op, PlaceId, Role};
use crate::project::classes::written;
use crate::project::words::has_word;

impl Widths<'_> {
    /// `search(query, limit=20)`, `fetch(page=3)`.
    pub(super) fn is_limited_query(self, call: NodeId) -> bool {
        const BOUNDS: [&str; 17] = [
            "limit",
            "top_k",
            "k",
            "max_results",
            "n_results",
            "page_size",
            "per_page",
            "page",
            "num_results",
            "maxResults",
            "top_n",
            "max_items",
            "first",
            "count",
            "similarity_top_k",
            "max_count",
            "size",
        ];
        BOUNDS.iter().any(|it| {
            self.facts.keyword(call, it).is_some_and(|value| {
                !matches!(self.facts.kind(value), Kind::None) && !self.counts_data(value, 8) && !self.is_optional(value)
            })
        })
    }

    /// A parameter that may be `None`: callers may ask for everything.
    fn is_optional(self, node: NodeId) -> bool {
        let facts = self.facts;
        let Some(place) = facts.name_place(node) else {
            return false;
        };
        facts.definitions_of(place).iter().any(|it| {
            let How::Param(index) = it.how else { return false };
            let param = facts.function(it.function).params[index as usize];
            param.annotation.is_some_and(|annotation| {
                (annotation.0..facts.node(annotation).end)
                    .map(NodeId)
                    .any(|it| facts.kind(it) == Kind::None || facts.name_text(it) == Some("Optional"))
            })
        })
    }

    /// `range(n)`: data only where `n` counts data; a setting is a bound.
    pub(super) fn range(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let args: Vec<NodeId> = facts.children_as(node, Role::Arg).collect();
        let stop = match args[..] {
            [stop] | [_, stop] | [_, stop, _] => stop,
            _ => return Width::Data,
        };
        if let Some(number) = facts.number(stop) {
            return if (0.0..1e12).contains(&number) {
                Width::Constant(number as u64)
            } else {
                Width::Bounded
            };
        }
        if self.counts_data(stop, fuel.min(8)) {
            Width::Data
        } else {
            Width::Bounded
        }
    }

    /// Whether a number grows with data: `len(xs)`, `total // size`, a page count that a service told.
    pub(super) fn counts_data(self, node: NodeId, fuel: u32) -> bool {
        let Some(fuel) = fuel.checked_sub(1) else { return false };
        let facts = self.facts;
        match facts.kind(node) {
            Kind::Call => {
                let name = facts
                    .child(node, Role::Func)
                    .map(|it| written(facts, it))
                    .unwrap_or_default();
                match name.rsplit('.').next().unwrap_or_default() {
                    "len" => facts.arg(node, 0).is_some_and(|it| self.at(it, fuel) == Width::Data),
                    "min" => facts.children_as(node, Role::Arg).all(|it| self.counts_data(it, fuel)),
                    "max" | "ceil" | "int" | "round" | "floor" | "abs" => {
                        facts.children_as(node, Role::Arg).any(|it| self.counts_data(it, fuel))
                    }
                    "count" => true,
                    _ => false,
                }
            }
            Kind::BinOp | Kind::Await | Kind::UnaryOp | Kind::IfExp | Kind::BoolOp => {
                facts.children(node).any(|it| self.counts_data(it, fuel))
            }
            Kind::Name => facts.name_place(node).is_some_and(|place| {
                has_word(facts.name_text(node).unwrap_or_default(), &["pages", "total"])
                    || facts
                        .definitions_of(place)
                        .iter()
                        .any(|it| matches!(it.how, How::Assign { value, .. } if self.counts_data(value, fuel)))
            }),
            Kind::Attribute => has_word(facts.payload_text(node).unwrap_or_default(), &["pages", "total"]),
            _ => false,
        }
    }

    pub(super) fn subscript(self, node: NodeId, fuel: u32) -> Width {
        let facts = self.facts;
        let Some(index) = facts.child(node, Role::Index) else {
            return Width::Data;
        };
        if facts.kind(index) != Kind::Slice {
            return Width::Data;
        }
        let bounded = facts.child(index, Role::Upper).is_some_and(|upper| {
            facts.kind(upper) != Kind::None
                && facts.number(upper).is_none_or(|it| it >= 0.0)
                && (facts.child(index, Role::Lower).is_some() || !self.counts_data(upper, fuel.min(8)))
        });
        // `xs[-3:]`.
        let tail = facts
            .child(index, Role::Lower)
            .is_some_and(|it| facts.kind(it) == Kind::UnaryOp && facts.node(it).payload == Op::USub as u32);
        let whole = self.child(node, Role::Value, fuel);
        if bounded || tail {
            whole.min(Width::Bounded)
        } else {
            whole
        }
    }

    /// `if len(xs) > 50: raise ...` before the use.
    pub(super) fn is_checked(self, place: PlaceId, usage: NodeId) -> bool {
        let facts = self.facts;
        let function = facts.function_of(usage);
        facts.body_nodes(function).take_while(|&it| it < usage).any(|node| {
            facts.kind(node) == Kind::If
                && !facts.contains(node, usage)
                && facts
                    .child(node, Role::Test)
                    .is_some_and(|it| self.compares_length(it, place))
                && facts.children_as(node, Role::Body).last().is_some_and(|it| {
                    matches!(
                        facts.kind(it),
                        Kind::Raise | Kind::Return | Kind::Break | Kind::Continue
                    )
                })
        })
    }

    pub(super) fn compares_length(self, test: NodeId, place: PlaceId) -> bool {
        let facts = self.facts;
        if facts.kind(test) != Kind::Compare {
            return false;
        }
        let op = facts.node(test).payload;
        let more = op == Op::Gt as u32 || op == Op::GtE as u32;
        let is_length = facts.child(test, Role::Left).is_some_and(|it| {
            facts.kind(it) == Kind::Call
                && facts.child(it, Role::Func).and_then(|it| facts.name_text(it)) == Some("len")
                && facts.arg(it, 0).and_then(|it| facts.name_place(it)) == Some(place)
        });
        more && is_length
            && facts
                .child(test, Role::Right)
                .is_some_and(|it| facts.number(it).is_none_or(|it| it > 1.0) && !self.counts_data(it, 4))
    }
}
