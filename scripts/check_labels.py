#!/usr/bin/env python3
"""Holds the tool to verdicts of readers on places in real code.

    scripts/check_labels.py verdicts.jsonl corpus/src target/release/tailspike

A place that was judged FALSE must be silent, TRUE-MINOR must not be above severity low, TRUE should be found. A verdict
concerns the call that was reported then; another true chain at that line is no violation, so each one is printed.
"""

import json
import subprocess
import sys
from collections import defaultdict

EVERYTHING = ["--min-severity", "low", "--min-confidence", "low", "--format", "json", "--isolated", "--exit-zero"]


def belongs(rule: str, finding: dict) -> bool:
    """Whether a finding speaks of what the rule of the label speaks of."""
    if rule == "RUF006":
        return finding["rule"] == "dangling-task"
    return finding["pattern"] == "loop-blocker"


def main() -> int:
    verdicts, corpus, tool = sys.argv[1:4]
    with open(verdicts, encoding="utf-8") as lines:
        labels = [json.loads(line) for line in lines if line.strip()]
    run = subprocess.run([tool, "check", *EVERYTHING, corpus], capture_output=True, text=True, check=False)
    places = defaultdict(list)
    for finding in json.loads(run.stdout)["findings"]:
        path = finding["path"].removeprefix(corpus.rstrip("/") + "/")
        places[path, finding["line"]].append(finding)
    violations = 0
    kinds = defaultdict(lambda: [0, 0])
    for label in labels:
        here = [it for it in places[label["path"], label["line"]] if belongs(label["rule"], it)]
        verdict = label["verdict"]
        wrong = {
            "FALSE": bool(here),
            "TRUE-MINOR": any(it["severity"] != "low" for it in here),
            "TRUE": not here,
        }.get(verdict, False)
        kinds[verdict][0] += 1
        kinds[verdict][1] += wrong
        if wrong:
            violations += verdict != "TRUE"
            said = ", ".join(f"{it['rule']} {it['severity']}: {it['message']}" for it in here) or "nothing"
            print(f"{verdict} {label['path']}:{label['line']} [{label['rule']}] {label['reason']}\n    {said}")
    for verdict, (number, wrong) in sorted(kinds.items()):
        print(f"{verdict}: {number} labels, {wrong} not as judged")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
