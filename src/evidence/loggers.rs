//! Which calls write to a log or a terminal, judged inside one file.

use super::kept;
use super::level::Level;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::Imported;
use crate::facts::Kind;
use crate::facts::LocalFn;
use crate::facts::NodeId;
use crate::facts::PlaceId;
use crate::facts::PlaceKind;
use crate::facts::Role;

/// What writes the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sink {
    /// A logger whose arguments are put in with `%`.
    Logger,
    /// loguru: arguments are put in with braces.
    Loguru,
    /// structlog: an event and named values.
    Structlog,
    /// `print`: arguments joined by a space.
    Print,
    /// Terminal output of rich, which takes `[bold]` for a style.
    Rich,
    /// `click.echo` and others that write one text.
    Echo,
    /// `warnings.warn`, which writes the place and the category before the text.
    Warning,
    /// A progress bar's description.
    Progress,
}

/// A logger's name, as the code makes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LoggerName {
    /// `getLogger("app.fetch")`.
    Text(String),
    /// `getLogger(__name__)`.
    Module,
    /// `getLogger()` or `logging.info`.
    Root,
    /// `from .log import logger`: leading dots, the module, the name in it.
    Imported(u32, String, String),
}

/// A call that writes.
#[derive(Clone, Debug)]
pub struct Output {
    /// What writes.
    pub sink: Sink,
    /// The level of the method.
    pub level: Option<Level>,
    /// The logger's name where it shows.
    pub logger: Option<LoggerName>,
    /// Index of the message among the positional arguments.
    pub message: usize,
}

/// The output that a call makes, if it makes any.
#[must_use]
pub fn output(facts: &FileFacts, call: NodeId) -> Option<Output> {
    let function = facts.child(call, Role::Func)?;
    match facts.kind(function) {
        Kind::Name => named(facts, function).or_else(|| kept::kept(facts, function)),
        Kind::Call => kept::looked_up(facts, function),
        Kind::Attribute => {
            let receiver = facts.child(function, Role::Value)?;
            method(facts, receiver, facts.payload_text(function)?)
        }
        _ => None,
    }
}

fn plain(sink: Sink) -> Output {
    Output {
        sink,
        level: None,
        logger: None,
        message: 0,
    }
}

/// A progress bar whose description may be this positional argument.
fn bar(description: usize) -> Output {
    Output {
        message: description,
        ..plain(Sink::Progress)
    }
}

pub(super) fn named(facts: &FileFacts, function: NodeId) -> Option<Output> {
    let name = facts.name_text(function)?;
    let place = facts.name_place(function)?;
    if facts.place(place).kind == PlaceKind::Global {
        return (name == "print").then(|| plain(Sink::Print));
    }
    let (module, member) = imported(facts, place)?;
    let package = module.split('.').next().unwrap_or_default();
    match (package, member.as_deref().unwrap_or_default()) {
        ("rich", "print") => Some(plain(Sink::Rich)),
        ("click" | "typer", "echo" | "secho") => Some(plain(Sink::Echo)),
        ("warnings", "warn") => Some(plain(Sink::Warning)),
        ("tqdm", "tqdm" | "trange" | "tqdm_asyncio") | ("rich", "track") => Some(bar(1)),
        ("logging", method) => level_method(method).map(|it| leveled(Sink::Logger, it, Some(LoggerName::Root))),
        _ => None,
    }
}

pub(super) fn leveled(sink: Sink, (level, message): (Option<Level>, usize), logger: Option<LoggerName>) -> Output {
    Output {
        sink,
        level,
        logger,
        message,
    }
}

/// A logger's method: its level, and where the message stands among its arguments.
fn level_method(name: &str) -> Option<(Option<Level>, usize)> {
    let name = name
        .strip_prefix('a')
        .filter(|it| matches!(*it, "info" | "debug" | "warning" | "error" | "critical" | "exception"))
        .unwrap_or(name);
    Some(match name {
        "trace" => (Some(Level::Trace), 0),
        "debug" => (Some(Level::Debug), 0),
        "info" | "notice" | "msg" => (Some(Level::Info), 0),
        "success" => (Some(Level::Success), 0),
        "warning" | "warn" => (Some(Level::Warning), 0),
        "error" | "exception" => (Some(Level::Error), 0),
        "critical" | "fatal" => (Some(Level::Critical), 0),
        "log" => (None, 1),
        _ => return None,
    })
}

