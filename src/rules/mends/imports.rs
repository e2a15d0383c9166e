//! How a library's member is written in a module: by the import that is there, else with one more.

use super::{Edit, between, line_below};
use crate::facts::{FileFacts, How, Import, Imported, Kind, MODULE_FN, NodeId, PlaceKind, Role};
use crate::rules::Context;

/// A member as it is written here, and what has to be written elsewhere for it.
pub(super) struct Spelled {
    pub(super) text: String,
    pub(super) import: Option<Edit>,
}

/// How `module.member` is written at a node of this module; `None` where the name is taken or an import finds no place.
pub(super) fn member(cx: &Context<'_>, module: &str, member: &str, at: NodeId) -> Option<Spelled> {
    let facts = cx.facts();
    let first = member.split('.').next().unwrap_or(member);
    for (statement, import) in top_level(facts) {
        let Some(place) = import.place.filter(|_| statement < at) else {
            continue;
        };
        let bound = facts.text(facts.place(place).name);
        let brought = facts.text(import.module);
        let text = match import.what {
            Imported::Member(name) if brought == module && facts.text(name) == first => {
                format!("{bound}{}", &member[first.len()..])
            }
            Imported::Module if brought == module => format!("{bound}.{member}"),
            Imported::Top if brought.split('.').next() == Some(module) => format!("{module}.{member}"),
            _ => continue,
        };
        return is_only(facts, bound, module).then_some(Spelled { text, import: None });
    }
    // A library of which only members are imported gets one more of them.
    if let Some(edit) = one_more_member(cx, module, first, at) {
        let import = Some(edit);
        return is_only(facts, first, module).then(|| Spelled {
            text: member.to_owned(),
            import,
        });
    }
    is_only(facts, module, module).then_some(())?;
    Some(Spelled {
        text: format!("{module}.{member}"),
        import: Some(one_more_import(cx, module, at)?),
    })
}

/// The imports that run when the module is imported, with their statements.
fn top_level(facts: &FileFacts) -> impl Iterator<Item = (NodeId, &Import)> {
    facts
        .children_as(NodeId(0), Role::Body)
        .filter(|&it| facts.kind(it) == Kind::ImportStmt)
        .flat_map(|it| imports_of(facts, it).iter().map(move |import| (it, import)))
        .filter(|(_, import)| import.level == 0 && !import.type_checking)
}

/// The bindings of an import statement.
fn imports_of(facts: &FileFacts, statement: NodeId) -> &[Import] {
    let first = facts.node(statement).payload as usize;
    let end = facts.span(statement).end;
    let rest = facts.imports.get(first..).unwrap_or_default();
    let is_here = |it: &&Import| it.span.end <= end && it.function == MODULE_FN;
    &rest[..rest.iter().take_while(is_here).count()]
}

/// Whether a name means nothing in this file but what imports of the module bring.
fn is_only(facts: &FileFacts, name: &str, module: &str) -> bool {
    let brings = |how: &How| match how {
        How::Import(index) => {
            let brought = facts.text(facts.imports[*index as usize].module);
            brought == module || brought.split('.').next() == Some(module)
        }
        _ => false,
    };
    let named = (0..).map(crate::facts::PlaceId).zip(&facts.places);
    named
        .filter(|(_, it)| facts.text(it.name) == name)
        .all(|(id, it)| it.kind == PlaceKind::Global || facts.definitions_of(id).iter().all(|it| brings(&it.how)))
}

/// Adds a name to a `from module import ...` of the module's top level.
fn one_more_member(cx: &Context<'_>, module: &str, name: &str, at: NodeId) -> Option<Edit> {
    let facts = cx.facts();
    let (statement, _) = top_level(facts).find(|(statement, it)| {
        *statement < at && matches!(it.what, Imported::Member(_)) && facts.text(it.module) == module
    })?;
    let names = imports_of(facts, statement);
    let (first, last) = (names.first()?, names.last()?);
    let is_one_line = facts.line_at(last.span.end) == facts.line(statement);
    if is_one_line {
        let end = last.span.end;
        return Some((between(cx, end, end), format!(", {name}")));
    }
    // One a line: before another, so that every comment stays beside its name.
    let greater = names.iter().find(|it| match it.what {
        Imported::Member(other) => facts.text(other) > name,
        _ => false,
    });
    let next = greater.unwrap_or(last);
    let start = next.span.start;
    let is_alone = facts.line_at(start) > facts.line_at(first.span.start) || std::ptr::eq(next, first);
    let text = if is_alone && facts.line_at(first.span.start) > facts.line(statement) {
        format!("{name},\n{}", facts.indentation(start))
    } else {
        format!("{name}, ")
    };
    Some((between(cx, start, start), text))
}

/// `import module` where it sorts among the first plain imports, else before the first import.
fn one_more_import(cx: &Context<'_>, module: &str, at: NodeId) -> Option<Edit> {
    let facts = cx.facts();
    let is_future = |it: NodeId| {
        let first = imports_of(facts, it).first();
        first.is_some_and(|it| facts.text(it.module) == "__future__")
    };
    let mut block: Vec<NodeId> = Vec::new();
    for it in facts.children_as(NodeId(0), Role::Body).take_while(|&it| it < at) {
        let is_import = facts.kind(it) == Kind::ImportStmt && !is_future(it);
        let follows = block
            .last()
            .is_none_or(|&last| facts.line(it) == facts.line_at(facts.span(last).end) + 1);
        if is_import && follows {
            block.push(it);
        } else if !block.is_empty() {
            break;
        }
    }
    let plain = |it: &&NodeId| {
        let first = imports_of(facts, **it).first();
        first.is_some_and(|it| matches!(it.what, Imported::Top | Imported::Module))
    };
    let name = |it: &NodeId| imports_of(facts, *it).first().map_or("", |it| facts.text(it.module));
    let plains: Vec<NodeId> = block.iter().filter(plain).copied().collect();
    let start = match (plains.iter().find(|it| name(it) > module), plains.last()) {
        (Some(&next), _) => facts.span(next).start,
        (None, Some(&last)) => line_below(facts, last)?,
        (None, None) => facts.span(*block.first()?).start,
    };
    let is_line_start = facts.line_starts.binary_search(&start).is_ok();
    is_line_start.then(|| (between(cx, start, start), format!("import {module}\n")))
}

/// Where a statement of the module's top level may stand below every import that comes first.
pub(super) fn below_imports(cx: &Context<'_>) -> Option<u32> {
    let facts = cx.facts();
    let last = facts
        .children_as(NodeId(0), Role::Body)
        .take_while(|&it| facts.kind(it) == Kind::ImportStmt)
        .last()?;
    line_below(facts, last)
}
