//! `tailspike server`: the same findings in an editor, also for what is not saved yet.
//!
//! One thread talks to the editor and answers at once what needs no analysis; another keeps the projects linked
//! (`worker`). Positions are counted in UTF-16 units, as every editor can.

mod actions;
mod documents;
mod engine;
mod hover;
mod shown;
mod uri;
mod worker;

use crate::check::Status;
use crate::guard;
use crate::syntax;
use anyhow::{Context, Result};
use documents::Document;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    FileChangeType, HoverParams, InitializeParams, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shown::Shown;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use worker::{Client, Event, Shared, lock};

/// Talks to an editor over standard input and output until it says goodbye.
///
/// # Errors
/// What comes is no language server protocol.
pub fn run() -> Result<Status> {
    let (connection, threads) = Connection::stdio();
    let status = serve(&connection)?;
    drop(connection);
    threads.join().context("the editor's pipe broke")?;
    Ok(status)
}

fn serve(connection: &Connection) -> Result<Status> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params).context("the editor's first message")?;
    connection.initialize_finish(
        id,
        json!({"capabilities": capabilities(), "serverInfo": {
            "name": "tailspike", "version": env!("CARGO_PKG_VERSION"),
        }}),
    )?;
    let abilities = serde_json::to_value(&params.capabilities)?;
    let can = |pointer: &str| {
        abilities
            .pointer(pointer)
            .is_some_and(|it| *it != json!(false) && !it.is_null())
    };
    let sender = connection.sender.clone();
    let client = Client {
        // A closed channel means that the editor is gone, which the loop below sees by itself.
        send: Box::new(move |message| drop(sender.send(message))),
        pulls: can("/textDocument/diagnostic"),
        refreshes: can("/workspace/diagnostics/refreshSupport") || can("/workspace/diagnostic/refreshSupport"),
    };
    if can("/workspace/didChangeWatchedFiles/dynamicRegistration") {
        (client.send)(Message::Request(watch()));
    }
    let (shared, client) = (&Mutex::new(Shared::default()), &client);
    let (events, inbox) = channel();
    for folder in folders(&params) {
        let _ = events.send(Event::Folder(folder));
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("tailspike-worker".to_owned());
        worker
            .spawn_scoped(scope, move || worker::work(shared, &inbox, client))
            .context("a thread could not be started")?;
        let talk = Talk {
            connection,
            shared,
            events: events.clone(),
            client,
        };
        let status = talk.until_the_end();
        let _ = events.send(Event::Stop);
        Ok(status)
    })
}

fn capabilities() -> Value {
    json!({
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
        "diagnosticProvider": {"identifier": "tailspike", "interFileDependencies": true, "workspaceDiagnostics": false},
        "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll.tailspike"]},
        "hoverProvider": true,
        "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
    })
}

/// Asks the editor to tell of files that change without it.
fn watch() -> Request {
    let globs = ["**/*.py", "**/*.pyi", "**/tailspike.toml", "**/pyproject.toml"];
    let watchers: Vec<Value> = globs.iter().map(|it| json!({"globPattern": it})).collect();
    let registration = json!({
        "id": "watch",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": {"watchers": watchers},
    });
    Request::new(
        RequestId::from("watch".to_owned()),
        "client/registerCapability".to_owned(),
        json!({"registrations": [registration]}),
    )
}

fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let many = params.workspace_folders.iter().flatten().map(|it| &it.uri);
    let mut found: Vec<PathBuf> = many.filter_map(uri::path_of).collect();
    #[expect(deprecated, reason = "older editors name their folder so")]
    let one = params.root_uri.as_ref().and_then(uri::path_of);
    if found.is_empty() {
        found.extend(one);
    }
    found
}

/// The talk with the editor.
struct Talk<'a> {
    connection: &'a Connection,
    shared: &'a Mutex<Shared>,
    events: Sender<Event>,
    client: &'a Client,
}