pub(super) fn method(facts: &FileFacts, receiver: NodeId, name: &str) -> Option<Output> {
    if let Some(found) = library_function(facts, receiver, name) {
        return Some(found);
    }
    let leveled_method = level_method(name);
    if let Some(found) = leveled_method
        && let Some((sink, logger)) = logger(facts, receiver, 0)
    {
        return Some(leveled(sink, found, logger));
    }
    // `Console().print(...)` too.
    let made = facts
        .child(receiver, Role::Func)
        .filter(|_| facts.kind(receiver) == Kind::Call);
    let last = last_name(facts, made.unwrap_or(receiver))?.to_ascii_lowercase();
    match name {
        "print" | "log" | "rule" | "status" if last.ends_with("console") => Some(plain(Sink::Rich)),
        "write" if last == "tqdm" || last.ends_with("pbar") => Some(plain(Sink::Echo)),
        "write" if matches!(last.as_str(), "stdout" | "stderr" | "stream") => Some(plain(Sink::Echo)),
        "set_description" if last.contains("bar") || last.contains("tqdm") => Some(bar(0)),
        // What a progress bar of rich is called.
        "add_task" if last.contains("progress") => Some(plain(Sink::Rich)),
        _ => None,
    }
}

/// `click.echo(...)`, `warnings.warn(...)`, `logging.info(...)`, `tqdm.tqdm(...)`, `tqdm.gather(...)`.
fn library_function(facts: &FileFacts, receiver: NodeId, name: &str) -> Option<Output> {
    let (module, member) = imported(facts, facts.name_place(receiver)?)?;
    let package = module.split('.').next().unwrap_or_default();
    match (package, name) {
        ("click" | "typer", "echo" | "secho") => Some(plain(Sink::Echo)),
        ("warnings", "warn") => Some(plain(Sink::Warning)),
        ("rich", "print") => Some(plain(Sink::Rich)),
        ("tqdm", "tqdm" | "trange") => Some(bar(1)),
        // What they are given in order are tasks.
        ("tqdm", "gather" | "as_completed") | ("click", "progressbar") => Some(bar(usize::MAX)),
        ("logging", _) if member.is_none() => Some(leveled(Sink::Logger, level_method(name)?, Some(LoggerName::Root))),
        _ => None,
    }
}

/// The module and member that a place was imported from.
#[must_use]
pub fn imported(facts: &FileFacts, place: PlaceId) -> Option<(String, Option<String>)> {
    facts.definitions_of(place).iter().find_map(|it| {
        let How::Import(index) = it.how else {
            return None;
        };
        let import = facts.imports.get(index as usize)?;
        let module = facts.text(import.module).to_owned();
        let member = if let Imported::Member(name) = import.what {
            Some(facts.text(name).to_owned())
        } else {
            None
        };
        Some((module, member))
    })
}

/// The leading dots of the import that binds a place.
#[must_use]
pub fn import_level(facts: &FileFacts, place: PlaceId) -> u32 {
    let imports = facts.definitions_of(place).iter().filter_map(|it| match it.how {
        How::Import(index) => facts.imports.get(index as usize),
        _ => None,
    });
    imports.map(|it| it.level).next().unwrap_or(0)
}

/// Chains longer than this are no loggers.
const MAX_CHAIN: usize = 6;

/// What kind of logger an expression is, and its name.
pub(super) fn logger(facts: &FileFacts, node: NodeId, depth: usize) -> Option<(Sink, Option<LoggerName>)> {
    if depth > MAX_CHAIN {
        return None;
    }
    match facts.kind(node) {
        Kind::Name => logger_name(facts, node, depth),
        Kind::Attribute => attribute(facts, node, depth),
        Kind::Call => made(facts, node, depth),
        _ => None,
    }
}

fn logger_name(facts: &FileFacts, node: NodeId, depth: usize) -> Option<(Sink, Option<LoggerName>)> {
    let name = facts.name_text(node)?;
    let place = facts.name_place(node)?;
    if let Some((module, member)) = imported(facts, place) {
        return match (module.as_str(), member.as_deref()) {
            ("loguru", Some("logger")) => Some((Sink::Loguru, None)),
            ("logging", None) => Some((Sink::Logger, Some(LoggerName::Root))),
            (_, Some(member)) if loggerish(name) => {
                let name = LoggerName::Imported(import_level(facts, place), module.clone(), member.to_owned());
                Some((Sink::Logger, Some(name)))
            }
            _ => loggerish(name).then_some((Sink::Logger, None)),
        };
    }
    let values = facts.definitions_of(place).iter().filter_map(|it| {
        if let How::Assign { value, .. } = it.how {
            Some(value)
        } else {
            None
        }
    });
    let mut found = values
        .filter(|it| facts.kind(*it) == Kind::Call)
        .filter_map(|it| made(facts, it, depth + 1));
    found.next().or_else(|| loggerish(name).then_some((Sink::Logger, None)))
}

