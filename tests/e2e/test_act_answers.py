"""What a command that acts answers by its exit status: 0 only when all that was asked for is done and proved."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.act_ground import PYTHON, World, eventually, runs


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def _command(world: World, *words: str) -> list[str]:
    world.loaded()
    program = str(Path(sys.executable).with_name("opsconsole"))
    return [program, "--config", str(world.folder / "opsconsole.toml"), "--state-dir", str(world.state), *words]


def _guarded(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """A command with ``guarded`` protected."""
    command = _command(world, *words)
    config = world.folder / "opsconsole.toml"
    config.write_text(config.read_text().replace("allow_root = true", 'allow_root = true\nprotect = ["guarded"]'))
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_one_done_and_one_refused_is_not_0_and_not_4(world: World) -> None:
    world.worker("one")
    world.worker("guarded")
    one, guarded = world.start(PYTHON, "one.py"), world.start(PYTHON, "guarded.py")
    said = _guarded(world, "stop", "one", "guarded", "--yes", "--json")
    assert said.returncode == 1, said.stdout + said.stderr
    told = json.loads(said.stdout)
    assert (told["result"], told["verified"]) == ("done", True)
    assert [each["subject"] for each in told["plan"]["left_out"]] == ["guarded"]
    assert "left out: guarded: " in said.stderr
    assert one.wait(10) == -signal.SIGTERM
    assert runs(guarded.pid)
    # Nothing was done: refused, and no more than that.
    assert _guarded(world, "stop", "guarded", "--yes").returncode == 4
    world.start(PYTHON, "one.py")
    assert _guarded(world, "stop", "one", "--yes").returncode == 0


TURNS = """
import os, signal, sys, time
other = [sys.executable, "-c", "import time; time.sleep(600)"]
signal.signal(signal.SIGUSR1, lambda *_: os.execv(other[0], other))
print("up", flush=True)
while True:
    time.sleep(600)
"""


def test_one_ended_and_one_that_has_changed_is_failed_not_refused(world: World) -> None:
    """Refused says that nothing was done."""
    world.worker("one")
    world.worker("two", code=TURNS)
    one, two = world.start(PYTHON, "one.py"), world.start(PYTHON, "two.py")
    plan = world.plan("stop", "one", "two")
    os.kill(two.pid, signal.SIGUSR1)
    eventually("another program", lambda: b"-c" in Path(f"/proc/{two.pid}/cmdline").read_bytes().split(b"\0"))
    result = world.done(plan)
    assert (result.result, [each.result for each in result.subresults]) == ("failed", ["done", "refused"])
    assert "two: changed since the plan was made" in result.reason
    assert one.wait(10) == -signal.SIGTERM
    assert runs(two.pid)


def _answered(command: list[str], keys: bytes) -> tuple[int, bytes, bytes]:
    """Exit status, stdout and what the terminal showed, of a command that is answered with these keys."""
    ours, its = pty.openpty()
    tty = os.ttyname(its)
    script = f"import os; os.setsid(); os.close(os.open({tty!r}, os.O_RDWR)); os.execv({command[0]!r}, {command!r})"
    child = subprocess.Popen([sys.executable, "-c", script], stdin=its, stdout=subprocess.PIPE, stderr=its)
    os.close(its)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 4096)
    eventually("the prompt", lambda: termios.tcgetattr(ours)[3])
    os.write(ours, keys)
    out = child.communicate(timeout=30)[0]
    with contextlib.suppress(OSError):
        while more := os.read(ours, 4096):
            shown += more
    os.close(ours)
    return child.returncode, out, shown


@pytest.mark.parametrize("keys", [b"n\n", b"\x04", b"\x03"], ids=["n", "ctrl-d", "ctrl-c"])
@pytest.mark.parametrize("words", [("stop", "one"), ("fix", "worker-duplicates:one")], ids=["stop", "fix"])
def test_a_no_is_a_refusal_however_it_is_said(world: World, words: tuple[str, ...], keys: bytes) -> None:
    world.worker("one", keep="oldest")
    copies = [world.start(PYTHON, "one.py") for _ in range(2)]
    status, out, _ = _answered(_command(world, *words, "--json"), keys)
    assert status == 4, out
    told: dict[str, Any] = json.loads(out)
    assert told["result"] == "refused"
    assert "not agreed to" in out.decode()
    assert all(copy.poll() is None for copy in copies)
