//! How far the work has come, told to people who look at a terminal and wait.

use crate::source::Sources;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Nothing is shown of work that is done within this time.
const PATIENCE: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);

/// Does the work; if it lasts, a line on standard error says how many files have been read, and is gone at the end.
pub fn during<T>(sources: &Sources, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (working, done) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || watch(sources, &done));
        // Ends the watch also where the work panics.
        let _working = working;
        work()
    })
}

fn watch(sources: &Sources, done: &Receiver<()>) {
    if done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::with_draw_target(Some(sources.len() as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} of {human_len} files read ({elapsed})") {
        bar.set_style(style);
    }
    while done.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        bar.set_position(sources.reads() as u64);
        bar.tick();
    }
    bar.finish_and_clear();
}
