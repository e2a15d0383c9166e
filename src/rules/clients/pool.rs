//! How many connections the client of a fan-out's workers has, and how many workers a limiter lets in.

use super::{Making, making};
use crate::catalog::Deadline;
use crate::facts::{Kind, NodeId, Role};
use crate::project::{At, Callee, FanOut, FnId, Project, Site, Strand, Width, constant, origin};
use crate::rules::Context;

/// A client's pool.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Pool {
    /// Where the client is made.
    pub(in crate::rules) made: At,
    /// What it is.
    pub(in crate::rules) client: Making,
    /// How many connections.
    pub(in crate::rules) size: u64,
    /// The library's own number.
    pub(in crate::rules) is_default: bool,
    /// Waiting for a connection fails after so many seconds.
    pub(in crate::rules) gives_up: Option<f64>,
}

/// What a fan-out's workers use together.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Shared {
    /// The pool.
    pub(in crate::rules) pool: Pool,
    /// The call on it.
    pub(in crate::rules) used: At,
    /// Where a limiter is entered around the call, and its size where that is constant.
    pub(in crate::rules) limiter: Option<(At, Option<u64>)>,
}

/// Calls are followed this far into the worker: a loop over a queue, the step of a job, the method of a client, its call.
const DEPTH: u32 = 4;

/// The client that all workers of a strand share, if they do.
pub(in crate::rules) fn shared(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand) -> Option<Shared> {
    let worker = strand.worker.as_ref().filter(|it| !it.in_thread)?;
    let mut sites = cx.project.graph.sites_at(fan_out.orchestrator, worker.node);
    sites.find_map(|(_, site)| through(cx, site, fan_out.orchestrator, None, DEPTH))
}

type Limiter = Option<(At, Option<u64>)>;

fn through(cx: &Context<'_>, site: &Site, top: FnId, outer: Limiter, depth: u32) -> Option<Shared> {
    let project = cx.project;
    // The orchestrator's own limiter is around the whole fan-out, and bounds no worker.
    let own = if site.caller == top {
        None
    } else {
        limiter(project, site)
    };
    let limiter = outer.or(own);
    if let Callee::Library(entry) = site.callee {
        let is_network = project.names.catalog.entry(entry).scarce.as_deref() == Some("network");
        let pool = is_network.then(|| receiver_pool(project, site)).flatten()?;
        return Some(Shared {
            pool,
            used: site.at,
            limiter,
        });
    }
    let depth = depth.checked_sub(1)?;
    let reaching = site
        .targets()
        .iter()
        .filter(|&&it| project.scarce.of(&project.graph, it).is_some());
    let mut inner = reaching.flat_map(|&it| project.graph.sites_in(it));
    inner.find_map(|(_, site)| through(cx, site, top, limiter, depth))
}

/// The limiter that a call runs under in its own function.
fn limiter(project: &Project, site: &Site) -> Limiter {
    let holds = project.limiters.around(site.at.module, site.caller.local, site.at.node);
    let counts = holds.filter(|it| it.made.is_none());
    counts
        .map(|it| {
            (
                it.at,
                size(
                    project,
                    At {
                        module: it.at.module,
                        node: it.subject,
                    },
                ),
            )
        })
        .min_by_key(|it| it.1.unwrap_or(u64::MAX))
}

/// `Semaphore(64)`, wherever it is made.
fn size(project: &Project, subject: At) -> Option<u64> {
    let made = origin(&project.names, &project.graph, subject);
    let facts = project.names.facts(made.module);
    if facts.kind(made.node) != Kind::Call {
        return None;
    }
    let node = facts.arg(made.node, 0).or_else(|| facts.keyword(made.node, "value"))?;
    constant(&project.names, &project.graph, At { node, ..made })
}

fn receiver_pool(project: &Project, site: &Site) -> Option<Pool> {
    let facts = project.names.facts(site.at.module);
    let func = facts.child(site.at.node, Role::Func)?;
    let mut node = facts.child(func, Role::Value)?;
    // `client.chat.completions.create`: the client is at the bottom, or is an attribute itself.
    loop {
        let made = origin(&project.names, &project.graph, At { node, ..site.at });
        if let Some(pool) = pool_of(project, made) {
            return Some(pool);
        }
        node = (facts.kind(node) == Kind::Attribute)
            .then(|| facts.child(node, Role::Value))
            .flatten()?;
    }
}

