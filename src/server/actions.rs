//! What an editor can do about a finding: mend it, mend all that is safe, accept it in a comment.

use super::documents::{Document, range};
use super::shown::Item;
use crate::diagnostic::Fix;
use crate::diagnostic::Safety;
use crate::edit;
use crate::source::LineIndex;
use crate::syntax;
use lsp_types::{CodeAction, CodeActionKind, CodeActionParams, Range, TextEdit, WorkspaceEdit};
use std::collections::HashMap;

/// The actions for a range of a document whose findings are known.
pub(super) fn actions(document: &Document, items: &[Item], params: &CodeActionParams) -> Vec<CodeAction> {
    let wanted = |kind: &CodeActionKind| {
        let only = params.context.only.as_ref();
        only.is_none_or(|only| only.iter().any(|it| covers(it, kind)))
    };
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX) {
        let touched = items.iter().filter(|it| touch(it.diagnostic.range, params.range));
        for item in touched {
            actions.extend(mend(document, item));
            actions.extend(accept(document, item));
        }
    }
    // Only where it is asked for: it is for saving a file, not for a finding.
    if params.context.only.is_some() && wanted(&CodeActionKind::SOURCE_FIX_ALL) {
        actions.extend(mend_all(document, items));
    }
    actions
}

/// `source` asks for `source.fixAll` too.
fn covers(asked: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let (asked, kind) = (asked.as_str(), kind.as_str());
    kind == asked
        || kind.strip_prefix(asked).is_some_and(|it| it.starts_with('.'))
        || asked.starts_with(&format!("{kind}."))
}

fn touch(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn parses(text: &str) -> bool {
    syntax::lower(text).error.is_none()
}

fn mend(document: &Document, item: &Item) -> Option<CodeAction> {
    let fix = edit::spelled(&document.text, item.fix.as_ref()?);
    let applies = edit::mend(&document.text, &[&fix], &parses).applied == [true];
    applies.then(|| CodeAction {
        title: title(&fix),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![item.diagnostic.clone()]),
        edit: Some(workspace_edit(document, text_edits(document, &[&fix]))),
        is_preferred: Some(fix.safety == Safety::Safe),
        ..CodeAction::default()
    })
}

fn title(fix: &Fix) -> String {
    let mut chars = fix.title.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let to_read = match fix.safety {
        Safety::Safe => "",
        Safety::Unsafe => " (read before you keep it)",
    };
    format!("{first}{}{to_read}", chars.as_str())
}

fn mend_all(document: &Document, items: &[Item]) -> Option<CodeAction> {
    let fixes: Vec<Fix> = items
        .iter()
        .filter_map(|it| it.fix.as_ref())
        .filter(|it| it.safety == Safety::Safe)
        .map(|it| edit::spelled(&document.text, it))
        .collect();
    let fixes: Vec<&Fix> = fixes.iter().collect();
    let applied = edit::mend(&document.text, &fixes, &parses).applied;
    let fixes: Vec<&Fix> = fixes
        .into_iter()
        .zip(applied)
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect();
    (!fixes.is_empty()).then(|| CodeAction {
        title: "Mend all that is safe".to_owned(),
        kind: Some(CodeActionKind::new("source.fixAll.tailspike")),
        edit: Some(workspace_edit(document, text_edits(document, &fixes))),
        ..CodeAction::default()
    })
}

fn text_edits(document: &Document, fixes: &[&Fix]) -> Vec<TextEdit> {
    let lines = LineIndex::new(&document.text);
    let mut edits: Vec<TextEdit> = Vec::new();
    for (location, text) in fixes.iter().flat_map(|it| &it.edits) {
        let range = range(&lines, &document.text, location.start as usize, location.end as usize);
        let edit = TextEdit::new(range, text.clone());
        // An import that several fixes need comes once.
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    edits
}

fn workspace_edit(document: &Document, edits: Vec<TextEdit>) -> WorkspaceEdit {
    WorkspaceEdit {
        changes: Some(HashMap::from([(document.uri.clone(), edits)])),
        ..WorkspaceEdit::default()
    }
}

/// An ignore comment at the end of the first line of the finding's statement that can bear one.
fn accept(document: &Document, item: &Item) -> Option<CodeAction> {
    let rule = item.rule?;
    let (first, last) = item.lines;
    let edit = [first, last]
        .into_iter()
        .find_map(|line| comment(document, rule, line, first))?;
    Some(CodeAction {
        title: format!("Accept it with an ignore comment (`{rule}`)"),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![item.diagnostic.clone()]),
        edit: Some(workspace_edit(document, vec![edit])),
        is_preferred: Some(false),
        ..CodeAction::default()
    })
}

/// The comment on a 1-based line, if it then covers the line of the finding.
fn comment(document: &Document, rule: &str, line: u32, finding: u32) -> Option<TextEdit> {
    let text = &document.text;
    let lines = LineIndex::new(text);
    let whole = lines.range(line.checked_sub(1)? as usize, text);
    let content = text.get(whole.clone())?.trim_end();
    let (at, new) = match content.rfind("tailspike: ignore[") {
        Some(start) => {
            let end = content[start..].find(']')?;
            (whole.start + start + end, format!(", {rule}"))
        }
        None => (whole.start + content.len(), format!("  # tailspike: ignore[{rule}]")),
    };
    let mut with = text.clone();
    with.insert_str(at, &new);
    let facts = syntax::lower(&with);
    let covers = facts
        .ignores
        .iter()
        .any(|it| it.covers.0 <= finding && finding <= it.covers.1 && it.rules.iter().any(|name| name == rule));
    (covers && facts.error.is_none()).then(|| TextEdit::new(range(&lines, text, at, at), new))
}
