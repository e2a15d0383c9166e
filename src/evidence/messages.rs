//! The template of a message expression: constants, formatting of every style, names followed to what they were given.

use super::template::Hole;
use super::template::Part;
use super::template::Style;
use super::template::Template;
use super::template::class_of_spec;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::facts::Op;
use crate::facts::PlaceId;
use crate::facts::Role;
use crate::facts::node::MAX_STRING;

/// Deeper chains of names and additions are left as holes.
const MAX_DEPTH: usize = 6;
/// A message has few ways to be written; more of them say nothing.
const MAX_WAYS: usize = 6;

/// How a formatted exception begins.
pub const TRACEBACK: &str = "Traceback (most recent call last):";

/// Every way in which `expression` can be written.
#[must_use]
pub fn templates(facts: &FileFacts, expression: NodeId) -> Vec<Template> {
    Reader { facts, at: expression }.read(expression, 0)
}

struct Reader<'a> {
    facts: &'a FileFacts,
    /// The message's own place: only what was assigned before it can be in it.
    at: NodeId,
}

impl Reader<'_> {
    fn read(&self, node: NodeId, depth: usize) -> Vec<Template> {
        if depth > MAX_DEPTH {
            return vec![self.hole(node)];
        }
        match self.facts.kind(node) {
            Kind::Str => vec![self.string(node)],
            Kind::FString => self.f_string(node, depth),
            Kind::BinOp => self.operator(node, depth),
            Kind::Call => self.call(node, depth),
            Kind::Name => self.name(node, depth),
            Kind::IfExp => {
                let mut ways = self.child(node, Role::Body, depth);
                ways.extend(self.child(node, Role::Orelse, depth));
                limited(ways)
            }
            Kind::NamedExpr => self.child(node, Role::Value, depth),
            _ => vec![self.hole(node)],
        }
    }

    fn child(&self, node: NodeId, role: Role, depth: usize) -> Vec<Template> {
        self.facts
            .child(node, role)
            .map_or_else(Vec::new, |it| self.read(it, depth + 1))
    }

    fn hole(&self, node: NodeId) -> Template {
        Template::hole(source(self.facts, node))
    }

    fn string(&self, node: NodeId) -> Template {
        let text = self.facts.payload_text(node).unwrap_or_default();
        let mut made = Template::text(text);
        if text.len() + 4 > MAX_STRING {
            // It may have been cut.
            made.push_hole(Hole::default());
        }
        made
    }

    fn f_string(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let mut ways = vec![Template::default()];
        for part in self.facts.children(node) {
            let added = if self.facts.kind(part) == Kind::FormatHole {
                self.format_hole(part, depth)
            } else {
                self.read(part, depth)
            };
            ways = joined(&ways, &added);
        }
        ways
    }

    fn format_hole(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let Some(value) = self.facts.child(node, Role::Value) else {
            return vec![self.hole(node)];
        };
        let spec = self.facts.payload_text(node).unwrap_or_default();
        // Names stand for their texts only where a text is certain: a constant or a parameter.
        let ways = self.read(value, depth + 1);
        let mut plain = self.hole(value);
        if let Some(Part::Hole(hole)) = plain.parts.first_mut() {
            hole.class = class_of_spec(spec);
        }
        if ways
            .iter()
            .all(|it| !it.parts.is_empty() && it.holes().all(|it| it.param.is_none()) && it.literal_chars() == 0)
        {
            return vec![plain];
        }
        if spec.is_empty() { ways } else { vec![plain] }
    }

    fn operator(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let op = self.facts.node(node).payload;
        let (Some(left), Some(right)) = (self.facts.child(node, Role::Left), self.facts.child(node, Role::Right))
        else {
            return vec![self.hole(node)];
        };
        if op == Op::Add as u32 {
            return joined(&self.read(left, depth + 1), &self.read(right, depth + 1));
        }
        if op == Op::Mod as u32 {
            let sources = self.elements(right);
            return self.styled(left, Style::Percent, &sources, depth);
        }
        if op == Op::Mult as u32 && self.facts.kind(left) == Kind::Str {
            return self.repeated(left, right);
        }
        vec![self.hole(node)]
    }

    /// `"=" * 40`.
    fn repeated(&self, text: NodeId, count: NodeId) -> Vec<Template> {
        const LONGEST: f64 = 200.0;
        let text = self.facts.payload_text(text).unwrap_or_default();
        let count = self.facts.number(count).filter(|it| (0.0..=LONGEST).contains(it));
        count.map_or_else(
            || vec![Template::hole(String::new())],
            |it| vec![Template::text(&text.repeat(it as usize))],
        )
    }

    fn elements(&self, node: NodeId) -> Vec<Hole> {
        if self.facts.kind(node) == Kind::Tuple {
            return self.facts.children(node).map(|it| argument(self.facts, it)).collect();
        }
        vec![argument(self.facts, node)]
    }

    fn styled(&self, text: NodeId, style: Style, sources: &[Hole], depth: usize) -> Vec<Template> {
        let ways = self.read(text, depth + 1);
        ways.into_iter()
            .map(|it| it.restyled(style).formatted(style, sources))
            .collect()
    }

    fn call(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let function = self.facts.child(node, Role::Func);
        let receiver = function.filter(|it| self.facts.kind(*it) == Kind::Attribute);
        let Some((method, value)) =
            receiver.and_then(|it| Some((self.facts.payload_text(it)?, self.facts.child(it, Role::Value)?)))
        else {
            return vec![self.hole(node)];
        };
        match method {
            "format" => {
                let sources: Vec<Hole> = self
                    .facts
                    .children_as(node, Role::Arg)
                    .map(|it| argument(self.facts, it))
                    .collect();
                self.styled(value, Style::Braces, &sources, depth)
            }
            "strip" | "rstrip" | "lstrip" | "rjust" | "ljust" | "center" | "expandtabs" => self.read(value, depth + 1),
            // A line of its own; the rest of it follows on further lines.
            "format_exc" => vec![Template::text(TRACEBACK)],
            _ => vec![self.hole(node)],
        }
    }

    fn name(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let Some(place) = self.facts.name_place(node) else {
            return vec![self.hole(node)];
        };
        let ways = limited(self.assigned(place, depth));
        if ways.is_empty() { vec![self.hole(node)] } else { ways }
    }

    /// What the name was given before the message, the latest first, back to the assignment that every path passes;
    /// nothing if any of it is not text.
    fn assigned(&self, place: PlaceId, depth: usize) -> Vec<Template> {
        let mut ways = Vec::new();
        let mut grown = false;
        let here = self.facts.function_of(self.at);
        let before = |node: NodeId, function| function != here || node < self.at;
        let definitions = self.facts.definitions_of(place).iter().rev();
        for definition in definitions.filter(|it| before(it.node, it.function)) {
            match definition.how {
                How::Assign { value, .. } if value != self.at => ways.extend(self.read(value, depth + 1)),
                How::Param(index) => ways.push(parameter(self.text_of(place), index)),
                How::Augment { .. } => {
                    grown = true;
                    continue;
                }
                _ => return Vec::new(),
            }
            if definition.function == here && self.always_runs(definition.node) {
                break;
            }
        }
        if grown {
            for way in &mut ways {
                way.push_hole(Hole::default());
            }
        }
        ways
    }

    /// Whether the statement at `node` has run whenever the message is written: it stands before it in a block around it.
    fn always_runs(&self, node: NodeId) -> bool {
        let statement = self.facts.statement_of(node);
        let block = NodeId(self.facts.node(statement).parent);
        let role = self.facts.node(statement).role;
        let around = std::iter::once(self.at).chain(self.facts.ancestors(self.at));
        let child = around
            .into_iter()
            .find(|it| self.facts.node(*it).parent == block.0 && *it != block);
        child.is_some_and(|it| self.facts.node(it).role == role)
    }

    fn text_of(&self, place: PlaceId) -> String {
        self.facts.text(self.facts.place(place).name).to_owned()
    }
}

