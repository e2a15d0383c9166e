"""Puts the entries of rules/catalog/*.toml in order: functions, then classes with their methods, each by first name.

Usage: python3 scripts/catalog_sort.py [FILE]...      (all files of the catalog where none is named)

Blocks are moved as they stand; the names inside a block are left alone (the test says which are out of order).
"""

import pathlib
import re
import sys

CATALOG = pathlib.Path(__file__).resolve().parent.parent / "rules" / "catalog"


def first_name(block):
    """The first name of a block, its sort key."""
    found = re.search(r'^names = \[\s*"([^"]+)"', block, re.MULTILINE)
    return found.group(1) if found else ""


def ordered(text):
    """The file's text with its blocks in order."""
    head, calls, classes, tables = [], [], [], []
    for block in re.split(r"\n\n+", text.strip()):
        if block.startswith("[[call]]"):
            calls.append(block)
        elif block.startswith("[[class]]"):
            classes.append((block, []))
        elif block.startswith("[[class.method]]"):
            classes[-1][1].append(block)
        else:
            (tables if block.startswith("[") else head).append(block)
    rows = head + sorted(calls, key=first_name)
    for block, methods in sorted(classes, key=lambda it: first_name(it[0])):
        rows += [block, *sorted(methods, key=first_name)]
    return "\n\n".join(rows + tables) + "\n"


def main():
    files = [pathlib.Path(it) for it in sys.argv[1:]] or sorted(CATALOG.glob("*.toml"))
    for path in files:
        text = path.read_text(encoding="utf-8")
        if ordered(text) != text:
            path.write_text(ordered(text), encoding="utf-8")
            print(f"sorted {path.name}")


if __name__ == "__main__":
    main()
