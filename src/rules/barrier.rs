//! Fan-outs that wait for all of their results where each could be passed on when it comes.

use super::fan_out_text as text;
use crate::facts::{FileFacts, How, Kind, NodeId, Results, Role};
use crate::project::{Bulk, FanOut, FnId, LimiterKind, Starter, Strand, Width, Worker, has_word};
use crate::rules::Context;

/// What waits behind a barrier.
pub(super) enum Kept {
    /// An async generator that yields the results one by one; the loop that does.
    Stream(NodeId),
    /// Results that are large.
    Bulk(Bulk),
    /// The second of two phases over the same items; the first one's barrier.
    Phase(NodeId),
    /// Tasks for the items of a source that gives them one by one.
    Lazy,
}

/// A barrier that could be none.
pub(super) struct Barrier<'a> {
    pub(super) strand: &'a Strand,
    pub(super) kept: Kept,
    /// Every step of the proof is in the code.
    pub(super) is_sure: bool,
}

/// The barrier that a fan-out is, where something waits behind it without need.
pub(super) fn of<'a>(cx: &Context<'a>, fan_out: &'a FanOut) -> Option<Barrier<'a>> {
    let facts = cx.facts();
    let call = fan_out.at.node;
    if !waits_for_all(cx, fan_out) || is_in_loop(facts, call) || text::is_shutdown(cx, fan_out) {
        return None;
    }
    let strand = wide(cx, fan_out).filter(|it| !is_portions(cx, it))?;
    let results = facts.results(call);
    let barrier = |kept: Kept, is_sure: bool| Some(Barrier { strand, kept, is_sure });
    if let Results::Each(each) = results
        && yields_each(facts, fan_out.orchestrator, each)
    {
        return barrier(Kept::Stream(each), true);
    }
    if let Some(first) = phase_before(cx, fan_out, strand) {
        return barrier(Kept::Phase(first), false);
    }
    let worker = strand.worker.as_ref()?;
    let workers = targets(cx, fan_out, worker);
    let admitted = workers.iter().any(|&it| is_admitted(cx, it));
    let acts = matches!(results, Results::Each(each) if acts_on_each(cx, fan_out.orchestrator, each));
    // A list that goes back as it is has to be whole, unless its source was no list; that few run says that it may be
    // long.
    let lazy = strand.source.is_some_and(|it| is_lazy(cx, it));
    let collects = admitted && (matches!(results, Results::Each(_)) || (lazy && results == Results::Returned));
    if !(collects || acts && workers.iter().any(|&it| admitted || waits(cx, it))) {
        return None;
    }
    if let Some(bulk) = workers.iter().find_map(|&it| cx.project.bulk(it)) {
        let sure = bulk.is_seen && acts;
        return barrier(Kept::Bulk(bulk), sure);
    }
    (admitted && lazy).then_some(Barrier {
        strand,
        kept: Kept::Lazy,
        is_sure: false,
    })
}

/// Whether the worker waits for something outside of the process.
fn waits(cx: &Context<'_>, worker: FnId) -> bool {
    cx.project.scarce.of(&cx.project.graph, worker).is_some()
}

/// Whether a loop does something with each item but collect it: it waits, or calls what is not a method of a local.
fn acts_on_each(cx: &Context<'_>, function: FnId, each: NodeId) -> bool {
    let facts = cx.facts();
    let params = &facts.function(function.local).params;
    let is_local = |it: NodeId| {
        facts.name_place(it).is_some_and(|place| {
            facts.place(place).owner == function.local && params.iter().all(|it| it.place != place)
        })
    };
    facts.descendants(each).any(|it| match facts.kind(it) {
        Kind::Await => true,
        Kind::ExprStmt => {
            let func = facts.child(it, Role::Value).and_then(|it| facts.child(it, Role::Func));
            func.is_some_and(|it| match facts.child(it, Role::Value) {
                Some(receiver) => !is_local(receiver) && !cx.node_text(it).contains("log"),
                None => facts.name_text(it) != Some("print"),
            })
        }
        _ => false,
    })
}

/// One task a portion: somebody has thought of the size.
fn is_portions(cx: &Context<'_>, strand: &Strand) -> bool {
    has_word(
        &text::items(cx, strand),
        &["batch", "batches", "chunked", "batched", "windows"],
    )
}

/// `await gather(...)`: `as_completed` gives one by one, `wait` may stop early.
fn waits_for_all(cx: &Context<'_>, fan_out: &FanOut) -> bool {
    let Starter::Together(entry) = fan_out.starter else {
        return false;
    };
    let name = entry.map_or("", |it| cx.project.names.catalog.entry_name(it));
    let last = name.rsplit('.').next().unwrap_or_default();
    !matches!(last, "as_completed" | "wait" | "amap") && cx.facts().is_awaited(fan_out.at.node)
}

/// A loop around a barrier works in portions.
fn is_in_loop(facts: &FileFacts, call: NodeId) -> bool {
    let inside = facts
        .ancestors(call)
        .take_while(|&it| !matches!(facts.kind(it), Kind::FunctionDef | Kind::Lambda));
    let mut below = call;
    for it in inside {
        if facts.kind(it).is_loop() && facts.node(below).role == Role::Body {
            return true;
        }
        below = it;
    }
    false
}

