//! The shape of statements, expressions and annotations.

use super::lower;
use super::tree;
use tailspike::facts::Kind;
use tailspike::facts::NodeId;

#[test]
fn calls_keep_arguments_before_keywords() {
    assert_eq!(
        tree("f(1, *a, k=2, **d)"),
        "ExprStmt[value:Call[func:Name(f?) arg:Number(1) arg:Starred[value:Name(a?)] \
         keyword:Keyword(k)[value:Number(2)] keyword:Keyword[value:Name(d?)]]]"
    );
}

#[test]
fn functions_keep_decorators_defaults_annotations_returns_body() {
    assert_eq!(
        tree("@d\nasync def f(a, /, b: int = 1, *c, e: str, **g) -> None:\n    '''doc'''"),
        "FunctionDef(f)[decorator:Name(d?) default:Number(1) annotation:Name(int?) annotation:Name(str?) \
         returns:None Pass]"
    );
}

#[test]
fn classes_keep_bases_and_keywords() {
    assert_eq!(
        tree("class A(B, metaclass=M):\n    x: int"),
        "ClassDef(A)[base:Name(B?) keyword:Keyword(metaclass)[value:Name(M?)] \
         AnnAssign[target:Name(x@A.) annotation:Name(int?)]]"
    );
}

#[test]
fn elif_nests_in_orelse() {
    assert_eq!(
        tree("if a:\n  1\nelif b:\n  2\nelse:\n  3"),
        "If[test:Name(a?) ExprStmt[value:Number(1)] orelse:If[test:Name(b?) ExprStmt[value:Number(2)] \
         orelse:ExprStmt[value:Number(3)]]]"
    );
}

#[test]
fn loops_and_contexts() {
    assert_eq!(
        tree("while True:\n  break\nelse:\n  pass"),
        "While[test:True Break orelse:Pass]"
    );
    assert_eq!(
        tree("async for a, b in c:\n  continue"),
        "AsyncFor[target:Tuple[element:Name(a) element:Name(b)] iter:Name(c?) Continue]"
    );
    assert_eq!(
        tree("with a as b, c:\n  pass"),
        "With[item:WithItem[context:Name(a?) target:Name(b)] item:WithItem[context:Name(c?)] Pass]"
    );
}

#[test]
fn try_keeps_its_parts_apart() {
    assert_eq!(
        tree("try:\n  1\nexcept A as e:\n  2\nexcept:\n  pass\nelse:\n  3\nfinally:\n  4"),
        "Try[ExprStmt[value:Number(1)] handler:Handler(e)[type:Name(A?) ExprStmt[value:Number(2)]] \
         handler:Handler[Pass] orelse:ExprStmt[value:Number(3)] finally:ExprStmt[value:Number(4)]]"
    );
}

#[test]
fn patterns_are_flat() {
    assert_eq!(
        tree("match a:\n  case P(x, k=[1, *r]) if x:\n    pass\n  case {'q': None, **s} | _:\n    pass"),
        "Match[subject:Name(a?) case:MatchCase[pattern:Name(P?) pattern:Name(x) pattern:Number(1) pattern:Name(r) \
         guard:Name(x) Pass] case:MatchCase[pattern:Str(q) pattern:None pattern:Name(s) Pass]]"
    );
}

#[test]
fn operators() {
    assert_eq!(
        tree("-a + b < c < d"),
        "ExprStmt[value:Compare(21)[left:BinOp(0)[left:UnaryOp(16)[value:Name(a?)] right:Name(b?)] right:Name(c?) \
         right:Name(d?)]]"
    );
    assert_eq!(
        tree("a and not b"),
        "ExprStmt[value:BoolOp(17)[element:Name(a?) element:UnaryOp(13)[value:Name(b?)]]]"
    );
    assert_eq!(
        tree("a if b else c"),
        "ExprStmt[value:IfExp[test:Name(b?) Name(a?) orelse:Name(c?)]]"
    );
    assert_eq!(tree("a += 1"), "AugAssign(0)[target:Name(a) value:Number(1)]");
}

#[test]
fn containers_and_slices() {
    assert_eq!(
        tree("{'k': 1_000, **d}"),
        "ExprStmt[value:Dict[key:Str(k) value:Number(1000) value:Name(d?)]]"
    );
    assert_eq!(
        tree("a[1:, ::2]"),
        "ExprStmt[value:Subscript[value:Name(a?) index:Tuple[element:Slice[lower:Number(1)] \
         element:Slice[step:Number(2)]]]]"
    );
}

#[test]
fn comprehensions() {
    assert_eq!(
        tree("{k: v async for k in a if k for v in k}"),
        "ExprStmt[value:DictComp[key:Name(k@for) value:Name(v@for) \
         generator:Generator(1)[target:Name(k@for) iter:Name(a?) test:Name(k@for)] \
         generator:Generator(0)[target:Name(v@for) iter:Name(k@for)]]]"
    );
}

