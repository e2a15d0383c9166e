//! Hostile nesting: what is refused before parsing, and how deep a parsed tree is.

use ruff_python_ast::Expr;
use ruff_python_ast::Pattern;
use ruff_python_ast::Stmt;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor;
use ruff_python_ast::visitor::Visitor;
use ruff_python_parser::Mode;
use ruff_python_parser::lexer;

/// Levels of the tree that are lowered; what is deeper becomes `Opaque`.
pub(super) const MAX_LOWERED: u32 = 400;

/// Levels that are analysed at all. CPython refuses 200 nested brackets and 100 blocks, and gives up on chains of some
/// thousands; beyond this a tree can't be dropped on a common stack, and each level takes kilobytes to parse.
const MAX_NESTED: u32 = 5_000;

/// Files up to this size are looked at for brackets only: what else nests in them costs the parser little.
const SMALL: usize = 80_000;

/// The message for a file that is refused for its depth.
pub(super) const TOO_DEEP: &str = "the code is nested too deeply";

/// Why the text is not parsed at all, if so.
pub(super) fn refuse(text: &str) -> Option<&'static str> {
    if text.len() > super::MAX_FILE_BYTES {
        return Some("the file is larger than 16 MB");
    }
    (may_nest(text.as_bytes()) && nesting(text) > MAX_NESTED).then_some(TOO_DEEP)
}

/// Whether there are enough bytes that open or precede something to nest beyond the limit. It runs over every file, so
/// it only counts.
fn may_nest(bytes: &[u8]) -> bool {
    let limit = MAX_NESTED as usize;
    if bytes.len() < 2 * limit {
        return false;
    }
    // `[` and `{` differ in one bit.
    let brackets = count(bytes, |byte| (byte == b'(') | (byte | 0x20 == b'{'));
    if brackets > limit || bytes.len() <= SMALL {
        return brackets > limit;
    }
    let signs = count(bytes, |byte| matches!(byte, b'-' | b'~' | b'+' | b'*'));
    brackets + signs + words_that_nest(bytes) > 4 * limit
}

/// How many bytes are such, in blocks whose counts fit a byte, so that it runs on vectors.
fn count(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> usize {
    let blocks = bytes.chunks(128);
    blocks
        .map(|block| usize::from(block.iter().map(|&it| u8::from(is_such(it))).sum::<u8>()))
        .sum()
}

fn words_that_nest(bytes: &[u8]) -> usize {
    [&b"not"[..], b"else", b"lambda", b"async", b"await"]
        .iter()
        .map(|word| memchr::memmem::find_iter(bytes, word).count())
        .sum()
}

/// The most levels that the parser would recurse, counted over the tokens. Prefix operators count from the start of
/// their bracket or statement, so a long expression counts as deeper than it is.
fn nesting(text: &str) -> u32 {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut brackets: Vec<u32> = Vec::new();
    let mut prefixes = 0_u32;
    let mut depth = 0_u32;
    let mut deepest = 0_u32;
    loop {
        match lexer.next_token() {
            TokenKind::EndOfFile => return deepest,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                brackets.push(prefixes);
                depth += prefixes + 1;
                prefixes = 0;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if let Some(outer) = brackets.pop() {
                    depth -= outer + 1;
                    prefixes = outer;
                }
            }
            TokenKind::Comma | TokenKind::Newline | TokenKind::Semi | TokenKind::Equal => prefixes = 0,
            TokenKind::Not
            | TokenKind::Minus
            | TokenKind::Plus
            | TokenKind::Tilde
            | TokenKind::DoubleStar
            | TokenKind::Else
            | TokenKind::Lambda
            | TokenKind::Async
            | TokenKind::Await => prefixes += 1,
            _ => {}
        }
        deepest = deepest.max(depth + prefixes);
    }
}

/// Whether a tree is too deep to be dropped.
pub(super) fn is_too_deep(body: &[Stmt]) -> bool {
    let mut gauge = Gauge::default();
    gauge.visit_body(body);
    gauge.too_deep
}

/// Whether an expression below the levels that are lowered is too deep.
pub(super) fn is_expr_too_deep(expr: &Expr) -> bool {
    let mut gauge = Gauge::default();
    gauge.visit_expr(expr);
    gauge.too_deep
}

/// Whether a pattern below the levels that are lowered is too deep.
pub(super) fn is_pattern_too_deep(pattern: &Pattern) -> bool {
    let mut gauge = Gauge::default();
    gauge.visit_pattern(pattern);
    gauge.too_deep
}

/// Whether a statement below the levels that are lowered is too deep.
pub(super) fn is_stmt_too_deep(stmt: &Stmt) -> bool {
    is_too_deep(std::slice::from_ref(stmt))
}

#[derive(Default)]
struct Gauge {
    depth: u32,
    too_deep: bool,
}

impl Gauge {
    fn level(&mut self, walk: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_NESTED {
            self.too_deep = true;
        }
        if self.too_deep {
            return;
        }
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }
}

impl<'a> Visitor<'a> for Gauge {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.level(|it| visitor::walk_stmt(it, stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.level(|it| visitor::walk_expr(it, expr));
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.level(|it| visitor::walk_pattern(it, pattern));
    }
}
