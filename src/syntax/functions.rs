//! Functions, lambdas and classes.

use super::lowering::Lowering;
use super::lowering::UNPLACED;
use super::lowering::span;
use super::scopes::ScopeKind;
use crate::facts::Class;
use crate::facts::FnKind;
use crate::facts::Function;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::LocalClass;
use crate::facts::LocalFn;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Param;
use crate::facts::ParamKind;
use crate::facts::Role;
use crate::facts::Sym;
use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::Parameter;
use ruff_text_size::TextRange;

/// What is put back when a body ends.
struct Around {
    function: LocalFn,
    class: Option<LocalClass>,
    prefix: usize,
}

impl Lowering<'_> {
    pub(super) fn function_def(&mut self, def: &ast::StmtFunctionDef, role: Role) {
        let node = self.open(Kind::FunctionDef, role, def.range, NO_PAYLOAD);
        let kind = if def.is_async { FnKind::Async } else { FnKind::Sync };
        let function = self.add_function(&def.name.id, kind, node, def.name.range);
        let name = self.facts.functions[function.0 as usize].name;
        for decorator in &def.decorator_list {
            self.expr(&decorator.expression, Role::Decorator);
        }
        let mut params = self.params(&def.parameters);
        self.param_annotations(&def.parameters, &mut params);
        let returns = def.returns.as_ref().map(|it| self.annotation(it, Role::Returns));
        self.define(name, node, How::Function(function));

        let is_method = self.class.is_some() && !def.decorator_list.iter().any(is_staticmethod);
        let method_of = self.class.filter(|_| is_method);
        let around = self.enter_function(function, name);
        self.bind_params(node, &mut params, method_of);
        self.block(&def.body, Role::Body);
        self.leave_function(&around);

        let record = &mut self.facts.functions[function.0 as usize];
        record.params = params.into_boxed_slice();
        record.returns = returns;
        self.close(node);
    }

    pub(super) fn lambda(&mut self, lambda: &ast::ExprLambda, role: Role) -> NodeId {
        let node = self.open(Kind::Lambda, role, lambda.range, NO_PAYLOAD);
        let start = TextRange::empty(lambda.range.start());
        let function = self.add_function("<lambda>", FnKind::Lambda, node, start);
        let name = self.facts.functions[function.0 as usize].name;
        let mut params = lambda.parameters.as_ref().map_or(Vec::new(), |it| self.params(it));
        let around = self.enter_function(function, name);
        self.bind_params(node, &mut params, None);
        self.expr(&lambda.body, Role::Body);
        self.leave_function(&around);
        self.facts.functions[function.0 as usize].params = params.into_boxed_slice();
        self.close(node);
        node
    }

    fn add_function(&mut self, name: &str, kind: FnKind, node: NodeId, name_range: TextRange) -> LocalFn {
        let index = LocalFn(u32::try_from(self.facts.functions.len()).unwrap_or(u32::MAX));
        self.facts.nodes[node.0 as usize].payload = index.0;
        let sym = self.symbols.intern(name);
        let qualname = self.qualname(sym, name);
        let name_range = self.fixed_span.unwrap_or(name_range);
        self.facts.functions.push(Function {
            name: sym,
            qualname,
            kind,
            is_generator: false,
            node,
            name_span: span(name_range),
            parent: self.function,
            class: self.class,
            params: Box::default(),
            returns: None,
        });
        index
    }

    /// `name` behind the names around it.
    fn qualname(&mut self, sym: Sym, name: &str) -> Sym {
        if self.prefix.is_empty() {
            return sym;
        }
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        let qualname = self.symbols.intern(&self.prefix);
        self.prefix.truncate(outer);
        qualname
    }

    fn enter_function(&mut self, function: LocalFn, name: Sym) -> Around {
        let around = self.around(name);
        self.function = function;
        self.class = None;
        self.scopes.open(ScopeKind::Function, function);
        around
    }

    fn leave_function(&mut self, around: &Around) {
        self.scopes.close(&mut self.facts);
        self.restore(around);
    }

    fn around(&mut self, name: Sym) -> Around {
        let around = Around {
            function: self.function,
            class: self.class,
            prefix: self.prefix.len(),
        };
        self.prefix.push_str(self.symbols.text(name));
        self.prefix.push('.');
        around
    }

    fn restore(&mut self, around: &Around) {
        self.function = around.function;
        self.class = around.class;
        self.prefix.truncate(around.prefix);
    }

    /// Parameters with their defaults, which are evaluated outside the function.
    fn params(&mut self, parameters: &ast::Parameters) -> Vec<Param> {
        let mut params = Vec::with_capacity(parameters.len());
        each_parameter(parameters, |parameter, kind, default| {
            params.push(Param {
                name: self.symbols.intern(&parameter.name.id),
                place: UNPLACED,
                kind,
                annotation: None,
                default: default.map(|it| self.expr(it, Role::Default)),
            });
        });
        params
    }

    fn param_annotations(&mut self, parameters: &ast::Parameters, params: &mut [Param]) {
        let mut params = params.iter_mut();
        each_parameter(parameters, |parameter, _, _| {
            let annotation = parameter
                .annotation
                .as_ref()
                .map(|it| self.annotation(it, Role::Annotation));
            if let Some(param) = params.next() {
                param.annotation = annotation;
            }
        });
    }

    fn bind_params(&mut self, node: NodeId, params: &mut [Param], method_of: Option<LocalClass>) {
        for (index, param) in (0..).zip(&mut *params) {
            if let Some(place) = self.define(param.name, node, How::Param(index)) {
                param.place = place;
            }
        }
        let receiver = params
            .first()
            .filter(|it| matches!(it.kind, ParamKind::PositionalOnly | ParamKind::Plain));
        if let (Some(class), Some(receiver)) = (method_of, receiver) {
            self.receivers.push((receiver.place, class));
        }
    }

    pub(super) fn class_def(&mut self, def: &ast::StmtClassDef, role: Role) {
        let class = LocalClass(u32::try_from(self.facts.classes.len()).unwrap_or(u32::MAX));
        let node = self.open(Kind::ClassDef, role, def.range, class.0);
        let name = self.symbols.intern(&def.name.id);
        let qualname = self.qualname(name, &def.name.id);
        self.facts.classes.push(Class {
            name,
            qualname,
            node,
            parent: self.function,
            members: Box::default(),
            attributes: Box::default(),
        });
        for decorator in &def.decorator_list {
            self.expr(&decorator.expression, Role::Decorator);
        }
        if let Some(arguments) = &def.arguments {
            self.each(&arguments.args, Role::Base);
            self.keywords(&arguments.keywords);
        }
        self.define(name, node, How::Class(class));

        let around = self.around(name);
        self.class = Some(class);
        self.scopes.open(ScopeKind::Class(class), self.function);
        self.block(&def.body, Role::Body);
        self.facts.classes[class.0 as usize].members = self.scopes.members().collect();
        self.scopes.close(&mut self.facts);
        self.restore(&around);
        self.close(node);
    }
}

/// Parameters in Python's order.
fn each_parameter<'a>(
    parameters: &'a ast::Parameters,
    mut visit: impl FnMut(&'a Parameter, ParamKind, Option<&'a Expr>),
) {
    let groups = [
        (&parameters.posonlyargs, None, ParamKind::PositionalOnly),
        (&parameters.args, parameters.vararg.as_deref(), ParamKind::Plain),
        (
            &parameters.kwonlyargs,
            parameters.kwarg.as_deref(),
            ParamKind::KeywordOnly,
        ),
    ];
    for (plain, variadic, kind) in groups {
        for it in plain {
            visit(&it.parameter, kind, it.default.as_deref());
        }
        if let Some(it) = variadic {
            let kind = if kind == ParamKind::Plain {
                ParamKind::VarArgs
            } else {
                ParamKind::VarKeywords
            };
            visit(it, kind, None);
        }
    }
}

fn is_staticmethod(decorator: &ast::Decorator) -> bool {
    match &decorator.expression {
        Expr::Name(it) => it.id == "staticmethod",
        Expr::Attribute(it) => it.attr.id == "staticmethod",
        _ => false,
    }
}
