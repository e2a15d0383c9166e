"""The wheel, installed in an environment of its own, and small projects to run it on."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "target" / "package"

SLEEPS = "import time\n\n\nasync def handler(request):\n    time.sleep(1)\n"
GOOD = "import asyncio\n\n\nasync def handler(request):\n    await asyncio.sleep(1)\n"


def run(*command, cwd, check=False, **environment):
    """Runs a command and gives what it printed; standard input is empty."""
    it = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert not check or it.returncode == 0, f"{command}: {it.returncode}\n{it.stdout}\n{it.stderr}"
    return it


@pytest.fixture(scope="session")
def wheel():
    """The one wheel that `run.sh` has built."""
    wheels = list((PLACE / "wheels").glob("tailspike-*.whl"))
    assert len(wheels) == 1, f"run tests/package/run.sh, which builds the wheel; found {wheels}"
    return wheels[0]


@pytest.fixture(scope="session")
def bin_folder(wheel, tmp_path_factory):
    """Where a fresh environment that has nothing but the wheel keeps its programs."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "pip", "install", "--no-index", wheel, cwd=folder, check=True)
    return folder / "bin"


@pytest.fixture(scope="session")
def tailspike(request):
    """The installed command, or the build that `TAILSPIKE` names, to try a change without a wheel."""
    build = os.environ.get("TAILSPIKE")
    return Path(build) if build else request.getfixturevalue("bin_folder") / "tailspike"


@pytest.fixture
def project(tmp_path):
    """A checkout with one bad file, as yet uncommitted."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "app.py").write_text(SLEEPS)
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def git(folder, *arguments):
    """Runs git as somebody."""
    return run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments, cwd=folder, check=True)


def report(tailspike, folder, *arguments):
    """The JSON report of a folder."""
    it = run(tailspike, "check", "--format", "json", "--exit-zero", *arguments, cwd=folder, check=True)
    return json.loads(it.stdout)


def python():
    """The interpreter of the tests."""
    return sys.executable
