//! Statements.

use super::depth;
use super::lowering::Lowering;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Op;
use crate::facts::Role;
use ruff_python_ast as ast;
use ruff_python_ast::ExceptHandler;
use ruff_python_ast::Expr;
use ruff_python_ast::Identifier;
use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;
use ruff_text_size::TextRange;

impl Lowering<'_> {
    /// Lowers a block. One that holds nothing but docstrings and declarations gets a `Pass`, so that no block is empty.
    pub(super) fn block(&mut self, body: &[Stmt], role: Role) {
        let before = self.facts.nodes.len();
        for stmt in body {
            self.stmt(stmt, role);
        }
        if let Some(first) = body.first()
            && self.facts.nodes.len() == before
        {
            self.leaf(Kind::Pass, role, first.range(), NO_PAYLOAD);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, role: Role) {
        if !self.enter(stmt.range(), || depth::is_stmt_too_deep(stmt)) {
            self.opaque(role, stmt.range());
            return;
        }
        match stmt {
            Stmt::FunctionDef(it) => self.function_def(it, role),
            Stmt::ClassDef(it) => self.class_def(it, role),
            Stmt::For(it) => self.for_stmt(it, role),
            Stmt::While(it) => self.while_stmt(it, role),
            Stmt::If(it) => self.if_stmt(it, role),
            Stmt::With(it) => self.with_stmt(it, role),
            Stmt::Match(it) => self.match_stmt(it, role),
            Stmt::Try(it) => self.try_stmt(it, role),
            _ => self.simple(stmt, role),
        }
        self.leave();
    }

    fn simple(&mut self, stmt: &Stmt, role: Role) {
        match stmt {
            Stmt::Expr(it) if it.value.is_string_literal_expr() => {}
            Stmt::Expr(it) => {
                self.wrap(Kind::ExprStmt, role, it.range, NO_PAYLOAD, &it.value);
            }
            Stmt::Assign(it) => self.assign(&it.targets, &it.value, it.range, role),
            Stmt::AugAssign(it) => self.augment(it, role),
            Stmt::AnnAssign(it) => self.annotated_assign(it, role),
            // `type X = T` names a type as `X = T` does.
            Stmt::TypeAlias(it) => self.assign(std::slice::from_ref(&*it.name), &it.value, it.range, role),
            Stmt::Return(it) => self.parts(Kind::Return, role, it.range, [(it.value.as_deref(), Role::Value)]),
            Stmt::Raise(it) => {
                let parts = [(it.exc.as_deref(), Role::Value), (it.cause.as_deref(), Role::Cause)];
                self.parts(Kind::Raise, role, it.range, parts);
            }
            Stmt::Assert(it) => {
                let parts = [(Some(&*it.test), Role::Test), (it.msg.as_deref(), Role::Message)];
                self.parts(Kind::Assert, role, it.range, parts);
            }
            Stmt::Delete(it) => self.delete(it, role),
            Stmt::Import(it) => self.import(it, role),
            Stmt::ImportFrom(it) => self.import_from(it, role),
            Stmt::Global(it) => self.declare(&it.names, true),
            Stmt::Nonlocal(it) => self.declare(&it.names, false),
            Stmt::Pass(it) => self.mark(Kind::Pass, role, it.range),
            Stmt::Break(it) => self.mark(Kind::Break, role, it.range),
            Stmt::Continue(it) => self.mark(Kind::Continue, role, it.range),
            _ => self.mark(Kind::Opaque, role, stmt.range()),
        }
    }

    fn mark(&mut self, kind: Kind, role: Role, range: TextRange) {
        self.leaf(kind, role, range, NO_PAYLOAD);
    }

    fn parts<const N: usize>(&mut self, kind: Kind, role: Role, range: TextRange, parts: [(Option<&Expr>, Role); N]) {
        let id = self.open(kind, role, range, NO_PAYLOAD);
        for (part, role) in parts {
            if let Some(part) = part {
                self.expr(part, role);
            }
        }
        self.close(id);
    }

    fn declare(&mut self, names: &[Identifier], is_global: bool) {
        for name in names {
            let sym = self.symbols.intern(&name.id);
            self.scopes.declare(sym, is_global);
        }
    }

    fn assign(&mut self, targets: &[Expr], value: &Expr, range: TextRange, role: Role) {
        let id = self.open(Kind::Assign, role, range, NO_PAYLOAD);
        let from = self.bound.len();
        for target in targets {
            self.target(target, Role::Target);
            self.dunder_all(target, value, false);
        }
        let value = self.expr(value, Role::Value);
        self.define_assigned(from, value, None);
        self.close(id);
    }

    fn augment(&mut self, stmt: &ast::StmtAugAssign, role: Role) {
        let op = super::expressions::operator(stmt.op);
        let id = self.open(Kind::AugAssign, role, stmt.range, op as u32);
        let from = self.bound.len();
        self.target(&stmt.target, Role::Target);
        let value = self.expr(&stmt.value, Role::Value);
        self.define_targets(from, |_| How::Augment { value });
        self.dunder_all(&stmt.target, &stmt.value, op == Op::Add);
        self.close(id);
    }

    fn annotated_assign(&mut self, stmt: &ast::StmtAnnAssign, role: Role) {
        let id = self.open(Kind::AnnAssign, role, stmt.range, NO_PAYLOAD);
        let from = self.bound.len();
        self.target(&stmt.target, Role::Target);
        let annotation = self.annotation(&stmt.annotation, Role::Annotation);
        match &stmt.value {
            Some(value) => {
                self.dunder_all(&stmt.target, value, false);
                let value = self.expr(value, Role::Value);
                self.define_assigned(from, value, Some(annotation));
            }
            None => self.define_targets(from, |_| How::Declare { annotation }),
        }
        self.close(id);
    }

    /// `del x` binds: it makes the name local and leaves it without a value.
    fn delete(&mut self, stmt: &ast::StmtDelete, role: Role) {
        let id = self.open(Kind::Delete, role, stmt.range, NO_PAYLOAD);
        for target in &stmt.targets {
            if let Expr::Name(it) = target {
                let (node, sym) = self.name(&it.id, Role::Target, it.range);
                self.define(sym, node, How::Other);
            } else {
                self.expr(target, Role::Target);
            }
        }
        self.close(id);
    }

    fn for_stmt(&mut self, stmt: &ast::StmtFor, role: Role) {
        let kind = if stmt.is_async { Kind::AsyncFor } else { Kind::For };
        let id = self.open(kind, role, stmt.range, NO_PAYLOAD);
        let from = self.bound.len();
        self.target(&stmt.target, Role::Target);
        let iter = self.expr(&stmt.iter, Role::Iter);
        self.define_iterated(from, iter, stmt.is_async);
        self.block(&stmt.body, Role::Body);
        self.block(&stmt.orelse, Role::Orelse);
        self.close(id);
    }

    fn while_stmt(&mut self, stmt: &ast::StmtWhile, role: Role) {
        let id = self.open(Kind::While, role, stmt.range, NO_PAYLOAD);
        self.expr(&stmt.test, Role::Test);
        self.block(&stmt.body, Role::Body);
        self.block(&stmt.orelse, Role::Orelse);
        self.close(id);
    }

    /// `elif` nests in the tree and not in the parser's, so its levels are counted here.
    fn if_stmt(&mut self, stmt: &ast::StmtIf, role: Role) {
        let id = self.open(Kind::If, role, stmt.range, NO_PAYLOAD);
        self.branch(&stmt.test, &stmt.body);
        let mut nested: Vec<NodeId> = Vec::new();
        for clause in &stmt.elif_else_clauses {
            match &clause.test {
                None => {
                    let checked = nested.is_empty() && is_not_type_checking(&stmt.test);
                    self.guarded(&clause.body, Role::Orelse, checked);
                }
                Some(test) => {
                    let range = TextRange::new(clause.range.start(), stmt.range.end());
                    if !self.enter(range, || false) {
                        self.opaque(Role::Orelse, range);
                        break;
                    }
                    nested.push(self.open(Kind::If, Role::Orelse, range, NO_PAYLOAD));
                    self.branch(test, &clause.body);
                }
            }
        }
        for &it in nested.iter().rev() {
            self.leave();
            self.close(it);
        }
        self.close(id);
    }

    fn branch(&mut self, test: &Expr, body: &[Stmt]) {
        self.expr(test, Role::Test);
        self.guarded(body, Role::Body, is_type_checking(test));
    }

    fn guarded(&mut self, body: &[Stmt], role: Role, type_checking: bool) {
        let before = self.type_checking;
        self.type_checking |= type_checking;
        self.block(body, role);
        self.type_checking = before;
    }

    fn with_stmt(&mut self, stmt: &ast::StmtWith, role: Role) {
        let kind = if stmt.is_async { Kind::AsyncWith } else { Kind::With };
        let id = self.open(kind, role, stmt.range, NO_PAYLOAD);
        for item in &stmt.items {
            let node = self.open(Kind::WithItem, Role::Item, item.range, NO_PAYLOAD);
            let context = self.expr(&item.context_expr, Role::Context);
            if let Some(target) = &item.optional_vars {
                let from = self.bound.len();
                self.target(target, Role::Target);
                let is_async = stmt.is_async;
                // What `as (a, b)` unpacks is not the context manager.
                self.define_targets(from, |index| match index {
                    None => How::Enter { context, is_async },
                    Some(_) => How::Other,
                });
            }
            self.close(node);
        }
        self.block(&stmt.body, Role::Body);
        self.close(id);
    }

    fn try_stmt(&mut self, stmt: &ast::StmtTry, role: Role) {
        let id = self.open(Kind::Try, role, stmt.range, NO_PAYLOAD);
        self.block(&stmt.body, Role::Body);
        for ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
            let node = self.open(Kind::Handler, Role::Handler, handler.range, NO_PAYLOAD);
            if let Some(caught) = &handler.type_ {
                self.expr(caught, Role::Type);
            }
            if let Some(name) = &handler.name {
                let sym = self.symbols.intern(&name.id);
                self.refer(node, sym);
                self.define(sym, node, How::Except);
            }
            self.block(&handler.body, Role::Body);
            self.close(node);
        }
        self.block(&stmt.orelse, Role::Orelse);
        self.block(&stmt.finalbody, Role::Finally);
        self.close(id);
    }
}

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(it) => it.id == "TYPE_CHECKING",
        Expr::Attribute(it) => it.attr.id == "TYPE_CHECKING",
        _ => false,
    }
}

/// `not TYPE_CHECKING`, whose `else` is for type checkers.
fn is_not_type_checking(test: &Expr) -> bool {
    matches!(test, Expr::UnaryOp(it) if it.op == ast::UnaryOp::Not && is_type_checking(&it.operand))
}