/// `self.logger`, by what the class gives it, else by its name.
fn attribute(facts: &FileFacts, node: NodeId, depth: usize) -> Option<(Sink, Option<LoggerName>)> {
    let name = facts.payload_text(node)?;
    let function = facts.function(facts.function_of(node));
    let class = function.class.map(|it| &facts.classes[it.0 as usize]);
    let attributes = class
        .into_iter()
        .flat_map(|it| it.attributes.iter())
        .filter(|it| facts.text(it.name) == name);
    for attribute in attributes {
        if let How::Assign { value, .. } = attribute.how
            && depth < MAX_CHAIN
            && let Some(found) = logger(facts, value, depth + 1)
        {
            return Some(found);
        }
    }
    loggerish(name).then_some((Sink::Logger, None))
}

/// `logging.getLogger(...)`, `structlog.get_logger()`, `logger.bind(...)`.
fn made(facts: &FileFacts, call: NodeId, depth: usize) -> Option<(Sink, Option<LoggerName>)> {
    let function = facts.child(call, Role::Func)?;
    match last_name(facts, function)? {
        "getLogger" | "getChild" => Some((Sink::Logger, name_argument(facts, call))),
        "get_logger" | "getlogger" | "init_logger" | "setup_logger" | "create_logger" | "get_task_logger"
        | "LoggerAdapter" => {
            let structlog = module_of(facts, function).is_some_and(|it| it.split('.').next() == Some("structlog"));
            Some(if structlog {
                (Sink::Structlog, None)
            } else {
                (Sink::Logger, adapter_name(facts, call))
            })
        }
        "bind" | "opt" | "patch" | "new" | "unbind" | "contextualize" => {
            let receiver = facts.child(function, Role::Value)?;
            logger(facts, receiver, depth + 1)
        }
        name if is_adapter(facts, name) => Some((Sink::Logger, adapter_name(facts, call))),
        _ => None,
    }
}

/// Whether a class of this file is an adapter of loggers.
fn is_adapter(facts: &FileFacts, name: &str) -> bool {
    facts
        .classes
        .iter()
        .filter(|it| facts.text(it.name) == name)
        .any(|class| {
            let mut bases = facts
                .children_as(class.node, Role::Base)
                .filter_map(|it| last_name(facts, it));
            bases.any(|it| it.ends_with("LoggerAdapter"))
        })
}

fn module_of(facts: &FileFacts, function: NodeId) -> Option<String> {
    let mut base = function;
    while let Some(inner) = facts
        .child(base, Role::Value)
        .filter(|_| facts.kind(base) == Kind::Attribute)
    {
        base = inner;
    }
    imported(facts, facts.name_place(base)?).map(|it| it.0)
}

fn name_argument(facts: &FileFacts, call: NodeId) -> Option<LoggerName> {
    let Some(argument) = facts.arg(call, 0).or_else(|| facts.keyword(call, "name")) else {
        return Some(LoggerName::Root);
    };
    adapter_argument(facts, argument)
}

fn adapter_name(facts: &FileFacts, call: NodeId) -> Option<LoggerName> {
    adapter_argument(facts, facts.arg(call, 0)?)
}

fn adapter_argument(facts: &FileFacts, argument: NodeId) -> Option<LoggerName> {
    match facts.kind(argument) {
        Kind::Str => Some(LoggerName::Text(facts.payload_text(argument)?.to_owned())),
        Kind::Name if facts.name_text(argument) == Some("__name__") => Some(LoggerName::Module),
        _ => None,
    }
}

/// The last identifier of a dotted expression.
#[must_use]
pub fn last_name(facts: &FileFacts, node: NodeId) -> Option<&str> {
    match facts.kind(node) {
        Kind::Name => facts.name_text(node),
        Kind::Attribute => facts.payload_text(node),
        _ => None,
    }
}

/// Whether people give this name to loggers.
fn loggerish(name: &str) -> bool {
    let name = name.trim_matches('_').to_ascii_lowercase();
    name == "log" || name == "lg" || name == "logging" || name.ends_with("logger") || name.ends_with("_log")
}

/// The function's qualified name.
#[must_use]
pub fn qualname(facts: &FileFacts, function: LocalFn) -> &str {
    facts.text(facts.function(function).qualname)
}

/// What kind of logger an expression is, and its name.
#[must_use]
pub fn logger_of(facts: &FileFacts, node: NodeId) -> Option<(Sink, Option<LoggerName>)> {
    logger(facts, node, 0)
}
