//! Definitions, functions, classes and imports.

use super::defined;
use super::how;
use super::lower;
use tailspike::facts::AttributeDef;
use tailspike::facts::FileFacts;
use tailspike::facts::FnKind;
use tailspike::facts::Imported;
use tailspike::facts::NodeId;
use tailspike::facts::ParamKind;

#[test]
fn assignments() {
    assert_eq!(
        defined("a = b = 1\nc: int = 2\nd: int\na += 3\ne, *f, (g, h) = i"),
        [
            "a = Number(1)",
            "a = augment Number(3)",
            "b = Number(1)",
            "c = Number(2) as Name(int?)",
            "d = declare Name(int?)",
            "e = 0 of Name(i?)",
            "f = -1 of Name(i?)",
            "g = -1 of Name(i?)",
            "h = -1 of Name(i?)",
        ]
    );
}

#[test]
fn loops_and_contexts() {
    assert_eq!(
        defined("for i, x in enumerate(a): pass\nasync def f():\n  async with s as t: pass\n  async for u in t: pass"),
        [
            "i = for Call[func:Name(enumerate?) arg:Name(a?)] at 0",
            "x = for Call[func:Name(enumerate?) arg:Name(a?)] at 1",
            "f = def f",
            "t@f = async with Name(s?)",
            "u@f = async for Name(t@f)",
        ]
    );
}

fn attributes(facts: &FileFacts, class: usize) -> Vec<String> {
    let shown = |it: &AttributeDef| {
        let function = facts.text(facts.function(it.function).qualname);
        format!("{}: {} = {}", function, facts.text(it.name), how(facts, it.how))
    };
    facts.classes[class].attributes.iter().map(shown).collect()
}

#[test]
fn attributes_of_self_belong_to_the_class() {
    let text = "
class A:
    def __init__(this, x):
        this.x = x
        this.y: int = 1
        this.z, w.q = x
        x.no = 1
        def inner():
            this.late += 2
    @staticmethod
    def s(a):
        a.no = 1
    @classmethod
    def c(cls):
        cls.shared: dict
        with open() as cls.file: pass
    class B:
        def f(self):
            for self.i in x: pass
            [0 for self.j in x]
";
    let facts = lower(text);
    assert_eq!(
        attributes(&facts, 0),
        [
            "A.__init__: x = Name(x@A.__init__)",
            "A.__init__: y = Number(1) as Name(int?)",
            "A.__init__: z = 0 of Name(x@A.__init__)",
            "A.__init__.inner: late = augment Number(2)",
            "A.c: shared = declare Name(dict?)",
            "A.c: file = with Call[func:Name(open?)]",
        ]
    );
    assert_eq!(
        attributes(&facts, 1),
        ["A.B.f: i = for Name(x?)", "A.B.f: j = for Name(x?)"]
    );
}

#[test]
fn members_are_all_names_of_the_body() {
    let facts = lower("class A:\n  x = 1\n  def f(self): y = 1\n  if c:\n    z: int\n  x = 2\n  class B: pass");
    let members = facts.classes[0].members.iter().map(|&(name, _)| facts.text(name));
    assert_eq!(members.collect::<Vec<_>>(), ["x", "f", "z", "B"]);
}

#[test]
fn qualified_names_are_dotted_and_preorder() {
    let facts = lower("def make():\n  @d(lambda: 1)\n  def handler(): pass\n  class A:\n    async def m(self): yield");
    let names: Vec<_> = facts.functions.iter().map(|it| facts.text(it.qualname)).collect();
    assert_eq!(names, ["<module>", "make", "make.handler", "make.<lambda>", "make.A.m"]);
    let method = &facts.functions[4];
    assert_eq!(
        (method.kind, method.is_generator, method.class.is_some()),
        (FnKind::Async, true, true)
    );
    assert!(!facts.functions[1].is_generator);
    assert_eq!(method.parent.0, 1);
}

#[test]
fn parameters_carry_kind_default_and_annotation() {
    let facts = lower("def f(a, /, b: int = 1, *c: str, e=2, **g): pass");
    let params = &facts.functions[1].params;
    let kinds: Vec<_> = params.iter().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            ParamKind::PositionalOnly,
            ParamKind::Plain,
            ParamKind::VarArgs,
            ParamKind::KeywordOnly,
            ParamKind::VarKeywords,
        ]
    );
    let source = |id: Option<NodeId>| id.and_then(|it| facts.name_text(it).or(facts.payload_text(it)));
    let parts: Vec<_> = params
        .iter()
        .map(|it| (source(it.default), source(it.annotation)))
        .collect();
    let none = (None, None);
    assert_eq!(
        parts,
        [
            none,
            (Some("1"), Some("int")),
            (None, Some("str")),
            (Some("2"), None),
            none
        ]
    );
}

#[test]
fn functions_have_the_span_of_their_name() {
    let text = "@d\nasync def fetch(): pass";
    let span = lower(text).functions[1].name_span;
    assert_eq!(&text[span.start as usize..span.end as usize], "fetch");
}

#[test]
fn imports_of_every_form() {
    let facts = lower("import a.b, c.d as e\nfrom ..m import x as y, z\nfrom . import *");
    let shown: Vec<String> = facts
        .imports
        .iter()
        .map(|it| {
            let what = match it.what {
                Imported::Top => "top",
                Imported::Module => "module",
                Imported::Member(name) => facts.text(name),
                Imported::Star => "*",
            };
            let bound = it.place.map_or("-", |it| facts.text(facts.place(it).name));
            format!(
                "{}{} {what} {bound}",
                ".".repeat(it.level as usize),
                facts.text(it.module)
            )
        })
        .collect();
    assert_eq!(shown, ["a.b top a", "c.d module e", "..m x y", "..m z z", ". * -"]);
}

#[test]
fn type_checking_imports_are_marked() {
    let text = "
import t
if t.TYPE_CHECKING:
    import a
    if x:
        import b
else:
    import c
if not TYPE_CHECKING:
    import d
else:
    import e
";
    let marks: Vec<bool> = lower(text).imports.iter().map(|it| it.type_checking).collect();
    assert_eq!(marks, [false, true, true, false, false, true]);
}

#[test]
fn dunder_all_is_kept_while_it_is_literal() {
    let all = |text: &str| {
        let facts = lower(text);
        let names = facts.all.clone()?;
        let names: Vec<&str> = names.iter().map(|&it| facts.text(it)).collect();
        Some(names.join(" "))
    };
    assert_eq!(all("__all__ = ['a', 'b']\n__all__ += ('c',)").as_deref(), Some("a b c"));
    assert_eq!(all("__all__: list[str] = ['a']").as_deref(), Some("a"));
    assert_eq!(all("__all__ = ['a']\n__all__ += m.__all__"), None);
    assert_eq!(all("__all__ = [x]"), None);
    assert_eq!(all("def f():\n  __all__ = ['a']"), None);
}
