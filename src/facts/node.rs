//! The nodes of a file's facts: a flat, preorder tree that keeps what concurrency rules can ask about.

use serde::{Deserialize, Serialize};

/// Index of a node in [`FileFacts::nodes`](super::FileFacts::nodes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// Index into the file's own table of names and short strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sym(pub u32);

/// Byte range in the file's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One statement or expression. Its subtree is `id.0 .. end`, so "inside" and "before" are two compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Which part of its parent it is.
    pub role: Role,
    /// Length of the source text in bytes, at most `u16::MAX`.
    pub len: u16,
    /// Byte offset of the source text.
    pub start: u32,
    /// One past the last node of the subtree.
    pub end: u32,
    /// The enclosing node (its own id for the root).
    pub parent: u32,
    /// Meaning depends on `kind`, see [`Kind`].
    pub payload: u32,
}

/// Payload of a node that carries nothing.
pub const NO_PAYLOAD: u32 = u32::MAX;

/// The kinds of node. The comment names the payload, then the roles of the children in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    // ---- statements
    /// The file. payload: function index 0. `Body*`.
    Module,
    /// `def`/`async def`. payload: function index. `Decorator* Default* Annotation* Returns? Body*`; all but `Body` belong to the scope around it.
    FunctionDef,
    /// payload: class index. `Decorator* Base* Keyword* Body*`.
    ClassDef,
    /// `Value?`.
    Return,
    /// `Value? Cause?`.
    Raise,
    /// No children.
    Break,
    /// No children.
    Continue,
    /// `Target+ Value`; also `type X = T`.
    Assign,
    /// payload: operator as [`Op`]. `Target Value`.
    AugAssign,
    /// `Target Annotation Value?`.
    AnnAssign,
    /// `Target Iter Body* Orelse*`.
    For,
    /// `Target Iter Body* Orelse*`.
    AsyncFor,
    /// `Test Body* Orelse*`.
    While,
    /// `Test Body* Orelse*`; an `elif` is an `If` in `Orelse`.
    If,
    /// `Item+ Body*`, each item a `WithItem`.
    With,
    /// `Item+ Body*`.
    AsyncWith,
    /// `Context Target?`.
    WithItem,
    /// `Subject Case+`.
    Match,
    /// `Pattern* Guard? Body*`; a pattern's captures are `Name` nodes, its classes, keys and values expressions, all direct children in source order.
    MatchCase,
    /// `Body* Handler* Orelse* Finally*`.
    Try,
    /// `except`. payload: place index of the bound name or none. `Type? Body*`.
    Handler,
    /// An expression as a statement (plain strings are dropped). `Value`.
    ExprStmt,
    /// `Target+`.
    Delete,
    /// `Test Message?`.
    Assert,
    /// payload: index of the first binding in `imports`; one node a statement, its bindings are consecutive. No children.
    ImportStmt,
    /// Kept so that a block is never empty. No children.
    Pass,
    // ---- expressions
    /// `Func Arg* Keyword*`; `*x` is a `Starred` in `Arg`.
    Call,
    /// payload: name or none for `**x`. `Value`.
    Keyword,
    /// `Value`.
    Await,
    /// payload: the attribute's name as `Sym`. `Value`.
    Attribute,
    /// payload: place index.
    Name,
    /// payload: the text as `Sym`, cut after [`MAX_STRING`] bytes.
    Str,
    /// payload: the content as `Sym` is not kept; none.
    Bytes,
    /// payload: the number's source text as `Sym`, underscores removed.
    Number,
    /// No children.
    True,
    /// No children.
    False,
    /// No children.
    None,
    /// No children.
    Ellipsis,
    /// `Part*`: `Str` for literal text, `FormatHole` for `{...}`; for `{x=}` the text `x=` is literal. Template strings too.
    FString,
    /// payload: conversion and format spec as source text `Sym` (`!r:>10`) or none. `Value`.
    FormatHole,
    /// `Element*`.
    List,
    /// `Element*`.
    Tuple,
    /// `Element*`.
    Set,
    /// `(Key Value)*`; for `**x` the key is missing.
    Dict,
    /// `Element Generator+`.
    ListComp,
    /// `Element Generator+`.
    SetComp,
    /// `Element Generator+`.
    GeneratorExp,
    /// `Key Value Generator+`.
    DictComp,
    /// One `for` of a comprehension. payload: 1 if `async for`. `Target Iter Test*`.
    Generator,
    /// payload: [`Op`]. `Left Right`.
    BinOp,
    /// payload: [`Op::And`] or [`Op::Or`]. `Element+`.
    BoolOp,
    /// payload: [`Op`]. `Value`.
    UnaryOp,
    /// payload: [`Op`] of the first comparison. `Left Right+`.
    Compare,
    /// `Test Body Orelse`.
    IfExp,
    /// payload: function index. `Default* Body` (the body is one expression).
    Lambda,
    /// `Value`.
    Starred,
    /// `Value Index`.
    Subscript,
    /// `Lower? Upper? Step?`.
    Slice,
    /// `Value?`.
    Yield,
    /// `Value`.
    YieldFrom,
    /// `Target Value`.
    NamedExpr,
    /// Something no rule asks about, or a tree deeper than the lowering allows.
    Opaque,
}

/// Longest string constant kept, in bytes; log templates are rarely longer.
pub const MAX_STRING: usize = 512;

/// Which part of its parent a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are Python's; `Kind` says where each occurs")]
pub enum Role {
    Root,
    Decorator,
    Default,
    Annotation,
    Returns,
    Base,
    Body,
    Orelse,
    Finally,
    Handler,
    Type,
    Target,
    Value,
    Cause,
    Iter,
    Test,
    Item,
    Context,
    Subject,
    Case,
    Pattern,
    Guard,
    Message,
    Func,
    Arg,
    Keyword,
    Part,
    Element,
    Key,
    Generator,
    Left,
    Right,
    Index,
    Lower,
    Upper,
    Step,
}

/// Operators of `BinOp`, `UnaryOp`, `BoolOp`, `Compare` and `AugAssign`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "Python's operators")]
pub enum Op {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
    Not,
    Invert,
    UAdd,
    USub,
    And,
    Or,
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}
