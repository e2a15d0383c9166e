"""What people at a terminal see while they wait, and what is left when they stop waiting."""

import os
import pty
import signal
import subprocess
import time

import pytest

from conftest import run


FILES = 600


@pytest.fixture
def large(tmp_path):
    """A project that takes over half a second even on a fast machine."""
    body = "import time\n\n" + "\n".join(
        f"async def f{n}(items):\n    for it in items:\n        await g{n}(it)\n\n\ndef h{n}(x):\n    return [y + {n} for y in x]\n\n"
        for n in range(400)
    )
    for n in range(FILES):
        (tmp_path / f"m{n}.py").write_text(body)
    return tmp_path


def on_a_terminal(command, cwd):
    """What a command writes to standard error when that is a terminal."""
    leader, follower = pty.openpty()
    it = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    said = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # Linux says so at the end.
            break
        if not part:
            break
        said += part
    os.close(leader)
    return it.wait(), said.decode()


def test_long_work_says_how_far_it_is(tailspike, large):
    status, said = on_a_terminal([tailspike, "check", "--isolated", "--jobs", "1", "."], large)
    assert status == 0 and f"of {FILES} files read" in said


def test_short_work_and_pipes_say_nothing(tailspike, large, tmp_path_factory):
    small = tmp_path_factory.mktemp("small")
    (small / "a.py").write_text("x = 1\n")
    assert on_a_terminal([tailspike, "check", "--isolated", "."], small) == (0, "")
    assert run(tailspike, "check", "--isolated", "--jobs", "1", ".", cwd=large).stderr == ""


def test_stopping_it_leaves_nothing_half_written(tailspike, large):
    (large / "out.json").write_text("as it was")
    for after in (0.05, 0.2, 0.5, 1.0):
        command = [tailspike, "check", "--isolated", "--format", "json", "-o", "out.json", "."]
        it = subprocess.Popen(command, cwd=large, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after)
        it.send_signal(signal.SIGINT)
        status = it.wait()
        assert status in (-signal.SIGINT, 0, 1)
        text = (large / "out.json").read_text()
        assert text == "as it was" or text.endswith("}\n")
        assert not list(large.glob(".out*")), "a file was left behind"
