//! The thread that keeps the projects linked and says what is found in the open files.
//!
//! Takes what has changed, always as it is by then, so that outdated work is never begun; shares what it found with the
//! thread that talks to the editor.

use super::documents::Document;
use super::engine::Engine;
use super::shown::{Shower, Shown};
use crate::guard;
use crate::source::FileId;
use crate::source::find_root;
use crate::source::is_source_name;
use crate::syntax;
use lsp_server::{Message, Notification, Request, RequestId, Response};
use lsp_types::{
    Diagnostic, DocumentDiagnosticReport, FullDocumentDiagnosticReport, MessageType, PublishDiagnosticsParams,
    RelatedFullDocumentDiagnosticReport, ShowMessageParams,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What both threads know.
#[derive(Default)]
pub(super) struct Shared {
    /// The open files.
    pub(super) documents: BTreeMap<PathBuf, Document>,
    /// What is shown of them, each for one text.
    pub(super) shown: BTreeMap<PathBuf, Shown>,
    /// Editors that wait for the findings of a file.
    pub(super) waiting: Vec<(RequestId, PathBuf)>,
}

/// Takes the lock, whatever happened to who had it before.
pub(super) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the worker is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A document was opened, changed or closed.
    Edited(PathBuf),
    /// A file has another text on disk.
    Touched(PathBuf),
    /// Files came or went, or the configuration changed.
    Rearranged,
    /// A folder of the workspace came.
    Folder(PathBuf),
    /// A folder of the workspace went.
    NoFolder(PathBuf),
    /// The editor is gone.
    Stop,
}

/// How the worker reaches the editor, and what the editor can do.
pub(super) struct Client {
    /// Sends a message.
    pub(super) send: Box<dyn Fn(Message) + Send + Sync>,
    /// It asks for findings by itself.
    pub(super) pulls: bool,
    /// It asks again when it is told to.
    pub(super) refreshes: bool,
}

impl Client {
    fn notify(&self, method: &str, params: impl serde::Serialize) {
        (self.send)(Message::Notification(Notification::new(method.to_owned(), params)));
    }

    fn complain(&self, message: String) {
        let typ = MessageType::ERROR;
        self.notify("window/showMessage", ShowMessageParams { typ, message });
    }
}

/// Works until it is told to stop.
pub(super) fn work(shared: &Mutex<Shared>, events: &Receiver<Event>, client: &Client) {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(syntax::STACK_BYTES).build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => return client.complain(format!("tailspike can't start its threads: {error}")),
    };
    let mut worker = Worker {
        shared,
        client,
        folders: Vec::new(),
        engines: Vec::new(),
        asked: AtomicU32::new(0),
    };
    let mut quiet = Duration::ZERO;
    while let Ok(first) = events.recv() {
        let batch = gather(first, events, quiet);
        if batch.iter().any(|it| matches!(it, Event::Stop)) {
            return;
        }
        let began = Instant::now();
        if let Err(panic) = guard::catch(|| pool.install(|| worker.step(batch))) {
            // What was linked may be half-made; the next step begins anew.
            worker.engines.clear();
            worker.answer_all();
            client.complain(format!("tailspike failed, please report it: {panic}"));
        }
        quiet = (began.elapsed() / 8).min(LONGEST_QUIET);
    }
}

/// Whoever types pauses longer than this between words, and does not notice that an answer comes so much later.
const LONGEST_QUIET: Duration = Duration::from_millis(100);

/// What comes together with the first event: where a step takes long, all that follows before a short quiet, so that it is
/// not begun for a text that is outdated before it ends.
fn gather(first: Event, events: &Receiver<Event>, quiet: Duration) -> Vec<Event> {
    let mut batch = vec![first];
    let until = Instant::now() + quiet * 4;
    while Instant::now() < until
        && let Ok(next) = events.recv_timeout(quiet)
    {
        batch.push(next);
    }
    batch.extend(events.try_iter());
    batch
}

