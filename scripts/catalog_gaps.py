"""Lists the library calls that a tree of Python code makes and that the catalog does not know.

Usage: python3 scripts/catalog_gaps.py [--known] [--async-only] [--min N] [--root PKG] TREE...

Reads every .py file below TREE with the standard library's `ast`, resolves import aliases and the
constructor calls of local names and of `self` attributes file by file, and counts the dotted
external names that are called: in `async def` bodies (first column) and in sync functions
(second column). A name is external when its first part is not a top folder of TREE. A name counts
as known when the catalog has it as a function, a class, or a method of a class or of its bases;
awaited calls are marked `await`. Nothing is imported or executed.
"""

import argparse
import ast
import collections
import pathlib
import sys
import tomllib

CATALOG = pathlib.Path(__file__).resolve().parent.parent / "rules" / "catalog"


class Known:
    """The catalog, as far as names go."""

    def __init__(self, folder):
        self.functions, self.classes, self.alias = {}, {}, {}
        for path in sorted(folder.glob("*.toml")):
            data = tomllib.loads(path.read_text())
            self.alias.update(data.get("alias", {}))
            for entry in data.get("call", []):
                for name in entry["names"]:
                    self.functions[name] = entry
            for entry in data.get("class", []):
                for name in entry["names"]:
                    self.classes[name] = entry
            for name, of in data.get("instance", {}).items():
                self.functions.setdefault(name, {"returns": of})

    def lineage(self, name):
        """The class entry and those of its bases."""
        entry = self.classes.get(name)
        if entry is None:
            return
        yield entry
        for base in entry.get("bases", []):
            yield from self.lineage(base)

    def member(self, name, part):
        """The class of an attribute or of a method's result, True for another known member, else None."""
        wild = False
        for entry in self.lineage(name):
            if part in entry.get("attributes", {}):
                of = entry["attributes"][part]
                return name if of == "self" else of.strip("[]")
            for method in entry.get("method", []):
                if part in method["names"]:
                    of = method.get("returns")
                    return name if of == "self" else of.strip("[]") if of else True
                wild = wild or "*" in method["names"]
        return True if wild else None

    def has(self, dotted):
        """Whether a dotted name leads to something in the catalog."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            head = ".".join(parts[:end])
            head = self.alias.get(head, head)
            of = head if head in self.classes else (self.functions.get(head) or {}).get("returns", "").strip("[]")
            if end == len(parts):
                if head in self.classes or head in self.functions:
                    return True
                continue
            for part in parts[end:]:
                of = self.member(of, part) if isinstance(of, str) else None
            if of:
                return True
        return False


class Calls(ast.NodeVisitor):
    """The external calls of one file."""

    def __init__(self, own):
        self.own, self.names, self.stack, self.awaited = own, {}, [], set()
        self.found = collections.Counter()

    def visit_Import(self, node):
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]

    def visit_ImportFrom(self, node):
        if node.level == 0 and node.module:
            for alias in node.names:
                self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_AsyncFunctionDef(self, node):
        self.inside(node, "async")

    def visit_FunctionDef(self, node):
        self.inside(node, "sync")

    def inside(self, node, kind):
        outer = dict(self.names)
        for arg in node.args.args + node.args.kwonlyargs:
            of = arg.annotation and self.dotted(arg.annotation)
            if of:
                self.names[arg.arg] = of
            else:
                self.names.pop(arg.arg, None)
        self.stack.append(kind)
        self.generic_visit(node)
        self.stack.pop()
        keep = {k: v for k, v in self.names.items() if k.startswith("self.")}
        self.names = {**outer, **keep}

    def visit_Assign(self, node):
        self.generic_visit(node)
        self.bind(node.targets, node.value)

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        self.bind([node.target], node.value or node.annotation)

    def visit_With(self, node):
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.bind([item.optional_vars], item.context_expr)
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With

    def bind(self, targets, value):
        value = value.value if isinstance(value, ast.Await) else value
        of = self.dotted(value) if isinstance(value, (ast.Call, ast.Name, ast.Attribute)) else None
        for target in targets:
            if isinstance(target, ast.Name):
                self.names.pop(target.id, None)
                if of:
                    self.names[target.id] = of
            elif of and isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                self.names[f"self.{target.attr}"] = of

    def visit_Await(self, node):
        self.awaited.add(id(node.value))
        self.generic_visit(node)

    def visit_Call(self, node):
        name = self.dotted(node.func)
        if name and name.split(".")[0] not in self.own:
            self.found[(name, self.stack[-1] if self.stack else "module", id(node) in self.awaited)] += 1
        self.generic_visit(node)

    def dotted(self, node):
        """The external dotted text of an expression; a call stands for what it gives."""
        if isinstance(node, ast.Call):
            return self.dotted(node.func)
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                return self.names.get(f"self.{node.attr}")
            of = self.dotted(node.value)
            return of and f"{of}.{node.attr}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.dotted(node.left)
        return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", nargs="+", type=pathlib.Path)
    parser.add_argument("--known", action="store_true", help="list the known names instead")
    parser.add_argument("--async-only", action="store_true", help="only calls in async functions that are not awaited")
    parser.add_argument("--min", type=int, default=2, help="fewest calls")
    parser.add_argument("--root", help="only names that begin with this package")
    return parser.parse_args()


def main():
    options = arguments()
    known, table = Known(CATALOG), {}
    sys.setrecursionlimit(20000)
    for tree in options.tree:
        own = {it.stem for it in tree.iterdir()} | {tree.name}
        for path in sorted(tree.rglob("*.py")):
            try:
                module = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError, RecursionError):
                continue
            calls = Calls(own)
            calls.visit(module)
            for (name, kind, awaited), count in calls.found.items():
                row = table.setdefault(name, collections.Counter())
                row[kind] += count
                row["await"] += count * awaited
                row["direct"] += count * (kind == "async" and not awaited)
    for name, row in sorted(table.items(), key=lambda it: (-it[1]["direct"], -it[1].total(), it[0])):
        if row["async"] + row["sync"] < options.min or (options.async_only and not row["direct"]):
            continue
        if options.root and not name.startswith(options.root):
            continue
        if known.has(name) == options.known:
            print(f"{row['async']:6} {row['sync']:6} {'await' if row['await'] else '     '} {name}")


if __name__ == "__main__":
    main()