#[test]
fn constant_strings_are_one_and_fstrings_have_parts() {
    assert_eq!(tree("x = 'a' \"b\""), "Assign[target:Name(x) value:Str(ab)]");
    assert_eq!(
        tree("f('a' f'b {x!r:>{w}} {{c}}' 'd')"),
        "ExprStmt[value:Call[func:Name(f?) arg:FString[part:Str(ab ) part:FormatHole(!r:>{w})[value:Name(x?)] \
         part:Str( {c}d)]]]"
    );
    assert_eq!(
        tree("f(f'{x = } {y=:>3}')"),
        "ExprStmt[value:Call[func:Name(f?) arg:FString[part:Str(x = ) part:FormatHole(!r)[value:Name(x?)] \
         part:Str( y=) part:FormatHole(:>3)[value:Name(y?)]]]]"
    );
}

#[test]
fn long_strings_are_cut_at_a_character() {
    let text = format!("x = 'a{}'", "ü".repeat(600));
    let cut = format!("Assign[target:Name(x) value:Str(a{})]", "ü".repeat(255));
    assert_eq!(tree(&text), cut);
}

#[test]
fn docstrings_and_declarations_vanish_but_no_block_is_empty() {
    assert_eq!(tree("'''doc'''\nx = 1"), "Assign[target:Name(x) value:Number(1)]");
    assert_eq!(tree("def f():\n  global g"), "FunctionDef(f)[Pass]");
    assert_eq!(
        tree("class P:\n  def f(self): ..."),
        "ClassDef(P)[FunctionDef(P.f)[ExprStmt[value:Ellipsis]]]"
    );
}

#[test]
fn type_aliases_are_assignments() {
    assert_eq!(tree("type X = int"), "Assign[target:Name(X) value:Name(int?)]");
}

#[test]
fn quoted_types_are_expressions() {
    assert_eq!(
        tree("x: 'A | None'"),
        "AnnAssign[target:Name(x) annotation:BinOp(9)[left:Name(A?) right:None]]"
    );
    assert_eq!(
        tree("x: Optional['m.A']"),
        "AnnAssign[target:Name(x) annotation:Subscript[value:Name(Optional?) index:Attribute(A)[value:Name(m?)]]]"
    );
    assert_eq!(
        tree("x: Callable[['A'], 'B']"),
        "AnnAssign[target:Name(x) annotation:Subscript[value:Name(Callable?) index:Tuple[element:List[\
         element:Name(A?)] element:Name(B?)]]]"
    );
    assert_eq!(
        tree("def f() -> 'A': pass\nclass A: pass"),
        "FunctionDef(f)[returns:Name(A) Pass]\nClassDef(A)[Pass]"
    );
}

#[test]
fn values_inside_types_stay_values() {
    assert_eq!(
        tree("x: Annotated['A', 'b', f('c')]"),
        "AnnAssign[target:Name(x) annotation:Subscript[value:Name(Annotated?) index:Tuple[element:Name(A?) \
         element:Str(b) element:Call[func:Name(f?) arg:Str(c)]]]]"
    );
    assert_eq!(
        tree("x: t.Literal['a', 'b c']"),
        "AnnAssign[target:Name(x) annotation:Subscript[value:Attribute(Literal)[value:Name(t?)] \
         index:Tuple[element:Str(a) element:Str(b c)]]]"
    );
}

#[test]
fn casts_read_their_first_argument_as_a_type() {
    assert_eq!(
        tree("x = cast('A', v)"),
        "Assign[target:Name(x) value:Call[func:Name(cast?) arg:Name(A?) arg:Name(v?)]]"
    );
}

#[test]
fn spans_lie_inside_a_quoted_type_where_it_is_verbatim() {
    let texts = [
        ("x: 'List[A]'", "A"),
        ("x: 'List' '[A]'", "'List' '[A]'"),
        ("x: '''\nA'''", "A"),
        (r"x: 'Lis\x74[A]'", r"'Lis\x74[A]'"),
    ];
    for (text, expected) in texts {
        let facts = lower(text);
        let last = facts.span(NodeId(facts.nodes.len() as u32 - 1));
        assert_eq!(&text[last.start as usize..last.end as usize], expected);
    }
}

#[test]
fn what_is_no_type_is_opaque() {
    for text in ["x: 'not a type'", "x: ''", "x: 'A['"] {
        assert_eq!(
            lower(text).nodes.last().map(|it| it.kind),
            Some(Kind::Opaque),
            "in {text}"
        );
    }
}

#[test]
fn a_body_belongs_to_its_function() {
    let facts = lower("def f(a=(lambda: 1)):\n  x = [i for i in a]\n  def g(): y\n  return g");
    let owned: usize = facts.all_functions().map(|(it, _)| facts.body_nodes(it).count()).sum();
    assert_eq!(owned, facts.nodes.len() - 1, "all nodes but the module");
    for (function, _) in facts.all_functions() {
        assert!(facts.body_nodes(function).all(|it| facts.function_of(it) == function));
    }
}
