//! A project's own log functions: one whose parameter becomes the message moves the site to its callers.

use super::level::Level;
use super::loggers::Output;
use super::loggers::Sink;
use super::loggers::imported;
use super::messages;
use super::messages::Reader;
use super::messages::joined;
use super::modules::Code;
use super::modules::Modules;
use super::sites::Draft;
use super::sites::Source;
use super::sites::stem_of;
use super::sites::without_styles;
use super::template::Hole;
use super::template::Part;
use super::template::Style;
use super::template::Template;
use crate::facts::FileFacts;
use crate::facts::Kind;
use crate::facts::LocalFn;
use crate::facts::MODULE_FN;
use crate::facts::NodeId;
use crate::facts::ParamKind;
use crate::facts::PlaceKind;
use crate::facts::Role;
use rustc_hash::FxHashMap;

/// Wrappers of wrappers are followed this far.
const ROUNDS: usize = 3;

/// A function that writes one of its parameters.
struct Wrapper {
    file: u32,
    function: LocalFn,
    output: Output,
    templates: Vec<Template>,
}

/// The sites at the callers of wrappers.
#[must_use]
pub fn expand(files: &[Source<'_>], modules: &Modules<'_>, drafts: &[Draft]) -> Vec<Draft> {
    let mut found: Vec<Draft> = Vec::new();
    let mut fresh: Vec<Draft> = drafts.to_vec();
    for _ in 0..ROUNDS {
        let wrappers = wrappers(files, &fresh);
        if wrappers.is_empty() {
            break;
        }
        fresh = callers(files, modules, &wrappers);
        found.extend(fresh.iter().cloned());
    }
    found
}

fn name_of<'a>(files: &[Source<'a>], wrapper: &Wrapper) -> &'a str {
    let facts = files[wrapper.file as usize].facts;
    facts.text(facts.function(wrapper.function).name)
}

fn wrappers<'a>(files: &[Source<'a>], drafts: &[Draft]) -> FxHashMap<&'a str, Vec<Wrapper>> {
    let mut by_name: FxHashMap<&str, Vec<Wrapper>> = FxHashMap::default();
    for draft in drafts {
        let facts = files[draft.file as usize].facts;
        let told = |it: &&Template| is_message(it) && !names_an_item(facts, draft, it);
        let mut templates: Vec<Template> = draft.templates.iter().filter(told).cloned().collect();
        if templates.is_empty() || draft.function == MODULE_FN {
            continue;
        }
        let bare: Vec<Template> = templates.iter().filter_map(without_lead).collect();
        templates.extend(bare);
        let wrapper = Wrapper {
            file: draft.file,
            function: draft.function,
            output: draft.output.clone(),
            templates,
        };
        by_name.entry(name_of(files, &wrapper)).or_default().push(wrapper);
    }
    by_name
}

/// Text of a wrapper's own beyond this makes it a message with a value, which is told best by its own site.
const MAX_FRAME: usize = 8;

/// Whether the parameter is the message, with no more than a frame around it.
fn is_message(template: &Template) -> bool {
    shows_parameter(template) && template.literal_chars() <= MAX_FRAME
}

/// `work(name)` that writes `done %s` and works with the name elsewhere: what it shows is what the work is about.
fn names_an_item(facts: &FileFacts, draft: &Draft, template: &Template) -> bool {
    let says = |part: &Part| matches!(part, Part::Text(text) if text.contains(|it: char| it.is_ascii_alphabetic()));
    let of = facts.function(draft.function);
    let mut shown = template.holes().filter_map(|it| it.param);
    template.parts.iter().any(says)
        && shown.all(|(index, _)| {
            let place = of.params.get(index as usize).map(|it| it.place);
            facts
                .descendants(of.node)
                .any(|it| facts.name_place(it) == place && place.is_some() && !facts.contains(draft.call, it))
        })
}

fn shows_parameter(template: &Template) -> bool {
    template.holes().any(|it| it.param.is_some())
}

/// A wrapper that writes its own prefix (`[{elapsed}s] {text}`): the same from the message on, since prefixes are taken off.
fn without_lead(template: &Template) -> Option<Template> {
    let is_message = |part: &Part| matches!(part, Part::Hole(Hole { param: Some(_), .. }));
    let first = template.parts.iter().position(is_message).filter(|it| *it > 0)?;
    Some(Template {
        parts: template.parts[first..].to_vec(),
    })
}

