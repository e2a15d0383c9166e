//! What decorators make of functions.

use super::Names;
use super::ids::{FnId, ModuleId};
use super::infer::Eval;
use super::relink::ReadSet;
use super::ty::Ty;
use super::types::Types;
use crate::catalog::{Act, EntryId};
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use rayon::prelude::*;

/// What is known of each function's decorators: `[module][function]`.
pub struct Decorators {
    rows: Vec<Row>,
    acts: rustc_hash::FxHashMap<FnId, Act>,
}

/// The decorators of a module's functions.
type Row = Vec<Vec<Decorator>>;

/// One decorator.
#[derive(Clone, Copy, Debug)]
pub struct Decorator {
    /// The decorator expression.
    pub node: NodeId,
    /// Its catalog entry.
    pub entry: Option<EntryId>,
    /// The function of the project that it is.
    pub own: Option<FnId>,
}

impl Decorators {
    /// Resolves every decorator; what each module reads of others is added to `reads`, if somebody wants it.
    #[must_use]
    pub(super) fn new(names: &Names, types: &Types, reads: Option<&mut [ReadSet]>) -> Self {
        let notes = reads.is_some();
        let rows = (0..names.modules.len()).into_par_iter().map(|index| {
            let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
            row(names, types, module, notes)
        });
        let rows: Vec<(Row, ReadSet)> = rows.collect();
        let mut decorators = Self {
            rows: Vec::with_capacity(rows.len()),
            acts: rustc_hash::FxHashMap::default(),
        };
        let mut reads = reads.into_iter().flatten();
        for (module, (row, read)) in (0..).map(ModuleId).zip(rows) {
            decorators.note_acts(names, module, &row);
            decorators.rows.push(row);
            if let Some(reads) = reads.next() {
                reads.extend(read);
            }
        }
        decorators
    }

    /// Resolves the decorators of some modules anew.
    pub(super) fn renew(&mut self, names: &Names, types: &Types, modules: &[ModuleId], reads: &mut [ReadSet]) {
        self.acts.retain(|it, _| !modules.contains(&it.module));
        for &module in modules {
            let (row, read) = row(names, types, module, true);
            self.note_acts(names, module, &row);
            self.rows[module.0 as usize] = row;
            reads[module.0 as usize].extend(read);
        }
    }

    fn note_acts(&mut self, names: &Names, module: ModuleId, row: &Row) {
        for (local, decorators) in (0..).map(LocalFn).zip(row) {
            let acts = decorators.iter().filter_map(|it| names.catalog.entry(it.entry?).act);
            if let Some(act) = acts.into_iter().find(|it| tells_exposure(*it)) {
                self.acts.insert(FnId { module, local }, act);
            }
        }
    }

    /// The decorators of a function, outermost first.
    #[must_use]
    pub fn of(&self, function: FnId) -> &[Decorator] {
        &self.rows[function.module.0 as usize][function.local.0 as usize]
    }

    /// The weightiest thing its decorators say: that it handles requests, or runs once.
    #[must_use]
    pub fn act(&self, function: FnId) -> Option<Act> {
        self.acts.get(&function).copied()
    }
}

fn row(names: &Names, types: &Types, module: ModuleId, notes: bool) -> (Row, ReadSet) {
    let mut eval = Eval::new(names, types, module).noting(module, notes);
    let facts = names.facts(module);
    let of = |eval: &mut Eval<'_>, node: NodeId| -> Vec<Decorator> {
        facts
            .children_as(node, Role::Decorator)
            .map(|it| resolve(names, eval, it))
            .collect()
    };
    let functions = facts.functions.iter().map(|it| match it.kind {
        FnKind::Module => Vec::new(),
        _ => of(&mut eval, it.node),
    });
    let row = functions.collect();
    (row, eval.into_reads())
}

fn resolve(names: &Names, eval: &mut Eval<'_>, node: NodeId) -> Decorator {
    let facts = eval.facts();
    let callee = if facts.kind(node) == Kind::Call {
        facts.child(node, Role::Func)
    } else {
        None
    };
    let ty = eval.expr(callee.unwrap_or(node));
    let mut found = Decorator {
        node,
        entry: None,
        own: None,
    };
    match ty {
        Ty::Name(name) => found.entry = names.catalog.function(name),
        Ty::Method(_, entry) => found.entry = Some(entry),
        Ty::Function(function) | Ty::Bound(function) => found.own = Some(function),
        _ => {}
    }
    found
}

fn tells_exposure(act: Act) -> bool {
    matches!(act, Act::Handler | Act::Once)
}
