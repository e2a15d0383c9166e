//! Tasks that nobody keeps get somebody who does.

use super::imports::below_imports;
use super::{before, between, line_below};
use crate::diagnostic::{Fix, Safety};
use crate::facts::{Fate, FileFacts, Kind, NodeId};
use crate::rules::{Context, Library};

/// The set that a module keeps its tasks in.
const KEPT: &str = "_background_tasks";

/// Keeps a task in a set of the module until it is done.
pub(in crate::rules) fn keep(cx: &Context<'_>, call: NodeId) -> Option<Fix> {
    let facts = cx.facts();
    let statement = facts.statement_of(call);
    let is_statement = NodeId(facts.node(call).parent) == statement;
    if !is_statement || cx.library() != Library::Asyncio {
        return None;
    }
    let (name, first) = match facts.fate(call) {
        Fate::Dropped if facts.kind(statement) == Kind::ExprStmt => {
            let name = ["task", "background_task"].into_iter().find(|it| is_free(facts, it))?;
            (name, Some(before(cx, call, format!("{name} = "))))
        }
        Fate::Unread(place) => (facts.text(facts.place(place).name), None),
        _ => return None,
    };
    let indentation = facts.indentation(facts.span(statement).start);
    let lines = format!("{indentation}{KEPT}.add({name})\n{indentation}{name}.add_done_callback({KEPT}.discard)\n");
    let below = line_below(facts, statement)?;
    let mut edits: Vec<super::Edit> = first.into_iter().collect();
    edits.push((between(cx, below, below), lines));
    if is_free(facts, KEPT) {
        let top = below_imports(cx)?;
        edits.push((between(cx, top, top), format!("\n{KEPT} = set()\n")));
    }
    Some(Fix {
        title: "keep the task until it is done".to_owned(),
        safety: Safety::Unsafe,
        edits,
    })
}

fn is_free(facts: &FileFacts, name: &str) -> bool {
    facts.places.iter().all(|it| facts.text(it.name) != name)
}
