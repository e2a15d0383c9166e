//! Stalls that asyncio's debug mode reported, laid into the run: when, how long, and in which function.

use super::events::Mark;
use super::events::Run;
use crate::evidence::records::Log;
use crate::evidence::roles::Role;
use crate::evidence::stalls::Stall;
use crate::evidence::times::Scale;
use crate::facts::NodeId;
use crate::project::FnId;
use crate::project::ModuleId;
use crate::project::Project;

/// Adds the stalls of another file to the run's marks. Without a common clock they stand at the run's start: how long they
/// took and where is known all the same.
pub(super) fn add(run: &mut Run, log: &Log, project: &Project, stalls: &[Stall]) {
    let dated = log.scale == Some(Scale::Absolute);
    for stall in stalls {
        let time = stall
            .time
            .filter(|_| dated)
            .map(|it| it.saturating_sub(run.start) as f64 / 1e9);
        run.marks.push(Mark {
            time: time.filter(|it| (0.0..=run.seconds).contains(it)).unwrap_or(0.0),
            role: Role::SlowCallback,
            count: 1,
            wait: stall.seconds,
            record: usize::MAX,
            function: function(project, stall),
        });
    }
}

/// The function of this program that a stall names: by its place, else by its name if that is the only one.
fn function(project: &Project, stall: &Stall) -> Option<FnId> {
    let last = stall.function.rsplit('.').next()?;
    let mut found = Vec::new();
    for (index, module) in (0..).zip(&project.names.modules) {
        let facts = &module.facts;
        for (local, function) in facts.all_functions() {
            if facts.text(function.name) == last && facts.text(function.qualname).ends_with(&stall.function) {
                let id = FnId {
                    module: ModuleId(index),
                    local,
                };
                found.push((id, facts.line(function.node), function.node));
            }
        }
    }
    if let [(only, ..)] = found.as_slice() {
        return Some(*only);
    }
    let at = |it: &&(FnId, u32, NodeId)| it.1 == stall.line;
    found.iter().find(at).map(|it| it.0)
}
