//! The template of a message expression: constants, formatting of every style, names followed to what they were given.

use super::modules::Code;
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
pub fn templates(code: Code<'_>, expression: NodeId) -> Vec<Template> {
    Reader { code, at: expression }.read(expression, 0)
}

pub(super) struct Reader<'a> {
    /// The file.
    pub(super) code: Code<'a>,
    /// The message's own place: only what was assigned before it can be in it.
    pub(super) at: NodeId,
}

impl Reader<'_> {
    pub(super) fn read(&self, node: NodeId, depth: usize) -> Vec<Template> {
        if depth > MAX_DEPTH {
            return vec![self.hole(node)];
        }
        match self.code.facts.kind(node) {
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
            // `print(*parts)`: what a wrapper's callers give, one after another.
            Kind::NamedExpr | Kind::Starred => self.child(node, Role::Value, depth),
            Kind::BoolOp => self.either(node, depth),
            // `text[:120]`: most texts are shorter.
            Kind::Subscript if self.is_cut(node) => self.child(node, Role::Value, depth),
            Kind::Subscript => self.looked_up(node, depth),
            Kind::Attribute => self.attribute(node, depth),
            _ => vec![self.hole(node)],
        }
    }

    /// Whether a text is taken from its beginning up to a length.
    fn is_cut(&self, node: NodeId) -> bool {
        let facts = self.code.facts;
        let slice = facts
            .child(node, Role::Index)
            .filter(|it| facts.kind(*it) == Kind::Slice);
        slice.is_some_and(|it| facts.child(it, Role::Lower).is_none() && facts.child(it, Role::Upper).is_some())
    }

    fn child(&self, node: NodeId, role: Role, depth: usize) -> Vec<Template> {
        self.code
            .facts
            .child(node, role)
            .map_or_else(Vec::new, |it| self.read(it, depth + 1))
    }

    pub(super) fn hole(&self, node: NodeId) -> Template {
        Template::hole(source(self.code.facts, node))
    }

    fn string(&self, node: NodeId) -> Template {
        let text = self.code.facts.payload_text(node).unwrap_or_default();
        let mut made = Template::text(text);
        if text.len() + 4 > MAX_STRING {
            // It may have been cut.
            made.push_hole(Hole::default());
        }
        made
    }

    fn f_string(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let mut ways = vec![Template::default()];
        for part in self.code.facts.children(node) {
            let added = if self.code.facts.kind(part) == Kind::FormatHole {
                self.format_hole(part, depth)
            } else {
                self.read(part, depth)
            };
            ways = joined(&ways, &added);
        }
        ways
    }

    fn format_hole(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let Some(value) = self.code.facts.child(node, Role::Value) else {
            return vec![self.hole(node)];
        };
        let spec = self.code.facts.payload_text(node).unwrap_or_default();
        // What an attribute or a table gives may have been changed by others; in a message they are values.
        if matches!(
            self.code.facts.kind(value),
            Kind::Attribute | Kind::Subscript | Kind::BoolOp
        ) {
            let mut plain = self.hole(value);
            if let Some(Part::Hole(hole)) = plain.parts.first_mut() {
                hole.class = class_of_spec(spec);
            }
            return vec![plain];
        }
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
        if spec.is_empty() {
            ways
        } else if is_padding(spec) {
            ways.into_iter().map(|it| it.restyled(Style::Padded)).collect()
        } else {
            vec![plain]
        }
    }

    fn operator(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let op = self.code.facts.node(node).payload;
        let (Some(left), Some(right)) = (
            self.code.facts.child(node, Role::Left),
            self.code.facts.child(node, Role::Right),
        ) else {
            return vec![self.hole(node)];
        };
        if op == Op::Add as u32 {
            return joined(&self.read(left, depth + 1), &self.read(right, depth + 1));
        }
        if op == Op::Mod as u32 {
            let sources = self.elements(right);
            return self.styled(left, Style::Percent, &sources, depth);
        }
        if op == Op::Mult as u32 && self.code.facts.kind(left) == Kind::Str {
            return self.repeated(left, right);
        }
        vec![self.hole(node)]
    }

    /// `"=" * 40`.
    fn repeated(&self, text: NodeId, count: NodeId) -> Vec<Template> {
        const LONGEST: f64 = 200.0;
        let text = self.code.facts.payload_text(text).unwrap_or_default();
        let count = self.code.facts.number(count).filter(|it| (0.0..=LONGEST).contains(it));
        count.map_or_else(
            || vec![Template::hole(String::new())],
            |it| vec![Template::text(&text.repeat(it as usize))],
        )
    }

    fn elements(&self, node: NodeId) -> Vec<Hole> {
        if self.code.facts.kind(node) == Kind::Tuple {
            return self.code.facts.children(node).map(|it| self.argument(it)).collect();
        }
        vec![self.argument(node)]
    }

    pub(super) fn argument(&self, node: NodeId) -> Hole {
        argument(self.code.facts, node)
    }

    pub(super) fn styled(&self, text: NodeId, style: Style, sources: &[Hole], depth: usize) -> Vec<Template> {
        let ways = self.read(text, depth + 1);
        ways.into_iter()
            .map(|it| it.restyled(style).formatted(style, sources))
            .collect()
    }

    fn name(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let Some(place) = self.code.facts.name_place(node) else {
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
        let here = self.code.facts.function_of(self.at);
        let before = |node: NodeId, function| function != here || node < self.at;
        let definitions = self.code.facts.definitions_of(place).iter().rev();
        for definition in definitions.filter(|it| before(it.node, it.function)) {
            match definition.how {
                How::Assign { value, .. } if value != self.at => ways.extend(self.read(value, depth + 1)),
                How::Param(index) => ways.push(parameter(self.text_of(place), index)),
                How::Import(_) => {
                    let values = self.code.imported_values(place).into_iter();
                    ways.extend(values.flat_map(|(code, at)| Reader { code, at }.read(at, depth + 1)));
                }
                how @ (How::Unpack { .. } | How::Iterate { .. }) => match self.unpacked(how, depth) {
                    Some(texts) => ways.extend(texts),
                    None => return Vec::new(),
                },
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
        let statement = self.code.facts.statement_of(node);
        let block = NodeId(self.code.facts.node(statement).parent);
        let role = self.code.facts.node(statement).role;
        let around = std::iter::once(self.at).chain(self.code.facts.ancestors(self.at));
        let child = around
            .into_iter()
            .find(|it| self.code.facts.node(*it).parent == block.0 && *it != block);
        child.is_some_and(|it| self.code.facts.node(it).role == role)
    }

    fn text_of(&self, place: PlaceId) -> String {
        self.code.facts.text(self.code.facts.place(place).name).to_owned()
    }
}

/// Whether a format only fills a text up to a width, behind it: `:<14`, `:14s`.
fn is_padding(spec: &str) -> bool {
    let width = spec.trim_start_matches([':', '<']);
    let width = width.strip_suffix('s').unwrap_or(width);
    !width.is_empty() && width.bytes().all(|it| it.is_ascii_digit())
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

pub(super) fn limited(mut ways: Vec<Template>) -> Vec<Template> {
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
