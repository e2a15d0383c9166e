//! A linked project, linked again after edits: only what rests on the edited files is concluded anew.
//!
//! The outcome is that of linking everything: whoever has read something of another module is concluded anew together
//! with it, until nothing that others have read is different. Where an edit changes too much, everything is linked.

mod outline;
mod reads;

use super::ids::{FnId, ModuleId};
use super::modules::{Module, Target};
use super::rows::module_id;
use super::types::{Entity, ModuleTypes};
use super::{ClassId, Member, Names, Project, arguments};
use crate::catalog::Blocks;
use crate::facts::Imported;
use crate::project::classes::Base;
use crate::project::marks::marks;
use outline::Delta;
pub(super) use outline::Renumbered;
use rayon::prelude::*;
use reads::Mentions;
pub(super) use reads::{Read, ReadSet};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// What the linking has read, kept so that it can be done in parts.
pub(super) struct Kept {
    reads: Vec<ReadSet>,
    mentions: Mentions,
}

impl Kept {
    pub(super) fn new(modules: &[Module], reads: Vec<ReadSet>) -> Self {
        Self {
            reads,
            mentions: Mentions::new(modules),
        }
    }
}

impl Project {
    /// The project with these modules in the places of those with the same ids. It is what [`Project::kept`] makes of
    /// all of them, and quicker.
    #[must_use]
    pub fn edited(mut self, edits: Vec<(ModuleId, Module)>, rule_of: fn(Blocks) -> &'static str) -> Self {
        let mut before = Vec::with_capacity(edits.len());
        for (id, module) in edits {
            let old = std::mem::replace(&mut self.names.modules[id.0 as usize], module);
            before.push((id, old));
        }
        let relinked = self.kept.take().and_then(|kept| self.relink(kept, &before));
        drop(before);
        let Some(kept) = relinked else {
            // Nothing of the old links is needed to make the new ones, and two at a time would cost twice the memory.
            let Names { modules, catalog, .. } = self.names;
            return Self::kept(modules, catalog, rule_of);
        };
        let (kept, anew) = kept;
        let mut project = self.searched_again(&anew, rule_of);
        project.kept = Some(kept);
        project
    }

    /// Does what rests on the edited modules anew, and says which modules that were; `None` where that is too much, and all
    /// is to be done.
    fn relink(&mut self, kept: Kept, before: &[(ModuleId, Module)]) -> Option<(Kept, Vec<ModuleId>)> {
        let mut deltas = Vec::with_capacity(before.len());
        for (id, old) in before {
            let new = self.names.facts(*id);
            let marks_before = &self.names.marks[id.0 as usize];
            deltas.push((*id, Delta::between((&old.facts, marks_before), (new, &marks(new)))?));
        }
        // Each by itself is followed exactly; of several at once, one may stand in the way of another.
        if before.len() > 1 && deltas.iter().any(|it| it.1.says_something()) {
            return None;
        }
        let mut relink = Relink {
            project: self,
            kept,
            dirty: before.iter().map(|it| it.0).collect(),
        };
        for (id, delta) in &deltas {
            relink.rename(*id, delta)?;
        }
        for (id, delta) in &deltas {
            relink.spread(*id, delta);
        }
        relink.infer()?;
        relink.resolve();
        Some((relink.kept, relink.dirty.into_iter().collect()))
    }
}

/// A project, while it is linked again.
struct Relink<'a> {
    project: &'a mut Project,
    kept: Kept,
    /// The modules that are concluded anew.
    dirty: BTreeSet<ModuleId>,
}

