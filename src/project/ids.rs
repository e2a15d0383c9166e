//! Dense ids of the whole program.

use crate::facts::{LocalClass, LocalFn, NodeId};

/// A module (one file of facts), in the order of file ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// A function, lambda or module body anywhere in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FnId {
    /// Its module.
    pub module: ModuleId,
    /// Its index there.
    pub local: LocalFn,
}

/// A class anywhere in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId {
    /// Its module.
    pub module: ModuleId,
    /// Its index there.
    pub local: LocalClass,
}

/// A node anywhere in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Its module.
    pub module: ModuleId,
    /// The node.
    pub node: NodeId,
}

/// A call site: index into the call graph's sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u32);
