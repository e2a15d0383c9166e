"""What services and editors read: GitLab's code quality, GitHub's workflow commands, a pull request comment, our own JSON."""

import json
import re
from pathlib import PurePosixPath

import jsonschema
import pytest
import tomllib
from markdown_it import MarkdownIt

from conftest import ROOT, report, run

PROJECTS = sorted(it.name for it in (ROOT / "fixtures/projects").iterdir() if it.is_dir())
ALL = ("--min-severity", "low", "--min-confidence", "low", "--pedantic")

# As GitLab documents its code quality report for custom tools: these fields, these severities, unique fingerprints.
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}

# As GitHub's runner splits a workflow command: a name, properties without `,` and `:`, a message on one line.
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-zA-Z]+=[^,:\r\n]*,?)+)::([^\r\n]+)")


@pytest.fixture
def check(tailspike):
    """The output of a format for a fixture project."""

    def check(name, form, *arguments):
        folder = ROOT / "fixtures/projects" / name
        return run(tailspike, "check", "--exit-zero", "--format", form, *ALL, *arguments, folder, cwd=ROOT, check=True).stdout

    return check


@pytest.mark.parametrize("name", PROJECTS)
def test_gitlab_accepts_the_report(check, name):
    issues = json.loads(check(name, "gitlab"))
    jsonschema.validate(issues, CODE_QUALITY)
    fingerprints = [it["fingerprint"] for it in issues]
    assert len(set(fingerprints)) == len(fingerprints)


@pytest.mark.parametrize("name", PROJECTS)
def test_the_json_report_keeps_to_its_schema(tailspike, check, name):
    schema = json.loads(run(tailspike, "schema", "findings", cwd=ROOT, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(check(name, "json")), schema)


@pytest.mark.parametrize("name", PROJECTS)
def test_every_line_for_github_is_one_command(check, name):
    for line in check(name, "github").splitlines():
        command = COMMAND.fullmatch(line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        assert {"title", "file", "line"} <= properties.keys()
        assert not PurePosixPath(properties["file"]).is_absolute()


@pytest.mark.parametrize("name", PROJECTS)
def test_a_comment_is_markdown_that_holds_every_finding(check, name):
    text = check(name, "markdown")
    assert len(text) <= 65_536
    findings = json.loads(check(name, "json"))["findings"]
    html = MarkdownIt("commonmark", {"html": True}).render(text)
    assert html.count("<details>") == html.count("</details>") == len(re.findall("<summary>", html))
    assert html.count("<details>") + html.count("<li>also ") == len(findings)


def test_the_configuration_of_the_fixtures_keeps_to_its_schema(tailspike):
    schema = json.loads(run(tailspike, "schema", "configuration", cwd=ROOT, check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list((ROOT / "fixtures/projects").rglob("tailspike.toml"))
    sections = [tomllib.loads(it.read_text()) for it in found]
    for it in (ROOT / "fixtures/projects").rglob("pyproject.toml"):
        sections.append(tomllib.loads(it.read_text()).get("tool", {}).get("tailspike", {}))
    assert any(sections)
    for section in sections:
        jsonschema.validate(section, schema)
    for wrong in ({"selekt": []}, {"pedantic": "yes"}, {"select": ["no-such-rule"]}, {"call": [{"blocks": "tea"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_the_report_of_a_file_that_does_not_parse_keeps_to_the_schema(tailspike, tmp_path):
    (tmp_path / "a.py").write_text("def (\n")
    (tmp_path / "b.py").write_text("x = 1\n")
    schema = json.loads(run(tailspike, "schema", "findings", cwd=ROOT, check=True).stdout)
    found = report(tailspike, tmp_path)
    assert len(found["errors"]) == 1
    jsonschema.validate(found, schema)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions_know_every_command(tailspike, shell):
    script = run(tailspike, "completions", shell, cwd=ROOT, check=True).stdout
    assert all(word in script for word in ("check", "triage", "explain", "min-severity"))


def test_bash_takes_the_completions(tailspike, tmp_path):
    script = tmp_path / "completions"
    script.write_text(run(tailspike, "completions", "bash", cwd=ROOT, check=True).stdout)
    ask = f'source {script}; COMP_WORDS=(tailspike check --form); COMP_CWORD=2; _tailspike tailspike --form check; echo "${{COMPREPLY[@]}}"'
    assert run("bash", "-c", ask, cwd=tmp_path, check=True).stdout.split() == ["--format"]
