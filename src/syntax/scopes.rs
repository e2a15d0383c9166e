//! Which scope binds a name: Python's rules in one pass over the tree.
//!
//! A scope's uses wait until it closes, because a name bound anywhere in it belongs to it everywhere. What it does not
//! bind moves on to the scope around it. Each symbol has one slot that holds its binding in the innermost open scope;
//! closing a scope restores the slots it took, so no lookup ever searches a chain.

use crate::facts::FileFacts;
use crate::facts::LocalClass;
use crate::facts::LocalFn;
use crate::facts::MODULE_FN;
use crate::facts::NodeId;
use crate::facts::Place;
use crate::facts::PlaceId;
use crate::facts::PlaceKind;
use crate::facts::Sym;

/// What opens a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Function,
    Class(LocalClass),
    Comprehension,
}

/// What a symbol's slot says about the scope that owns it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Nowhere,
    Place(PlaceId),
    /// `global x` here.
    Global,
    /// `nonlocal x` here.
    Nonlocal,
}

#[derive(Clone, Copy)]
struct Slot {
    scope: u32,
    bound: Bound,
}

const EMPTY: Slot = Slot {
    scope: u32::MAX,
    bound: Bound::Nowhere,
};

struct Scope {
    id: u32,
    kind: ScopeKind,
    owner: LocalFn,
    first_undo: usize,
    first_use: usize,
}

/// A node whose payload is the place of `sym`.
struct Use {
    node: NodeId,
    sym: Sym,
    /// It comes from a scope inside the current one, so a class body is invisible to it.
    free: bool,
    /// `global` was seen: only the module can bind it.
    module_only: bool,
}

/// A binding that belongs to another scope than the one it stands in.
struct Late {
    definition: usize,
    sym: Sym,
    from: u32,
    target: Target,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// `global`.
    Module,
    /// `nonlocal`: the nearest function around `from` that binds it.
    Enclosing,
    /// A walrus inside a comprehension.
    Scope(u32),
}

/// The open scopes and what waits in them.
#[derive(Default)]
pub(super) struct Scopes {
    slots: Vec<Slot>,
    open: Vec<Scope>,
    undo: Vec<(Sym, Slot)>,
    uses: Vec<Use>,
    late: Vec<Late>,
    opened: u32,
}

impl Scopes {
    /// Opens a scope owned by `owner`.
    pub(super) fn open(&mut self, kind: ScopeKind, owner: LocalFn) {
        self.open.push(Scope {
            id: self.opened,
            kind,
            owner,
            first_undo: self.undo.len(),
            first_use: self.uses.len(),
        });
        self.opened += 1;
    }

    /// Whether the innermost scope is the module.
    pub(super) fn at_module(&self) -> bool {
        self.open.len() == 1
    }

    /// The place that `node`, which names `sym`, refers to, if the innermost scope has bound it already. If not, its
    /// payload is set once the scope is known.
    pub(super) fn name(&mut self, node: NodeId, sym: Sym) -> Option<PlaceId> {
        let innermost = self.open.last().map_or(u32::MAX, |it| it.id);
        if let Slot {
            scope,
            bound: Bound::Place(place),
        } = self.slot(sym)
            && scope == innermost
        {
            return Some(place);
        }
        self.uses.push(Use {
            node,
            sym,
            free: false,
            module_only: false,
        });
        None
    }

    /// Binds `sym` in the innermost scope. `None` where another scope will own the binding: then `definition`, an index
    /// into the definitions, gets its place when that scope closes.
    pub(super) fn bind(&mut self, facts: &mut FileFacts, sym: Sym, definition: usize) -> Option<PlaceId> {
        let scope = self.open.last()?;
        let (id, kind, owner) = (scope.id, scope.kind, scope.owner);
        let target = match self.slot(sym) {
            Slot { scope, bound } if scope == id => match bound {
                Bound::Place(place) => return Some(place),
                Bound::Global => Target::Module,
                Bound::Nonlocal => Target::Enclosing,
                Bound::Nowhere => return None,
            },
            _ => {
                let place = new_place(facts, sym, kind, owner);
                self.take(sym, Bound::Place(place));
                return Some(place);
            }
        };
        self.late.push(Late {
            definition,
            sym,
            from: id,
            target,
        });
        None
    }

    /// Binds the target of a walrus, which skips the comprehensions it stands in.
    pub(super) fn bind_walrus(&mut self, facts: &mut FileFacts, sym: Sym, definition: usize) -> Option<PlaceId> {
        let owner = self.open.iter().rev().find(|it| it.kind != ScopeKind::Comprehension)?;
        let (innermost, owner) = (self.open.last()?.id, owner.id);
        if innermost == owner {
            return self.bind(facts, sym, definition);
        }
        self.late.push(Late {
            definition,
            sym,
            from: innermost,
            target: Target::Scope(owner),
        });
        None
    }

    /// `global x` or `nonlocal x` in the innermost scope.
    pub(super) fn declare(&mut self, sym: Sym, is_global: bool) {
        let Some(scope) = self.open.last() else { return };
        let taken = self.slots.get(sym.0 as usize).is_some_and(|it| it.scope == scope.id);
        if scope.kind != ScopeKind::Module && !taken {
            self.take(sym, if is_global { Bound::Global } else { Bound::Nonlocal });
        }
    }

