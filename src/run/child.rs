//! A command whose output is passed on as it comes: signals, terminal and exit status as if nobody stood between.

use super::memory::Sampler;
use super::recorder::Recorder;
use super::recorder::Unfinished;
use anyhow::Context;
use anyhow::Result;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::pty;
use rustix::termios;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGQUIT;
use signal_hook::consts::SIGTERM;
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::SIGUSR2;
use signal_hook::consts::SIGWINCH;
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use std::time::SystemTime;

/// A shell gives a command that a signal ended this much more than the signal's number.
const SIGNALLED: i32 = 128;

/// How long a process that outlives the command may hold its output before it is no longer waited for.
const LINGER: Duration = Duration::from_secs(2);

/// Runs the command to its end and gives its exit status.
pub(super) fn run(command: &[String], recorder: &Arc<Recorder>, sampler: &mut Sampler) -> Result<u8> {
    let (name, arguments) = command.split_first().context("no command was given")?;
    let out = Stream::new(std::io::stdout().is_terminal())?;
    // On one terminal both streams share one, so that their order stays.
    let err = if std::io::stderr().is_terminal() {
        out.shared()?.map_or_else(|| Stream::new(true), Ok)?
    } else {
        Stream::new(false)?
    };
    let mut started = Command::new(name);
    started.args(arguments);
    // Buffered lines would come in blocks, all with the time of the last one.
    started.env("PYTHONUNBUFFERED", "1");
    started.stdout(out.given).stderr(err.given);
    // Before the command runs, so that no signal ends us and not the command.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH])?;
    let mut child = started.spawn().with_context(|| format!("`{name}` can't be started"))?;
    drop(started);
    sampler.start(child.id());
    let pid = Pid::from_child(&child);
    let handle = signals.handle();
    let screens: Vec<OwnedFd> = [&out.screen, &err.screen]
        .into_iter()
        .flatten()
        .filter_map(|it| it.try_clone().ok())
        .collect();
    let forwarder = thread::spawn(move || {
        for signal in &mut signals {
            forward(pid, signal, &screens);
        }
    });
    let status = pass_on(&mut child, out.taken, err.taken, recorder);
    handle.close();
    let _ = forwarder.join();
    Ok(code(status?))
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|it| it + SIGNALLED)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// One of the command's streams: what it is given, and what we read.
struct Stream {
    given: Stdio,
    taken: Option<File>,
    screen: Option<OwnedFd>,
    slave: Option<File>,
}

impl Stream {
    /// A terminal of its own where ours is one, so that colours and progress bars stay; else a pipe.
    fn new(terminal: bool) -> Result<Self> {
        if terminal && let Ok(made) = Self::terminal() {
            return Ok(made);
        }
        let (reader, writer) = std::io::pipe()?;
        Ok(Self {
            given: writer.into(),
            taken: Some(File::from(OwnedFd::from(reader))),
            screen: None,
            slave: None,
        })
    }

    fn terminal() -> Result<Self> {
        let master = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY)?;
        pty::grantpt(&master)?;
        pty::unlockpt(&master)?;
        let name = pty::ptsname(&master, Vec::new())?;
        let slave = File::options()
            .read(true)
            .write(true)
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))?;
        if let Ok(size) = termios::tcgetwinsize(std::io::stdout()) {
            termios::tcsetwinsize(&master, size)?;
        }
        Ok(Self {
            given: slave.try_clone()?.into(),
            taken: Some(File::from(master.try_clone()?)),
            screen: Some(master),
            slave: Some(slave),
        })
    }

    /// The same terminal for a second stream.
    fn shared(&self) -> Result<Option<Self>> {
        let Some(slave) = &self.slave else {
            return Ok(None);
        };
        Ok(Some(Self {
            given: slave.try_clone()?.into(),
            taken: None,
            screen: None,
            slave: None,
        }))
    }
}

/// Passes a signal to the command, and a new size of our terminal to its.
fn forward(pid: Pid, signal: i32, screens: &[OwnedFd]) {
    if signal == SIGWINCH {
        if let Ok(size) = termios::tcgetwinsize(std::io::stdout()) {
            for screen in screens {
                let _ = termios::tcsetwinsize(screen, size);
            }
        }
        return;
    }
    // What is typed at a terminal reaches the command by itself; a second one would end its tidy shutdown.
    let typed = matches!(signal, SIGINT | SIGQUIT) && in_foreground();
    if !typed && let Some(signal) = Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn in_foreground() -> bool {
    let stdin = std::io::stdin();
    stdin.is_terminal() && termios::tcgetpgrp(&stdin).is_ok_and(|it| it == rustix::process::getpgrp())
}

/// Copies both streams until the command has ended and they are empty.
fn pass_on(child: &mut Child, out: Option<File>, err: Option<File>, recorder: &Arc<Recorder>) -> Result<ExitStatus> {
    let (ended, wait_for) = channel();
    let streams: [(Option<File>, Box<dyn Write + Send>); 2] =
        [(out, Box::new(std::io::stdout())), (err, Box::new(std::io::stderr()))];
    let mut running = 0;
    for (from, to) in streams {
        let Some(from) = from else {
            continue;
        };
        let (ended, recorder) = (ended.clone(), Arc::clone(recorder));
        running += 1;
        thread::spawn(move || {
            copy(from, to, &recorder);
            let _ = ended.send(());
        });
    }
    let status = child.wait()?;
    for _ in 0..running {
        if wait_for.recv_timeout(LINGER).is_err() {
            break;
        }
    }
    Ok(status)
}

/// Copies one stream and records it. A reader of ours that has gone away must not end the command.
fn copy(mut from: File, mut to: Box<dyn Write + Send>, recorder: &Recorder) {
    let mut line = Unfinished::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            // A terminal whose other end is closed says so with an error.
            Err(_) => break,
        };
        let now = SystemTime::now();
        let _ = to.write_all(&buffer[..length]).and_then(|()| to.flush());
        recorder.take(&mut line, &buffer[..length], now);
    }
    recorder.end(&mut line);
}
