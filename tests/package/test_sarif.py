"""SARIF as Microsoft's own validator reads it."""

import json
from collections import Counter

import pytest

from conftest import PLACE, ROOT, run

# What it says of logs that we can't say better, each with the reason.
EXPLAINED = {
    "SARIF2002": "messages are whole sentences of this one finding, with nothing that arguments could share",
    "SARIF2003": "the version control of the analysed project is for the uploading service to say",
    "SARIF2005": "the tool has no address of its own to give as informationUri",
    "SARIF2006": "the schema's address is the usual one; nothing is fetched to look at it",
    "SARIF2009": "rules have names and no numbers; a name reads well after `ignore`",
    "SARIF2011": "the lines around a region are in the file that the log names",
    "SARIF2012": "the page is in the log itself, as help",
}


def validate(log, folder):
    tool = PLACE / "npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    tool.chmod(0o755)
    found = folder / "validated.sarif"
    it = run(
        *(tool, "validate", log, "--output", found, "--log", "ForceOverwrite"),
        *("--level", "Error;Warning;Note", "--rule-kind", "Sarif;Ghas"),
        cwd=folder,
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1",
    )
    assert found.exists(), it.stdout + it.stderr
    results = json.loads(found.read_text())["runs"][0]["results"]
    return [it for it in results if it.get("kind", "fail") == "fail"]


@pytest.fixture
def log(tailspike, tmp_path):
    """A log of a fixture project, with these arguments."""

    def log(project, *arguments):
        path = tmp_path / "log.sarif"
        run(tailspike, "check", "--format", "sarif", "--exit-zero", "-o", path, *arguments, project, cwd=ROOT, check=True)
        return path

    return log


PROJECTS = sorted(it.name for it in (ROOT / "fixtures/projects").iterdir() if it.is_dir())


@pytest.mark.parametrize("name", PROJECTS)
def test_every_fixture_project_gives_a_valid_log(log, tmp_path, name):
    thresholds = ("--min-severity", "low", "--min-confidence", "low", "--pedantic")
    found = validate(log(ROOT / "fixtures/projects" / name, *thresholds), tmp_path)
    unexplained = [it for it in found if it["ruleId"] not in EXPLAINED or it.get("level") == "error"]
    assert not unexplained, json.dumps(unexplained[:3], indent=1)


def test_a_file_that_does_not_parse_is_a_valid_notification(log, tmp_path):
    (tmp_path / "a b.py").write_text("def (\n")
    (tmp_path / "c.py").write_text("x = 1\n")
    path = log(tmp_path)
    (it,) = json.loads(path.read_text())["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.py"
    assert not [it for it in validate(path, tmp_path) if it["ruleId"] not in EXPLAINED]


def test_every_enabled_rule_has_its_page(log):
    run = json.loads(log(ROOT / "fixtures/projects/orders").read_text())["runs"][0]
    rules = {it["id"]: it for it in run["tool"]["driver"]["rules"]}
    pages = {it.stem: it.read_text().rstrip() for it in (ROOT / "rules").glob("*.md")}
    assert rules and all(it["help"]["markdown"] == pages[name] for name, it in rules.items())
    flows = Counter(len(it["codeFlows"][0]["threadFlows"][0]["locations"]) for it in run["results"])
    assert flows == {3: 1, 2: 1}
    assert all(not it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("/") for it in run["results"])
