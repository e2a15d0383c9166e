//! Expressions.

use super::depth;
use super::lowering::Lowering;
use super::scopes::ScopeKind;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Op;
use crate::facts::Role;
use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;
use ruff_text_size::TextRange;

impl Lowering<'_> {
    /// Lowers an expression that is read.
    pub(super) fn expr(&mut self, expr: &Expr, role: Role) -> NodeId {
        if !self.enter(expr.range(), || depth::is_expr_too_deep(expr)) {
            return self.opaque(role, expr.range());
        }
        let id = match expr {
            Expr::Name(it) => self.name(&it.id, role, it.range).0,
            Expr::Attribute(it) => self.attribute(it, role),
            Expr::Call(it) => self.call(it, role),
            Expr::StringLiteral(it) => self.string(it, role),
            Expr::FString(it) => self.fstring(it, role),
            Expr::NumberLiteral(it) => self.number(it, role),
            _ => self.compound(expr, role),
        };
        self.leave();
        id
    }

    fn compound(&mut self, expr: &Expr, role: Role) -> NodeId {
        let range = expr.range();
        match expr {
            Expr::BoolOp(it) => {
                let op = if it.op.is_and() { Op::And } else { Op::Or };
                let id = self.open(Kind::BoolOp, role, range, op as u32);
                self.each(&it.values, Role::Element);
                self.closed(id)
            }
            Expr::Named(it) => self.walrus(it, role),
            Expr::BinOp(it) => {
                let id = self.open(Kind::BinOp, role, range, operator(it.op) as u32);
                self.expr(&it.left, Role::Left);
                self.expr(&it.right, Role::Right);
                self.closed(id)
            }
            Expr::UnaryOp(it) => self.wrap(Kind::UnaryOp, role, range, unary(it.op) as u32, &it.operand),
            Expr::Lambda(it) => self.lambda(it, role),
            Expr::If(it) => {
                let id = self.open(Kind::IfExp, role, range, NO_PAYLOAD);
                self.expr(&it.test, Role::Test);
                self.expr(&it.body, Role::Body);
                self.expr(&it.orelse, Role::Orelse);
                self.closed(id)
            }
            Expr::Dict(it) => self.dict(it, role),
            Expr::Set(it) => self.sequence(Kind::Set, role, range, &it.elts),
            Expr::List(it) => self.sequence(Kind::List, role, range, &it.elts),
            Expr::Tuple(it) => self.sequence(Kind::Tuple, role, range, &it.elts),
            Expr::Compare(it) => self.compare(it, role),
            Expr::Subscript(it) => {
                let id = self.open(Kind::Subscript, role, range, NO_PAYLOAD);
                self.expr(&it.value, Role::Value);
                self.expr(&it.slice, Role::Index);
                self.closed(id)
            }
            Expr::Slice(it) => self.slice(it, role),
            Expr::Starred(it) => self.wrap(Kind::Starred, role, range, NO_PAYLOAD, &it.value),
            Expr::Await(it) => self.wrap(Kind::Await, role, range, NO_PAYLOAD, &it.value),
            Expr::Yield(it) => self.yields(Kind::Yield, role, range, it.value.as_deref()),
            Expr::YieldFrom(it) => self.yields(Kind::YieldFrom, role, range, Some(&it.value)),
            Expr::ListComp(it) => self.comprehension(Kind::ListComp, role, range, None, &it.elt, &it.generators),
            Expr::SetComp(it) => self.comprehension(Kind::SetComp, role, range, None, &it.elt, &it.generators),
            Expr::Generator(it) => self.comprehension(Kind::GeneratorExp, role, range, None, &it.elt, &it.generators),
            Expr::DictComp(it) => self.comprehension(
                Kind::DictComp,
                role,
                range,
                it.key.as_deref(),
                &it.value,
                &it.generators,
            ),
            Expr::TString(it) => self.tstring(it, role),
            Expr::BytesLiteral(_) => self.leaf(Kind::Bytes, role, range, NO_PAYLOAD),
            Expr::BooleanLiteral(it) => {
                let kind = if it.value { Kind::True } else { Kind::False };
                self.leaf(kind, role, range, NO_PAYLOAD)
            }
            Expr::NoneLiteral(_) => self.leaf(Kind::None, role, range, NO_PAYLOAD),
            Expr::EllipsisLiteral(_) => self.leaf(Kind::Ellipsis, role, range, NO_PAYLOAD),
            _ => self.opaque(role, range),
        }
    }

    fn closed(&mut self, id: NodeId) -> NodeId {
        self.close(id);
        id
    }

    pub(super) fn each(&mut self, exprs: &[Expr], role: Role) {
        for expr in exprs {
            self.expr(expr, role);
        }
    }

    /// A node with one `Value`.
    pub(super) fn wrap(&mut self, kind: Kind, role: Role, range: TextRange, payload: u32, value: &Expr) -> NodeId {
        let id = self.open(kind, role, range, payload);
        self.expr(value, Role::Value);
        self.closed(id)
    }

    fn sequence(&mut self, kind: Kind, role: Role, range: TextRange, elements: &[Expr]) -> NodeId {
        let id = self.open(kind, role, range, NO_PAYLOAD);
        self.each(elements, Role::Element);
        self.closed(id)
    }

    fn attribute(&mut self, expr: &ast::ExprAttribute, role: Role) -> NodeId {
        let name = self.symbols.intern(&expr.attr.id);
        self.wrap(Kind::Attribute, role, expr.range, name.0, &expr.value)
    }

    fn number(&mut self, expr: &ast::ExprNumberLiteral, role: Role) -> NodeId {
        if self.fixed_span.is_some() {
            return self.opaque(role, expr.range);
        }
        let source = &self.text[expr.range];
        let name = if source.contains('_') {
            self.symbols.intern(&source.replace('_', ""))
        } else {
            self.symbols.intern(source)
        };
        self.leaf(Kind::Number, role, expr.range, name.0)
    }

    fn dict(&mut self, expr: &ast::ExprDict, role: Role) -> NodeId {
        let id = self.open(Kind::Dict, role, expr.range, NO_PAYLOAD);
        for item in &expr.items {
            if let Some(key) = &item.key {
                self.expr(key, Role::Key);
            }
            self.expr(&item.value, Role::Value);
        }
        self.closed(id)
    }

    fn compare(&mut self, expr: &ast::ExprCompare, role: Role) -> NodeId {
        let op = expr.ops.first().map_or(NO_PAYLOAD, |&it| comparison(it) as u32);
        let id = self.open(Kind::Compare, role, expr.range, op);
        self.expr(&expr.left, Role::Left);
        self.each(&expr.comparators, Role::Right);
        self.closed(id)
    }

    fn slice(&mut self, expr: &ast::ExprSlice, role: Role) -> NodeId {
        let id = self.open(Kind::Slice, role, expr.range, NO_PAYLOAD);
        let parts = [
            (&expr.lower, Role::Lower),
            (&expr.upper, Role::Upper),
            (&expr.step, Role::Step),
        ];
        for (part, role) in parts {
            if let Some(part) = part {
                self.expr(part, role);
            }
        }
        self.closed(id)
    }

    fn yields(&mut self, kind: Kind, role: Role, range: TextRange, value: Option<&Expr>) -> NodeId {
        self.facts.functions[self.function.0 as usize].is_generator = true;
        let id = self.open(kind, role, range, NO_PAYLOAD);
        if let Some(value) = value {
            self.expr(value, Role::Value);
        }
        self.closed(id)
    }

    fn walrus(&mut self, expr: &ast::ExprNamed, role: Role) -> NodeId {
        let id = self.open(Kind::NamedExpr, role, expr.range, NO_PAYLOAD);
        if let Expr::Name(target) = &*expr.target {
            let (node, sym) = self.name(&target.id, Role::Target, target.range);
            let value = self.expr(&expr.value, Role::Value);
            let how = How::Assign {
                value,
                annotation: None,
            };
            self.define_walrus(sym, node, how);
        } else {
            self.expr(&expr.target, Role::Target);
            self.expr(&expr.value, Role::Value);
        }
        self.closed(id)
    }

    fn comprehension(
        &mut self,
        kind: Kind,
        role: Role,
        range: TextRange,
        key: Option<&Expr>,
        element: &Expr,
        generators: &[ast::Comprehension],
    ) -> NodeId {
        let id = self.open(kind, role, range, NO_PAYLOAD);
        self.scopes.open(ScopeKind::Comprehension, self.function);
        if let Some(key) = key {
            self.expr(key, Role::Key);
        }
        let role = if kind == Kind::DictComp {
            Role::Value
        } else {
            Role::Element
        };
        self.expr(element, role);
        for (index, generator) in generators.iter().enumerate() {
            self.generator(generator, index == 0);
        }
        self.scopes.close(&mut self.facts);
        self.closed(id)
    }

    fn generator(&mut self, generator: &ast::Comprehension, first: bool) {
        let payload = u32::from(generator.is_async);
        let id = self.open(Kind::Generator, Role::Generator, generator.range, payload);
        let from = self.bound.len();
        self.target(&generator.target, Role::Target);
        let outside = if first { self.scopes.step_out() } else { None };
        let iter = self.expr(&generator.iter, Role::Iter);
        if let Some(outside) = outside {
            self.scopes.step_in(outside);
        }
        self.define_iterated(from, iter, generator.is_async);
        self.each(&generator.ifs, Role::Test);
        self.close(id);
    }
}

