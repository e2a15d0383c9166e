//! What the border makes of a file: the tree, scopes, definitions, comments, errors, hostile input.

mod comments;
mod definitions;
mod hostile;
mod scopes;
mod trees;

use std::fmt::Write as _;
use tailspike::facts::FileFacts;
use tailspike::facts::How;
use tailspike::facts::Kind;
use tailspike::facts::NO_PAYLOAD;
use tailspike::facts::NodeId;
use tailspike::facts::Place;
use tailspike::facts::PlaceKind;
use tailspike::facts::Sym;

/// The facts of a text that must parse.
fn lower(text: &str) -> FileFacts {
    let facts = tailspike::syntax::lower(text);
    assert_eq!(facts.error, None, "in {text}");
    facts
}

/// The module's children, one a line: `role:Kind(payload)[children]`, the role `body` left out.
fn tree(text: &str) -> String {
    let facts = lower(text);
    let lines: Vec<String> = facts.children(NodeId(0)).map(|it| dump(&facts, it)).collect();
    lines.join("\n")
}

fn dump(facts: &FileFacts, id: NodeId) -> String {
    let node = facts.node(id);
    let mut out = String::new();
    let role = format!("{:?}", node.role).to_lowercase();
    if role != "body" {
        let _ = write!(out, "{role}:");
    }
    let _ = write!(out, "{:?}", node.kind);
    if let Some(payload) = payload(facts, id) {
        let _ = write!(out, "({payload})");
    }
    let children: Vec<String> = facts.children(id).map(|it| dump(facts, it)).collect();
    if !children.is_empty() {
        let _ = write!(out, "[{}]", children.join(" "));
    }
    out
}

fn payload(facts: &FileFacts, id: NodeId) -> Option<String> {
    let node = facts.node(id);
    if node.payload == NO_PAYLOAD {
        return None;
    }
    let text = |sym: Sym| facts.text(sym).to_string();
    Some(match node.kind {
        Kind::Name | Kind::Handler => place(facts, &facts.places[node.payload as usize]),
        Kind::Attribute | Kind::Keyword | Kind::Str | Kind::Number | Kind::FormatHole => text(Sym(node.payload)),
        Kind::FunctionDef | Kind::Lambda => text(facts.functions[node.payload as usize].qualname),
        Kind::ClassDef => text(facts.classes[node.payload as usize].qualname),
        _ => node.payload.to_string(),
    })
}

/// `x` in the module, `x@f` in a function, `x@for` in a comprehension, `x@C.` in a class, `x?` bound nowhere.
fn place(facts: &FileFacts, place: &Place) -> String {
    let name = facts.text(place.name);
    match place.kind {
        PlaceKind::Module => name.to_string(),
        PlaceKind::Local => format!("{name}@{}", facts.text(facts.function(place.owner).qualname)),
        PlaceKind::Comprehension => format!("{name}@for"),
        PlaceKind::ClassBody(class) => format!("{name}@{}.", facts.text(facts.classes[class.0 as usize].qualname)),
        PlaceKind::Global => format!("{name}?"),
    }
}

/// The places of all names in the text, in preorder.
fn names(text: &str) -> String {
    let facts = lower(text);
    let ids = (0..facts.nodes.len() as u32).map(NodeId);
    let places: Vec<String> = ids
        .filter_map(|id| facts.name_place(id))
        .map(|it| place(&facts, facts.place(it)))
        .collect();
    places.join(" ")
}

/// Every definition as `place = how`.
fn defined(text: &str) -> Vec<String> {
    let facts = lower(text);
    let definitions = facts.definitions.iter();
    definitions
        .map(|it| format!("{} = {}", place(&facts, facts.place(it.place)), how(&facts, it.how)))
        .collect()
}

fn how(facts: &FileFacts, how: How) -> String {
    let node = |id: NodeId| {
        dump(facts, id)
            .split_once(':')
            .map_or(String::new(), |it| it.1.to_string())
    };
    let prefix = |is_async: bool| if is_async { "async " } else { "" };
    match how {
        How::Assign {
            value,
            annotation: None,
        } => node(value),
        How::Assign {
            value,
            annotation: Some(it),
        } => format!("{} as {}", node(value), node(it)),
        How::Declare { annotation } => format!("declare {}", node(annotation)),
        How::Unpack { value, index } => format!("{} of {}", index as i32, node(value)),
        How::Augment { value } => format!("augment {}", node(value)),
        How::Iterate { iter, is_async, index } => {
            let index = index.map_or(String::new(), |it| format!(" at {}", it as i32));
            format!("{}for {}{index}", prefix(is_async), node(iter))
        }
        How::Enter { context, is_async } => format!("{}with {}", prefix(is_async), node(context)),
        How::Import(index) => format!("import {index}"),
        How::Function(it) => format!("def {}", facts.text(facts.function(it).qualname)),
        How::Class(it) => format!("class {}", facts.text(facts.classes[it.0 as usize].qualname)),
        How::Param(index) => format!("param {index}"),
        How::Except => "except".to_string(),
        How::Other => "other".to_string(),
    }
}