/// The pool of a client that is made once, outside of what runs many times.
fn pool_of(project: &Project, made: At) -> Option<Pool> {
    let facts = project.names.facts(made.module);
    if facts.kind(made.node) != Kind::Call {
        return None;
    }
    let function = FnId {
        module: made.module,
        local: facts.function_of(made.node),
    };
    let mut sites = project.graph.sites_at(function, made.node);
    let client = sites.find_map(|(_, site)| making(project, site))?;
    let entry = project.names.catalog.class_entry(client.class);
    // One connection of HTTP/2 carries many calls.
    let multiplexed = facts
        .keyword(made.node, "http2")
        .is_some_and(|it| facts.kind(it) != Kind::False);
    if facts.has_double_star(made.node) || multiplexed {
        return None;
    }
    let gives_up = match entry.pool_timeout {
        Some(Deadline::Seconds(seconds)) if !waits_for_ever(project, made) => Some(seconds),
        _ => None,
    };
    let (size, is_default) = match explicit(project, made, entry.size.as_deref()) {
        Some(size) => (size?, false),
        None => (u64::from(entry.pool?), true),
    };
    Some(Pool {
        made,
        client,
        size,
        is_default,
        gives_up,
    })
}

/// The size that the construction gives: itself, in `limits=`, or in `connector=`. `Some(None)` for none, or not known.
fn explicit(project: &Project, made: At, own: Option<&str>) -> Option<Option<u64>> {
    const PARTS: [(&str, &str); 2] = [("limits", "max_connections"), ("connector", "limit")];
    let facts = project.names.facts(made.module);
    let value = |node: NodeId| {
        let size = constant(&project.names, &project.graph, At { node, ..made });
        size.filter(|&it| it > 0)
    };
    let own = own.filter(|own| PARTS.iter().all(|(part, _)| part != own));
    if let Some(node) = own.and_then(|own| facts.keyword(made.node, own)) {
        // An SDK's `http_client` has the pool.
        let inner = || pool_of(project, origin(&project.names, &project.graph, At { node, ..made }));
        return Some(value(node).or_else(|| inner().map(|it| it.size)));
    }
    // A client that is given its transport hands its own limits to none.
    if let Some(node) = facts.keyword(made.node, "transport") {
        let inner = origin(&project.names, &project.graph, At { node, ..made });
        let is_call = project.names.facts(inner.module).kind(inner.node) == Kind::Call;
        if let Some(size) = is_call.then(|| explicit(project, inner, None)).flatten() {
            return Some(size);
        }
    }
    let (part, keyword) = PARTS.iter().find(|it| facts.keyword(made.node, it.0).is_some())?;
    let node = facts.keyword(made.node, part)?;
    let inner = origin(&project.names, &project.graph, At { node, ..made });
    let theirs = project.names.facts(inner.module);
    if theirs.kind(inner.node) != Kind::Call {
        return Some(None);
    }
    let given = theirs.keyword(inner.node, keyword);
    given.map(|node| constant(&project.names, &project.graph, At { node, ..inner }).filter(|&it| it > 0))
}

/// `timeout=None`, or `Timeout(..., pool=None)`.
fn waits_for_ever(project: &Project, made: At) -> bool {
    let facts = project.names.facts(made.module);
    let Some(node) = facts.keyword(made.node, "timeout") else {
        return false;
    };
    let inner = origin(&project.names, &project.graph, At { node, ..made });
    let theirs = project.names.facts(inner.module);
    match theirs.kind(inner.node) {
        Kind::None => true,
        Kind::Call => {
            let first = theirs.keyword(inner.node, "pool").or_else(|| theirs.arg(inner.node, 0));
            first.is_none_or(|it| theirs.kind(it) == Kind::None)
        }
        _ => false,
    }
}

/// Whether more calls may run than `room`.
pub(in crate::rules) fn exceeds(width: Width, room: u64) -> bool {
    match width {
        Width::Data => true,
        Width::Constant(count) => count > room,
        Width::Bounded | Width::Unknown => false,
    }
}
