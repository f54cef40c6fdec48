"""What tests of acting share: a small world of real workers, plans made and carried out in it, and its clean end.

Everything that is started in a world inherits its token, and only what has the token is ended with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from opsconsole.act import living
from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import JournalEntry, Plan, PlanResult, Refused, Verb

PYTHON = os.path.realpath(sys.executable)
TOKEN = "ACT_TEST_WORLD"
"""Not one of ours by its name: those are not handed on to what is started."""
SLEEPER = "import time\nprint('up', flush=True)\ntime.sleep(600)\n"
DEAF = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)\n"

T = TypeVar("T")


def eventually(what: str, look: Callable[[], T | None], within_s: float = 30.0) -> T:
    """The first truthy thing that a look returns."""
    until = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < until, f"after {within_s} s still waiting for {what}"
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listened(port: int) -> None:
    """Wait until somebody listens there: a program that runs has not opened its port yet."""

    def connects() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    eventually(f"a listener on {port}", connects)


def identity(pid: int) -> ProcessId:
    found = living.look_at(pid, living.boot_id())
    assert found is not None, f"{pid} does not run"
    return found.mark.id


def runs(pid: int) -> bool:
    found = living.look_at(pid, living.boot_id())
    return found is not None and not found.ended


class World:
    """A folder with programs, a config and a state directory, and what was started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.token = uuid.uuid4().hex
        self.children: list[subprocess.Popen[bytes]] = []
        self._tables: list[str] = []
        os.environ[TOKEN] = self.token

    def program(self, name: str, code: str = SLEEPER) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return path

    def start(self, *argv: str, ready: bool = True, **options: Any) -> subprocess.Popen[bytes]:
        """A process in a session of its own; waits for its first line of output, unless told not to."""
        output = subprocess.PIPE if ready else subprocess.DEVNULL
        options = {"cwd": self.folder, "start_new_session": True, **options}
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, **options)
        self.children.append(child)
        if ready:
            assert child.stdout is not None
            assert child.stdout.readline(), f"{argv} did not come up"
        return child

    def worker(self, name: str, script: str = "", code: str = SLEEPER, **more: Any) -> Path:
        """Declare a worker; its program is written."""
        script = script or f"{name}.py"
        path = self.program(script, code)
        table = {"name": name, "command": [PYTHON, script], "cwd": str(self.folder), "log": str(self.log(name)), **more}
        self.table("[worker]", table)
        return path

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def table(self, heading: str, entries: dict[str, Any]) -> None:
        lines = "".join(f"{key} = {_toml(value)}\n" for key, value in entries.items())
        self._tables.append(f"\n[{heading}]\n{lines}")

    def loaded(self) -> LoadedConfig:
        path = self.folder / "opsconsole.toml"
        path.write_text("[console]\nallow_root = true\n" + "".join(self._tables))
        path.chmod(0o600)
        return load(path)

    def make(self, verb: Verb, *names: str, **options: Any) -> Plan | Refused:
        loaded = self.loaded()
        options = {"watch_s": 1.5, **options}
        return make_plan(verb, names, glance(loaded, verb), loaded, **options)

    def plan(self, verb: Verb, *names: str, **options: Any) -> Plan:
        """The plan; the test fails when there is none."""
        made = self.make(verb, *names, **options)
        assert isinstance(made, Plan), made
        return made

    def refused(self, verb: Verb, *names: str, **options: Any) -> Refused:
        made = self.make(verb, *names, **options)
        assert isinstance(made, Refused), made
        return made

    def submit(self, plan: Plan) -> None:
        submitted = submit(plan, self.state)
        assert isinstance(submitted, Submitted), submitted

    def entry(self, plan: Plan) -> JournalEntry:
        entry = JournalReader(self.state).entry(plan.id).value
        assert entry is not None
        return entry

    def finished(self, plan: Plan, within_s: float = 60.0) -> JournalEntry:
        """The journal's entry once its result is final."""

        def look() -> JournalEntry | None:
            entry = self.entry(plan)
            return entry if entry.state in ("finished", "abandoned") else None

        return eventually(f"plan {plan.id}", look, within_s)

    def verdict(self, plan: Plan, within_s: float = 60.0) -> PlanResult:
        """The first result, which may still be watched."""
        return eventually(f"a result of {plan.id}", lambda: self.entry(plan).result, within_s)

    def done(self, plan: Plan) -> PlanResult:
        """Carry it out to its final result."""
        self.submit(plan)
        result = self.finished(plan).result
        assert result is not None, (self.state / "executor.log").read_text()
        return result

    def instances(self, name: str) -> list[int]:
        """Pids of the worker's instances as the collectors see them now."""
        workers = glance(self.loaded(), "stop").workers.value or ()
        return [each.pid for worker in workers if worker.name == name for each in worker.instances]

    def members(self) -> set[int]:
        """Pids of everything that runs with this world's token, this process and its like excepted."""
        wanted = f"{TOKEN}={self.token}".encode()
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
        return found - {os.getpid()}

    def close(self) -> None:
        """End it all, by pid, until nothing is left."""

        def empty() -> bool:
            for pid in self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for child in self.children:
                child.poll()
            return not self.members()

        eventually("the world's end", empty)
        for child in self.children:
            child.wait(10)
            if child.stdout is not None:
                child.stdout.close()
        os.environ.pop(TOKEN, None)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)
