//! Whether what a function gives back is large: a body, a document, an embedding, a frame.
//!
//! A returned value is followed to what makes it, through local names, containers and functions of the project.
//! Where nothing is found, the function's annotation and its name may say it.

use super::Project;
use super::classes::written;
use super::ids::{At, FnId};
use super::ty::Ty;
use super::words::{has_word, words};
use crate::facts::{FileFacts, How, Kind, NodeId, Role};

/// Values are followed through this many expressions.
const FUEL: u32 = 14;

/// What is large, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// The expression that gives it, or the function that is called so.
    pub at: At,
    /// As it is written.
    pub what: String,
    /// An expression gives it; otherwise a name or annotation says so.
    pub is_seen: bool,
}

impl Project {
    /// The large value that a function of the project returns.
    #[must_use]
    pub fn bulk(&self, function: FnId) -> Option<Bulk> {
        let mut search = Search {
            project: self,
            functions: Vec::new(),
        };
        search.returned(function, FUEL).or_else(|| self.said_bulk(function))
    }

    fn said_bulk(&self, function: FnId) -> Option<Bulk> {
        let facts = self.names.facts(function.module);
        let of = facts.function(function.local);
        let name = facts.text(of.name);
        let annotated = || of.returns.map(|it| annotation_words(facts, it));
        let annotation = annotated();
        let holds = |wanted: &[&str]| annotation.iter().flatten().any(|it| wanted.contains(&it.as_str()));
        // A function that gives nothing, a number or an answer keeps nothing, whatever it is called.
        let gives_little = annotation.is_some() && !holds(&LARGE) && holds(&LITTLE);
        let said = holds(&LARGE) || (has_word(name, &MAKES_LARGE) && !gives_little && gives_something(facts, function));
        said.then(|| Bulk {
            at: At {
                module: function.module,
                node: of.node,
            },
            what: name.to_owned(),
            is_seen: false,
        })
    }
}

/// Words of annotations that say that a value is large.
const LARGE: [&str; 16] = [
    "bytes",
    "bytearray",
    "dataframe",
    "ndarray",
    "tensor",
    "image",
    "images",
    "document",
    "documents",
    "page",
    "pages",
    "html",
    "embedding",
    "embeddings",
    "crawl",
    "frames",
];

/// Words of annotations that say that it is not.
const LITTLE: [&str; 6] = ["none", "bool", "int", "float", "status", "uuid"];

/// Words of functions that make something large.
const MAKES_LARGE: [&str; 15] = [
    "crawl",
    "scrape",
    "download",
    "embed",
    "embedding",
    "embeddings",
    "screenshot",
    "html",
    "pdf",
    "document",
    "documents",
    "pages",
    "frames",
    "images",
    "dataframe",
];

fn annotation_words(facts: &FileFacts, annotation: NodeId) -> Vec<String> {
    let nodes = (annotation.0..facts.node(annotation).end).map(NodeId);
    nodes
        .flat_map(|it| match facts.kind(it) {
            Kind::Name => words(facts.name_text(it).unwrap_or_default()),
            Kind::Attribute | Kind::Str => words(facts.payload_text(it).unwrap_or_default()),
            Kind::None => vec!["none".to_owned()],
            _ => Vec::new(),
        })
        .collect()
}

fn gives_something(facts: &FileFacts, function: FnId) -> bool {
    facts.body_nodes(function.local).any(|it| {
        facts.kind(it) == Kind::Return
            && facts.child(it, Role::Value).is_some_and(|value| {
                !matches!(facts.kind(value), Kind::None | Kind::True | Kind::False | Kind::Compare)
            })
    })
}

struct Search<'a> {
    project: &'a Project,
    functions: Vec<FnId>,
}

