//! Which scope binds a name.

use super::defined;
use super::lower;
use super::names;

#[test]
fn an_assignment_anywhere_makes_a_name_local() {
    assert_eq!(names("def f():\n  x\n  if y: x = 1\nx = 2"), "x@f y? x@f x");
}

#[test]
fn bodies_see_names_bound_later() {
    assert_eq!(names("def f():\n  return g, h\ndef g(): pass"), "g h?");
}

#[test]
fn free_variables_point_at_the_scope_that_binds_them() {
    assert_eq!(names("def f(a):\n  def g():\n    return lambda: a\n  a"), "a@f a@f");
}

#[test]
fn global_leads_to_the_module() {
    assert_eq!(names("def f():\n  global x\n  x = 1\n  def g():\n    x"), "x x");
    assert_eq!(names("x = 1\ndef f(x):\n  def g():\n    global x\n    x"), "x x");
    assert_eq!(names("def f(x):\n  def g():\n    global x\n    return x"), "x?");
    assert_eq!(
        defined("def f():\n  global x\n  import x\n"),
        ["f = def f", "x = import 0"]
    );
}

#[test]
fn nonlocal_leads_to_the_function_that_binds() {
    assert_eq!(
        names("def f():\n  def g():\n    nonlocal x\n    x = 1\n  x = 2"),
        "x@f x@f"
    );
    assert_eq!(
        defined(
            "def f():\n  x = 0\n  def g():\n    nonlocal x\n    x = 1\n    def h():\n      nonlocal x\n      x = 2\n  x = 3"
        ),
        [
            "f = def f",
            "x@f = Number(0)",
            "x@f = Number(1)",
            "x@f = Number(2)",
            "x@f = Number(3)",
            "g@f = def f.g",
            "h@f.g = def f.g.h",
        ]
    );
    // Python refuses it; it must merely do no harm.
    assert_eq!(names("def f():\n  nonlocal x\n  x = 1\nx"), "x x");
}

#[test]
fn class_bodies_are_invisible_from_inside() {
    assert_eq!(
        names("class A:\n  x = 1\n  y = x\n  def f(self): return x\n  z = [x for _ in x]\n  class B:\n    x"),
        "x@A. y@A. x@A. x? z@A. x? _@for x@A. x?"
    );
    assert_eq!(names("def f(x):\n  class A:\n    y = x"), "y@f.A. x@f");
}

#[test]
fn comprehensions_evaluate_their_first_iterable_outside() {
    assert_eq!(names("x = 1\n[x for x in x for y in x]"), "x x@for x@for x y@for x@for");
    assert_eq!(
        names("def f():\n  return [y for y in [x for x in x]]\n"),
        "y@for y@for x@for x@for x?"
    );
    assert_eq!(
        names("def f(a):\n  return [b for b in map(lambda b: b + a, a)]"),
        "b@for b@for map? b@f.<lambda> a@f a@f"
    );
    assert_eq!(
        names("def f(a):\n  [[c for c in b] for b in a]\n  b"),
        "c@for c@for b@for b@for a@f b?"
    );
}

#[test]
fn a_walrus_binds_outside_the_comprehension() {
    assert_eq!(
        names("def f(a):\n  x = [y := b for b in a if (z := b)]\n  return y"),
        "x@f y@f b@for b@for a@f z@f b@for y@f"
    );
    assert_eq!(names("[y := 1 for _ in a]\ny"), "y _@for a? y");
    assert_eq!(names("def f():\n  global y\n  [y := 1 for _ in a]\n"), "y _@for a?");
    assert_eq!(
        defined("def f(a):\n  while (n := next(a)): pass\n"),
        [
            "f = def f",
            "a@f = param 0",
            "n@f = Call[func:Name(next?) arg:Name(a@f)]"
        ]
    );
}

#[test]
fn defaults_are_evaluated_outside() {
    assert_eq!(
        names("def f(a, b=a):\n  lambda a, c=b: (a, c)"),
        "a? b@f a@f.<lambda> c@f.<lambda>"
    );
}

#[test]
fn decorators_annotations_and_bases_belong_to_the_scope_around() {
    assert_eq!(
        names("class A:\n  x = 1\n  @x\n  def f(self, p: x = x) -> x: pass"),
        "x@A. x@A. x@A. x@A. x@A."
    );
    assert_eq!(names("def f(A):\n  class B(A): pass"), "A@f");
}

#[test]
fn every_form_binds() {
    let text = "
def f():
  import a.b, c.d as e
  from m import *
  with x as (g, h): pass
  for i in x: pass
  try: pass
  except X as j: pass
  def k(): pass
  class L: pass
  del n
  match x:
    case o: pass
";
    assert_eq!(
        defined(text),
        [
            "f = def f",
            "a@f = import 0",
            "e@f = import 1",
            "g@f = other",
            "h@f = other",
            "i@f = for Name(x?)",
            "j@f = except",
            "k@f = def f.k",
            "L@f = class f.L",
            "n@f = other",
            "o@f = other",
        ]
    );
}

#[test]
fn unbound_names_share_one_place() {
    assert_eq!(lower("print(a)\ndef f(): print(a)").places.len(), 3);
}