struct Worker<'a> {
    shared: &'a Mutex<Shared>,
    client: &'a Client,
    folders: Vec<PathBuf>,
    engines: Vec<Engine>,
    /// Numbers the requests to the editor.
    asked: AtomicU32,
}

impl Worker<'_> {
    fn step(&mut self, batch: Vec<Event>) {
        for event in batch {
            match event {
                Event::Folder(path) => self.folders.push(path),
                Event::NoFolder(path) => {
                    self.folders.retain(|it| *it != path);
                    self.engines.retain(|it| it.folder() != path);
                }
                Event::Rearranged => self.rearrange(|_| true),
                Event::Touched(path) => self.engines.iter_mut().for_each(|it| it.touch(&path)),
                Event::Edited(path) => self.edited(&path),
                Event::Stop => {}
            }
        }
        let documents = lock(self.shared).documents.clone();
        self.begin(&documents);
        for index in 0..self.engines.len() {
            match self.engines[index].refresh() {
                Ok(_) => self.say(&self.engines[index], &documents),
                Err(error) => self.client.complain(format!("tailspike: {error:#}")),
            }
        }
        self.close(&documents);
    }

    fn edited(&mut self, path: &Path) {
        let text = lock(self.shared).documents.get(path).map(|it| it.text.clone());
        for engine in &mut self.engines {
            engine.set_text(path, text.clone());
        }
    }

    /// Finds the files and reads the configuration anew; a mistake in it leaves what was there before.
    fn rearrange(&mut self, wanted: impl Fn(&Engine) -> bool) {
        for engine in self.engines.iter_mut().filter(|it| wanted(it)) {
            let texts = lock(self.shared)
                .documents
                .iter()
                .map(|(path, it)| (path.clone(), it.text.clone()))
                .collect();
            match Engine::new(engine.folder(), texts) {
                Ok(new) => *engine = new,
                Err(error) => self.client.complain(format!("tailspike: {error:#}")),
            }
        }
    }

    /// Makes the engines of open files that have none: of a folder of the workspace, else of the file's own project.
    fn begin(&mut self, documents: &BTreeMap<PathBuf, Document>) {
        self.rearrange(|engine| documents.keys().any(|it| engine.lacks(it)));
        for path in documents.keys() {
            if self.engine_of(path).is_some() || !is_source_name(path) {
                continue;
            }
            let Some(folder) = self.folder_of(path) else { continue };
            if self.engines.iter().any(|it| it.folder() == folder) {
                continue;
            }
            let texts = documents
                .iter()
                .map(|(path, it)| (path.clone(), it.text.clone()))
                .collect();
            match Engine::new(&folder, texts) {
                Ok(engine) => self.engines.push(engine),
                Err(error) => self.client.complain(format!("tailspike: {error:#}")),
            }
        }
    }

    fn folder_of(&self, path: &Path) -> Option<PathBuf> {
        let around = self.folders.iter().filter(|it| path.starts_with(it));
        let nearest = around.max_by_key(|it| it.components().count()).cloned();
        nearest.or_else(|| {
            // Of a file that is not saved yet the folder decides.
            let named = if path.exists() { path } else { path.parent()? };
            let root = find_root(&[named.to_path_buf()], None, false).ok()?;
            Some(root.path)
        })
    }

    fn engine_of(&self, path: &Path) -> Option<&Engine> {
        let having = self.engines.iter().filter(|it| it.has(path));
        having.max_by_key(|it| it.folder().components().count())
    }

    /// Tells the editor what is found in the open files of an engine.
    fn say(&self, engine: &Engine, documents: &BTreeMap<PathBuf, Document>) {
        let is_its_own = |path: &Path| self.engine_of(path).is_some_and(|it| it.folder() == engine.folder());
        let open: BTreeMap<FileId, &PathBuf> = documents
            .keys()
            .filter(|path| is_its_own(path))
            .filter_map(|path| Some((engine.sources().find(path)?, path)))
            .collect();
        let mut shower = Shower {
            engine,
            documents,
            texts: BTreeMap::new(),
        };
        let asked: Vec<FileId> = open.keys().copied().collect();
        for said in engine.say(&asked) {
            let path = open[&said.file];
            let items = shower.items(&said);
            let version = documents[path].version;
            self.show(path, Shown { version, items });
        }
    }

    /// Open files that belong to no project have nothing to say, and those who wait for them are answered.
    fn close(&mut self, documents: &BTreeMap<PathBuf, Document>) {
        let unknown: Vec<PathBuf> = documents
            .keys()
            .filter(|it| self.engine_of(it).is_none())
            .cloned()
            .collect();
        for path in unknown {
            let version = documents[&path].version;
            let items = Vec::new();
            self.show(&path, Shown { version, items });
        }
        let gone: BTreeSet<PathBuf> = {
            let mut shared = lock(self.shared);
            let Shared { documents, shown, .. } = &mut *shared;
            shown.retain(|path, _| documents.contains_key(path));
            let waiting = shared.waiting.iter().map(|it| it.1.clone());
            waiting.filter(|it| !shared.documents.contains_key(it)).collect()
        };
        for path in gone {
            self.answer(&path, &[]);
        }
    }

    /// Keeps what is shown and sends it, unless the text has changed meanwhile.
    fn show(&self, path: &Path, new: Shown) {
        let diagnostics: Vec<Diagnostic> = new.items.iter().map(|it| it.diagnostic.clone()).collect();
        let (uri, differs, is_awaited) = {
            let mut shared = lock(self.shared);
            let Some(document) = shared.documents.get(path) else {
                return;
            };
            if document.version != new.version {
                return;
            }
            let uri = document.uri.clone();
            let old = shared.shown.get(path).map(|it| &it.items);
            let before = old.map(|it| it.iter().map(|it| it.diagnostic.clone()).collect::<Vec<_>>());
            let is_awaited = shared.waiting.iter().any(|it| it.1 == path);
            let differs = before.as_ref() != Some(&diagnostics);
            shared.shown.insert(path.to_path_buf(), new.clone());
            (uri, differs, is_awaited)
        };
        self.answer(path, &diagnostics);
        if !self.client.pulls {
            let params = PublishDiagnosticsParams::new(uri, diagnostics, Some(new.version));
            self.client.notify("textDocument/publishDiagnostics", params);
        } else if differs && !is_awaited && self.client.refreshes {
            let id = RequestId::from(format!("refresh-{}", self.asked.fetch_add(1, Ordering::Relaxed)));
            let request = Request::new(id, "workspace/diagnostic/refresh".to_owned(), serde_json::Value::Null);
            (self.client.send)(Message::Request(request));
        }
    }

    fn answer(&self, path: &Path, diagnostics: &[Diagnostic]) {
        let waiting: Vec<RequestId> = {
            let mut shared = lock(self.shared);
            let (now, later) = std::mem::take(&mut shared.waiting)
                .into_iter()
                .partition(|it| it.1 == path);
            shared.waiting = later;
            let now: Vec<(RequestId, PathBuf)> = now;
            now.into_iter().map(|it| it.0).collect()
        };
        for id in waiting {
            (self.client.send)(Message::Response(Response::new_ok(id, report(diagnostics.to_vec()))));
        }
    }

    /// After a failure nobody may wait for ever.
    fn answer_all(&self) {
        let paths: Vec<PathBuf> = lock(self.shared).waiting.iter().map(|it| it.1.clone()).collect();
        for path in paths {
            self.answer(&path, &[]);
        }
    }
}

/// The answer to an editor that asks.
pub(super) fn report(items: Vec<Diagnostic>) -> DocumentDiagnosticReport {
    DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: None, items },
    })
}