fn parameter(source: String, index: u32) -> Template {
    let hole = Hole {
        source,
        param: Some((index, Style::Plain)),
        ..Hole::default()
    };
    Template {
        parts: vec![Part::Hole(hole)],
    }
}

/// Every beginning with every end, as far as they are few.
#[must_use]
pub fn joined(beginnings: &[Template], ends: &[Template]) -> Vec<Template> {
    let mut made = Vec::new();
    for beginning in beginnings {
        for end in ends {
            let mut whole = beginning.clone();
            whole.extend(end);
            made.push(whole);
        }
    }
    limited(made)
}

fn limited(mut ways: Vec<Template>) -> Vec<Template> {
    ways.truncate(MAX_WAYS);
    ways
}

/// An expression's text as far as names say it: `doc.id`, `len(...)`.
#[must_use]
pub fn source(facts: &FileFacts, node: NodeId) -> String {
    match facts.kind(node) {
        Kind::Name => facts.name_text(node).unwrap_or_default().to_owned(),
        Kind::Attribute => {
            let value = facts
                .child(node, Role::Value)
                .map_or_else(String::new, |it| source(facts, it));
            format!("{value}.{}", facts.payload_text(node).unwrap_or_default())
        }
        Kind::Call => {
            let function = facts
                .child(node, Role::Func)
                .map_or_else(String::new, |it| source(facts, it));
            format!("{function}(...)")
        }
        Kind::Subscript => {
            let value = facts
                .child(node, Role::Value)
                .map_or_else(String::new, |it| source(facts, it));
            format!("{value}[...]")
        }
        Kind::Await | Kind::Starred => facts
            .child(node, Role::Value)
            .map_or_else(String::new, |it| source(facts, it)),
        _ => String::new(),
    }
}

/// An argument as it will stand in its hole; a parameter keeps its index, so that a wrapper's callers can fill it.
#[must_use]
pub fn argument(facts: &FileFacts, node: NodeId) -> Hole {
    let mut hole = Hole::named(&source(facts, node));
    let (text, style) = formatted_text(facts, node).unwrap_or((node, Style::Plain));
    let definitions = facts.name_place(text).map_or(&[][..], |it| facts.definitions_of(it));
    if let [only] = definitions
        && let How::Param(index) = only.how
    {
        hole.param = Some((index, style));
    }
    hole
}

/// `text.format(...)` and `text % ...`: the text, and how it is formatted.
fn formatted_text(facts: &FileFacts, node: NodeId) -> Option<(NodeId, Style)> {
    if facts.kind(node) == Kind::BinOp && facts.node(node).payload == Op::Mod as u32 {
        return Some((facts.child(node, Role::Left)?, Style::Percent));
    }
    let function = facts.child(node, Role::Func)?;
    let is_format = facts.kind(function) == Kind::Attribute && facts.payload_text(function) == Some("format");
    Some((facts.child(function, Role::Value).filter(|_| is_format)?, Style::Braces))
}
