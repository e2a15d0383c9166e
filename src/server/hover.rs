//! The page of the rule that speaks where the pointer is, or whose name stands there in a comment.

use super::documents::Document;
use super::shown::Item;
use crate::rules;
use crate::source::LineIndex;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};

/// What is shown at a position.
pub(super) fn hover(document: &Document, items: &[Item], at: Position) -> Option<Hover> {
    let covers = |it: &&Item| it.diagnostic.range.start <= at && at <= it.diagnostic.range.end;
    let (name, range) = match named(document, at) {
        Some(name) => (name, None),
        None => {
            let item = items.iter().find(covers)?;
            (item.rule?, Some(item.diagnostic.range))
        }
    };
    let page = rules::find(name)?.info.page;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: page.to_owned(),
        }),
        range,
    })
}

/// The rule named at a position in an ignore comment.
fn named(document: &Document, at: Position) -> Option<&'static str> {
    let text = &document.text;
    let lines = LineIndex::new(text);
    let line = text.get(lines.range(at.line as usize, text))?;
    let start = line.find("tailspike:")?;
    let offset = lines.offset_of_utf16(text, at.line, at.character) - lines.range(at.line as usize, text).start;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (before, after) = (line.get(..offset)?, line.get(offset..)?);
    let from = before.len() - before.chars().rev().take_while(|&c| is_part(c)).count();
    let to = offset + after.chars().take_while(|&c| is_part(c)).count();
    (from >= start)
        .then(|| rules::find(line.get(from..to)?))
        .flatten()
        .map(|it| it.info.name)
}
