//! What runs inside a context manager of the program's own, whose line tells that it is left.

use super::ids::FnId;
use super::order::{Order, Region};
use crate::facts::{FileFacts, Kind, NodeId, Role};

/// A block that a context manager is around.
struct Block {
    function: FnId,
    item: NodeId,
    with: NodeId,
}

impl Order<'_> {
    /// If the line at `to` is written on leaving a context manager, adds the blocks that it is around, from the line at
    /// `from` on; where some of them give it a text that the lines have `told`, only those.
    pub fn include_blocks(
        &self,
        region: &mut Region,
        from: (FnId, NodeId),
        to: (FnId, NodeId),
        told: impl Fn(&str) -> bool,
    ) {
        if !self.is_left_at(to) {
            return;
        }
        let mut blocks = self.blocks(to.0);
        let names_it = |it: &Block| {
            let facts = self.facts(it.function);
            facts.descendants(it.item).filter_map(|it| text(facts, it)).any(&told)
        };
        if blocks.iter().any(names_it) {
            blocks.retain(names_it);
        }
        let before = self.ways_up(from.0, from.1);
        for block in &blocks {
            let facts = self.facts(block.function);
            let inside = before.get(&block.function).map(|it| it.1);
            let low = inside.filter(|it| facts.contains(block.with, *it) && *it > block.item);
            let range = (facts.node(low.unwrap_or(block.item)).end, facts.node(block.with).end);
            region.parts.entry(block.function).or_default().push(range);
        }
        if let [only] = &blocks[..] {
            region.frame = Some(only.function);
            region.block = Some((only.function, only.item));
        }
        self.close(region);
    }

    /// Whether a line stands after the `yield` of a generator, or in the method that leaves.
    fn is_left_at(&self, (function, node): (FnId, NodeId)) -> bool {
        let facts = self.facts(function);
        let of = facts.function(function.local);
        let yields = |it: NodeId| facts.kind(it) == Kind::Yield && it < node;
        of.is_generator && facts.body_nodes(function.local).any(yields)
            || of.class.is_some() && matches!(facts.text(of.name), "__exit__" | "__aexit__")
    }

    fn blocks(&self, manager: FnId) -> Vec<Block> {
        let callers = self.graph().callers(manager);
        let block = |function: FnId, node: NodeId| {
            let facts = self.facts(function);
            let around = [node, facts.parent(node)];
            let item = around.into_iter().find(|it| facts.kind(*it) == Kind::WithItem)?;
            let with = facts.parent(item);
            Some(Block { function, item, with })
        };
        let mut blocks: Vec<Block> = callers.filter_map(|(_, it)| block(it.caller, it.at.node)).collect();
        blocks.sort_unstable_by_key(|it| (it.function, it.item));
        blocks.dedup_by_key(|it| (it.function, it.item));
        blocks
    }
}

/// A text that is given as it is.
fn text(facts: &FileFacts, node: NodeId) -> Option<&str> {
    let is_given = facts.kind(node) == Kind::Str && matches!(facts.node(node).role, Role::Arg | Role::Value);
    facts.payload_text(node).filter(|it| is_given && !it.is_empty())
}
