//! The types of everything that outlives a function: module variables, attributes, what functions return.
//!
//! They are found in rounds. Each round reads only what the round before has found, so the result depends neither on
//! the order of files nor on threads, cycles need no special care, and the number of rounds bounds how far a type travels.

use super::Names;
use super::ids::{ClassId, FnId, ModuleId};
use super::infer::Eval;
use super::relink::{ReadSet, Renumbered};
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

/// What the types of an entity were before some rounds.
type History = Vec<(u32, Ty)>;

#[derive(Default, Clone)]
pub(super) struct ModuleTypes {
    /// Of the module's own names, those that are known.
    places: FxHashMap<PlaceId, Ty>,
    returns: Vec<Ty>,
    attributes: Vec<Vec<Ty>>,
    params: FxHashMap<(LocalFn, u32), Ty>,
    /// For each entity that read something unknown: what it read.
    waiting: Vec<(Entity, Vec<Entity>)>,
    /// What later rounds replaced, where somebody may run them again.
    history: FxHashMap<Entity, History>,
}

impl Types {
    /// Runs the rounds; what each module reads of others is added to `reads`, if somebody wants to run them again.
    #[must_use]
    pub(super) fn new(names: &Names, reads: Option<&mut [ReadSet]>) -> Self {
        let mut types = Self {
            modules: names.modules.iter().map(|it| ModuleTypes::empty(names, it)).collect(),
        };
        let all: Vec<usize> = (0..types.modules.len()).collect();
        types.run(names, &all, false, reads);
        types
    }

    /// Runs the rounds again for some modules, while all others stay as they were round by round.
    pub(super) fn renew(&mut self, names: &Names, modules: &[usize], reads: &mut [ReadSet]) {
        for &index in modules {
            self.modules[index] = ModuleTypes::empty(names, &names.modules[index]);
        }
        self.run(names, modules, true, Some(reads));
    }

    /// Runs the rounds for the modules of these (sorted) indices.
    fn run(&mut self, names: &Names, modules: &[usize], again: bool, mut reads: Option<&mut [ReadSet]>) {
        let notes = reads.is_some();
        for round in 0..ROUNDS {
            let found: Vec<(Vec<Update>, ReadSet)> = modules
                .par_iter()
                .map(|&index| self.evaluate(names, index, round, (again, notes)))
                .collect();
            let mut updates = Vec::with_capacity(found.len());
            for (&index, (update, read)) in modules.iter().zip(found) {
                updates.push(update);
                if let Some(reads) = &mut reads {
                    reads[index].extend(read);
                }
            }
            let mut wanted = modules.iter().peekable();
            let them = self.modules.iter_mut().enumerate();
            let them: Vec<&mut ModuleTypes> = them
                .filter(|(index, _)| wanted.next_if(|it| *it == index).is_some())
                .map(|it| it.1)
                .collect();
            let changed = them.into_par_iter().zip(updates);
            let changed = changed.map(|(module, updates)| module.apply(updates, notes.then_some(round)));
            // Not `any`, which would stop at the first module. Where others had their rounds before, they go on.
            if !changed.reduce(|| false, |a, b| a | b) && !again {
                break;
            }
        }
        for &index in modules {
            self.modules[index].waiting = Vec::new();
        }
    }

    /// Gives a module's own names their present numbers.
    pub(super) fn renumber(&mut self, module: ModuleId, places: &Renumbered) {
        let of = &mut self.modules[module.0 as usize];
        let theirs = std::mem::take(&mut of.places);
        of.places = theirs
            .into_iter()
            .filter_map(|(it, ty)| Some((places.place(it)?, ty)))
            .collect();
        let now = |it: Entity| match it {
            Entity::Place(module, place) => places.place(place).map(|it| Entity::Place(module, it)),
            other => Some(other),
        };
        let passed = std::mem::take(&mut of.history);
        of.history = passed
            .into_iter()
            .filter_map(|(it, history)| Some((now(it)?, history)))
            .collect();
    }

    /// What is known of a module's own.
    pub(super) fn of_module(&self, module: ModuleId) -> &ModuleTypes {
        &self.modules[module.0 as usize]
    }

