//! What stands behind an abstract method.

use super::Names;
use super::classes::Member;
use super::ids::{ClassId, FnId};

/// Implementations of an abstract method beyond this many are not followed.
const MAX_IMPLEMENTATIONS: usize = 24;

/// What subclasses do where the base only declares.
pub(super) fn implementations(names: &Names, function: FnId) -> Vec<FnId> {
    let of = names.function(function);
    let Some(local) = of.class else { return Vec::new() };
    let name = names.facts(function.module).text(of.name);
    let mut queue = vec![ClassId {
        module: function.module,
        local,
    }];
    let mut found = Vec::new();
    let mut at = 0;
    while at < queue.len() && queue.len() <= 4 * MAX_IMPLEMENTATIONS {
        for &subclass in &names.classes.get(queue[at]).subclasses {
            if queue.contains(&subclass) {
                continue;
            }
            queue.push(subclass);
            if names.modules[subclass.module.0 as usize].is_test {
                continue;
            }
            if let Some(Member::Function(it)) = names.classes.own_member(&names.modules, subclass, name)
                && !names.is_abstract(it)
                && names.function(it).kind == of.kind
            {
                found.push(it);
            }
        }
        at += 1;
    }
    if found.len() > MAX_IMPLEMENTATIONS {
        Vec::new()
    } else {
        found
    }
}
