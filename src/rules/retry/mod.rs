//! Retries, however they are written: policies of libraries, and loops by hand. What the rules about retries share.

mod arguments;
mod attempts;
mod caps;
mod crowd;
mod errors;
mod growth;
mod immediate;
mod loops;
mod nesting;
mod policies;
mod sdk;
mod tenacity;

use crate::diagnostic::{Confidence, Diagnostic, Exposure, Severity};
use crate::facts::{LocalFn, MODULE_FN, NodeId, Role};
use crate::project::{ModuleId, Steadiness};
use crate::rules::Context;
pub(super) use errors::Errors;
pub(super) use nesting::{Inner, inner};
pub(super) use sdk::{SdkRetry, sdk_retries};
use std::rc::Rc;

/// A place that tries again.
#[derive(Debug)]
pub(super) struct Retry {
    /// The policy's call; of a loop the sleep, or without one what the handler catches.
    pub(super) at: NodeId,
    /// The function that is tried again: the decorated one, or the one around the loop.
    pub(super) function: LocalFn,
    /// How it is written.
    pub(super) form: Form,
    /// What is tried.
    pub(super) tried: Tried,
    /// How often.
    pub(super) limit: Limit,
    /// How its waits grow.
    pub(super) growth: Growth,
    /// Whether its waits are the same for every caller.
    pub(super) waits: Steadiness,
    /// The wait as it is written, for messages.
    pub(super) wait: String,
    /// After which errors.
    pub(super) errors: Errors,
    /// How sure it is that what is tried reaches others.
    pub(super) remote: Confidence,
    /// Few do the same at that time: it waits for a service to come up, keeps one client connected, or heeds a server.
    pub(super) is_minor: bool,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// The whole function.
    Function,
    /// What stands in this statement or call.
    Block(NodeId),
    /// What is given the policy.
    Elsewhere,
}

/// How a retry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `tenacity`.
    Tenacity,
    /// `backoff`.
    Backoff,
    /// `stamina`.
    Stamina,
    /// `urllib3.Retry`.
    Urllib3,
    /// `aiohttp_retry`.
    AiohttpRetry,
    /// `retry`, `retrying` and other decorators.
    RetryDecorator,
    /// A loop with `try`.
    Loop,
}

/// How often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// So many times in all.
    Attempts(u64),
    /// Bounded by a setting, or by time.
    Bounded,
    /// For ever.
    Never,
    /// Nobody can tell from here.
    Unknown,
}

/// How the waits between attempts grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Growth {
    /// There is none.
    Immediate,
    /// The same each time.
    Constant,
    /// Longer each time.
    Grows,
    /// Nobody can tell from here.
    Unknown,
}

/// The retries of a module, found once for all the rules that ask.
#[derive(Debug)]
pub struct Remembered {
    module: ModuleId,
    retries: Rc<[Retry]>,
}

impl Remembered {
    /// Finds them.
    #[must_use]
    pub fn of(cx: &Context<'_>) -> Self {
        Self {
            module: cx.module,
            retries: find(cx).into(),
        }
    }
}

/// Every retry of the module.
pub(super) fn all(cx: &Context<'_>) -> Rc<[Retry]> {
    match cx.remembered.filter(|it| it.module == cx.module) {
        Some(remembered) => Rc::clone(&remembered.retries),
        None => find(cx).into(),
    }
}

fn find(cx: &Context<'_>) -> Vec<Retry> {
    let mut all = policies::find(cx);
    for (local, _) in cx.facts().all_functions() {
        all.extend(loops::find(cx, local));
        all.extend(immediate::find(cx, local));
    }
    all
}

/// The retries that run what a function does: its decorators', and those of loops in it.
pub(super) fn of_function(cx: &Context<'_>, local: LocalFn) -> Vec<Retry> {
    let mut all = policies::of_function(cx, local);
    all.extend(loops::find(cx, local));
    all.extend(immediate::find(cx, local));
    all
}

impl Retry {
    /// A policy that a module makes for its functions is as exposed as they are.
    fn is_shared(&self) -> bool {
        self.function == MODULE_FN && self.form != Form::Loop
    }

    /// Lowers the severity of a finding about it where no crowd can form.
    pub(super) fn weigh(&self, diagnostic: &mut Diagnostic) {
        let alone = diagnostic.exposure == Exposure::Solitary && !self.is_shared();
        if alone || self.is_minor {
            diagnostic.severity = Severity::Low;
        }
    }

    /// Lowers the severity further where what fails together is few, or does no harm: what nobody is known to call beside
    /// others and may not reach a service, a loop of a thread of its own, and one that is over after a moment.
    pub(super) fn weigh_crowd(&self, cx: &Context<'_>, diagnostic: &mut Diagnostic) {
        self.weigh(diagnostic);
        let is_loop = self.form == Form::Loop;
        let harmless = || crowd::is_short(cx, self) && !crowd::is_contended(cx, self);
        let uncertain = diagnostic.exposure == Exposure::Open && self.remote < Confidence::High;
        let blocks = !cx.facts().is_async(self.function);
        let alone = || blocks && !crowd::runs_in_threads(cx, cx.function(self.function));
        if is_loop && (uncertain || alone() || harmless()) {
            diagnostic.severity = Severity::Low;
        }
    }

    /// Whether it may be meant for answers of a wrong form: it tries again whatever went wrong, and reads the answer.
    pub(super) fn is_for_answers(&self, cx: &Context<'_>) -> bool {
        let facts = cx.facts();
        let root = match self.tried {
            Tried::Block(block) => block,
            _ => facts.function(self.function).node,
        };
        self.errors == Errors::Any && errors::reads_the_answer(facts, facts.children_as(root, Role::Body))
    }

    /// The retry in a message: this loop, or the decorator or policy as it is written.
    pub(super) fn said(&self, cx: &Context<'_>) -> String {
        match (self.form, self.tried) {
            (Form::Loop, _) => "this loop".to_owned(),
            (_, Tried::Function) => format!("`@{}`", cx.node_text(self.at)),
            _ => format!("`{}`", cx.node_text(self.at)),
        }
    }
}

impl Limit {
    /// What ends at the first of the two.
    fn first(self, other: Self) -> Self {
        match (self, other) {
            (Self::Attempts(a), Self::Attempts(b)) => Self::Attempts(a.min(b)),
            (Self::Attempts(n), _) | (_, Self::Attempts(n)) => Self::Attempts(n),
            (Self::Bounded, _) | (_, Self::Bounded) => Self::Bounded,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Never, Self::Never) => Self::Never,
        }
    }

    /// What ends only when both have ended.
    fn last(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Attempts(a), Self::Attempts(b)) => Self::Attempts(a.max(b)),
            _ => Self::Bounded,
        }
    }
}
