//! Calls and their arguments.

use super::lowering::Lowering;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Role;
use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

impl Lowering<'_> {
    pub(super) fn call(&mut self, call: &ast::ExprCall, role: Role) -> NodeId {
        let id = self.open(Kind::Call, role, call.range(), NO_PAYLOAD);
        self.expr(&call.func, Role::Func);
        match &*call.arguments.args {
            [quoted @ Expr::StringLiteral(_), value] if is_cast(&call.func) => {
                self.annotation(quoted, Role::Arg);
                self.expr(value, Role::Arg);
            }
            args => self.each(args, Role::Arg),
        }
        self.keywords(&call.arguments.keywords);
        self.close(id);
        id
    }

    /// `name=value` and `**value` of a call or a class.
    pub(super) fn keywords(&mut self, keywords: &[ast::Keyword]) {
        for keyword in keywords {
            let payload = match &keyword.arg {
                Some(name) => self.symbols.intern(&name.id).0,
                None => NO_PAYLOAD,
            };
            self.wrap(Kind::Keyword, Role::Keyword, keyword.range, payload, &keyword.value);
        }
    }
}

/// `typing.cast`, whose first argument may be a quoted type.
fn is_cast(func: &Expr) -> bool {
    match func {
        Expr::Name(it) => it.id == "cast",
        Expr::Attribute(it) => {
            it.attr.id == "cast"
                && matches!(&*it.value, Expr::Name(module) if matches!(module.id.as_str(), "typing" | "t"))
        }
        _ => false,
    }
}
