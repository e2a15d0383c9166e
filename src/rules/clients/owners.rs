//! Classes of the project that make a client for each of their objects, and the places that make such objects.

use super::{Making, depends_on_the_caller, making};
use crate::facts::{Kind, NodeId, Role};
use crate::project::{At, Callee, Flags, FnId, Site};
use crate::rules::Context;

/// An object that comes with a client of its own.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Owner {
    /// The construction of the object, as if it were the client.
    pub(in crate::rules) making: Making,
    /// Where its class makes the client.
    pub(in crate::rules) made: At,
}

/// The constructions of a module that make a client by way of a class's `__init__`.
pub(in crate::rules) fn owners<'a>(cx: &Context<'a>) -> Vec<(Owner, &'a Site)> {
    let functions = cx.facts().all_functions();
    functions
        .flat_map(|(local, _)| cx.project.graph.sites_in(cx.function(local)))
        .filter_map(|(_, site)| Some((owner(cx, site)?, site)))
        .collect()
}

fn owner(cx: &Context<'_>, site: &Site) -> Option<Owner> {
    let facts = cx.facts();
    let Callee::Own(init) = site.callee else { return None };
    let names = &cx.project.names;
    let is_init = names.facts(init.module).text(names.function(init).name) == "__init__";
    if !is_init || facts.kind(site.at.node) != Kind::Call || is_by_super(cx, site.at.node) {
        return None;
    }
    // Who hands anything of its own caller's over makes an object for that caller.
    if is_given_a_client(cx, site.at.node) {
        return None;
    }
    let inner = client_of(cx, init)?;
    let making = Making {
        node: site.at.node,
        function: site.caller,
        class: inner.class,
    };
    let made = At {
        module: inner.function.module,
        node: inner.node,
    };
    (!depends_on_the_caller(facts, &making)).then_some(Owner { making, made })
}

/// The client that an `__init__` makes every time.
fn client_of(cx: &Context<'_>, init: FnId) -> Option<Making> {
    let seldom = Flags::ERROR_PATH.with(Flags::ONCE).with(Flags::PASSED);
    let sites = cx.project.graph.sites_in(init);
    let theirs = cx.project.names.facts(init.module);
    sites
        .filter(|(_, site)| !site.flags.has(seldom) && is_unconditional(theirs, site.at.node))
        .find_map(|(_, site)| making(cx.project, site))
}

/// A statement of the function's own body, and not one arm of a choice: `client or AsyncClient()` may make none.
fn is_unconditional(facts: &crate::facts::FileFacts, node: NodeId) -> bool {
    let around = facts.ancestors(node).map(|it| facts.kind(it));
    let own = around.take_while(|&it| it != Kind::FunctionDef);
    own.into_iter()
        .all(|it| !matches!(it, Kind::If | Kind::IfExp | Kind::BoolOp | Kind::Try | Kind::Lambda))
}

/// `super().__init__()` and `Base.__init__(self)` make no object of their own.
fn is_by_super(cx: &Context<'_>, call: NodeId) -> bool {
    let facts = cx.facts();
    let func = facts.child(call, Role::Func);
    func.is_some_and(|it| facts.kind(it) == Kind::Attribute && facts.payload_text(it) == Some("__init__"))
}

/// Whether an argument comes from the caller: then the object, and with it the client, may be the caller's.
fn is_given_a_client(cx: &Context<'_>, call: NodeId) -> bool {
    let facts = cx.facts();
    let local = facts.function_of(call);
    let params = &facts.function(local).params;
    let root = facts.function(local).node;
    let is_param = |node: NodeId| {
        facts.name_place(node).is_some_and(|place| {
            let mut them = params.iter().enumerate();
            them.any(|(index, it)| it.place == place && (index > 0 || !matches!(facts.text(it.name), "self" | "cls")))
        })
    };
    let positional = facts.children_as(call, Role::Arg);
    let named = facts
        .children_as(call, Role::Keyword)
        .filter_map(|it| facts.child(it, Role::Value));
    positional.chain(named).any(|value| {
        let roots = facts.slice(root, value).roots;
        roots.into_iter().any(|it| facts.subtree(it).any(is_param))
    })
}
