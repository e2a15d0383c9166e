//! What a call can reach where its receiver is one of many classes.

use super::Names;
use super::graph::Flags;
use super::ids::FnId;
use super::ty::Ty;
use crate::facts::FnKind;

/// Up to so many, each is a callee by itself; of more, most must do a thing before the call is said to do it.
pub(super) const FEW: usize = 4;

/// Which of several runs is not known here.
pub(super) fn doubt(options: &[Ty]) -> Flags {
    if options.len() > 1 {
        Flags::DUCK
    } else {
        Flags::default()
    }
}

/// The project's functions behind many alternatives; none where one of them is something else, or runs elsewhere or
/// later, which nobody can weigh.
pub(super) fn of_many(names: &Names, options: &[Ty], must_await: bool) -> Option<Box<[FnId]>> {
    let own = |it: &Ty| match it {
        Ty::Function(function) | Ty::Bound(function) => Some(*function).filter(|&it| {
            let of = names.function(it);
            let is_lazy = of.is_generator && of.kind == FnKind::Sync;
            !is_lazy && !names.is_offload_decorated(it)
        }),
        _ => None,
    };
    let all: Vec<FnId> = options.iter().map(own).collect::<Option<_>>()?;
    let fits = |it: &FnId| !must_await || names.function(*it).kind == FnKind::Async;
    let them: Box<[FnId]> = all.into_iter().filter(fits).collect();
    (options.len() > FEW && !them.is_empty()).then_some(them)
}