    /// The names bound in the innermost scope, in the order of their first binding.
    pub(super) fn members(&self) -> impl Iterator<Item = (Sym, PlaceId)> + '_ {
        let (id, first) = self.open.last().map_or((u32::MAX, 0), |it| (it.id, it.first_undo));
        self.undo[first..]
            .iter()
            .filter_map(move |&(sym, _)| match self.slots[sym.0 as usize] {
                Slot {
                    scope,
                    bound: Bound::Place(place),
                } if scope == id => Some((sym, place)),
                _ => None,
            })
    }

    /// Leaves the innermost scope for a while: a comprehension's first iterable is evaluated outside it.
    pub(super) fn step_out(&mut self) -> Option<Outside> {
        let scope = self.open.pop()?;
        Some(Outside {
            uses: self.uses.len(),
            scope,
        })
    }

    /// Comes back after [`step_out`](Self::step_out); uses noted meanwhile stay with the scope around.
    pub(super) fn step_in(&mut self, outside: Outside) {
        let Outside { mut scope, uses } = outside;
        let inner = uses - scope.first_use;
        self.uses[scope.first_use..].rotate_left(inner);
        scope.first_use = self.uses.len() - inner;
        self.open.push(scope);
    }

    /// Closes the innermost scope: places late bindings, resolves what it binds, hands the rest on.
    pub(super) fn close(&mut self, facts: &mut FileFacts) {
        self.place_late(facts);
        let Some(scope) = self.open.pop() else { return };
        let mut kept = scope.first_use;
        for at in scope.first_use..self.uses.len() {
            if !self.resolve(at, &scope, facts) {
                self.uses[at].free = true;
                self.uses.swap(kept, at);
                kept += 1;
            }
        }
        self.uses.truncate(kept);
        for (sym, before) in self.undo.drain(scope.first_undo..).rev() {
            self.slots[sym.0 as usize] = before;
        }
    }

    /// Sets the payload of one waiting use if the closing scope binds its name.
    fn resolve(&mut self, at: usize, scope: &Scope, facts: &mut FileFacts) -> bool {
        let Use {
            node,
            sym,
            free,
            module_only,
        } = self.uses[at];
        let is_module = scope.kind == ScopeKind::Module;
        if (module_only && !is_module) || (free && matches!(scope.kind, ScopeKind::Class(_))) {
            return false;
        }
        let slot = self.slot(sym);
        let place = match slot.bound {
            Bound::Place(place) if slot.scope == scope.id => place,
            _ if is_module => {
                let place = add_place(facts, sym, PlaceKind::Global, MODULE_FN);
                self.slots[sym.0 as usize] = Slot {
                    scope: scope.id,
                    bound: Bound::Place(place),
                };
                place
            }
            Bound::Global if slot.scope == scope.id => {
                self.uses[at].module_only = true;
                return false;
            }
            _ => return false,
        };
        facts.nodes[node.0 as usize].payload = place.0;
        true
    }

    /// Binds what inner scopes left for the innermost one.
    fn place_late(&mut self, facts: &mut FileFacts) {
        if self.late.is_empty() {
            return;
        }
        let Some(&Scope { id, kind, .. }) = self.open.last() else {
            return;
        };
        for late in std::mem::take(&mut self.late) {
            let here = match late.target {
                _ if kind == ScopeKind::Module => true,
                Target::Module => false,
                Target::Scope(target) => target == id,
                Target::Enclosing => {
                    let slot = self.slot(late.sym);
                    let is_bound = slot.scope == id && slot.bound != Bound::Nonlocal;
                    late.from != id && kind == ScopeKind::Function && is_bound
                }
            };
            if !here {
                self.late.push(late);
            } else if let Some(place) = self.bind(facts, late.sym, late.definition) {
                facts.definitions[late.definition].place = place;
            }
        }
    }

    fn slot(&mut self, sym: Sym) -> Slot {
        let at = sym.0 as usize;
        if at >= self.slots.len() {
            self.slots.resize((at + 1).next_power_of_two(), EMPTY);
        }
        self.slots[at]
    }

    fn take(&mut self, sym: Sym, bound: Bound) {
        let before = self.slot(sym);
        let scope = self.open.last().map_or(u32::MAX, |it| it.id);
        self.undo.push((sym, before));
        self.slots[sym.0 as usize] = Slot { scope, bound };
    }
}

/// A scope that was left for a while.
pub(super) struct Outside {
    scope: Scope,
    uses: usize,
}

fn new_place(facts: &mut FileFacts, name: Sym, scope: ScopeKind, owner: LocalFn) -> PlaceId {
    match scope {
        ScopeKind::Module => add_place(facts, name, PlaceKind::Module, MODULE_FN),
        ScopeKind::Function => add_place(facts, name, PlaceKind::Local, owner),
        ScopeKind::Class(class) => add_place(facts, name, PlaceKind::ClassBody(class), MODULE_FN),
        ScopeKind::Comprehension => add_place(facts, name, PlaceKind::Comprehension, owner),
    }
}

fn add_place(facts: &mut FileFacts, name: Sym, kind: PlaceKind, owner: LocalFn) -> PlaceId {
    let id = PlaceId(u32::try_from(facts.places.len()).unwrap_or(u32::MAX));
    facts.places.push(Place {
        name,
        owner,
        kind,
        first_def: 0,
        n_defs: 0,
    });
    id
}
