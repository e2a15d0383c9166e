//! The call graph: which call reaches which function, and under what circumstances.

use super::Names;
use super::guards::Guards;
use super::ids::{At, FnId, ModuleId, SiteId};
use super::relink::ReadSet;
use super::sites::{Collected, collect};
use super::types::Types;
use crate::catalog::{EntryId, Name};
use crate::facts::{LocalFn, NodeId};
use rayon::prelude::*;
use serde::Serialize;

/// What a call site reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of the project.
    Own(FnId),
    /// Functions of the project that share a base class; which one runs is decided at run time.
    AnyOf(Box<[FnId]>),
    /// A library call that the catalog describes.
    Library(EntryId),
    /// The construction of a library's class.
    Construct(Name),
}

/// The circumstances of a call site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u16);

impl Flags {
    /// The call is awaited where it stands.
    pub const AWAITED: Self = Self(1);
    /// A thread or process runs the function, not the loop.
    pub const OFFLOADED: Self = Self(1 << 1);
    /// The function is handed on as a value; who calls it is not known.
    pub const PASSED: Self = Self(1 << 2);
    /// The loop calls the function later, on its own thread.
    pub const LOOP_CALLBACK: Self = Self(1 << 3);
    /// In an `except` block.
    pub const ERROR_PATH: Self = Self(1 << 4);
    /// Behind a guard that lets it run once (`if self._x is None`, a memoized function).
    pub const ONCE: Self = Self(1 << 5);
    /// In a loop or comprehension of its function.
    pub const IN_LOOP: Self = Self(1 << 6);
    /// A generator that is not iterated here.
    pub const LAZY: Self = Self(1 << 7);
    /// The receiver's class was not certain.
    pub const DUCK: Self = Self(1 << 8);
    /// An argument of a fan-out or spawn: runs beside others.
    pub const SPAWNED: Self = Self(1 << 9);
    /// Under `if __name__ == "__main__"`, or run to its end by `asyncio.run` and its like.
    pub const MAIN: Self = Self(1 << 10);
    /// No parenthesis shows it: a property, `with`, `for`, a constructor's `__init__`.
    pub const IMPLICIT: Self = Self(1 << 11);
    /// Under `if TYPE_CHECKING`, or where no event loop runs.
    pub const OFF_LOOP: Self = Self(1 << 12);
    /// Under a test for a platform on which few programs of this kind run.
    pub const OTHER_PLATFORM: Self = Self(1 << 13);

    /// The callee does not run on its caller's thread, now.
    pub const ELSEWHERE: Self = Self::OFFLOADED
        .with(Self::PASSED)
        .with(Self::LAZY)
        .with(Self::OFF_LOOP)
        .with(Self::LOOP_CALLBACK)
        .with(Self::MAIN)
        .with(Self::SPAWNED);

    /// Both sets of circumstances.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of these circumstances holds.
    #[must_use]
    pub const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

/// A call, or another place where a function is run or handed on.
#[derive(Clone, Debug)]
pub struct Site {
    /// The call expression (or the attribute, `with` item, iterable).
    pub at: At,
    /// The function in which it stands.
    pub caller: FnId,
    /// What it reaches.
    pub callee: Callee,
    /// Under what circumstances.
    pub flags: Flags,
    /// What [`Self::guards`] gives; most sites have none, and need no room for them.
    pub(super) guarded: Option<Box<Guards>>,
}

/// How many calls were resolved, and why the others were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// Calls in all.
    pub calls: u64,
    /// Resolved to functions or classes of the project.
    pub own: u64,
    /// Resolved to a bounded set.
    pub sets: u64,
    /// Resolved to libraries, builtin types included.
    pub external: u64,
    /// Unknown: the receiver's type is not known.
    pub unknown_receiver: u64,
    /// Unknown: a name that could not be followed (a parameter, a dynamic value).
    pub unknown_name: u64,
    /// Unknown: the class is known, the member is not.
    pub unknown_member: u64,
}

impl Resolution {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.own += other.own;
        self.sets += other.sets;
        self.external += other.external;
        self.unknown_receiver += other.unknown_receiver;
        self.unknown_name += other.unknown_name;
        self.unknown_member += other.unknown_member;
    }
}

/// All call sites, by caller and by callee.
#[derive(Default)]
pub struct CallGraph {
    /// The sites, ordered by module, caller and node.
    pub sites: Vec<Site>,
    /// By module: how well calls were resolved.
    resolutions: Vec<Resolution>,
    first_of_fn: Vec<u32>,
    callers: Vec<SiteId>,
    first_caller: Vec<u32>,
    base: Vec<u32>,
    /// By dense number: the module of the function.
    module_of: Vec<ModuleId>,
}

impl CallGraph {
    /// Resolves every call; what each module reads of others is added to `reads`, if somebody wants it.
    #[must_use]
    pub(super) fn new(names: &Names, types: &Types, reads: Option<&mut [ReadSet]>) -> Self {
        let notes = reads.is_some();
        let modules: Vec<Collected> = (0..names.modules.len())
            .into_par_iter()
            .map(|index| collect(names, types, ModuleId(u32::try_from(index).unwrap_or(u32::MAX)), notes))
            .collect();
        let base = bases(names);
        let mut graph = Self {
            module_of: owners(&base),
            base,
            ..Self::default()
        };
        // Growing by doubling would hold the largest table of the program twice.
        graph.sites.reserve_exact(modules.iter().map(|it| it.sites.len()).sum());
        let mut reads = reads.into_iter().flatten();
        for module in modules {
            graph.sites.extend(module.sites);
            graph.resolutions.push(module.resolution);
            if let Some(reads) = reads.next() {
                reads.extend(module.reads);
            }
        }
        graph.index();
        graph
    }

