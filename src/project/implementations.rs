//! What stands behind an abstract method.

use super::Names;
use super::classes::Member;
use super::guards::is_self;
use super::ids::{ClassId, FnId};
use crate::facts::{Kind, NodeId, Role};

/// Implementations of an abstract method beyond this many are not followed.
const MAX_IMPLEMENTATIONS: usize = 24;

/// What a call of an abstract method may mean. Where an object calls itself, it is of a class that has not replaced the
/// calling method: `async def aget(self): return self._get()` is not run by who defines its own `aget`.
/// `seen` is given every function that has been looked at.
pub(super) fn behind(
    names: &Names,
    caller: FnId,
    call: NodeId,
    function: FnId,
    seen: &mut dyn FnMut(FnId),
) -> Vec<FnId> {
    let mut them = implementations(names, function);
    them.iter().for_each(|&it| seen(it));
    if them.is_empty() || !is_called_on_self(names, caller, call) {
        return them;
    }
    them.retain(|it| match names.function(*it).class {
        Some(local) => runs(
            names,
            ClassId {
                module: it.module,
                local,
            },
            caller,
            seen,
        ),
        None => true,
    });
    them
}

fn is_called_on_self(names: &Names, caller: FnId, call: NodeId) -> bool {
    let facts = names.facts(caller.module);
    let func = facts.child(call, Role::Func);
    func.and_then(|it| facts.child(it, Role::Value))
        .is_some_and(|it| is_self(facts, caller.local, it))
}

/// Whether an object of this class can be in a method of one of its bases: by inheriting it, or by asking for it.
fn runs(names: &Names, class: ClassId, method: FnId, seen: &mut dyn FnMut(FnId)) -> bool {
    let name = names.facts(method.module).text(names.function(method).name);
    match names.classes.member(&names.modules, class, name, 0) {
        Some(Member::Function(own)) if own != method => {
            seen(own);
            asks_its_base(names, own, name)
        }
        _ => true,
    }
}

/// `super().aget(...)`
fn asks_its_base(names: &Names, own: FnId, name: &str) -> bool {
    let facts = names.facts(own.module);
    facts.descendants(names.function(own).node).any(|it| {
        let base = facts.child(it, Role::Value).and_then(|it| facts.child(it, Role::Func));
        facts.kind(it) == Kind::Attribute
            && facts.payload_text(it) == Some(name)
            && base.and_then(|it| facts.name_text(it)) == Some("super")
    })
}

/// What subclasses do where the base only declares.
fn implementations(names: &Names, function: FnId) -> Vec<FnId> {
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
