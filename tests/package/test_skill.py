"""The skill file tells an assistant what to run: each command line in it runs."""

import re
import shlex
import shutil

import pytest

from conftest import ROOT, git, run

SKILL = ROOT / "skills/profile-python/SKILL.md"


def commands():
    """The command lines in blocks and tables that name no placeholder."""
    text = SKILL.read_text()
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    lines += re.findall(r"`(tailspike [a-z]+ [^`]*)`", text)
    # In the order of the file: what one writes, a later one reads.
    return list(dict.fromkeys(line for line in lines if "RULE" not in line))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """A checkout with sources, a module to run, and the log of a run."""
    folder = tmp_path_factory.mktemp("pipeline")
    shutil.copytree(ROOT / "fixtures/projects/orders", folder / "src")
    (folder / "pipeline.py").write_text("import logging\nlogging.basicConfig(level='INFO')\nlogging.info('done')\n")
    (folder / "run.log").write_text("2026-01-01 10:00:00,000 INFO start\n2026-01-01 10:00:09,000 INFO done\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    return folder


def test_it_holds_commands():
    assert len(commands()) >= 8


@pytest.mark.parametrize("line", commands())
def test_each_command_line_runs(bin_folder, pipeline, line):
    path = f"{bin_folder}:/usr/bin:/bin"
    it = run(*shlex.split(f"env PATH={path}"), *shlex.split(line), cwd=pipeline)
    assert it.returncode in (0, 1), f"{line}: {it.returncode}\n{it.stdout}\n{it.stderr}"


def test_every_rule_it_names_exists(tailspike):
    names = run(tailspike, "rules", cwd=ROOT, check=True).stdout
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)(?:-\*)?`", SKILL.read_text().split("## What to change first")[1])
    assert named and all(name in names for name in named), [name for name in named if name not in names]