fn callers(files: &[Source<'_>], modules: &Modules<'_>, wrappers: &FxHashMap<&str, Vec<Wrapper>>) -> Vec<Draft> {
    let mut found = Vec::new();
    for (file, source) in (0..).zip(files) {
        let calls = (0u32..)
            .map(NodeId)
            .zip(&source.facts.nodes)
            .filter(|(_, it)| it.kind == Kind::Call);
        for (call, _) in calls {
            let Some(function) = source.facts.child(call, Role::Func) else {
                continue;
            };
            let Some(candidates) = super::loggers::last_name(source.facts, function)
                .and_then(|it| wrappers.get(imported_as(source.facts, function).as_deref().unwrap_or(it)))
            else {
                continue;
            };
            for wrapper in candidates.iter().filter(|it| may_call(files, file, function, it)) {
                found.extend(draft(modules, file, call, function, wrapper));
            }
        }
    }
    found
}

/// `from .trace import note as say`: the name in the other module.
fn imported_as(facts: &FileFacts, function: NodeId) -> Option<String> {
    imported(facts, facts.name_place(function)?)?.1
}

/// Whether the called expression can be this wrapper: the same file's function, an import of it, or a method of that name.
fn may_call(files: &[Source<'_>], file: u32, function: NodeId, wrapper: &Wrapper) -> bool {
    let facts = files[file as usize].facts;
    let home = files[wrapper.file as usize];
    let wrapped = home.facts.function(wrapper.function);
    if facts.function_of(function) == wrapper.function && file == wrapper.file {
        return false;
    }
    if facts.kind(function) == Kind::Attribute {
        let module = facts
            .child(function, Role::Value)
            .and_then(|it| facts.name_place(it))
            .and_then(|it| imported(facts, it));
        return match module {
            // `trace.note(...)`, or a method of an imported object: `out.info(...)`.
            Some((module, member)) => {
                let last = member
                    .as_deref()
                    .unwrap_or_else(|| module.rsplit('.').next().unwrap_or_default());
                if wrapped.class.is_none() {
                    last == stem_of(home.path)
                } else {
                    member.is_some() && !module_is_library(files, &module)
                }
            }
            None => wrapped.class.is_some() && !is_common(home.facts.text(wrapped.name)),
        };
    }
    if wrapped.class.is_some() {
        return false;
    }
    let Some(place) = facts.name_place(function) else {
        return false;
    };
    match imported(facts, place) {
        Some((module, _)) => {
            module.rsplit('.').next() == Some(stem_of(home.path)) || module.is_empty() || exported(files, &module)
        }
        None => file == wrapper.file && facts.place(place).kind != PlaceKind::Global,
    }
}

/// Whether containers and files have a method of that name, so that it says nothing about the receiver.
fn is_common(name: &str) -> bool {
    const COMMON: [&str; 20] = [
        "get", "set", "add", "append", "update", "pop", "join", "format", "read", "write", "send", "run", "call",
        "close", "open", "put", "parse", "start", "stop", "__init__",
    ];
    COMMON.contains(&name)
}

/// Whether no file of the project has this module's last name.
fn module_is_library(files: &[Source<'_>], module: &str) -> bool {
    let last = module.rsplit('.').next().unwrap_or_default();
    !module.is_empty() && !files.iter().any(|it| stem_of(it.path) == last)
}

/// Whether a package of this project has that name: it may pass the function on.
fn exported(files: &[Source<'_>], module: &str) -> bool {
    let last = module.rsplit('.').next().unwrap_or_default();
    files
        .iter()
        .any(|it| it.path.ends_with("/__init__.py") && stem_of(it.path) == last)
}

fn draft(modules: &Modules<'_>, file: u32, call: NodeId, function: NodeId, wrapper: &Wrapper) -> Option<Draft> {
    let code = modules.code(file as usize);
    let facts = code.facts;
    let home = modules.code(wrapper.file as usize);
    let method = facts.kind(function) == Kind::Attribute && home.facts.function(wrapper.function).class.is_some();
    let arguments = Arguments {
        code,
        home,
        call,
        wrapper: wrapper.function,
        skip: u32::from(method),
    };
    // A call that gives no text of its own is told by the wrapper's site.
    let fuller = |own: &Template| {
        let least = own.literal_chars();
        arguments
            .fill(own)
            .into_iter()
            .filter(move |it| it.literal_chars() > least || shows_parameter(it))
    };
    let mut templates: Vec<Template> = wrapper.templates.iter().flat_map(fuller).collect();
    if wrapper.output.sink == Sink::Rich {
        templates = templates.iter().map(without_styles).collect();
    }
    let name = super::loggers::last_name(facts, function)?;
    let mut output = wrapper.output.clone();
    output.level = output.level.or_else(|| Level::parse(name.as_bytes()));
    Some(Draft {
        file,
        call,
        function: facts.function_of(call),
        output,
        templates,
    })
}

/// The arguments of one call of a wrapper.
struct Arguments<'a> {
    code: Code<'a>,
    home: Code<'a>,
    call: NodeId,
    wrapper: LocalFn,
    skip: u32,
}

impl Arguments<'_> {
    fn fill(&self, template: &Template) -> Vec<Template> {
        let mut ways = vec![Template::default()];
        for part in &template.parts {
            let ends = match part {
                Part::Text(text) => vec![Template::text(text)],
                Part::Hole(Hole {
                    param: Some((index, style)),
                    ..
                }) => self.value(*index, *style),
                Part::Hole(hole) => vec![Template {
                    parts: vec![Part::Hole(hole.clone())],
                }],
            };
            ways = joined(&ways, &ends);
        }
        ways
    }

    fn value(&self, index: u32, style: Style) -> Vec<Template> {
        let params = &self.home.facts.function(self.wrapper).params;
        let Some(param) = params.get(index as usize) else {
            return vec![Template::hole(String::new())];
        };
        if param.kind == ParamKind::VarArgs {
            return self.all_from(index);
        }
        let name = self.home.facts.text(param.name);
        let positional = index
            .checked_sub(self.skip)
            .and_then(|it| self.code.facts.arg(self.call, it as usize));
        let given = positional.filter(|_| {
            !matches!(
                param.kind,
                ParamKind::KeywordOnly | ParamKind::VarArgs | ParamKind::VarKeywords
            )
        });
        let Some(value) = given.or_else(|| self.code.facts.keyword(self.call, name)) else {
            return param.default.map_or_else(
                || vec![Template::hole(String::new())],
                |it| messages::templates(self.home, it),
            );
        };
        if style == Style::Record {
            let reader = Reader {
                code: self.code,
                at: value,
            };
            let message = reader.message_in(value);
            return message.unwrap_or_else(|| vec![Template::hole(String::new())]);
        }
        let mut ways = messages::templates(self.code, value);
        if style == Style::Padded {
            // How much is filled up depends on the text, so that anything may follow it.
            ways.iter_mut().for_each(|it| it.push_hole(Hole::default()));
            return ways;
        }
        let arguments: Vec<Hole> = self
            .further(index)
            .map(|it| messages::argument(self.code.facts, it))
            .collect();
        let formats = style != Style::Plain
            && (!arguments.is_empty() || self.code.facts.children_as(self.call, Role::Keyword).next().is_some());
        let ways = ways.into_iter().map(|it| it.restyled(style));
        if formats {
            ways.map(|it| it.formatted(style, &arguments)).collect()
        } else {
            ways.collect()
        }
    }

    /// What `*parts` stands for, as `print` shows it.
    fn all_from(&self, index: u32) -> Vec<Template> {
        let from = index.saturating_sub(self.skip) as usize;
        let mut ways = vec![Template::default()];
        let arguments = self.code.facts.children_as(self.call, Role::Arg).skip(from);
        for (number, argument) in arguments.enumerate() {
            if number > 0 {
                ways = joined(&ways, &[Template::text(" ")]);
            }
            ways = joined(&ways, &messages::templates(self.code, argument));
        }
        ways
    }

    /// The arguments after the message.
    fn further(&self, index: u32) -> impl Iterator<Item = NodeId> + '_ {
        let skip = index.saturating_sub(self.skip) as usize + 1;
        self.code.facts.children_as(self.call, Role::Arg).skip(skip)
    }
}
