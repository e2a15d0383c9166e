//! Files that are written whole or not at all.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// While one of these lives, Ctrl-C waits: the write is finished, and then the process ends as it would have.
struct Uninterrupted;

/// What the handlers share: whether a signal may end the process at once, and the one that has to wait.
struct Signals {
    at_once: Arc<AtomicBool>,
    waiting: Arc<AtomicUsize>,
}

/// Handlers are set up once and stay; outside of writes they do what the system does.
fn signals() -> &'static Signals {
    static SIGNALS: OnceLock<Signals> = OnceLock::new();
    SIGNALS.get_or_init(|| {
        let it = Signals {
            at_once: Arc::new(AtomicBool::new(true)),
            waiting: Arc::new(AtomicUsize::new(0)),
        };
        for signal in [SIGINT, SIGTERM] {
            // Where a handler can't be set up, a write can be cut short, and only the file beside is lost.
            let _ = flag::register_conditional_default(signal, Arc::clone(&it.at_once));
            let number = usize::try_from(signal).unwrap_or(0);
            let _ = flag::register_usize(signal, Arc::clone(&it.waiting), number);
        }
        it
    })
}

impl Uninterrupted {
    fn begin() -> Self {
        signals().at_once.store(false, Ordering::SeqCst);
        Self
    }
}

impl Drop for Uninterrupted {
    fn drop(&mut self) {
        signals().at_once.store(true, Ordering::SeqCst);
        let signal = i32::try_from(signals().waiting.load(Ordering::SeqCst)).unwrap_or(0);
        if signal != 0 {
            // It only returns where the signal does not end a process.
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

/// Writes beside the file and renames over it, so that no reader ever sees half of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let _whole = Uninterrupted::begin();
    // Through links, so that the link stays one; a pipe or device can't be renamed over.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let path = target.as_path();
    if path.metadata().is_ok_and(|target| !target.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = create_like(&beside, path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The error that matters is the first; the left-over may not exist.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A new file with the permissions of the one that it will replace; what may not be written is not replaced either.
fn create_like(beside: &Path, target: &Path) -> std::io::Result<std::fs::File> {
    let permissions = target.metadata().ok().map(|it| it.permissions());
    if permissions.as_ref().is_some_and(std::fs::Permissions::readonly) {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    let file = std::fs::File::create(beside)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    Ok(file)
}
