//! Imports and `__all__`.

use super::lowering::Lowering;
use super::lowering::span;
use crate::facts::How;
use crate::facts::Import;
use crate::facts::Imported;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::facts::Role;
use crate::facts::Sym;
use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::TextRange;

impl Lowering<'_> {
    pub(super) fn import(&mut self, stmt: &ast::StmtImport, role: Role) {
        let node = self.import_node(stmt.range, role);
        for alias in &stmt.names {
            let module = self.symbols.intern(&alias.name.id);
            let (what, name) = match &alias.asname {
                Some(name) => (Imported::Module, name.id.as_str()),
                None => (Imported::Top, alias.name.id.split('.').next().unwrap_or_default()),
            };
            let bound = self.symbols.intern(name);
            self.imported(node, alias.range, (module, 0), what, Some(bound));
        }
    }

    pub(super) fn import_from(&mut self, stmt: &ast::StmtImportFrom, role: Role) {
        let node = self.import_node(stmt.range, role);
        let module = self
            .symbols
            .intern(stmt.module.as_ref().map_or("", |it| it.id.as_str()));
        for alias in &stmt.names {
            let name = self.symbols.intern(&alias.name.id);
            let (what, bound) = match &alias.asname {
                _ if alias.name.id == "*" => (Imported::Star, None),
                Some(asname) => (Imported::Member(name), Some(self.symbols.intern(&asname.id))),
                None => (Imported::Member(name), Some(name)),
            };
            self.imported(node, alias.range, (module, stmt.level), what, bound);
        }
    }

    fn import_node(&mut self, range: TextRange, role: Role) -> NodeId {
        let first = u32::try_from(self.facts.imports.len()).unwrap_or(u32::MAX);
        self.leaf(Kind::ImportStmt, role, range, first)
    }

    fn imported(&mut self, node: NodeId, range: TextRange, module: (Sym, u32), what: Imported, bound: Option<Sym>) {
        let index = u32::try_from(self.facts.imports.len()).unwrap_or(u32::MAX);
        self.facts.imports.push(Import {
            module: module.0,
            level: module.1,
            what,
            place: None,
            span: span(range),
            type_checking: self.type_checking,
            function: self.function,
        });
        if let Some(bound) = bound {
            self.define(bound, node, How::Import(index));
        }
    }

    /// `__all__ = [...]` and `__all__ += [...]` at the module's level; any other value makes it unknown.
    pub(super) fn dunder_all(&mut self, target: &Expr, value: &Expr, add: bool) {
        let is_all = matches!(target, Expr::Name(it) if it.id == "__all__");
        if !is_all || !self.scopes.at_module() {
            return;
        }
        let elements = match value {
            Expr::List(it) => &it.elts,
            Expr::Tuple(it) => &it.elts,
            _ => return self.forget_all(),
        };
        let mut names = if add {
            self.facts.all.take().unwrap_or_default()
        } else {
            Vec::new()
        };
        for element in elements {
            match element {
                Expr::StringLiteral(it) => names.push(self.symbols.intern(it.value.to_str())),
                _ => return self.forget_all(),
            }
        }
        if !self.open_all {
            self.facts.all = Some(names);
        }
    }

    fn forget_all(&mut self) {
        self.open_all = true;
        self.facts.all = None;
    }
}
