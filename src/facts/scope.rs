//! Names: places that hold values, the definitions that fill them, functions, classes and imports.

use super::node::{NodeId, Span, Sym};
use serde::{Deserialize, Serialize};

/// Index into [`FileFacts::places`](super::FileFacts::places).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaceId(pub u32);

/// Index into [`FileFacts::functions`](super::FileFacts::functions); 0 is the module itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalFn(pub u32);

/// Index into [`FileFacts::classes`](super::FileFacts::classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalClass(pub u32);

/// The function whose body is the module.
pub const MODULE_FN: LocalFn = LocalFn(0);

/// Where a name lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlaceKind {
    /// A module-level name.
    Module,
    /// A local variable of a function (also a lambda's), its parameters included.
    Local,
    /// The target of a comprehension.
    Comprehension,
    /// A name in a class body.
    ClassBody(LocalClass),
    /// Bound nowhere in this file: a builtin, or a name that `import *` brings.
    Global,
}

/// A name in one scope. Free variables of nested functions are the place of the scope that binds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The name.
    pub name: Sym,
    /// The function that owns it (the module for module, class and global names).
    pub owner: LocalFn,
    /// Where it lives.
    pub kind: PlaceKind,
    /// Its definitions: `definitions[first_def .. first_def + n_defs]`, in source order.
    pub first_def: u32,
    /// How many definitions it has.
    pub n_defs: u32,
}

/// One binding of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// What it binds.
    pub place: PlaceId,
    /// The node that binds: the `Name` target, the `FunctionDef`, `ClassDef`, `ImportStmt`, `Handler`; for a parameter the `FunctionDef` or `Lambda`.
    pub node: NodeId,
    /// The function in whose body the binding stands.
    pub function: LocalFn,
    /// How the value is made.
    pub how: How,
}

/// How a definition makes its value. Node ids are the expressions that make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// `x = value` and `x := value`; an annotation where there is one.
    Assign {
        /// The value.
        value: NodeId,
        /// `x: T = value`.
        annotation: Option<NodeId>,
    },
    /// `x: T` without a value.
    Declare {
        /// `T`.
        annotation: NodeId,
    },
    /// `a, b = value`: the `index`-th element (`u32::MAX` for `*rest` or a nested target).
    Unpack {
        /// The right side.
        value: NodeId,
        /// Position in the target.
        index: u32,
    },
    /// `x += value`.
    Augment {
        /// The right side.
        value: NodeId,
    },
    /// `for x in iter`, in a statement or a comprehension.
    Iterate {
        /// The iterable.
        iter: NodeId,
        /// `async for`.
        is_async: bool,
        /// Position in a tuple target, `None` for a plain one.
        index: Option<u32>,
    },
    /// `with context as x`.
    Enter {
        /// The context manager.
        context: NodeId,
        /// `async with`.
        is_async: bool,
    },
    /// An import, index into `imports`.
    Import(u32),
    /// `def x`.
    Function(LocalFn),
    /// `class x`.
    Class(LocalClass),
    /// A parameter: its index in [`Function::params`].
    Param(u32),
    /// `except T as x`.
    Except,
    /// A match capture, `del x`, `with c as (x, y)`, or a form that says nothing about the value.
    Other,
}

/// What kind of function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FnKind {
    /// The module body.
    Module,
    /// `def`.
    Sync,
    /// `async def`.
    Async,
    /// `lambda`.
    Lambda,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Python's terms")]
pub enum ParamKind {
    PositionalOnly,
    Plain,
    VarArgs,
    KeywordOnly,
    VarKeywords,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: Sym,
    /// Its place in the function's scope.
    pub place: PlaceId,
    /// How it takes its argument.
    pub kind: ParamKind,
    /// Its annotation.
    pub annotation: Option<NodeId>,
    /// Its default.
    pub default: Option<NodeId>,
}

/// A function, lambda, or the module body (index 0).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name (`<module>`, `<lambda>`).
    pub name: Sym,
    /// Dotted name inside the module, without `<locals>`: `Class.method.inner`.
    pub qualname: Sym,
    /// What kind.
    pub kind: FnKind,
    /// It contains `yield`.
    pub is_generator: bool,
    /// The node: `Module`, `FunctionDef` or `Lambda`.
    pub node: NodeId,
    /// The span of its name (of the lambda or the module's first byte).
    pub name_span: Span,
    /// The function around it (the module for a top-level one).
    pub parent: LocalFn,
    /// The class in whose body it is defined directly.
    pub class: Option<LocalClass>,
    /// Its parameters in order.
    pub params: Box<[Param]>,
    /// The return annotation.
    pub returns: Option<NodeId>,
}

impl Function {
    /// Whether the other is the same function at another place.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let parts = |it: &Self| {
            (
                it.name,
                it.qualname,
                it.kind,
                it.is_generator,
                it.node,
                it.parent,
                it.class,
                it.returns,
            )
        };
        parts(self) == parts(other) && self.params == other.params
    }
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: Sym,
    /// Dotted name inside the module.
    pub qualname: Sym,
    /// The `ClassDef` node; bases are its `Base` children.
    pub node: NodeId,
    /// The function in whose body it is defined.
    pub parent: LocalFn,
    /// Methods, properties and nested classes, as places of the class body.
    pub members: Box<[(Sym, PlaceId)]>,
    /// `self.x = value` in its methods, in source order.
    pub attributes: Box<[AttributeDef]>,
}

/// An assignment to an attribute of `self` (or `cls`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeDef {
    /// The attribute.
    pub name: Sym,
    /// The `Attribute` target node.
    pub node: NodeId,
    /// The function in whose body the assignment stands: a method, or one nested in it that closes over `self`.
    pub function: LocalFn,
    /// How the value is made.
    pub how: How,
}

/// One name brought by an import statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module's dotted name as written (`""` in `from . import x`).
    pub module: Sym,
    /// Number of leading dots.
    pub level: u32,
    /// What is imported.
    pub what: Imported,
    /// The place it binds; `None` for `import *`.
    pub place: Option<PlaceId>,
    /// Where it stands.
    pub span: Span,
    /// Under `if TYPE_CHECKING`.
    pub type_checking: bool,
    /// The function in whose body the import stands.
    pub function: LocalFn,
}

/// The part of a module that an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// `import a.b` binds the top package `a`.
    Top,
    /// `import a.b as c` binds `a.b`.
    Module,
    /// `from m import name`.
    Member(Sym),
    /// `from m import *`.
    Star,
}
