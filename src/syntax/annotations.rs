//! Annotations: expressions in which a string is a type.

use super::depth;
use super::lowering::Lowering;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Role;
use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::StringFlags;
use ruff_python_parser::parse_expression;
use ruff_python_parser::parse_string_annotation;
use ruff_text_size::Ranged;
use ruff_text_size::TextRange;

/// The longest string that is read as a type.
const MAX_QUOTED: usize = 2_000;

impl Lowering<'_> {
    /// Lowers an annotation. Quoted types become the expressions they quote; `Literal["a"]` and what follows the type in
    /// `Annotated` stay values. A quoted type that does not parse is `Opaque`.
    pub(super) fn annotation(&mut self, expr: &Expr, role: Role) -> NodeId {
        if !self.enter(expr.range(), || depth::is_expr_too_deep(expr)) {
            return self.opaque(role, expr.range());
        }
        let id = match expr {
            Expr::StringLiteral(it) => self.quoted(it, role),
            Expr::Subscript(it) => self.generic(it, role),
            Expr::BinOp(it) => {
                let op = super::expressions::operator(it.op);
                let id = self.open(Kind::BinOp, role, it.range, op as u32);
                self.annotation(&it.left, Role::Left);
                self.annotation(&it.right, Role::Right);
                self.close(id);
                id
            }
            Expr::Tuple(it) => self.types(Kind::Tuple, role, it.range, &it.elts),
            Expr::List(it) => self.types(Kind::List, role, it.range, &it.elts),
            Expr::Starred(it) => {
                let id = self.open(Kind::Starred, role, it.range, NO_PAYLOAD);
                self.annotation(&it.value, Role::Value);
                self.close(id);
                id
            }
            _ => self.expr(expr, role),
        };
        self.leave();
        id
    }

    fn types(&mut self, kind: Kind, role: Role, range: TextRange, elements: &[Expr]) -> NodeId {
        let id = self.open(kind, role, range, NO_PAYLOAD);
        for element in elements {
            self.annotation(element, Role::Element);
        }
        self.close(id);
        id
    }

    fn generic(&mut self, expr: &ast::ExprSubscript, role: Role) -> NodeId {
        let id = self.open(Kind::Subscript, role, expr.range, NO_PAYLOAD);
        self.expr(&expr.value, Role::Value);
        let name = match &*expr.value {
            Expr::Name(it) => it.id.as_str(),
            Expr::Attribute(it) => it.attr.id.as_str(),
            _ => "",
        };
        match (name, &*expr.slice) {
            ("Literal", slice) => {
                self.expr(slice, Role::Index);
            }
            ("Annotated", Expr::Tuple(tuple)) => self.annotated(tuple),
            (_, slice) => {
                self.annotation(slice, Role::Index);
            }
        }
        self.close(id);
        id
    }

    /// `Annotated[T, value, ...]`.
    fn annotated(&mut self, tuple: &ast::ExprTuple) {
        let id = self.open(Kind::Tuple, Role::Index, tuple.range, NO_PAYLOAD);
        if let Some((first, rest)) = tuple.elts.split_first() {
            self.annotation(first, Role::Element);
            self.each(rest, Role::Element);
        }
        self.close(id);
    }

    fn quoted(&mut self, string: &ast::ExprStringLiteral, role: Role) -> NodeId {
        if string.value.len() > MAX_QUOTED {
            return self.opaque(role, string.range);
        }
        let outer = self.fixed_span;
        let parsed = match string.value.as_slice() {
            [literal] if outer.is_none() && self.is_verbatim(literal) => parse_string_annotation(self.text, literal),
            _ => {
                self.fixed_span = outer.or(Some(string.range));
                parse_expression(string.value.to_str())
            }
        };
        let id = match parsed {
            Ok(parsed) => self.annotation(parsed.expr(), role),
            Err(_) => self.opaque(role, string.range),
        };
        self.fixed_span = outer;
        id
    }

    /// Whether the literal's value stands in the file as it is, so that spans inside it are spans of the file.
    fn is_verbatim(&self, literal: &ast::StringLiteral) -> bool {
        let inner = literal
            .range
            .add_start(literal.flags.opener_len())
            .sub_end(literal.flags.closer_len());
        self.text[inner] == *literal.value
    }
}
