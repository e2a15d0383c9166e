//! Log sites: every call that writes a line, with the templates of what it writes.

use super::imports::Loggers;
use super::level::Level;
use super::loggers;
use super::loggers::LoggerName;
use super::loggers::Output;
use super::loggers::Sink;
use super::messages;
use super::messages::joined;
use super::modules::Code;
use super::modules::Modules;
use super::serialized;
use super::template::Hole;
use super::template::Part;
use super::template::Style;
use super::template::Template;
use super::wrappers;
use crate::facts::FileFacts;
use crate::facts::Kind;
use crate::facts::LocalFn;
use crate::facts::NodeId;
use crate::facts::Role;

/// Index of a site in [`Sites::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u32);

/// A call that writes a line.
#[derive(Clone, Debug)]
pub struct LogSite {
    /// Index of the file in the order given.
    pub file: u32,
    /// The call.
    pub call: NodeId,
    /// First line of the call.
    pub line: u32,
    /// Last line of the call.
    pub end_line: u32,
    /// The function that contains it.
    pub function: LocalFn,
    /// That function's name inside its module.
    pub qualname: String,
    /// What writes.
    pub sink: Sink,
    /// The level of the method.
    pub level: Option<Level>,
    /// The name that a formatter prints, where it is known.
    pub logger: Option<String>,
    /// Every way in which the line can be written; one line each.
    pub templates: Vec<Template>,
    /// Names of values that a structured formatter writes beside the message.
    pub keys: Vec<String>,
}

/// A file for [`collect`]: its path and facts.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Path with `/`, relative to the root.
    pub path: &'a str,
    /// Its facts.
    pub facts: &'a FileFacts,
}

/// All log sites of a program.
#[derive(Debug, Default)]
pub struct Sites {
    /// The sites, by file and place.
    pub all: Vec<LogSite>,
}

/// A call on its way to become a site: its templates may still show parameters.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Index of the file.
    pub file: u32,
    /// The call.
    pub call: NodeId,
    /// The function around it.
    pub function: LocalFn,
    /// What writes.
    pub output: Output,
    /// What is written.
    pub templates: Vec<Template>,
}

/// Finds every log site of `files`, those of the files' own wrappers at the wrappers' callers.
#[must_use]
pub fn collect(files: &[Source<'_>]) -> Sites {
    let mut drafts: Vec<Draft> = Vec::new();
    let modules = Modules::new(files);
    let mut loggers = Loggers::new(&modules);
    for file in (0..).take(files.len()) {
        drafts.extend(drafts_of(modules.code(file as usize), file, &mut loggers));
    }
    let wrapped = wrappers::expand(files, &modules, &drafts);
    let mut all: Vec<LogSite> = drafts.iter().chain(&wrapped).filter_map(|it| site(files, it)).collect();
    all.sort_by_key(|it| (it.file, it.call, it.templates.first().cloned()));
    all.dedup_by(|later, earlier| {
        let same = (later.file, later.call) == (earlier.file, earlier.call);
        if same {
            earlier.templates.append(&mut later.templates);
        }
        same
    });
    Sites { all }
}

fn drafts_of(code: Code<'_>, file: u32, loggers: &mut Loggers<'_>) -> Vec<Draft> {
    let facts = code.facts;
    let calls = (0u32..)
        .map(NodeId)
        .zip(&facts.nodes)
        .filter(|(_, node)| node.kind == Kind::Call);
    let drafts = calls.filter_map(|(call, _)| {
        let mut output = loggers::output(facts, call)?;
        loggers.settle(file as usize, &mut output);
        let templates = templates(code, call, &output)?;
        Some(Draft {
            file,
            call,
            function: facts.function_of(call),
            output,
            templates,
        })
    });
    drafts.collect()
}

/// What the call writes, before wrappers are known.
fn templates(code: Code<'_>, call: NodeId, output: &Output) -> Option<Vec<Template>> {
    let facts = code.facts;
    match output.sink {
        Sink::Print | Sink::Rich => Some(printed(code, call, output.sink == Sink::Rich)),
        Sink::Progress => {
            let names = ["desc", "description", "label"];
            let named = names.iter().find_map(|it| facts.keyword(call, it));
            let description = named.or_else(|| facts.arg(call, output.message))?;
            Some(messages::templates(code, description).iter().map(progress).collect())
        }
        Sink::Echo => {
            let text = facts.arg(call, 0).or_else(|| facts.keyword(call, "message"))?;
            Some(messages::templates(code, text))
        }
        Sink::Warning => {
            let text = facts.arg(call, 0).or_else(|| facts.keyword(call, "message"))?;
            Some(messages::templates(code, text).iter().map(warned).collect())
        }
        Sink::Logger | Sink::Loguru | Sink::Structlog => {
            let named = ["msg", "message", "event"]
                .iter()
                .find_map(|it| facts.keyword(call, it));
            let message = facts.arg(call, output.message).or(named)?;
            let ways = messages::templates(code, message);
            Some(ways.iter().map(|it| with_arguments(facts, call, output, it)).collect())
        }
    }
}

/// `/srv/app.py:12: UserWarning: message`.
fn warned(message: &Template) -> Template {
    let mut made = Template::hole(String::new());
    made.push_text("Warning: ");
    made.extend(message);
    made
}

/// `desc:  45%|####  | 18/40 [...]`.
fn progress(description: &Template) -> Template {
    let mut made = description.clone();
    made.push_text(": ");
    made.push_hole(Hole::default());
    made.push_text("%|");
    made.push_hole(Hole::default());
    made
}

/// Puts the call's further arguments into its message.
fn with_arguments(facts: &FileFacts, call: NodeId, output: &Output, message: &Template) -> Template {
    let further: Vec<NodeId> = facts.children_as(call, Role::Arg).skip(output.message + 1).collect();
    let braces = output.sink == Sink::Loguru;
    let named = facts.children_as(call, Role::Keyword).next().is_some();
    if further.is_empty() && !(braces && named) {
        return message.clone();
    }
    // A logger of unknown make shows by its text how it formats.
    let shows_braces = !message.texts().any(|it| it.contains('%')) && message.texts().any(|it| it.contains('{'));
    let style = if braces || shows_braces {
        Style::Braces
    } else {
        Style::Percent
    };
    let arguments: Vec<Hole> = further.iter().map(|it| messages::argument(facts, *it)).collect();
    message.clone().restyled(style).formatted(style, &arguments)
}

/// `print(a, b, sep=", ")`.
fn printed(code: Code<'_>, call: NodeId, rich: bool) -> Vec<Template> {
    let facts = code.facts;
    let separator = facts
        .keyword(call, "sep")
        .and_then(|it| facts.payload_text(it))
        .unwrap_or(" ");
    let mut ways = vec![Template::default()];
    for (index, argument) in facts.children_as(call, Role::Arg).enumerate() {
        if index > 0 {
            ways = joined(&ways, &[Template::text(separator)]);
        }
        ways = joined(&ways, &messages::templates(code, argument));
    }
    if rich {
        ways.iter().map(without_styles).collect()
    } else {
        ways
    }
}

/// rich takes `[bold red]` and `[/]` for styles and does not print them.
pub(super) fn without_styles(template: &Template) -> Template {
    let mut made = Template::default();
    for part in &template.parts {
        match part {
            Part::Text(text) => made.push_text(&unstyled(text)),
            Part::Hole(hole) => made.push_hole(hole.clone()),
        }
    }
    made
}

fn unstyled(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, after) = rest.split_at(open);
        kept.push_str(before);
        let style = after.find(']').filter(|close| is_style(&after[1..*close]));
        rest = style.map_or_else(|| &after[1..], |close| &after[close + 1..]);
        if style.is_none() {
            kept.push('[');
        }
    }
    kept + rest
}

