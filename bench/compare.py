"""Measures `tailspike check` against two yardsticks on the same tree, in one run.

usage: python bench/compare.py TREE [--repeat N] [--link TREE]

The yardsticks are the floor (every file parsed by the same parser, and nothing else) and `ruff check --select ASYNC`.
Runs are interleaved, so that what else the machine does falls on all of them alike. It prints medians, their ratios,
and whether the gates hold; the exit status says so too.

Needs `cargo build --release --bins --examples` and ruff (`pip install ruff`).
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"

# Ours in relation to each yardstick, wall and CPU alike; and the most memory on the corpus.
GATES = {"floor": 1.4, "ruff": 0.8}
MAX_MEGABYTES = 600


def commands(tree: Path) -> dict[str, list[str]]:
    ruff = ruff_binary()
    return {
        "ours": [RELEASE / "tailspike", "check", "--isolated", "--exit-zero", "--quiet", tree],
        "floor": [RELEASE / "examples" / "parse_floor", tree],
        "ruff": [ruff, "check", "--isolated", "--preview", "--no-cache", "--select", "ASYNC", "--exit-zero", tree],
    }


def ruff_binary() -> str:
    """The program itself: the starters that version managers put on the path take longer than some trees."""
    try:
        from ruff.__main__ import find_ruff_bin
    except ImportError:
        found = shutil.which("ruff")
    else:
        found = find_ruff_bin()
    if found is None:
        sys.exit("error: ruff is not installed; run `pip install ruff`")
    return found


def measure(command: list) -> tuple[float, float, float]:
    """Seconds of wall and of CPU, and megabytes at the peak, of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"error: `{command[0]}` ended with status {process.returncode}; run it by hand to see why")
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6


def compare(tree: Path, repeat: int) -> bool:
    runs: dict[str, list[tuple[float, float, float]]] = {}
    every = commands(tree)
    for command in every.values():
        measure(command)  # fills the file system's cache
    for _ in range(repeat):
        for name, command in every.items():
            runs.setdefault(name, []).append(measure(command))
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
    print(f"{tree}: medians of {repeat} interleaved runs")
    print(f"{'':8}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for name, (wall, cpu, memory) in medians.items():
        print(f"{name:8}{wall:>10.2f}{cpu:>10.2f}{memory:>10.0f}")
    return gates(medians)


def gates(medians: dict[str, list[float]]) -> bool:
    ours = medians["ours"]
    held = []
    for name, limit in GATES.items():
        for what, at in (("wall", 0), ("CPU", 1)):
            ratio = ours[at] / medians[name][at]
            held.append(ratio <= limit)
            print(f"{verdict(held[-1])} {what} is {ratio:.2f} x {name} (gate {limit})")
    held.append(ours[2] <= MAX_MEGABYTES)
    print(f"{verdict(held[-1])} peak memory is {ours[2]:.0f} MB (gate {MAX_MEGABYTES} MB)")
    return all(held)


def verdict(held: bool) -> str:
    return "ok  " if held else "MISS"


def link(tree: Path) -> None:
    """The stages of one analysis; `link` is the linking of facts in memory."""
    print(f"\n{tree}:")
    sys.stdout.flush()
    subprocess.run([str(RELEASE / "examples" / "link"), str(tree)], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each command (default 5)")
    parser.add_argument("--link", type=Path, metavar="TREE", help="also time the linking of this tree")
    arguments = parser.parse_args()
    held = compare(arguments.tree, arguments.repeat)
    if arguments.link:
        link(arguments.link)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
