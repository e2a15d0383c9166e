//! Ignore comments: `# tailspike: ignore[rule, ...] reason` and `# noqa: CODE`, and the lines they cover.

use crate::facts::IgnoreComment;
use crate::facts::Span;
use memchr::memmem;
use ruff_python_ast as ast;
use ruff_python_ast::ExceptHandler;
use ruff_python_ast::ModModule;
use ruff_python_ast::Stmt;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor;
use ruff_python_ast::visitor::Visitor;
use ruff_python_parser::Parsed;
use ruff_text_size::Ranged;
use ruff_text_size::TextSize;

/// The ignore comments of a file, also of one with syntax errors.
pub(super) fn collect(text: &str, line_starts: &[u32], parsed: &Parsed<ModModule>) -> Vec<IgnoreComment> {
    // Almost no file has one: a byte search spares the walk over tokens and statements.
    let marks: [&[u8]; 3] = [b"tailspike:", b"ASYNC", b"RUF006"];
    if !marks.iter().any(|mark| memmem::find(text.as_bytes(), mark).is_some()) {
        return Vec::new();
    }
    let mut lines = Lines {
        text,
        starts: line_starts,
        parts: Vec::new(),
    };
    lines.visit_body(parsed.suite());
    lines.parts.sort_by_key(|it| (it.start, std::cmp::Reverse(it.end)));
    parsed
        .tokens()
        .iter()
        .filter(|it| it.kind() == TokenKind::Comment)
        .filter_map(|it| comment(text, &lines, it.range().start().to_u32(), it.range().end().to_u32()))
        .collect()
}

fn comment(text: &str, lines: &Lines, start: u32, end: u32) -> Option<IgnoreComment> {
    let comment = &text[start as usize..end as usize];
    let own = directive(comment);
    let noqa = own.is_none();
    let (whole_file, rules) = own.or_else(|| Some((false, codes(comment)?)))?;
    let line = lines.line(start);
    let covers = if whole_file {
        (1, u32::try_from(lines.starts.len()).unwrap_or(u32::MAX))
    } else {
        let before = &text[lines.starts[line as usize - 1] as usize..start as usize];
        lines.covered(start, line, before.trim().is_empty())
    };
    Some(IgnoreComment {
        span: Span { start, end },
        line,
        covers,
        rules,
        whole_file,
        noqa,
    })
}

/// The codes of a `# noqa: CODE, ...`, of those prefixes that speak of async code.
fn codes(comment: &str) -> Option<Vec<String>> {
    let (_, rest) = comment.split_once("noqa:")?;
    let words = rest.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let codes: Vec<String> = words
        .take_while(|word| word.starts_with(|it: char| it.is_ascii_uppercase()))
        .filter(|word| word.starts_with("ASYNC") || *word == "RUF006")
        .map(str::to_string)
        .collect();
    (!codes.is_empty()).then_some(codes)
}

/// Whether the comment is for the whole file, and its rules; none if it is malformed. `None` if it is another comment.
fn directive(comment: &str) -> Option<(bool, Vec<String>)> {
    let rest = comment
        .trim_start_matches('#')
        .trim_start()
        .strip_prefix("tailspike:")?
        .trim_start();
    let (whole_file, rest) = match rest.strip_prefix("ignore-file") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("ignore").unwrap_or_default()),
    };
    let rules = rest
        .trim_start()
        .strip_prefix('[')
        .and_then(|it| it.split_once(']'))
        .map(|(rules, _)| rules.split(',').map(str::trim).filter(|it| !it.is_empty()))
        .map(|rules| rules.map(str::to_string).collect())
        .unwrap_or_default();
    Some((whole_file, rules))
}

/// A simple statement or the header of a compound one.
struct Part {
    start: u32,
    end: u32,
    /// The lines that a comment on it covers.
    lines: (u32, u32),
}

/// The statements of a file as ranges of lines.
struct Lines<'a> {
    text: &'a str,
    starts: &'a [u32],
    parts: Vec<Part>,
}

impl Lines<'_> {
    fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&it| it <= offset)).unwrap_or(u32::MAX)
    }

    fn add(&mut self, start: TextSize, end: TextSize) {
        let (start, end) = (start.to_u32(), end.to_u32());
        let lines = (self.line(start), self.line(end));
        self.parts.push(Part { start, end, lines });
    }

    /// The header of a compound statement, from `start` to the colon behind `end`.
    fn header(&mut self, start: TextSize, end: TextSize) {
        let rest = self.text.as_bytes().get(end.to_usize()..).unwrap_or_default();
        let mut in_comment = false;
        let colon = rest.iter().position(|&byte| {
            in_comment = byte == b'#' || (in_comment && byte != b'\n' && byte != b'\r');
            byte == b':' && !in_comment
        });
        let colon = u32::try_from(colon.unwrap_or(0)).unwrap_or(0);
        self.add(start, end + TextSize::new(colon));
    }

    /// A comment inside a statement covers that statement, one alone on its line the next, a trailing one all that its line touches.
    fn covered(&self, offset: u32, line: u32, alone: bool) -> (u32, u32) {
        let inside = self.parts.iter().rfind(|it| it.start <= offset && offset < it.end);
        if let Some(part) = inside {
            return part.lines;
        }
        if alone {
            let next = self.parts.iter().find(|it| it.start > offset);
            return next.map_or((line, line), |it| (line.min(it.lines.0), it.lines.1));
        }
        let on_line = self.parts.iter().filter(|it| it.lines.0 <= line && line <= it.lines.1);
        on_line.fold((line, line), |covers, it| {
            (covers.0.min(it.lines.0), covers.1.max(it.lines.1))
        })
    }

    fn compound(&mut self, stmt: &Stmt) {
        let start = stmt.start();
        let end = match stmt {
            Stmt::FunctionDef(it) => it.returns.as_ref().map_or(it.parameters.end(), |it| it.end()),
            Stmt::ClassDef(it) => it.arguments.as_ref().map_or(it.name.end(), |it| it.end()),
            Stmt::For(it) => it.iter.end(),
            Stmt::While(it) => it.test.end(),
            Stmt::If(it) => it.test.end(),
            Stmt::With(it) => it.items.last().map_or(start, |it| it.end()),
            Stmt::Match(it) => it.subject.end(),
            _ => start,
        };
        self.header(start, end);
    }
}

impl<'a> Visitor<'a> for Lines<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Try(_) => {
                self.compound(stmt);
                visitor::walk_stmt(self, stmt);
            }
            _ => self.add(stmt.start(), stmt.end()),
        }
    }

    fn visit_expr(&mut self, _: &'a ast::Expr) {}

    fn visit_elif_else_clause(&mut self, clause: &'a ast::ElifElseClause) {
        let end = clause.test.as_ref().map_or(clause.range.start(), Ranged::end);
        self.header(clause.range.start(), end);
        visitor::walk_elif_else_clause(self, clause);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(it) = handler;
        let end = it.type_.as_ref().map_or(it.range.start(), |it| it.end());
        self.header(it.range.start(), it.name.as_ref().map_or(end, |it| it.range.end()));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_match_case(&mut self, case: &'a ast::MatchCase) {
        let end = case.guard.as_ref().map_or(case.pattern.end(), |it| it.end());
        self.header(case.range.start(), end);
        visitor::walk_match_case(self, case);
    }
}
