//! `match`: a pattern is flattened to its captures (names) and its classes, keys and values (expressions), in source order.

use super::lowering::Lowering;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::Role;
use ruff_python_ast as ast;
use ruff_python_ast::Identifier;
use ruff_python_ast::Pattern;
use ruff_python_ast::Singleton;
use ruff_text_size::Ranged;

impl Lowering<'_> {
    pub(super) fn match_stmt(&mut self, stmt: &ast::StmtMatch, role: Role) {
        let id = self.open(Kind::Match, role, stmt.range, NO_PAYLOAD);
        self.expr(&stmt.subject, Role::Subject);
        for case in &stmt.cases {
            let arm = self.open(Kind::MatchCase, Role::Case, case.range, NO_PAYLOAD);
            self.pattern(&case.pattern);
            if let Some(guard) = &case.guard {
                self.expr(guard, Role::Guard);
            }
            self.block(&case.body, Role::Body);
            self.close(arm);
        }
        self.close(id);
    }

    fn pattern(&mut self, pattern: &Pattern) {
        if !self.enter(pattern.range(), || super::depth::is_pattern_too_deep(pattern)) {
            self.opaque(Role::Pattern, pattern.range());
            return;
        }
        match pattern {
            Pattern::MatchValue(it) => {
                self.expr(&it.value, Role::Pattern);
            }
            Pattern::MatchSingleton(it) => {
                let kind = match it.value {
                    Singleton::None => Kind::None,
                    Singleton::True => Kind::True,
                    Singleton::False => Kind::False,
                };
                self.leaf(kind, Role::Pattern, it.range, NO_PAYLOAD);
            }
            Pattern::MatchSequence(it) => self.patterns(&it.patterns),
            Pattern::MatchOr(it) => self.patterns(&it.patterns),
            Pattern::MatchMapping(it) => self.mapping(it),
            Pattern::MatchClass(it) => {
                self.expr(&it.cls, Role::Pattern);
                self.patterns(&it.arguments.patterns);
                for keyword in &it.arguments.keywords {
                    self.pattern(&keyword.pattern);
                }
            }
            Pattern::MatchStar(it) => self.capture(it.name.as_ref()),
            Pattern::MatchAs(it) => {
                if let Some(inner) = &it.pattern {
                    self.pattern(inner);
                }
                self.capture(it.name.as_ref());
            }
        }
        self.leave();
    }

    fn patterns(&mut self, patterns: &[Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }

    fn mapping(&mut self, mapping: &ast::PatternMatchMapping) {
        for (key, value) in mapping.keys.iter().zip(&mapping.patterns) {
            self.expr(key, Role::Pattern);
            self.pattern(value);
        }
        self.capture(mapping.rest.as_ref());
    }

    fn capture(&mut self, name: Option<&Identifier>) {
        if let Some(name) = name {
            let (node, sym) = self.name(&name.id, Role::Pattern, name.range);
            self.define(sym, node, How::Other);
        }
    }
}