impl Search<'_> {
    fn returned(&mut self, function: FnId, fuel: u32) -> Option<Bulk> {
        if self.functions.contains(&function) || self.project.names.function(function).is_generator {
            return None;
        }
        self.functions.push(function);
        let facts = self.project.names.facts(function.module);
        let returns = facts
            .body_nodes(function.local)
            .filter(|&it| facts.kind(it) == Kind::Return);
        let values: Vec<NodeId> = returns.filter_map(|it| facts.child(it, Role::Value)).collect();
        values.into_iter().find_map(|it| self.value(function, it, fuel))
    }

    fn value(&mut self, function: FnId, node: NodeId, fuel: u32) -> Option<Bulk> {
        let fuel = fuel.checked_sub(1)?;
        let facts = self.project.names.facts(function.module);
        match facts.kind(node) {
            Kind::Name => self.name(function, node, fuel),
            Kind::Attribute => self.attribute(function, node),
            Kind::Call => self.call(function, node, fuel),
            Kind::Await | Kind::NamedExpr | Kind::Starred => {
                self.value(function, facts.child(node, Role::Value)?, fuel)
            }
            Kind::IfExp => [Role::Body, Role::Orelse]
                .into_iter()
                .filter_map(|it| facts.child(node, it))
                .find_map(|it| self.value(function, it, fuel)),
            Kind::Tuple | Kind::List | Kind::Dict | Kind::BoolOp => {
                let inside: Vec<NodeId> = facts.children(node).collect();
                inside.into_iter().find_map(|it| self.value(function, it, fuel))
            }
            _ => None,
        }
    }

    fn name(&mut self, function: FnId, node: NodeId, fuel: u32) -> Option<Bulk> {
        let facts = self.project.names.facts(function.module);
        let definitions = facts.definitions_of(facts.name_place(node)?);
        let values = definitions.iter().filter_map(|it| match it.how {
            How::Assign { value, .. } => Some(value),
            _ => None,
        });
        let values: Vec<NodeId> = values.collect();
        values.into_iter().find_map(|it| self.value(function, it, fuel))
    }

    /// `response.content`: the body of something that was asked for.
    fn attribute(&self, function: FnId, node: NodeId) -> Option<Bulk> {
        let facts = self.project.names.facts(function.module);
        let name = facts.payload_text(node)?;
        (BODIES.contains(&name) && self.is_answer(function, facts.child(node, Role::Value)?))
            .then(|| self.seen(function, node))
    }

    fn call(&mut self, function: FnId, node: NodeId, fuel: u32) -> Option<Bulk> {
        let facts = self.project.names.facts(function.module);
        let func = facts.child(node, Role::Func)?;
        let targets = self.targets(function, node);
        if let Some(found) = targets.iter().find_map(|&it| self.returned(it, fuel)) {
            return Some(found);
        }
        if targets.is_empty() && facts.kind(func) == Kind::Attribute {
            let name = facts.payload_text(func)?;
            let receiver = facts.child(func, Role::Value)?;
            if READS.contains(&name) && self.is_answer(function, receiver) {
                return Some(self.seen(function, func));
            }
        }
        // A class of the project, or `dict(...)`, keeps what it is given.
        let mut eval = super::infer::Eval::new(&self.project.names, &self.project.types, function.module);
        let keeps = matches!(eval.expr(func), Ty::Class(_)) || facts.name_text(func) == Some("dict");
        let given = facts.given(node);
        let given: Vec<NodeId> = given.filter(|_| keeps).collect();
        given.into_iter().find_map(|it| self.value(function, it, fuel))
    }

    fn targets(&self, function: FnId, node: NodeId) -> Vec<FnId> {
        let sites = self.project.graph.sites_at(function, node);
        let own = sites.flat_map(|(_, site)| site.targets().iter().copied());
        own.filter(|&it| {
            let facts = self.project.names.facts(it.module);
            facts.text(self.project.names.function(it).name) != "__init__"
        })
        .collect()
    }

    /// Whether the receiver is what somebody answered: awaited, or opened by `async with`. What a language model says
    /// is short.
    fn is_answer(&self, function: FnId, receiver: NodeId) -> bool {
        let facts = self.project.names.facts(function.module);
        let text = written(facts, receiver);
        if has_word(&text, &["message", "choices", "completion", "delta", "choice", "msg"]) {
            return false;
        }
        let asked = |it: NodeId| facts.kind(it) == Kind::Await && !asks_a_model(facts, it);
        match facts.kind(receiver) {
            Kind::Await => asked(receiver),
            Kind::Name => facts.name_place(receiver).is_some_and(|place| {
                facts.definitions_of(place).iter().any(|it| match it.how {
                    How::Assign { value, .. } => asked(value),
                    How::Enter { is_async, .. } => is_async,
                    _ => false,
                })
            }),
            _ => false,
        }
    }

    fn seen(&self, function: FnId, node: NodeId) -> Bulk {
        Bulk {
            at: At {
                module: function.module,
                node,
            },
            what: written(self.project.names.facts(function.module), node),
            is_seen: true,
        }
    }
}

/// `await model.ainvoke(...)`.
fn asks_a_model(facts: &FileFacts, wait: NodeId) -> bool {
    const ASKS: [&str; 20] = [
        "response",
        "aresponse",
        "complete",
        "acomplete",
        "completion",
        "acompletion",
        "generate",
        "agenerate",
        "chat",
        "achat",
        "invoke",
        "ainvoke",
        "predict",
        "apredict",
        "ask",
        "prompt",
        "llm",
        "agent",
        "responses",
        "messages",
    ];
    let call = facts.child(wait, Role::Value);
    let func = call.and_then(|it| facts.child(it, Role::Func));
    func.is_some_and(|it| has_word(&written(facts, it), &ASKS))
}

/// What HTTP clients, file libraries and browsers call the body of an answer.
const BODIES: [&str; 7] = ["content", "text", "body", "html", "markdown", "embedding", "embeddings"];

/// What they call reading it.
const READS: [&str; 11] = [
    "read",
    "text",
    "json",
    "content",
    "read_text",
    "read_bytes",
    "aread",
    "readall",
    "screenshot",
    "pdf",
    "fetchall",
];
