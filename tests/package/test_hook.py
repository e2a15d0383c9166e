"""The real pre-commit, on a throw-away checkout, with this repository as the hook's."""

import pytest

from conftest import GOOD, PLACE, ROOT, SLEEPS, git, run


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory):
    """This work tree as a repository of its own, for pre-commit clones what it is pointed at."""
    folder = tmp_path_factory.mktemp("hook")
    run("git", "clone", "-q", ROOT, folder / "tailspike", cwd=folder, check=True)
    clone = folder / "tailspike"
    # What is not committed yet is tested as well.
    changed = run("git", "diff", "HEAD", "--binary", cwd=ROOT, check=True).stdout
    if changed:
        (folder / "changes").write_text(changed)
        git(clone, "apply", folder / "changes")
        git(clone, "commit", "-qam", "work in progress")
    return clone


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """pre-commit's cache: the hook is built once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def commit(project, hook_repository, cache):
    """Commits everything in a project that uses the hook `name`."""

    def commit(name):
        revision = git(hook_repository, "rev-parse", "HEAD").stdout.strip()
        (project / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {hook_repository}\n  rev: {revision}\n  hooks:\n  - id: {name}\n"
        )
        tools = {
            "PRE_COMMIT_HOME": str(cache),
            # One target folder for all builds, so that libraries are compiled once.
            "CARGO_TARGET_DIR": str(ROOT / "target"),
        }
        run(PLACE / "venv/bin/pre-commit", "install", cwd=project, check=True, **tools)
        git(project, "add", ".")
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        return run("git", *identity, "commit", "-m", "x", cwd=project, **tools)

    return commit


@pytest.mark.parametrize("name", ["tailspike", "tailspike-changed"])
def test_a_bad_commit_is_refused_and_a_good_one_passes(commit, project, name):
    refused = commit(name)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "error[blocking-sleep]" in said and "app.py:5:5" in said and "use `asyncio.sleep` instead" in said
    (project / "app.py").write_text(GOOD)
    passed = commit(name)
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_the_changed_hook_reports_the_commit_and_reads_the_rest(commit, project):
    (project / "net.py").write_text("import requests\n\n\ndef ask(it):\n    return requests.get(it)\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "bad from before")
    (project / "new.py").write_text("from net import ask\n\n\nasync def handler(it):\n    return ask(it)\n")
    refused = commit("tailspike-changed")
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1 and "new.py:5" in said and "net.py:5" in said, said
    assert "app.py:5" not in said


def test_what_is_minor_never_refuses(commit, project):
    (project / "app.py").write_text(SLEEPS.replace("handler(request)", "main()") + "\n\nasyncio.run(main())\n")
    (project / "app.py").write_text("import asyncio\n" + (project / "app.py").read_text())
    passed = commit("tailspike")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_tests_are_left_alone(commit, project):
    (project / "app.py").rename(project / "test_app.py")
    assert commit("tailspike-changed").returncode == 0
