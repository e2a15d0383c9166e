//! The border: takes the text of one Python file, gives its [`FileFacts`], and must not know any other file.
//!
//! This is the only folder that names the parser's crates. The tree and its tokens live and die inside [`lower`].
//! Recursion is bounded: the parser moves to fresh stack by itself, lowering counts its depth, and `depth` refuses
//! what no Python could compile before it costs memory.

mod annotations;
mod calls;
mod depth;
mod expressions;
mod finish;
mod functions;
mod ignores;
mod imports;
mod lowering;
mod patterns;
mod scopes;
mod statements;
mod strings;
mod symbols;
mod targets;

use crate::facts::FileFacts;
use crate::facts::SyntaxError;
use lowering::Lowering;
use ruff_python_ast::ModModule;
use ruff_python_ast::PySourceType;
use ruff_python_parser::Parsed;
use ruff_python_parser::parse_unchecked_source;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// The stack that a thread needs to call [`lower`] on hostile input.
pub const STACK_BYTES: usize = 64 << 20;

/// The largest file that is lowered; generated data beyond this says nothing about concurrency and costs gigabytes.
pub const MAX_FILE_BYTES: usize = 16 << 20;

/// What a text is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Python.
    #[default]
    Python,
    /// What notebooks add to it: `%magic`, `!command`, `name?`.
    Notebook,
}

/// The facts of one file, `.py` or `.pyi`.
///
/// See [`lower_as`].
#[must_use]
pub fn lower(text: &str) -> FileFacts {
    lower_as(text, Dialect::Python)
}

/// The facts of one text.
///
/// A file that does not parse, that is nested too deeply or that is too large has [`FileFacts::error`] and, of the rest,
/// only what its lines and comments say.
#[must_use]
pub fn lower_as(text: &str, dialect: Dialect) -> FileFacts {
    if let Some(message) = depth::refuse(text) {
        return broken(text, 0, message);
    }
    let source = match dialect {
        Dialect::Python => PySourceType::Python,
        Dialect::Notebook => PySourceType::Ipynb,
    };
    let parsed = parse_unchecked_source(text, source);
    if let Some(first) = parsed.errors().iter().min_by_key(|it| it.location.start()) {
        let at = first.location.start().to_usize();
        let mut facts = broken(text, at, &first.error.to_string());
        facts.ignores = ignores::collect(text, &facts.line_starts, &parsed);
        discard(parsed);
        return facts;
    }
    let mut lowering = Lowering::new(text);
    lowering.module(parsed.syntax());
    if let Some(at) = lowering.too_deep {
        std::mem::forget(parsed);
        return broken(text, at as usize, depth::TOO_DEEP);
    }
    let mut facts = finish::finish(lowering);
    facts.line_starts = line_starts(text);
    facts.tabs = text.contains("\n\t");
    facts.text_hash = text_hash(text);
    facts.ignores = ignores::collect(text, &facts.line_starts, &parsed);
    facts
}

/// The hash that [`FileFacts::text_hash`] holds, to see whether a file still has the text that was lowered.
#[must_use]
pub fn text_hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Drops a tree whose depth nobody has bounded, or leaks it where the drop could overflow the stack.
fn discard(parsed: Parsed<ModModule>) {
    if depth::is_too_deep(parsed.suite()) {
        std::mem::forget(parsed);
    }
}

/// The facts of a file that could not be lowered.
fn broken(text: &str, at: usize, message: &str) -> FileFacts {
    let line_starts = line_starts(text);
    let at = at.min(text.len());
    let line = line_starts.partition_point(|&start| start as usize <= at).max(1);
    let start = line_starts[line - 1] as usize;
    let column = text.get(start..at).map_or(0, |it| it.chars().count()) + 1;
    FileFacts {
        error: Some(SyntaxError {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.to_string(),
        }),
        line_starts,
        text_hash: text_hash(text),
        ..FileFacts::default()
    }
}

/// Offsets of the first byte of each line; lines end at `\n`, `\r\n` or `\r`.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = Vec::with_capacity(bytes.len() / 32 + 1);
    starts.push(0);
    if memchr::memchr(b'\r', bytes).is_none() {
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        return starts;
    }
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
            starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
        }
    }
    starts
}
