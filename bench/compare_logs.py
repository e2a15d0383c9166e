"""Measures `tailspike triage` on a long log against `rg -c` on the same log, in one run.

usage: python bench/compare_logs.py FOLDER [--repeat N] [--tailspike BINARY]

FOLDER is what bench/make_log.py has made. Runs are interleaved; it prints medians, megabytes a second (by CPU time for
one thread, by wall time for all), and whether the gates hold; the exit status says so too.
"""

import argparse
import statistics
import sys
from pathlib import Path

from compare import RELEASE, measure, verdict

# Megabytes of log a second on one core, and megabytes of memory for a log of any length.
SPEED_GATE = 150
MEMORY_GATE = 200
# A line in some thousands has this text: searching, not printing, is measured.
NEEDLE = "rate limit"


def first_line(folder: Path) -> Path:
    """A log of one line: what is left is the time that the program takes. An empty log is refused."""
    path = folder / "line.log"
    with (folder / "run.log").open(encoding="utf8") as log:
        path.write_text(log.readline(), encoding="utf8")
    return path


def commands(folder: Path, tailspike: Path) -> dict[str, list]:
    triage = [tailspike, "triage", folder / "run.log", folder / "program", "--isolated", "--exit-zero", "--format", "json"]
    return {
        "one": [*triage, "--jobs", "1"],
        "all": triage,
        "program": [tailspike, "triage", first_line(folder), *triage[3:]],
        "rg": ["rg", "-c", "--no-config", NEEDLE, folder / "run.log"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command (default 3)")
    parser.add_argument("--tailspike", type=Path, default=RELEASE / "tailspike")
    arguments = parser.parse_args()
    megabytes = (arguments.folder / "run.log").stat().st_size / 1e6
    runs: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(arguments.repeat):
        for name, command in commands(arguments.folder, arguments.tailspike).items():
            runs.setdefault(name, []).append(measure(command))
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
    print(f"{megabytes:.0f} MB of log: medians of {arguments.repeat} interleaved runs")
    print(f"{'':8}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}{'MB/s':>10}")
    for name, (wall, cpu, memory) in medians.items():
        seconds = cpu if name == "one" else wall
        speed = f"{megabytes / seconds:>10.0f}" if name != "program" else ""
        print(f"{name:8}{wall:>10.2f}{cpu:>10.2f}{memory:>10.0f}{speed}")
    speed = megabytes / medians["one"][1]
    memory = max(medians["one"][2], medians["all"][2])
    held = [speed >= SPEED_GATE, memory <= MEMORY_GATE]
    print(f"{verdict(held[0])} {speed:.0f} MB a second on one core (gate {SPEED_GATE})")
    print(f"{verdict(held[1])} peak memory is {memory:.0f} MB (gate {MEMORY_GATE} MB)")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
