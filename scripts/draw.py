"""Draws findings to be read in the code, the same ones for the same commit.

usage: draw.py FINDINGS.json [--n 60] [--seed 8HEX] [--per-rule N]

FINDINGS.json is what `tailspike check DIR --format json --exit-zero` printed, DIR holding one package a folder. At most
five findings of one rule in one package are drawn. The seed is by default the first eight hex digits of HEAD.
"""

import argparse
import collections
import json
import random
import subprocess


def seed_of_head() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout[:8]


def draw(findings, n, seed, per_rule):
    rows = sorted(findings, key=lambda it: (it["path"], it["line"], it["column"], it["rule"]))
    random.Random(int(seed, 16)).shuffle(rows)
    taken, count, by_rule = [], collections.Counter(), collections.Counter()
    for row in rows:
        key = (row["rule"], row["path"].split("/")[0])
        if count[key] == 5 or (per_rule and by_rule[row["rule"]] == per_rule):
            continue
        count[key] += 1
        by_rule[row["rule"]] += 1
        taken.append(row)
        if not per_rule and len(taken) == n:
            break
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("findings")
    parser.add_argument("--n", type=int, default=60)
    parser.add_argument("--seed", default=None)
    parser.add_argument("--per-rule", type=int, default=0)
    args = parser.parse_args()
    with open(args.findings, encoding="utf-8") as file:
        findings = json.load(file)["findings"]
    seed = args.seed or seed_of_head()
    print(f"seed {seed}")
    for row in draw(findings, args.n, seed, args.per_rule):
        chain = " > ".join(f"{it['path']}:{it['line']} {it['text']}" for it in row["witness"])
        print(f"{row['rule']}\t{row['path']}:{row['line']}\t{row['severity']}\t{row['exposure']}\t{row['qualname']}\t{row['message']}\t{chain}")


if __name__ == "__main__":
    main()
