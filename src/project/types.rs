//! The types of everything that outlives a function: module variables, attributes, what functions return.
//!
//! They are found in rounds. Each round reads only what the round before has found, so the result depends neither on
//! the order of files nor on threads, cycles need no special care, and the number of rounds bounds how far a type travels.

use super::Names;
use super::ids::{ClassId, FnId, ModuleId};
use super::infer::Eval;
use super::ty::Ty;
use crate::facts::{LocalClass, LocalFn, PlaceId, PlaceKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// A type travels through at most this many variables, attributes or functions.
const ROUNDS: u32 = 8;

/// Something whose type other functions read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A module-level variable.
    Place(ModuleId, PlaceId),
    /// An attribute of a class, by its index in the class's table.
    Attribute(ClassId, u32),
    /// What a function returns.
    Return(FnId),
    /// What callers give for a parameter that says nothing of its type, by its index.
    Param(FnId, u32),
}

/// The types found so far.
#[derive(Default)]
pub struct Types {
    modules: Vec<ModuleTypes>,
}

/// What a round finds: an entity, its type, and what it read that was unknown.
type Update = (Entity, Ty, Vec<Entity>);

#[derive(Default, Clone)]
struct ModuleTypes {
    /// Of the module's own names, those that are known.
    places: FxHashMap<PlaceId, Ty>,
    returns: Vec<Ty>,
    attributes: Vec<Vec<Ty>>,
    params: FxHashMap<(LocalFn, u32), Ty>,
    /// For each entity that read something unknown: what it read.
    waiting: Vec<(Entity, Vec<Entity>)>,
}

impl Types {
    /// Runs the rounds.
    #[must_use]
    pub fn new(names: &Names) -> Self {
        let mut types = Self {
            modules: names.modules.iter().map(|it| ModuleTypes::empty(names, it)).collect(),
        };
        for round in 0..ROUNDS {
            let updates: Vec<Vec<Update>> = (0..types.modules.len())
                .into_par_iter()
                .map(|index| types.evaluate(names, index, round == 0))
                .collect();
            let modules = types.modules.par_iter_mut().zip(updates);
            let changed = modules.map(|(module, updates)| module.apply(updates));
            // Not `any`, which would stop at the first module.
            if !changed.reduce(|| false, |a, b| a | b) {
                break;
            }
        }
        for module in &mut types.modules {
            module.waiting = Vec::new();
        }
        types
    }

    /// The type of an entity.
    #[must_use]
    pub fn get(&self, entity: Entity) -> &Ty {
        match entity {
            Entity::Place(module, place) => {
                let places = &self.modules[module.0 as usize].places;
                places.get(&place).unwrap_or(&Ty::Unknown)
            }
            Entity::Attribute(class, index) => {
                &self.modules[class.module.0 as usize].attributes[class.local.0 as usize][index as usize]
            }
            Entity::Return(function) => &self.modules[function.module.0 as usize].returns[function.local.0 as usize],
            Entity::Param(function, index) => {
                let params = &self.modules[function.module.0 as usize].params;
                params.get(&(function.local, index)).unwrap_or(&Ty::Unknown)
            }
        }
    }

    /// What a round finds in a module: in the first all that is in it, later what waits for something that is known now.
    fn evaluate(&self, names: &Names, index: usize, all: bool) -> Vec<Update> {
        let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
        let due: Vec<Entity> = if all {
            names.entities(module)
        } else {
            let waiting = self.modules[index].waiting.iter();
            waiting
                .filter(|(_, reads)| reads.iter().any(|it| !self.get(*it).is_unknown()))
                .map(|(entity, _)| *entity)
                .collect()
        };
        let mut out = Vec::with_capacity(due.len());
        let mut eval = Eval::recording(names, self, module);
        for entity in due {
            let ty = eval.entity(entity);
            out.push((entity, ty, eval.take_unknown_reads()));
        }
        out
    }
}

impl ModuleTypes {
    fn empty(names: &Names, module: &super::Module) -> Self {
        let id = names.id_of(module);
        let facts = &module.facts;
        let attributes = (0..facts.classes.len()).map(|index| {
            let local = LocalClass(u32::try_from(index).unwrap_or(u32::MAX));
            vec![Ty::Unknown; names.classes.get(ClassId { module: id, local }).attributes.len()]
        });
        Self {
            places: FxHashMap::default(),
            returns: vec![Ty::Unknown; facts.functions.len()],
            attributes: attributes.collect(),
            params: FxHashMap::default(),
            waiting: Vec::new(),
        }
    }

    /// Takes over what a round has found; says whether it changes anything.
    fn apply(&mut self, updates: Vec<Update>) -> bool {
        if !self.waiting.is_empty() && !updates.is_empty() {
            let redone: FxHashSet<Entity> = updates.iter().map(|(entity, _, _)| *entity).collect();
            self.waiting.retain(|(entity, _)| !redone.contains(entity));
        }
        let mut changed = false;
        for (entity, ty, reads) in updates {
            changed |= self.set(entity, ty);
            if !reads.is_empty() {
                self.waiting.push((entity, reads));
            }
        }
        changed
    }

    fn set(&mut self, entity: Entity, ty: Ty) -> bool {
        let slot = match entity {
            // What is unknown needs no room.
            Entity::Place(_, place) if ty.is_unknown() => return self.places.remove(&place).is_some(),
            Entity::Place(_, place) => self.places.entry(place).or_default(),
            Entity::Attribute(class, index) => &mut self.attributes[class.local.0 as usize][index as usize],
            Entity::Return(it) => &mut self.returns[it.local.0 as usize],
            Entity::Param(it, index) => self.params.entry((it.local, index)).or_default(),
        };
        let changed = *slot != ty;
        *slot = ty;
        changed
    }
}

impl Names {
    /// Everything in a module whose type others read.
    fn entities(&self, module: ModuleId) -> Vec<Entity> {
        let facts = &self.modules[module.0 as usize].facts;
        let mut all = Vec::new();
        for (id, place) in (0..).map(PlaceId).zip(&facts.places) {
            if place.kind == PlaceKind::Module {
                all.push(Entity::Place(module, id));
            }
        }
        for index in 0..facts.classes.len() {
            let class = ClassId {
                module,
                local: LocalClass(u32::try_from(index).unwrap_or(u32::MAX)),
            };
            let n = u32::try_from(self.classes.get(class).attributes.len()).unwrap_or(u32::MAX);
            all.extend((0..n).map(|index| Entity::Attribute(class, index)));
        }
        for index in 1..facts.functions.len() {
            all.push(Entity::Return(FnId {
                module,
                local: LocalFn(u32::try_from(index).unwrap_or(u32::MAX)),
            }));
        }
        all.extend(
            self.arguments
                .params(module)
                .map(|(function, index)| Entity::Param(function, index)),
        );
        all
    }
}