/// The strand whose number is that of the data: started by the call itself, or one by one before it.
fn wide<'a>(cx: &Context<'a>, fan_out: &'a FanOut) -> Option<&'a Strand> {
    let is_wide = |of: &FanOut, strand: &Strand| {
        strand.width == Width::Data
            && strand
                .worker
                .as_ref()
                .is_some_and(|it| !text::is_broadcast(cx, of, strand) && !text::is_service(cx, of, it))
    };
    let own = fan_out.strands.iter().find(|it| is_wide(fan_out, it));
    let waits_only = fan_out.strands.iter().all(|it| it.worker.is_none());
    own.or_else(|| {
        let mut before = cx.project.fan_outs.of(cx.module).iter().filter(|it| {
            let one_by_one = matches!(it.starter, Starter::OneByOne(_)) && !it.bounded;
            one_by_one && it.orchestrator == fan_out.orchestrator && it.at.node < fan_out.at.node
        });
        let (only, None) = (before.next().filter(|_| waits_only)?, before.next()) else {
            return None;
        };
        only.strands.iter().find(|it| is_wide(only, it))
    })
}

/// Whether the loop's body yields, in an async generator that has not yielded on the way.
fn yields_each(facts: &FileFacts, function: FnId, each: NodeId) -> bool {
    facts.function(function.local).is_generator
        && facts.is_async(function.local)
        && facts.descendants(each).any(|it| facts.kind(it) == Kind::Yield)
}

/// The barrier over the same items whose results this fan-out works on, one to one.
fn phase_before(cx: &Context<'_>, fan_out: &FanOut, strand: &Strand) -> Option<NodeId> {
    let facts = cx.facts();
    let source = strand.source?;
    let names = (source.0..facts.node(source).end).map(NodeId);
    let places: Vec<_> = names.filter_map(|it| facts.name_place(it)).collect();
    let before = cx.project.fan_outs.of(cx.module).iter();
    let mut before = before.filter(|it| {
        it.orchestrator == fan_out.orchestrator
            && follows(facts, it.at.node, fan_out.at.node)
            && waits_for_all(cx, it)
            && !is_in_loop(facts, it.at.node)
    });
    before
        .find(|first| {
            let Some(strand) = wide(cx, first) else { return false };
            let results = results_place(facts, first.at.node);
            let gives = results.is_some_and(|it| places.contains(&it));
            let opens = strand.worker.as_ref().is_some_and(|it| opens(cx, it));
            !opens && (gives || strand.worker.as_ref().is_some_and(|it| fills(cx, first, it, &places)))
        })
        .map(|it| it.at.node)
}

/// A first phase that only opens what the second works with.
fn opens(cx: &Context<'_>, worker: &Worker) -> bool {
    const OPENS: [&str; 5] = ["enter_async_context", "connect", "open", "start", "acquire"];
    let called = cx.call_text(text::at(cx, worker.node));
    OPENS.contains(&called.rsplit('.').next().unwrap_or_default())
}

/// Whether nothing is waited for between the two.
fn follows(facts: &FileFacts, first: NodeId, second: NodeId) -> bool {
    let start = facts.node(facts.statement_of(first)).end;
    let between = (start..facts.statement_of(second).0).map(NodeId);
    let mut between = between.filter(|&it| facts.function_of(it) == facts.function_of(second));
    first < second && start <= second.0 && !between.any(|it| facts.kind(it) == Kind::Await)
}

/// The name that holds the results of a barrier.
fn results_place(facts: &FileFacts, call: NodeId) -> Option<crate::facts::PlaceId> {
    let statement = facts.statement_of(call);
    let target = facts.child(statement, Role::Target)?;
    matches!(facts.kind(statement), Kind::Assign | Kind::AnnAssign)
        .then(|| facts.name_place(target))
        .flatten()
}

/// Whether a nested worker puts its result into one of these names: `found[key] = ...`.
fn fills(cx: &Context<'_>, first: &FanOut, worker: &Worker, places: &[crate::facts::PlaceId]) -> bool {
    let facts = cx.facts();
    targets(cx, first, worker)
        .into_iter()
        .filter(|it| it.module == cx.module)
        .any(|worker| {
            facts.body_nodes(worker.local).any(|it| {
                facts.kind(it) == Kind::Subscript
                    && facts.node(it).role == Role::Target
                    && facts
                        .child(it, Role::Value)
                        .and_then(|it| facts.name_place(it))
                        .is_some_and(|it| places.contains(&it) && facts.place(it).owner != worker.local)
            })
        })
}

/// The functions of the project that a worker runs.
pub(super) fn targets(cx: &Context<'_>, fan_out: &FanOut, worker: &Worker) -> Vec<FnId> {
    let nodes = worker.wrapped.iter().copied().chain([worker.node]);
    let sites = nodes.flat_map(|node| cx.project.graph.sites_at(fan_out.orchestrator, node));
    sites.flat_map(|(_, site)| site.targets().iter().copied()).collect()
}

/// Whether the worker waits for a slot before it begins.
fn is_admitted(cx: &Context<'_>, worker: FnId) -> bool {
    cx.project
        .limiters
        .holds(worker.module)
        .iter()
        .any(|it| it.function == worker && it.made.is_none() && it.kind != LimiterKind::Lock)
}

/// A source that gives its items one by one: rows of a frame or cursor, lines, files of a tree.
fn is_lazy(cx: &Context<'_>, source: NodeId) -> bool {
    const LAZY: [&str; 8] = [
        "iterrows",
        "itertuples",
        "iter_rows",
        "rglob",
        "scandir",
        "walk",
        "iterdir",
        "iterator",
    ];
    let facts = cx.facts();
    if facts.kind(NodeId(facts.node(source).parent)) == Kind::AsyncFor {
        return true;
    }
    let call = match facts.kind(source) {
        Kind::Call => Some(source),
        Kind::Name => facts.name_place(source).and_then(|place| {
            facts.definitions_of(place).iter().find_map(|it| match it.how {
                How::Assign { value, .. } if facts.kind(value) == Kind::Call => Some(value),
                _ => None,
            })
        }),
        _ => None,
    };
    call.is_some_and(|it| {
        let called = cx.node_text(it);
        LAZY.contains(&called.rsplit('.').next().unwrap_or_default())
    })
}
