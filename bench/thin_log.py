"""Writes copies of triage cases whose logs say less, to see what the code alone still decides.

usage: python bench/thin_log.py CASES TO [--every N] [--tailspike BINARY]

CASES has a folder a case, with the program and its `run.log`. Of a call that wrote more than a dozen lines every Nth is
kept, as programs do that tell their progress; without `--every` none is, and only the lines of phases are left. Lines that
no call of the program wrote stay.
"""

import argparse
import collections
import json
import shutil
import subprocess
from pathlib import Path

from compare import RELEASE

# What is written more often than this is written per item.
OFTEN = 12


def sites(tailspike: str, case: Path) -> dict[int, tuple[str, int]]:
    """Which call wrote which line: `{line of the log: (path, line)}`."""
    command = [tailspike, "sites", "--log", "run.log", ".", "--isolated", "--format", "jsonl"]
    answer = subprocess.run(command, cwd=case, capture_output=True, text=True, check=True)
    records = map(json.loads, answer.stdout.splitlines())
    return {it["log_line"]: (it["site"]["path"], it["site"]["line"]) for it in records if it["site"]}


def thinned(lines: list[str], written: dict[int, tuple[str, int]], every: int) -> list[str]:
    """The lines that are left."""
    hits = collections.Counter(written.values())
    seen = collections.Counter()
    left = []
    for number, line in enumerate(lines, 1):
        site = written.get(number)
        if site and hits[site] > OFTEN:
            seen[site] += 1
            if every == 0 or seen[site] % every:
                continue
        left.append(line)
    return left


def main() -> None:
    """Copies and thins each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("to", type=Path)
    parser.add_argument("--every", type=int, default=0)
    parser.add_argument("--tailspike", default=str(RELEASE / "tailspike"))
    arguments = parser.parse_args()
    for case in sorted(it.parent for it in arguments.cases.glob("*/run.log")):
        copy = arguments.to / case.name
        shutil.copytree(case, copy, dirs_exist_ok=True)
        log = (case / "run.log").read_text(encoding="utf8", errors="replace").split("\n")
        left = thinned(log, sites(arguments.tailspike, case), arguments.every)
        (copy / "run.log").write_text("\n".join(left), encoding="utf8")
        print(f"{case.name}: {len(left)} of {len(log)} lines")


if __name__ == "__main__":
    main()
