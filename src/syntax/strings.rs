//! Strings: one `Str` for a constant however it is written, one `FString` with literal and hole parts.

use super::lowering::Lowering;
use crate::facts::Kind;
use crate::facts::NO_PAYLOAD;
use crate::facts::NodeId;
use crate::facts::Role;
use crate::facts::Sym;
use crate::facts::node::MAX_STRING;
use ruff_python_ast as ast;
use ruff_python_ast::FStringPart;
use ruff_python_ast::InterpolatedStringElement;
use ruff_text_size::Ranged;
use ruff_text_size::TextRange;

/// Literal text of an f-string that is still growing: neighbours across implicit concatenation are one part.
#[derive(Default)]
struct Literal {
    text: String,
    range: Option<TextRange>,
}

impl Literal {
    fn push(&mut self, text: &str, range: TextRange) {
        if self.text.len() < MAX_STRING {
            self.text.push_str(text);
        }
        self.range = Some(self.range.map_or(range, |it| it.cover(range)));
    }
}

impl Lowering<'_> {
    pub(super) fn string(&mut self, expr: &ast::ExprStringLiteral, role: Role) -> NodeId {
        let text = self.short(expr.value.to_str());
        self.leaf(Kind::Str, role, expr.range, text.0)
    }

    pub(super) fn fstring(&mut self, expr: &ast::ExprFString, role: Role) -> NodeId {
        let id = self.open(Kind::FString, role, expr.range, NO_PAYLOAD);
        let mut literal = Literal::default();
        for part in &expr.value {
            match part {
                FStringPart::Literal(it) => literal.push(&it.value, it.range),
                FStringPart::FString(it) => self.elements(&it.elements, &mut literal),
            }
        }
        self.flush(&mut literal);
        self.close(id);
        id
    }

    /// A template string has the shape of an f-string.
    pub(super) fn tstring(&mut self, expr: &ast::ExprTString, role: Role) -> NodeId {
        let id = self.open(Kind::FString, role, expr.range, NO_PAYLOAD);
        let mut literal = Literal::default();
        for part in &expr.value {
            self.elements(&part.elements, &mut literal);
        }
        self.flush(&mut literal);
        self.close(id);
        id
    }

    fn elements(&mut self, elements: &ast::InterpolatedStringElements, literal: &mut Literal) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(it) => literal.push(&it.value, it.range),
                InterpolatedStringElement::Interpolation(it) => self.hole(it, literal),
            }
        }
    }

    /// `{value!r:>10}`; for `{value=}` the text `value=` is literal and the conversion `!r`, as Python prints it.
    fn hole(&mut self, hole: &ast::InterpolatedElement, literal: &mut Literal) {
        if let Some(debug) = &hole.debug_text {
            let shown = [debug.leading(), debug.expression(), debug.trailing()].concat();
            literal.push(&shown, TextRange::new(hole.range.start(), hole.expression.start()));
        }
        self.flush(literal);
        let format = self.format_of(hole);
        self.wrap(Kind::FormatHole, Role::Part, hole.range, format, &hole.expression);
    }

    fn format_of(&mut self, hole: &ast::InterpolatedElement) -> u32 {
        let spec = hole.format_spec.as_ref();
        let conversion = match hole.conversion.to_char() {
            None if hole.debug_text.is_some() && spec.is_none() => Some('r'),
            conversion => conversion,
        };
        let mut format = String::new();
        if let Some(conversion) = conversion {
            format.extend(['!', conversion]);
        }
        if let Some(spec) = spec.filter(|_| self.fixed_span.is_none()) {
            format.push(':');
            format.push_str(&self.text[spec.range]);
        }
        if format.is_empty() {
            NO_PAYLOAD
        } else {
            self.short(&format).0
        }
    }

    fn flush(&mut self, literal: &mut Literal) {
        if let Some(range) = literal.range.take() {
            let text = self.short(&literal.text);
            self.leaf(Kind::Str, Role::Part, range, text.0);
            literal.text.clear();
        }
    }

    /// The symbol of a text, cut to the length that facts keep.
    fn short(&mut self, text: &str) -> Sym {
        self.symbols.intern(&text[..text.floor_char_boundary(MAX_STRING)])
    }
}