impl Relink<'_> {
    /// Gives others the present numbers of a module's own names, and looks at its own imports, marks and classes.
    fn rename(&mut self, id: ModuleId, delta: &Delta) -> Option<()> {
        let names = &mut self.project.names;
        let index = id.0 as usize;
        if delta.places.moves() {
            names.imports.par_iter_mut().flatten().for_each(|it| {
                if let Target::Member(of, place) = it
                    && *of == id
                {
                    *it = delta
                        .places
                        .place(*place)
                        .map_or(Target::Missing, |it| Target::Member(id, it));
                }
            });
            self.kept
                .reads
                .par_iter_mut()
                .for_each(|reads| renumber(reads, id, &delta.places));
            self.project.types.renumber(id, &delta.places);
        }
        let facts = &names.modules[index].facts;
        names.table.renew(id, facts);
        names.marks[index] = marks(facts);
        let properties = facts.functions.iter().zip(&names.marks[index]);
        let properties = properties.filter(|it| it.1.property);
        // One that is gone does no harm: whether a member is a property is asked again.
        names
            .properties
            .extend(properties.map(|it| facts.text(it.0.name).to_owned()));
        self.kept.mentions.renew(id, facts);
        (names.imports[index], names.imported[index]) = names.imports_of(id);
        names.renew_classes(id)
    }

    /// Finds the modules that have seen what an edit changes of a module's outline.
    fn spread(&mut self, id: ModuleId, delta: &Delta) {
        self.spread_names(id, delta);
        self.spread_members(id, delta);
        let functions = delta.functions.iter().map(|&local| FnId { module: id, local });
        let functions: FxHashSet<FnId> = functions.collect();
        if functions.is_empty() {
            return;
        }
        let arguments = &self.project.names.arguments;
        let givers = functions.iter().flat_map(|&it| arguments.givers(it));
        self.dirty.extend(givers);
        self.readers(&|read| match read {
            Read::Function(it) | Read::Entity(Entity::Return(it) | Entity::Param(it, _)) => functions.contains(it),
            _ => false,
        });
    }

    /// Adds the modules that have read something of this kind.
    fn readers(&mut self, what: &(dyn Fn(&Read) -> bool + Sync)) {
        let rows = self.kept.reads.par_iter().enumerate();
        let found = rows.filter(|(_, reads)| reads.iter().any(what));
        let found: Vec<ModuleId> = found.map(|(index, _)| module_id(index)).collect();
        self.dirty.extend(found);
    }

    /// A module's own names are seen through imports, by those who import these from there, and as members of the module.
    fn spread_names(&mut self, id: ModuleId, delta: &Delta) {
        let mut queue: Vec<(ModuleId, String)> = delta.names.iter().map(|it| (id, it.clone())).collect();
        let mut seen: BTreeSet<(ModuleId, String)> = queue.iter().cloned().collect();
        while let Some((module, name)) = queue.pop() {
            let mut next: Vec<(ModuleId, String)> = Vec::new();
            for it in self.kept.mentions.of(&name) {
                let renamed = self.reimport(it, (module, &name));
                let looks = self.kept.reads[it.0 as usize].contains(&Read::Module(module));
                if let Some(renamed) = renamed {
                    self.dirty.insert(it);
                    next.extend(renamed.into_iter().map(|name| (it, name)));
                } else if looks {
                    self.dirty.insert(it);
                }
            }
            for it in self.openers(module) {
                if self.kept.mentions.has(it, &name) {
                    self.dirty.insert(it);
                }
                next.push((it, name.clone()));
            }
            queue.extend(next.into_iter().filter(|it| seen.insert(it.clone())));
        }
    }

    /// Looks anew at what a module imports under a name that has changed; if that concerns it, gives the names of its own
    /// that it binds.
    fn reimport(&mut self, id: ModuleId, (changed, name): (ModuleId, &str)) -> Option<Vec<String>> {
        let names = &mut self.project.names;
        let facts = &names.modules[id.0 as usize].facts;
        let mut renamed = None;
        for (index, import) in facts.imports.iter().enumerate() {
            let Imported::Member(member) = import.what else {
                continue;
            };
            if facts.text(member) != name {
                continue;
            }
            let target = names.importer().resolve(id, import);
            let ty = names.static_ty(target);
            let row = id.0 as usize;
            let is_it = matches!(target, Target::Member(of, _) if of == changed);
            let same = !is_it && names.imports[row][index] == target && names.imported[row][index] == ty;
            if !same {
                names.imports[row][index] = target;
                names.imported[row][index] = ty;
                let renamed: &mut Vec<String> = renamed.get_or_insert_default();
                renamed.extend(import.place.map(|it| facts.text(facts.place(it).name).to_owned()));
            }
        }
        renamed
    }

    /// The modules that say `from module import *`.
    fn openers(&self, module: ModuleId) -> Vec<ModuleId> {
        let names = &self.project.names;
        let all = (0..names.modules.len()).map(module_id);
        let opens = |it: &ModuleId| {
            let stars = names.table.stars(*it).iter();
            stars
                .into_iter()
                .any(|&star| names.imports[it.0 as usize][star as usize] == Target::Module(module))
        };
        all.filter(opens).collect()
    }

    /// Members are seen by those who know the class or an heir, and the name; those of the language by whoever knows the class.
    fn spread_members(&mut self, id: ModuleId, delta: &Delta) {
        for (local, name) in &delta.members {
            let class = ClassId {
                module: id,
                local: *local,
            };
            let names = &self.project.names;
            let heirs: FxHashSet<ClassId> = names.classes.heirs(class).into_iter().collect();
            let declared = names.classes.get(class).lineage.iter().filter_map(|it| match it {
                Base::Own(base) => names.classes.own_member(&names.modules, *base, name),
                _ => None,
            });
            let declared = declared.filter_map(|it| match it {
                Member::Function(it) => Some(it),
                _ => None,
            });
            let declared: FxHashSet<FnId> = declared.filter(|it| it.module != id).collect();
            // Who declares a method asks who implements it, without reading anything.
            self.dirty.extend(declared.iter().map(|it| it.module));
            let own: FxHashSet<ModuleId> = heirs.iter().map(|it| it.module).collect();
            let by_language = name.starts_with("__") || matches!(&**name, "model_post_init" | "awaitable_attrs");
            let rows = self.kept.reads.par_iter().enumerate();
            let found = rows.filter(|(index, reads)| {
                let knows =
                    || own.contains(&module_id(*index)) || heirs.iter().any(|&it| reads.contains(&Read::Class(it)));
                let asks = by_language || self.kept.mentions.has(module_id(*index), name);
                asks && knows() || declared.iter().any(|&it| reads.contains(&Read::Function(it)))
            });
            let found: Vec<ModuleId> = found.map(|it| module_id(it.0)).collect();
            self.dirty.extend(found);
        }
    }

    /// Finds the types of the modules anew, and of all who have read one that is different now.
    fn infer(&mut self) -> Option<()> {
        let Project { names, types, .. } = &mut *self.project;
        for &it in &self.dirty {
            names.renew_classes(it)?;
        }
        let given = self.dirty.iter().map(|&it| (it, arguments::module(names, it)));
        let given = given.collect();
        self.dirty.extend(names.arguments.renew(given));
        let mut before: BTreeMap<ModuleId, ModuleTypes> = BTreeMap::new();
        loop {
            // Beyond that, doing all is as quick.
            if self.dirty.len() > names.modules.len() / 2 + 1 {
                return None;
            }
            for &it in &self.dirty {
                before.entry(it).or_insert_with(|| types.of_module(it).clone());
                self.kept.reads[it.0 as usize].clear();
            }
            let indices: Vec<usize> = self.dirty.iter().map(|it| it.0 as usize).collect();
            types.renew(names, &indices, &mut self.kept.reads);
            let changed: FxHashSet<Entity> = before
                .iter()
                .flat_map(|(&id, before)| types.of_module(id).differences(id, before))
                .collect();
            let rows = self.kept.reads.par_iter().enumerate();
            let concerned = rows.filter(|(index, reads)| {
                let reads = || {
                    reads
                        .iter()
                        .any(|it| matches!(it, Read::Entity(it) if changed.contains(it)))
                };
                !changed.is_empty() && !self.dirty.contains(&module_id(*index)) && reads()
            });
            let concerned: Vec<ModuleId> = concerned.map(|it| module_id(it.0)).collect();
            if concerned.is_empty() {
                return Some(());
            }
            self.dirty.extend(concerned);
        }
    }

    /// Resolves the calls and decorators of the modules anew.
    fn resolve(&mut self) {
        let Project {
            names,
            types,
            graph,
            decorators,
            ..
        } = &mut *self.project;
        let modules: Vec<ModuleId> = self.dirty.iter().copied().collect();
        graph.renew(names, types, &modules, &mut self.kept.reads);
        decorators.renew(names, types, &modules, &mut self.kept.reads);
    }
}

/// Gives the entities of a module's own names their present numbers; of one that is gone, those who read it know by its name.
fn renumber(reads: &mut ReadSet, id: ModuleId, places: &Renumbered) {
    let is_place = |it: &Read| matches!(it, Read::Entity(Entity::Place(of, _)) if *of == id);
    if !reads.iter().any(is_place) {
        return;
    }
    let now = |it: Read| match it {
        Read::Entity(Entity::Place(of, place)) if of == id => {
            places.place(place).map(|it| Read::Entity(Entity::Place(id, it)))
        }
        other => Some(other),
    };
    *reads = std::mem::take(reads).into_iter().filter_map(now).collect();
}
