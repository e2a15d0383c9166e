"""Makes a long log for measuring: lines of real templates with fresh values, and a program that has these templates.

usage: python bench/make_log.py FOLDER TREE... [--megabytes N] [--templates N] [--seed N] [--tailspike BINARY]

The templates are those of the TREEs, as `tailspike sites` lists them. How often each is written falls with its rank
(Zipf), as in real logs; one line in five comes from no call of the program. FOLDER gets `run.log` and `program/`, a
stand-in with one call for each template, so that measuring the log does not measure the trees. The same seed makes the
same bytes.
"""

import argparse
import json
import random
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A line in five is written by libraries, as in the logs that triage was tried on.
STRANGE = 0.2
# Lines are drawn in blocks: drawing one at a time takes most of the time.
BLOCK = 100_000
HOLE = re.compile(r"\{[^{}]*\}")
# Fewer characters than this tell no template from another.
LEAST_TEXT = 4
LEVELS = ["debug", "info", "warning", "error"]
WORDS = "connection pool selector socket handler worker queue session header cache token batch shard".split()
MODULE = """import logging

logger = logging.getLogger("{name}")


async def work(value):
{calls}
"""


def templates(trees: list[str], binary: str, most: int, rng: random.Random) -> list[tuple[str, str]]:
    """Level and template of calls of the trees, without doubles."""
    command = [binary, "sites", "--isolated", "--format", "jsonl", *trees]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for row in map(json.loads, listed.splitlines()):
        for template in row["templates"][:1]:
            text = HOLE.sub("", template)
            plain = "{" not in text and "}" not in text and template.isprintable() and template == template.strip()
            if plain and len(text.strip()) >= LEAST_TEXT:
                found.setdefault(HOLE.sub("{}", template), row["level"] if row["level"] in LEVELS else "info")
    chosen = sorted(found.items())
    rng.shuffle(chosen)
    return [(level, template) for template, level in chosen[:most]]


def write_program(folder: Path, chosen: list[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(chosen), 100):
        name = f"part_{start // 100:03}"
        calls = []
        for level, template in chosen[start : start + 100]:
            quoted = json.dumps(template, ensure_ascii=False).replace("{}", "{value}")
            calls.append(f"    logger.{level}({'f' if '{value}' in quoted else ''}{quoted})")
        text = MODULE.format(name=name, calls="\n".join(calls))
        (folder / f"{name}.py").write_text(text, encoding="utf8")


def values(rng: random.Random, count: int) -> tuple[str, ...]:
    kinds = rng.random()
    number = rng.getrandbits(40)
    if kinds < 0.5:
        first = str(number % 10_000)
    elif kinds < 0.8:
        first = f"doc-{number:010x}"
    else:
        first = f"{number % 100_000 / 1000:.3f}"
    return (first,) * count if count < 2 else (first, *(str(rng.getrandbits(16)) for _ in range(count - 1)))


def write_log(path: Path, chosen: list[tuple[str, str]], megabytes: int, rng: random.Random) -> None:
    weights = [1 / rank for rank in range(1, len(chosen) + 1)]
    # The name and the level of a line are those of its call, so that formatting it is one step.
    shapes = []
    for index, (level, template) in enumerate(chosen):
        lead = f"part_{index // 100:03} - {level.upper()} - "
        shapes.append((lead + template.replace("%", "%%").replace("{}", "%s") + "\n", template.count("{}")))
    written = 0
    millis = 0
    day_seconds = 86_400
    with path.open("w", encoding="utf8") as out:
        while written < megabytes * 1_000_000:
            lines = []
            for shape, holes in rng.choices(shapes, weights, k=BLOCK):
                millis += rng.getrandbits(1)
                seconds = millis // 1000
                minute, second = divmod(seconds % day_seconds, 60)
                stamp = f"2026-11-{22 + seconds // day_seconds} {minute // 60:02}:{minute % 60:02}:{second:02},{millis % 1000:03} - "
                if rng.random() < STRANGE:
                    text = f"lib.{rng.choice(WORDS)} - DEBUG - {' '.join(rng.choices(WORDS, k=6))} {millis}\n"
                else:
                    text = shape % values(rng, holes)
                lines.append(stamp + text)
            block = "".join(lines)
            written += len(block)
            out.write(block)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("trees", nargs="+")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tailspike", default=str(ROOT / "target" / "release" / "tailspike"))
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    chosen = templates(arguments.trees, arguments.tailspike, arguments.templates, rng)
    if len(chosen) < arguments.templates:
        print(f"note: the trees have {len(chosen)} templates, not {arguments.templates}", file=sys.stderr)
    write_program(arguments.folder / "program", chosen)
    write_log(arguments.folder / "run.log", chosen, arguments.megabytes, rng)
    return 0


if __name__ == "__main__":
    sys.exit(main())
