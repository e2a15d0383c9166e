//! What a file says, as plain owned data: the only form in which source code exists behind the border.
//!
//! `syntax` makes a [`FileFacts`] from one file and nothing else, so facts can be cached and merged.
//! Rules and `project` read it through the queries of this folder.

mod fate;
mod filled;
mod flow;
pub mod node;
mod results;
pub mod scope;
mod strings;
mod tree;

pub use fate::Fate;
pub use flow::Slice;
pub use node::{Kind, NO_PAYLOAD, Node, NodeId, Op, Role, Span, Sym};
pub use results::Results;
pub use scope::{
    AttributeDef, Class, Definition, FnKind, Function, How, Import, Imported, LocalClass, LocalFn, MODULE_FN, Param,
    ParamKind, Place, PlaceId, PlaceKind,
};
use serde::{Deserialize, Serialize};
pub use strings::Strings;
pub use tree::{Ancestors, Children};

/// A comment that silences rules: `# tailspike: ignore[rule, ...] reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreComment {
    /// The comment's own span.
    pub span: Span,
    /// 1-based line of the comment.
    pub line: u32,
    /// The 1-based lines it covers: those of the simple statement or of the compound statement's header it stands on; the whole file for `ignore-file`.
    pub covers: (u32, u32),
    /// The rules named, empty for a comment that is malformed; codes of other linters in a `# noqa`.
    pub rules: Vec<String>,
    /// `ignore-file`.
    pub whole_file: bool,
    /// `# noqa: CODE, ...`, written for other linters.
    pub noqa: bool,
}

/// A place where the file does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in code points.
    pub column: u32,
    /// The parser's message.
    pub message: String,
}

/// Everything known about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Names and short strings, each once; `Sym` is the index.
    pub strings: Strings,
    /// The tree in preorder; node 0 is the module.
    pub nodes: Vec<Node>,
    /// All names of all scopes.
    pub places: Vec<Place>,
    /// Bindings, grouped by place, in source order inside a group.
    pub definitions: Vec<Definition>,
    /// Functions in preorder; 0 is the module.
    pub functions: Vec<Function>,
    /// Classes in preorder.
    pub classes: Vec<Class>,
    /// Names brought by imports, in source order.
    pub imports: Vec<Import>,
    /// `__all__` where it is a literal.
    pub all: Option<Vec<Sym>>,
    /// Ignore comments in source order.
    pub ignores: Vec<IgnoreComment>,
    /// Byte offset of each line's first byte.
    pub line_starts: Vec<u32>,
    /// Lines are indented with tabs.
    pub tabs: bool,
    /// Hash of the text that was lowered (`rustc_hash` over the bytes), to notice a change before the report.
    pub text_hash: u64,
    /// The first syntax error, if the file did not parse whole; its facts are then empty.
    pub error: Option<SyntaxError>,
}

impl FileFacts {
    /// Whether the other facts say the same, at other places: blanks, comments and the form of the text may differ.
    /// Where nothing else does, whatever was concluded from these facts holds for the others.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let nodes = |it: &Node| (it.kind, it.role, it.end, it.parent, it.payload);
        let imports = |it: &Import| (it.module, it.level, it.what, it.place, it.type_checking, it.function);
        // Comments act on lines, so they are only compared where there are none.
        (self.ignores.is_empty() && other.ignores.is_empty())
            && (self.error.is_none() && other.error.is_none())
            && self.nodes.iter().map(nodes).eq(other.nodes.iter().map(nodes))
            && self.imports.iter().map(imports).eq(other.imports.iter().map(imports))
            && self.functions.len() == other.functions.len()
            && self
                .functions
                .iter()
                .zip(&other.functions)
                .all(|(a, b)| a.says_the_same(b))
            && self.strings == other.strings
            && self.places == other.places
            && self.definitions == other.definitions
            && self.classes == other.classes
            && self.all == other.all
    }
}