    /// The type of an entity as it was before a round.
    pub(super) fn before(&self, entity: Entity, round: u32) -> &Ty {
        if round == 0 {
            return &Ty::Unknown;
        }
        let history = self.modules[entity.module().0 as usize].history.get(&entity);
        let later = history.into_iter().flatten().find(|it| it.0 >= round);
        later.map_or_else(|| self.get(entity), |it| &it.1)
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
    fn evaluate(
        &self,
        names: &Names,
        index: usize,
        round: u32,
        (again, notes): (bool, bool),
    ) -> (Vec<Update>, ReadSet) {
        let module = ModuleId(u32::try_from(index).unwrap_or(u32::MAX));
        let as_of = again.then_some(round);
        let is_known = |it: &Entity| match as_of {
            Some(round) => !self.before(*it, round).is_unknown(),
            None => !self.get(*it).is_unknown(),
        };
        let due: Vec<Entity> = if round == 0 {
            names.entities(module)
        } else {
            let waiting = self.modules[index].waiting.iter();
            waiting
                .filter(|(_, reads)| reads.iter().any(is_known))
                .map(|(entity, _)| *entity)
                .collect()
        };
        let mut out = Vec::with_capacity(due.len());
        let mut eval = Eval::recording(names, self, module).noting(module, notes).before(as_of);
        for entity in due {
            let ty = eval.entity(entity);
            out.push((entity, ty, eval.take_unknown_reads()));
        }
        (out, eval.into_reads())
    }
}

impl Entity {
    /// The module it belongs to.
    pub(super) fn module(self) -> ModuleId {
        match self {
            Self::Place(module, _) => module,
            Self::Attribute(class, _) => class.module,
            Self::Return(function) | Self::Param(function, _) => function.module,
        }
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
            history: FxHashMap::default(),
        }
    }

    /// Takes over what a round has found; says whether it changes anything. What it replaces is kept if the round is given.
    fn apply(&mut self, updates: Vec<Update>, round: Option<u32>) -> bool {
        if !self.waiting.is_empty() && !updates.is_empty() {
            let redone: FxHashSet<Entity> = updates.iter().map(|(entity, _, _)| *entity).collect();
            self.waiting.retain(|(entity, _)| !redone.contains(entity));
        }
        let mut changed = false;
        for (entity, ty, reads) in updates {
            if let Some(before) = self.set(entity, ty) {
                changed = true;
                // Before the first round nothing is known.
                if let Some(round) = round.filter(|&it| it > 0) {
                    self.history.entry(entity).or_default().push((round, before));
                }
            }
            if !reads.is_empty() {
                self.waiting.push((entity, reads));
            }
        }
        changed
    }

    /// Gives what it replaces, if that is something else.
    fn set(&mut self, entity: Entity, ty: Ty) -> Option<Ty> {
        let slot = match entity {
            // What is unknown needs no room.
            Entity::Place(_, place) if ty.is_unknown() => return self.places.remove(&place),
            Entity::Place(_, place) => self.places.entry(place).or_default(),
            Entity::Attribute(class, index) => &mut self.attributes[class.local.0 as usize][index as usize],
            Entity::Return(it) => &mut self.returns[it.local.0 as usize],
            Entity::Param(it, index) => self.params.entry((it.local, index)).or_default(),
        };
        (*slot != ty).then(|| std::mem::replace(slot, ty))
    }

    /// The entities that are not what they were, in the end or in some round.
    pub(super) fn differences(&self, module: ModuleId, before: &Self) -> Vec<Entity> {
        let theirs: FxHashMap<Entity, &Ty> = before.known(module).collect();
        let ours: FxHashMap<Entity, &Ty> = self.known(module).collect();
        let all = ours.keys().chain(theirs.keys());
        let differs = |it: &&Entity| ours.get(it) != theirs.get(it) || self.history.get(it) != before.history.get(it);
        let passed = self.history.keys().chain(before.history.keys());
        all.chain(passed).filter(differs).copied().collect()
    }

    /// What is known of the entities of the module.
    fn known(&self, module: ModuleId) -> impl Iterator<Item = (Entity, &Ty)> {
        let function = move |local| FnId { module, local };
        let places = self.places.iter().map(move |(&it, ty)| (Entity::Place(module, it), ty));
        let returns = (0..).map(LocalFn).zip(&self.returns);
        let returns = returns.map(move |(it, ty)| (Entity::Return(function(it)), ty));
        let params = self.params.iter();
        let params = params.map(move |(&(it, index), ty)| (Entity::Param(function(it), index), ty));
        let classes = (0..).map(LocalClass).zip(&self.attributes);
        let attributes = classes.flat_map(move |(local, row)| {
            let class = ClassId { module, local };
            (0..)
                .zip(row)
                .map(move |(index, ty)| (Entity::Attribute(class, index), ty))
        });
        let all = places.chain(returns).chain(params).chain(attributes);
        all.filter(|it| !it.1.is_unknown())
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
