//! Code that runs on one platform only: `if sys.platform == "win32": ...`.

use super::classes::written;
use super::graph::Flags;
use crate::facts::{FileFacts, Kind, NodeId, Op, Role};

/// What `sys.platform`, `os.name` and `platform.system()` say on Windows and macOS. Services that share a loop seldom
/// run there.
const SELDOM: [&str; 6] = ["win32", "cygwin", "nt", "Windows", "darwin", "Darwin"];

/// The branch of an `if` that only such a platform takes.
pub(super) fn platform(facts: &FileFacts, guard: NodeId, in_body: bool) -> Flags {
    let asked = facts
        .child(guard, Role::Test)
        .and_then(|test| asks_for_one(facts, test));
    if asked == Some(in_body) {
        Flags::OTHER_PLATFORM
    } else {
        Flags::default()
    }
}

/// Whether a test asks for one of them: `Some(true)` if it holds only there, `Some(false)` if it holds everywhere else.
fn asks_for_one(facts: &FileFacts, test: NodeId) -> Option<bool> {
    match facts.kind(test) {
        Kind::UnaryOp if facts.node(test).payload == Op::Not as u32 => {
            asks_for_one(facts, facts.child(test, Role::Value)?).map(|it| !it)
        }
        Kind::BoolOp if facts.node(test).payload == Op::And as u32 => facts
            .children(test)
            .filter_map(|it| asks_for_one(facts, it))
            .find(|&only_there| only_there),
        Kind::Compare => {
            let right = facts.child(test, Role::Right)?;
            let named = facts.kind(right) == Kind::Str && SELDOM.contains(&facts.payload_text(right)?);
            let op = facts.node(test).payload;
            let (same, other) = (op == Op::Eq as u32, op == Op::NotEq as u32);
            (named && (same || other) && says_platform(facts, facts.child(test, Role::Left)?)).then_some(same)
        }
        Kind::Call => {
            // `sys.platform.startswith("win")`
            let func = facts.child(test, Role::Func)?;
            let begins = facts.kind(func) == Kind::Attribute && facts.payload_text(func) == Some("startswith");
            let of_platform = begins && says_platform(facts, facts.child(func, Role::Value)?);
            let start = facts.payload_text(facts.arg(test, 0)?)?;
            (of_platform && start.len() >= 3 && SELDOM.iter().any(|it| it.starts_with(start))).then_some(true)
        }
        _ => None,
    }
}

fn says_platform(facts: &FileFacts, node: NodeId) -> bool {
    match facts.kind(node) {
        Kind::Call => facts
            .child(node, Role::Func)
            .is_some_and(|it| written(facts, it) == "platform.system"),
        _ => matches!(written(facts, node).as_str(), "sys.platform" | "os.name"),
    }
}
