//! What decorators make of functions.

use super::Names;
use super::ids::{FnId, ModuleId};
use super::infer::Eval;
use super::ty::Ty;
use super::types::Types;
use crate::catalog::{Act, EntryId};
use crate::facts::{FnKind, Kind, LocalFn, NodeId, Role};
use rayon::prelude::*;

/// What is known of each function's decorators: `[module][function]`.
pub struct Decorators {
    rows: Vec<Vec<Vec<Decorator>>>,
    acts: rustc_hash::FxHashMap<FnId, Act>,
}

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
    /// Resolves every decorator.
    #[must_use]
    pub fn new(names: &Names, types: &Types) -> Self {
        let rows = (0..names.modules.len()).into_par_iter().map(|index| {
            let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
            let mut eval = Eval::new(names, types, module);
            let facts = names.facts(module);
            let of = |eval: &mut Eval<'_>, node: NodeId| -> Vec<Decorator> {
                facts
                    .children_as(node, Role::Decorator)
                    .map(|it| resolve(names, eval, it))
                    .collect()
            };
            facts
                .functions
                .iter()
                .map(|it| {
                    if it.kind == FnKind::Module {
                        Vec::new()
                    } else {
                        of(&mut eval, it.node)
                    }
                })
                .collect()
        });
        let rows: Vec<Vec<Vec<Decorator>>> = rows.collect();
        let mut acts = rustc_hash::FxHashMap::default();
        for (module, functions) in (0..).map(ModuleId).zip(&rows) {
            for (local, decorators) in (0..).map(LocalFn).zip(functions) {
                let act = decorators
                    .iter()
                    .filter_map(|it| names.catalog.entry(it.entry?).act)
                    .find(|it| tells_exposure(*it));
                if let Some(act) = act {
                    acts.insert(FnId { module, local }, act);
                }
            }
        }
        Self { rows, acts }
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
