//! Attributes that stay `None` on an object that everybody knows: `cache = Cache()` in a module, where `Cache` only asks
//! `if self.remote is not None` and nobody gives this one a `remote`.

use super::Names;
use super::classes::static_expr;
use super::graph::Site;
use super::guards::hash;
use super::ids::{ClassId, ModuleId};
use super::modules::Target;
use super::ty::Ty;
use crate::facts::{Class, FileFacts, How, Kind, NodeId, PlaceId, PlaceKind, Role};

/// Whether the receiver of a call is a module's object whose attribute with this hash is never set.
pub(super) fn never_set(names: &Names, site: &Site, attribute: u32) -> bool {
    known_object(names, site).is_some_and(|it| it.leaves_unset(names, attribute))
}

/// A module's variable that holds one object of a class of the project.
struct Known {
    module: ModuleId,
    place: PlaceId,
    made: NodeId,
    class: ClassId,
}

fn known_object(names: &Names, site: &Site) -> Option<Known> {
    let module = site.at.module;
    let facts = names.facts(module);
    let func = facts.child(site.at.node, Role::Func)?;
    let receiver = facts.child(func, Role::Value)?;
    let place = facts.name_place(receiver)?;
    if facts.place(place).kind != PlaceKind::Module {
        return None;
    }
    let [only] = facts.definitions_of(place) else {
        return None;
    };
    let How::Assign { value: made, .. } = only.how else {
        return None;
    };
    let class = facts
        .child(made, Role::Func)
        .filter(|_| facts.kind(made) == Kind::Call)?;
    match static_expr(names.importer(), module, class, 8)? {
        Ty::Class(class) => Some(Known {
            module,
            place,
            made,
            class,
        }),
        _ => None,
    }
}

impl Known {
    fn leaves_unset(&self, names: &Names, attribute: u32) -> bool {
        let theirs = names.facts(self.class.module);
        let class = &theirs.classes[self.class.local.0 as usize];
        let mut setters = Vec::new();
        let mut found = false;
        for it in class
            .attributes
            .iter()
            .filter(|it| hash(theirs.text(it.name)) == attribute)
        {
            let method = theirs.text(theirs.function(it.function).name);
            if method == "__init__" {
                found = true;
                if !self.begins_unset(names, theirs, class, it.how) {
                    return false;
                }
            } else {
                setters.push(method);
            }
        }
        // One module is searched sooner than the imports of all.
        found && self.is_only_used(names, &setters, attribute) && !names.imported(self.module, self.place)
    }

    /// `self.remote = remote` in `__init__`, where the construction leaves `remote` at its default `None`.
    fn begins_unset(&self, names: &Names, theirs: &FileFacts, class: &Class, how: How) -> bool {
        let How::Assign { value, .. } = how else { return false };
        if theirs.kind(value) == Kind::None {
            return true;
        }
        let Some(place) = theirs.name_place(value) else {
            return false;
        };
        let [only] = theirs.definitions_of(place) else {
            return false;
        };
        let How::Param(index) = only.how else { return false };
        let init = theirs.function(only.function);
        let Some(param) = init.params.get(index as usize) else {
            return false;
        };
        let facts = names.facts(self.module);
        let given = facts.keyword(self.made, theirs.text(param.name)).is_some()
            || facts.arg(self.made, (index as usize).saturating_sub(1)).is_some()
            || facts.has_double_star(self.made);
        let is_none = param.default.is_some_and(|it| theirs.kind(it) == Kind::None);
        init.class
            .is_some_and(|it| theirs.classes[it.0 as usize].node == class.node)
            && is_none
            && !given
    }

    /// Whether the module only calls methods of it, none of which sets the attribute, and hands it to nobody.
    fn is_only_used(&self, names: &Names, setters: &[&str], attribute: u32) -> bool {
        let facts = names.facts(self.module);
        let all = (0..u32::try_from(facts.nodes.len()).unwrap_or(0)).map(NodeId);
        all.filter(|&it| facts.name_place(it) == Some(self.place)).all(|it| {
            let parent = NodeId(facts.node(it).parent);
            let is_read = facts.kind(parent) == Kind::Attribute
                && facts.node(parent).role == Role::Func
                && facts.payload_text(parent).is_some_and(|name| !setters.contains(&name));
            let is_other = facts.kind(parent) == Kind::Attribute
                && facts
                    .payload_text(parent)
                    .is_some_and(|name| hash(name) != attribute && !setters.contains(&name));
            facts.node(it).role == Role::Target || is_read || is_other
        })
    }
}

impl Names {
    /// Whether some other module imports a module's variable by its name.
    fn imported(&self, module: ModuleId, place: PlaceId) -> bool {
        let wanted = Target::Member(module, place);
        self.imports.iter().flatten().any(|it| *it == wanted)
    }
}