fn is_style(inside: &str) -> bool {
    let letters =
        |it: char| it.is_ascii_lowercase() || matches!(it, ' ' | '_' | '#' | '/' | '.') || it.is_ascii_digit();
    inside.starts_with('/')
        || (inside.starts_with(|it: char| it.is_ascii_lowercase() || it == '#') && inside.chars().all(letters))
}

/// A site, if anything is written that a line can be told by.
fn site(files: &[Source<'_>], draft: &Draft) -> Option<LogSite> {
    let source = files.get(draft.file as usize)?;
    let facts = source.facts;
    let mut templates: Vec<Template> = draft.templates.iter().map(Template::first_line).collect();
    templates.retain(|it| it.literal_chars() > 0);
    templates.sort_unstable();
    templates.dedup();
    if templates.is_empty() {
        return None;
    }
    let span = facts.span(draft.call);
    Some(LogSite {
        file: draft.file,
        call: draft.call,
        line: facts.line(draft.call),
        end_line: facts.line_at(span.end.saturating_sub(1).max(span.start)),
        function: draft.function,
        qualname: loggers::qualname(facts, draft.function).to_owned(),
        sink: draft.output.sink,
        level: draft.output.level,
        logger: draft
            .output
            .logger
            .as_ref()
            .and_then(|it| printed_name(source.path, it)),
        templates,
        keys: keys(facts, draft.call),
    })
}

fn keys(facts: &FileFacts, call: NodeId) -> Vec<String> {
    const OWN: [&str; 6] = ["exc_info", "extra", "stack_info", "stacklevel", "msg", "message"];
    let names = facts
        .children_as(call, Role::Keyword)
        .filter_map(|it| facts.payload_text(it));
    let mut names: Vec<String> = names.filter(|it| !OWN.contains(it)).map(str::to_owned).collect();
    names.extend(serialized::keys(facts, call));
    names
}

/// What `%(name)s` shows.
fn printed_name(path: &str, name: &LoggerName) -> Option<String> {
    match name {
        LoggerName::Text(text) => Some(text.clone()),
        LoggerName::Root => Some("root".to_owned()),
        LoggerName::Module => Some(module_name(path)),
        LoggerName::Imported(..) => None,
    }
}

/// The module's dotted name by its path.
#[must_use]
pub fn module_name(path: &str) -> String {
    let path = path.strip_suffix(".py").unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.replace('/', ".")
}

/// The module's own last name.
#[must_use]
pub fn stem_of(path: &str) -> &str {
    let path = path.strip_suffix(".py").unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path)
}