/// The fact's name of a binary operator.
pub(super) fn operator(op: ast::Operator) -> Op {
    match op {
        ast::Operator::Add => Op::Add,
        ast::Operator::Sub => Op::Sub,
        ast::Operator::Mult => Op::Mult,
        ast::Operator::MatMult => Op::MatMult,
        ast::Operator::Div => Op::Div,
        ast::Operator::Mod => Op::Mod,
        ast::Operator::Pow => Op::Pow,
        ast::Operator::LShift => Op::LShift,
        ast::Operator::RShift => Op::RShift,
        ast::Operator::BitOr => Op::BitOr,
        ast::Operator::BitXor => Op::BitXor,
        ast::Operator::BitAnd => Op::BitAnd,
        ast::Operator::FloorDiv => Op::FloorDiv,
    }
}

fn unary(op: ast::UnaryOp) -> Op {
    match op {
        ast::UnaryOp::Invert => Op::Invert,
        ast::UnaryOp::Not => Op::Not,
        ast::UnaryOp::UAdd => Op::UAdd,
        ast::UnaryOp::USub => Op::USub,
    }
}

fn comparison(op: ast::CmpOp) -> Op {
    match op {
        ast::CmpOp::Eq => Op::Eq,
        ast::CmpOp::NotEq => Op::NotEq,
        ast::CmpOp::Lt => Op::Lt,
        ast::CmpOp::LtE => Op::LtE,
        ast::CmpOp::Gt => Op::Gt,
        ast::CmpOp::GtE => Op::GtE,
        ast::CmpOp::Is => Op::Is,
        ast::CmpOp::IsNot => Op::IsNot,
        ast::CmpOp::In => Op::In,
        ast::CmpOp::NotIn => Op::NotIn,
    }
}
