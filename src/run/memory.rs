//! The memory of a command and of all processes it started, over time.

use crate::evidence::memory::Sample;
use rustc_hash::FxHashSet;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;
use sysinfo::Pid;
use sysinfo::ProcessRefreshKind;
use sysinfo::ProcessesToUpdate;
use sysinfo::System;

/// Often enough for a step that lasts a second to show its height, rare enough to cost nothing.
const INTERVAL: Duration = Duration::from_millis(200);

/// So many samples are kept; a longer run keeps every second one of those before.
const MOST: usize = 1 << 15;

/// Looks at the processes until it is told to stop.
#[derive(Default)]
pub(super) struct Sampler {
    running: Option<(Sender<()>, JoinHandle<Vec<Sample>>)>,
}

impl Sampler {
    pub(super) fn start(&mut self, root: u32) {
        let (stop, stopped) = channel();
        let handle = std::thread::spawn(move || {
            let mut samples = Vec::new();
            let Ok(mut system) = System::new() else {
                return samples;
            };
            let mut interval = INTERVAL;
            loop {
                let kib = tree_kib(&mut system, root);
                if kib > 0.0 {
                    samples.push(sample(kib));
                }
                if samples.len() >= MOST {
                    let mut index = 0;
                    samples.retain(|_| {
                        index += 1;
                        index % 2 == 0
                    });
                    interval *= 2;
                }
                match stopped.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return samples,
                }
            }
        });
        self.running = Some((stop, handle));
    }

    pub(super) fn finish(self) -> Vec<Sample> {
        let Some((stop, handle)) = self.running else {
            return Vec::new();
        };
        let _ = stop.send(());
        handle.join().unwrap_or_default()
    }
}

fn sample(kib: f64) -> Sample {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Sample {
        time: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        kib,
        clocked: true,
    }
}

/// Resident memory of a process and all below it.
fn tree_kib(system: &mut System, root: u32) -> f64 {
    system.refresh_processes_specifics(
        ProcessesToUpdate::All,
        true,
        ProcessRefreshKind::nothing().with_memory(),
    );
    let mut tree: FxHashSet<Pid> = std::iter::once(Pid::from_u32(root)).collect();
    // A child may come before its parent in the table; a round a generation finds all.
    loop {
        let grown: Vec<Pid> = system
            .processes()
            .iter()
            .filter(|(pid, it)| !tree.contains(pid) && it.parent().is_some_and(|parent| tree.contains(&parent)))
            .map(|it| *it.0)
            .collect();
        if grown.is_empty() {
            break;
        }
        tree.extend(grown);
    }
    let bytes: u64 = system
        .processes()
        .iter()
        .filter(|it| tree.contains(it.0) && it.1.thread_kind().is_none())
        .map(|it| it.1.memory())
        .sum();
    bytes as f64 / 1024.0
}