    /// Resolves the calls of some modules anew.
    pub(super) fn renew(&mut self, names: &Names, types: &Types, modules: &[ModuleId], reads: &mut [ReadSet]) {
        let found: Vec<Collected> = modules.par_iter().map(|&it| collect(names, types, it, true)).collect();
        for (&module, found) in modules.iter().zip(found) {
            let index = module.0 as usize;
            let first = self.sites.partition_point(|it| it.caller.module < module);
            let n = self.sites[first..].partition_point(|it| it.caller.module == module);
            self.sites.splice(first..first + n, found.sites);
            self.resolutions[index] = found.resolution;
            reads[index].extend(found.reads);
        }
        self.base = bases(names);
        self.module_of = owners(&self.base);
        self.index();
    }

    /// How well calls were resolved.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        let mut all = Resolution::default();
        self.resolutions.iter().for_each(|it| all.add(it));
        all
    }

    fn index(&mut self) {
        let n = *self.base.last().unwrap_or(&0) as usize;
        self.first_of_fn = offsets(n, self.sites.iter().map(|it| self.dense(it.caller)));
        let targets = self.sites.iter().flat_map(Site::targets);
        self.first_caller = offsets(n, targets.map(|&it| self.dense(it)));
        // A counting sort keeps the sites of each function in order.
        let mut next = self.first_caller.clone();
        let mut callers = vec![SiteId(0); self.first_caller[n] as usize];
        for (id, site) in (0..).map(SiteId).zip(&self.sites) {
            for &target in site.targets() {
                let at = &mut next[self.dense(target)];
                callers[*at as usize] = id;
                *at += 1;
            }
        }
        self.callers = callers;
    }

    /// A function's dense number.
    #[must_use]
    pub fn dense(&self, function: FnId) -> usize {
        (self.base[function.module.0 as usize] + function.local.0) as usize
    }

    /// How many functions there are.
    #[must_use]
    pub fn n_functions(&self) -> usize {
        *self.base.last().unwrap_or(&0) as usize
    }

    /// The function with this dense number.
    #[must_use]
    pub fn function(&self, dense: usize) -> FnId {
        let module = self.module_of[dense];
        let local = u32::try_from(dense).unwrap_or(u32::MAX) - self.base[module.0 as usize];
        FnId {
            module,
            local: LocalFn(local),
        }
    }

    /// The site with this id.
    #[must_use]
    pub fn site(&self, id: SiteId) -> &Site {
        &self.sites[id.0 as usize]
    }

    /// The sites of a module.
    #[must_use]
    pub fn sites_of(&self, module: ModuleId) -> &[Site] {
        let functions = (self.base[module.0 as usize], self.base[module.0 as usize + 1]);
        let first = |function: u32| self.first_of_fn[function as usize] as usize;
        &self.sites[first(functions.0)..first(functions.1)]
    }

    /// The sites in a function, in source order.
    pub fn sites_in(&self, function: FnId) -> impl Iterator<Item = (SiteId, &Site)> {
        let dense = self.dense(function);
        let range = self.first_of_fn[dense]..self.first_of_fn[dense + 1];
        range.map(|it| (SiteId(it), &self.sites[it as usize]))
    }

    /// The sites at a node of a function (a call may have several: itself and the functions it is handed).
    pub fn sites_at(&self, caller: FnId, node: NodeId) -> impl Iterator<Item = (SiteId, &Site)> {
        let dense = self.dense(caller);
        let (first, end) = (self.first_of_fn[dense], self.first_of_fn[dense + 1]);
        let sites = &self.sites[first as usize..end as usize];
        let before = sites.partition_point(|it| it.at.node < node);
        let at = sites[before..].iter().take_while(move |it| it.at.node == node);
        (first..).skip(before).map(SiteId).zip(at)
    }

    /// The sites that may reach a function.
    pub fn callers(&self, function: FnId) -> impl Iterator<Item = (SiteId, &Site)> {
        let dense = self.dense(function);
        let range = self.first_caller[dense] as usize..self.first_caller[dense + 1] as usize;
        self.callers[range].iter().map(|&it| (it, self.site(it)))
    }
}

impl Site {
    /// The flags of the caller that must be set for it to run.
    #[must_use]
    pub fn guards(&self) -> Guards {
        self.guarded.as_deref().copied().unwrap_or_default()
    }

    /// The functions of the project that it may reach.
    #[must_use]
    pub fn targets(&self) -> &[FnId] {
        match &self.callee {
            Callee::Own(one) => std::slice::from_ref(one),
            Callee::AnyOf(them) => them,
            _ => &[],
        }
    }
}

fn bases(names: &Names) -> Vec<u32> {
    let mut base = Vec::with_capacity(names.modules.len() + 1);
    let mut next = 0;
    for module in &names.modules {
        base.push(next);
        next += u32::try_from(module.facts.functions.len()).unwrap_or(u32::MAX);
    }
    base.push(next);
    base
}

/// The module of each function, by dense number.
fn owners(base: &[u32]) -> Vec<ModuleId> {
    let rows = (0..).map(ModuleId).zip(base.windows(2));
    rows.flat_map(|(module, of)| std::iter::repeat_n(module, (of[1] - of[0]) as usize))
        .collect()
}

/// Start offsets of `n` groups in a sorted list of group numbers.
fn offsets(n: usize, groups: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut counts = vec![0u32; n + 1];
    for group in groups {
        counts[group + 1] += 1;
    }
    for index in 1..=n {
        counts[index] += counts[index - 1];
    }
    counts
}
