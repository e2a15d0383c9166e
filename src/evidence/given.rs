//! Messages that come out of calls, tables and attributes: formatted, joined, looked up, translated, styled.

use super::messages::Reader;
use super::messages::TRACEBACK;
use super::messages::joined;
use super::messages::limited;
use super::template::Hole;
use super::template::Style;
use super::template::Template;
use crate::facts::How;
use crate::facts::Kind;
use crate::facts::NodeId;
use crate::facts::ParamKind;
use crate::facts::Role;

/// Functions that give the text they are given: unchanged, in colour, translated, without its indentation.
const GIVES_ITS_TEXT: [&str; 14] = [
    "str",
    "dedent",
    "cleandoc",
    "escape",
    "escape_markup",
    "style",
    "colored",
    "_",
    "gettext",
    "gettext_lazy",
    "Text",
    "Markdown",
    "Rule",
    "Panel",
];

/// Methods that change at most the white space around a text.
const KEEPS_THE_TEXT: [&str; 9] = [
    "strip",
    "rstrip",
    "lstrip",
    "rjust",
    "ljust",
    "center",
    "expandtabs",
    "encode",
    "decode",
];

impl Reader<'_> {
    /// What a call gives.
    pub(super) fn call(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let Some(function) = self.code.facts.child(node, Role::Func) else {
            return vec![self.hole(node)];
        };
        let name = super::loggers::last_name(self.code.facts, function).unwrap_or_default();
        // `warnings.warn(DeprecationWarning("..."))`
        if GIVES_ITS_TEXT.contains(&name) || name.ends_with("Warning") {
            let text = self.code.facts.arg(node, 0);
            return text.map_or_else(|| vec![self.hole(node)], |it| self.read(it, depth + 1));
        }
        if super::serialized::is_dumps(self.code.facts, node) {
            return self.serialized(node, depth).unwrap_or_else(|| vec![self.hole(node)]);
        }
        // A line of its own; the rest of it follows on further lines.
        if name == "format_exc" {
            return vec![Template::text(TRACEBACK)];
        }
        let receiver = Some(function).filter(|it| self.code.facts.kind(*it) == Kind::Attribute);
        match receiver.and_then(|it| self.code.facts.child(it, Role::Value)) {
            Some(receiver) => self.method(node, receiver, name, depth),
            None => vec![self.hole(node)],
        }
    }

    fn method(&self, call: NodeId, receiver: NodeId, name: &str, depth: usize) -> Vec<Template> {
        match name {
            "format" => {
                let arguments = self.code.facts.children_as(call, Role::Arg);
                let sources: Vec<Hole> = arguments.map(|it| self.argument(it)).collect();
                self.styled(receiver, Style::Braces, &sources, depth)
            }
            "join" => self.join(call, receiver, depth),
            "upper" => self.recased(receiver, depth, str::to_uppercase),
            "lower" => self.recased(receiver, depth, str::to_lowercase),
            _ if KEEPS_THE_TEXT.contains(&name) => self.read(receiver, depth + 1),
            _ => vec![self.hole(call)],
        }
    }

    fn recased(&self, text: NodeId, depth: usize, change: impl Fn(&str) -> String) -> Vec<Template> {
        let ways = self.read(text, depth + 1);
        ways.iter().map(|it| it.map_texts(&change)).collect()
    }

    /// `", ".join([...])`; a list that is made elsewhere is one value.
    fn join(&self, call: NodeId, separator: NodeId, depth: usize) -> Vec<Template> {
        let facts = self.code.facts;
        if let Some(parts) = facts.arg(call, 0).and_then(|it| self.all_of(it)) {
            return self.read(parts, depth + 1);
        }
        let list = facts.arg(call, 0).filter(|it| is_list(facts.kind(*it)));
        let (Some(list), Some(separator)) = (list, facts.payload_text(separator)) else {
            return vec![self.hole(call)];
        };
        let mut ways = vec![Template::default()];
        for (index, element) in facts.children(list).enumerate() {
            if index > 0 {
                ways = joined(&ways, &[Template::text(separator)]);
            }
            ways = joined(&ways, &self.read(element, depth + 1));
        }
        ways
    }

    /// The parameter `*parts` in `parts`, `map(str, parts)` and `str(it) for it in parts`.
    fn all_of(&self, node: NodeId) -> Option<NodeId> {
        let facts = self.code.facts;
        let parts = match facts.kind(node) {
            Kind::Name => node,
            Kind::Call => {
                let function = facts.child(node, Role::Func).and_then(|it| facts.name_text(it));
                facts.arg(node, 1).filter(|_| function == Some("map"))?
            }
            Kind::GeneratorExp | Kind::ListComp => {
                let generator = facts.child(node, Role::Generator)?;
                facts.child(generator, Role::Iter)?
            }
            _ => return None,
        };
        let definitions = facts.definitions_of(facts.name_place(parts)?);
        let [only] = definitions else { return None };
        let How::Param(index) = only.how else { return None };
        let param = facts.function(only.function).params.get(index as usize)?;
        (param.kind == ParamKind::VarArgs).then_some(parts)
    }

    /// `a or b`: either of them.
    pub(super) fn either(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let operands = self.code.facts.children(node);
        limited(operands.flat_map(|it| self.read(it, depth + 1)).collect())
    }

    /// `TEXTS["key"]`, where the table is written out; every text of it where the key is a value.
    pub(super) fn looked_up(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let facts = self.code.facts;
        let (Some(table), Some(index)) = (facts.child(node, Role::Value), facts.child(node, Role::Index)) else {
            return vec![self.hole(node)];
        };
        let Some((home, table)) = self.table(table) else {
            return vec![self.hole(node)];
        };
        let wanted = facts.payload_text(index).filter(|_| facts.kind(index) == Kind::Str);
        let keys = home.code.facts.children_as(table, Role::Key);
        let entries = keys.zip(home.code.facts.children_as(table, Role::Value));
        let fitting = entries.filter(|(key, _)| {
            let key = home.code.facts.payload_text(*key);
            wanted.is_none_or(|it| key == Some(it))
        });
        let ways: Vec<Template> = fitting.flat_map(|(_, it)| home.read(it, depth + 1)).collect();
        if ways.is_empty() {
            vec![self.hole(node)]
        } else {
            limited(ways)
        }
    }

    /// The dictionary that an expression names, with a reader of its file.
    fn table(&self, node: NodeId) -> Option<(Reader<'_>, NodeId)> {
        let facts = self.code.facts;
        let is_table = |it: &(Reader<'_>, NodeId)| it.0.code.facts.kind(it.1) == Kind::Dict;
        if facts.kind(node) == Kind::Dict {
            return Some((Reader { ..*self }, node));
        }
        let place = facts.name_place(node)?;
        let own = facts.definitions_of(place).iter().filter_map(|it| match it.how {
            How::Assign { value, .. } => Some((self.code, value)),
            _ => None,
        });
        let mut all = own.chain(self.code.imported_values(place));
        let (code, at) = all.next()?;
        if all.next().is_some() {
            return None;
        }
        Some((Reader { code, at }, at)).filter(is_table)
    }

    /// `module.TEXT`, `self.TEXT`, `Class.TEXT`: a text that is given once, in another file or in a class.
    pub(super) fn attribute(&self, node: NodeId, depth: usize) -> Vec<Template> {
        let ways = self.attribute_ways(node, depth).filter(|it| !it.is_empty());
        ways.map_or_else(|| vec![self.hole(node)], limited)
    }

    fn attribute_ways(&self, node: NodeId, depth: usize) -> Option<Vec<Template>> {
        let facts = self.code.facts;
        let name = facts.payload_text(node)?;
        let owner = facts.child(node, Role::Value)?;
        let place = facts.name_place(owner)?;
        let imported = self.code.member_values(place, name);
        if !imported.is_empty() {
            let ways = imported
                .into_iter()
                .flat_map(|(code, at)| Reader { code, at }.read(at, depth + 1));
            return Some(ways.collect());
        }
        let is_own = matches!(facts.name_text(owner), Some("self" | "cls"));
        let named = facts.definitions_of(place).iter().find_map(|it| match it.how {
            How::Class(class) => Some(class),
            _ => None,
        });
        let class = named.or_else(|| facts.function(facts.function_of(node)).class.filter(|_| is_own))?;
        let mut values = self.code.class_values(class, name);
        let attributes = facts.classes[class.0 as usize].attributes.iter();
        for attribute in attributes.filter(|it| facts.text(it.name) == name) {
            match attribute.how {
                How::Assign { value, .. } => values.push(value),
                _ => return None,
            }
        }
        let code = self.code;
        let ways = values
            .into_iter()
            .flat_map(|at| Reader { code, at }.read(at, depth + 1));
        Some(ways.collect())
    }

    /// The element that `a, b = first, second` or `for x in (first, second)` gives a name; nothing if it is not written out.
    pub(super) fn unpacked(&self, how: How, depth: usize) -> Option<Vec<Template>> {
        let facts = self.code.facts;
        let nth = |list: NodeId, index: u32| {
            let mut elements = facts.children(list).filter(|_| is_list(facts.kind(list)));
            elements.nth(index as usize)
        };
        match how {
            How::Unpack { value, index } => nth(value, index).map(|it| self.read(it, depth + 1)),
            How::Iterate { iter, index, .. } if is_list(facts.kind(iter)) => {
                let elements = facts
                    .children(iter)
                    .filter_map(|it| index.map_or(Some(it), |index| nth(it, index)));
                Some(elements.flat_map(|it| self.read(it, depth + 1)).collect())
            }
            _ => None,
        }
    }
}

fn is_list(kind: Kind) -> bool {
    matches!(kind, Kind::List | Kind::Tuple | Kind::Set)
}
