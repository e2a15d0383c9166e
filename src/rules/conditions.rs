//! How many conditions have to hold at once for a chain of calls to be gone to its end.

use crate::facts::{Kind, NodeId, Op, Role};
use crate::project::{Site, SiteId, is_conditional};
use crate::rules::Context;

/// Whether several functions on the way go on only if some condition of theirs holds: together these seldom do. Who
/// waits at the end of a chain may also find nobody to wait for.
pub(super) fn is_rare(cx: &Context<'_>, chain: &[SiteId], waits: bool) -> bool {
    /// One condition may be the common case; two have to hold at once.
    const SEVERAL: usize = 2;
    let sites = chain.iter().skip(1).map(|it| cx.project.graph.site(*it));
    // Of two arms one is always taken.
    let conditional = sites.filter(|it| is_conditional(cx.project, it.caller, it.at.node) && !is_in_either_arm(cx, it));
    let last = cx.project.graph.site(chain[chain.len() - 1]);
    // Who finds nobody at it does not wait: `if self.running is None: return self.start()`.
    let joins = waits && chain.len() > 1 && is_left_before(cx, last);
    let weights = conditional.map(|it| if is_choice(cx, it) { SEVERAL } else { 1 });
    weights.sum::<usize>() + usize::from(joins) >= SEVERAL
}

/// Whether the innermost condition around a site has two arms, and no more.
fn is_in_either_arm(cx: &Context<'_>, site: &Site) -> bool {
    let facts = cx.project.names.facts(site.at.module);
    let around = facts.ancestors(site.at.node).find(|&it| facts.kind(it) == Kind::If);
    around.is_some_and(|it| {
        let mut other = facts.children_as(it, Role::Orelse);
        let is_elif = facts.node(it).role == Role::Orelse && facts.kind(facts.parent(it)) == Kind::If;
        !is_elif && other.next().is_some_and(|it| facts.kind(it) != Kind::If)
    })
}

/// Whether a site is what one of several names stands for: `if callback == "supabase": ...`, and so on.
fn is_choice(cx: &Context<'_>, site: &Site) -> bool {
    /// A single name may be the usual one.
    const MANY: usize = 2;
    let facts = cx.project.names.facts(site.at.module);
    let names_one = |it: NodeId| {
        facts.kind(it) == Kind::Compare
            && facts.node(it).payload == Op::Eq as u32
            && facts.children(it).any(|it| facts.kind(it) == Kind::Str)
    };
    let chooses = |it: NodeId| {
        let test = facts.child(it, Role::Test).filter(|_| facts.kind(it) == Kind::If);
        test.is_some_and(|it| facts.subtree(it).any(names_one))
    };
    let around = facts.ancestors(site.at.node).any(chooses);
    around && facts.body_nodes(site.caller.local).filter(|&it| chooses(it)).count() >= MANY
}

/// Whether the function of a site may have returned something before it, from a condition that stands around neither.
fn is_left_before(cx: &Context<'_>, site: &Site) -> bool {
    let facts = cx.project.names.facts(site.at.module);
    let own = facts.body_nodes(site.caller.local).take_while(|&it| it < site.at.node);
    let mut returns = own.filter(|&it| facts.kind(it) == Kind::Return && facts.child(it, Role::Value).is_some());
    returns.any(|it| {
        let around = facts.ancestors(it).find(|&it| facts.kind(it) == Kind::If);
        around.is_some_and(|it| !facts.contains(it, site.at.node))
    })
}
