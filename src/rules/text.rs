//! Python as it is written, short enough for a message.

use crate::facts::{FileFacts, Kind, NodeId, Op, Role};

/// The dotted text of a callee: `self.client.get`, `open(...).read`, `f`.
#[must_use]
pub(super) fn callee_text(facts: &FileFacts, node: NodeId) -> String {
    match facts.kind(node) {
        Kind::Call => facts
            .child(node, Role::Func)
            .map(|it| expr_text(facts, it, 6))
            .unwrap_or_default(),
        Kind::WithItem => facts
            .child(node, Role::Context)
            .map(|it| expr_text(facts, it, 6))
            .unwrap_or_default(),
        Kind::For | Kind::AsyncFor | Kind::Generator => facts
            .child(node, Role::Iter)
            .map(|it| expr_text(facts, it, 6))
            .unwrap_or_default(),
        _ => expr_text(facts, node, 6),
    }
}

/// An expression, arguments left out, `depth` levels of attributes at most.
#[must_use]
pub(super) fn expr_text(facts: &FileFacts, node: NodeId, depth: u32) -> String {
    if depth == 0 {
        return "...".to_owned();
    }
    let inner = |role: Role| {
        facts
            .child(node, role)
            .map(|it| expr_text(facts, it, depth - 1))
            .unwrap_or_default()
    };
    match facts.kind(node) {
        Kind::Name => facts.name_text(node).unwrap_or("...").to_owned(),
        Kind::Attribute => format!("{}.{}", inner(Role::Value), facts.payload_text(node).unwrap_or("...")),
        Kind::Call => format!("{}(...)", inner(Role::Func)),
        Kind::Subscript => format!("{}[...]", inner(Role::Value)),
        Kind::Await => format!("await {}", inner(Role::Value)),
        Kind::Starred => format!("*{}", inner(Role::Value)),
        Kind::Number => facts.payload_text(node).unwrap_or("...").to_owned(),
        Kind::BinOp => match operator(facts.node(node).payload) {
            Some((op, binding)) => {
                let side = |role: Role| {
                    let text = inner(role);
                    let looser = facts.child(node, role).is_some_and(|it| {
                        facts.kind(it) == Kind::BinOp
                            && operator(facts.node(it).payload).is_some_and(|(_, inner)| inner < binding)
                    });
                    if looser { format!("({text})") } else { text }
                };
                let space = if op == "**" { "" } else { " " };
                format!("{}{space}{op}{space}{}", side(Role::Left), side(Role::Right))
            }
            None => "...".to_owned(),
        },
        Kind::List => "[...]".to_owned(),
        Kind::Lambda => "lambda".to_owned(),
        _ => "...".to_owned(),
    }
}

/// The arithmetic operators as they are written, and how tightly they bind.
fn operator(payload: u32) -> Option<(&'static str, u32)> {
    const WRITTEN: [(Op, &str, u32); 7] = [
        (Op::LShift, "<<", 0),
        (Op::Add, "+", 1),
        (Op::Sub, "-", 1),
        (Op::Mult, "*", 2),
        (Op::Div, "/", 2),
        (Op::FloorDiv, "//", 2),
        (Op::Pow, "**", 3),
    ];
    let found = WRITTEN.iter().find(|(op, ..)| *op as u32 == payload)?;
    Some((found.1, found.2))
}