impl Talk<'_> {
    /// Whether the editor said goodbye before it left.
    fn until_the_end(&self) -> Status {
        for message in &self.connection.receiver {
            match message {
                Message::Request(request) => match self.connection.handle_shutdown(&request) {
                    Ok(false) => self.request(request),
                    Ok(true) => return Status::Clean,
                    Err(_) => return Status::Findings,
                },
                Message::Notification(it) if it.method == "exit" => return Status::Findings,
                Message::Notification(it) => {
                    // A notification that is not understood has nobody to be told.
                    let _ = guard::catch(|| self.notification(it));
                }
                Message::Response(_) => {}
            }
        }
        Status::Findings
    }

    fn reply(&self, response: Response) {
        (self.client.send)(Message::Response(response));
    }

    fn request(&self, request: Request) {
        let id = request.id.clone();
        let answer = guard::catch(|| match request.method.as_str() {
            "textDocument/diagnostic" => self.pull(request),
            "textDocument/codeAction" => Some(on_deep_stack(|| self.actions(request))),
            "textDocument/hover" => Some(self.hover(request)),
            method => Some(Response::new_err(
                request.id,
                ErrorCode::MethodNotFound as i32,
                format!("`{method}` is not offered"),
            )),
        });
        match answer {
            Ok(answer) => answer.into_iter().for_each(|it| self.reply(it)),
            Err(panic) => self.reply(Response::new_err(id, ErrorCode::InternalError as i32, panic)),
        }
    }

    /// Answers at once where the text has been analysed; else the worker does when it has.
    fn pull(&self, request: Request) -> Option<Response> {
        let (id, params) = match parameters::<DocumentDiagnosticParams>(request) {
            Ok(it) => it,
            Err(response) => return Some(response),
        };
        let Some(path) = uri::path_of(&params.text_document.uri) else {
            return Some(Response::new_ok(id, worker::report(Vec::new())));
        };
        let mut shared = lock(self.shared);
        let Some(version) = shared.documents.get(&path).map(|it| it.version) else {
            return Some(Response::new_ok(id, worker::report(Vec::new())));
        };
        match shared.shown.get(&path) {
            Some(shown) if shown.version == version => {
                let items = shown.items.iter().map(|it| it.diagnostic.clone()).collect();
                Some(Response::new_ok(id, worker::report(items)))
            }
            _ => {
                shared.waiting.push((id, path.clone()));
                self.tell(Event::Edited(path));
                None
            }
        }
    }

    fn actions(&self, request: Request) -> Response {
        match parameters::<CodeActionParams>(request) {
            Ok((id, params)) => {
                let known = self.known(&params.text_document.uri);
                let actions = known.map(|(document, shown)| actions::actions(&document, &shown.items, &params));
                Response::new_ok(id, actions.unwrap_or_default())
            }
            Err(response) => response,
        }
    }

    fn hover(&self, request: Request) -> Response {
        match parameters::<HoverParams>(request) {
            Ok((id, params)) => {
                let at = params.text_document_position_params;
                let known = self.known(&at.text_document.uri);
                let found = known.and_then(|(document, shown)| hover::hover(&document, &shown.items, at.position));
                Response::new_ok(id, found)
            }
            Err(response) => response,
        }
    }

    /// A document and what is shown of it, where that is of the text that the editor has now.
    fn known(&self, uri: &Uri) -> Option<(Document, Shown)> {
        let path = uri::path_of(uri)?;
        let shared = lock(self.shared);
        let document = shared.documents.get(&path)?.clone();
        let shown = shared
            .shown
            .get(&path)
            .filter(|it| it.version == document.version)
            .cloned();
        Some((document, shown.unwrap_or_default()))
    }

    fn tell(&self, event: Event) {
        // Without a worker there is nothing to tell; it has said why.
        let _ = self.events.send(event);
    }

    fn notification(&self, it: Notification) {
        match it.method.as_str() {
            "textDocument/didOpen" => read(it, |it| self.open(it)),
            "textDocument/didChange" => read(it, |it| self.change(it)),
            "textDocument/didClose" => read(it, |it| self.close(&it)),
            "textDocument/didSave" => read(it, |it: DidSaveTextDocumentParams| {
                if let Some(path) = uri::path_of(&it.text_document.uri) {
                    self.saved(&path);
                }
            }),
            "workspace/didChangeWatchedFiles" => read(it, |it| self.watched(&it)),
            "workspace/didChangeConfiguration" => self.tell(Event::Rearranged),
            "workspace/didChangeWorkspaceFolders" => read(it, |it: DidChangeWorkspaceFoldersParams| {
                let removed = it.event.removed.iter().filter_map(|it| uri::path_of(&it.uri));
                removed.for_each(|path| self.tell(Event::NoFolder(path)));
                let added = it.event.added.iter().filter_map(|it| uri::path_of(&it.uri));
                added.for_each(|path| self.tell(Event::Folder(path)));
            }),
            "$/cancelRequest" => self.cancel(&it.params),
            _ => {}
        }
    }

    fn open(&self, it: DidOpenTextDocumentParams) {
        let it = it.text_document;
        let Some(path) = uri::path_of(&it.uri) else { return };
        let document = Document {
            uri: it.uri,
            version: it.version,
            text: it.text,
        };
        lock(self.shared).documents.insert(path.clone(), document);
        self.tell(Event::Edited(path));
    }

    fn change(&self, it: DidChangeTextDocumentParams) {
        let Some(path) = uri::path_of(&it.text_document.uri) else {
            return;
        };
        if let Some(document) = lock(self.shared).documents.get_mut(&path) {
            document.change(it.text_document.version, it.content_changes);
        }
        self.tell(Event::Edited(path));
    }

    fn close(&self, it: &DidCloseTextDocumentParams) {
        let Some(path) = uri::path_of(&it.text_document.uri) else {
            return;
        };
        lock(self.shared).documents.remove(&path);
        if !self.client.pulls {
            let params = PublishDiagnosticsParams::new(it.text_document.uri.clone(), Vec::new(), None);
            let method = "textDocument/publishDiagnostics".to_owned();
            (self.client.send)(Message::Notification(Notification::new(method, params)));
        }
        self.tell(Event::Edited(path));
    }

    fn saved(&self, path: &Path) {
        if is_configuration(path) {
            self.tell(Event::Rearranged);
        }
    }

    fn watched(&self, it: &DidChangeWatchedFilesParams) {
        for change in &it.changes {
            let Some(path) = uri::path_of(&change.uri) else {
                continue;
            };
            if is_configuration(&path) || change.typ != FileChangeType::CHANGED {
                self.tell(Event::Rearranged);
            } else {
                self.tell(Event::Touched(path));
            }
        }
    }

    fn cancel(&self, params: &Value) {
        let Ok(id) = serde_json::from_value::<RequestId>(params["id"].clone()) else {
            return;
        };
        let mut shared = lock(self.shared);
        let before = shared.waiting.len();
        shared.waiting.retain(|it| it.0 != id);
        if shared.waiting.len() < before {
            let code = ErrorCode::RequestCanceled as i32;
            self.reply(Response::new_err(id, code, "cancelled".to_owned()));
        }
    }
}

fn is_configuration(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|it| it == "tailspike.toml" || it == "pyproject.toml")
}

fn parameters<P: DeserializeOwned>(request: Request) -> Result<(RequestId, P), Response> {
    match serde_json::from_value(request.params) {
        Ok(params) => Ok((request.id, params)),
        Err(error) => Err(Response::new_err(
            request.id,
            ErrorCode::InvalidParams as i32,
            error.to_string(),
        )),
    }
}

fn read<P: DeserializeOwned>(it: Notification, then: impl FnOnce(P)) {
    if let Ok(params) = serde_json::from_value(it.params) {
        then(params);
    }
}

/// Parsing hostile text needs more stack than the main thread has.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(syntax::STACK_BYTES);
        match builder.spawn_scoped(scope, work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => panic!("a thread could not be started: {error}"),
        }
    })
}
