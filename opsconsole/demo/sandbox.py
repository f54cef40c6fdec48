"""A sandbox, from the side of whoever asked for it: built, pointed at, ended.

    with Sandbox.build() as sandbox:
        …  # sandbox.config_path, sandbox.expected, …

When the block is left nothing of it is left: no process, socket, directory or tmux server.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import msgspec

import opsconsole
from opsconsole.demo.abandoned import remove_abandoned
from opsconsole.demo.ending import TOKEN, end, members
from opsconsole.demo.expected import Expected
from opsconsole.demo.holder import Answer, Order
from opsconsole.demo.layout import Layout
from opsconsole.demo.processes import identity
from opsconsole.demo.registration import DemoError, Registration, read_registration, register
from opsconsole.model.identity import ProcessId

LARGEST_SCALE = 20
_ENDS_WITHIN_S = 20.0


class Sandbox:
    """A running fleet. Thread-safe only as far as reading goes."""

    def __init__(self, registration: Registration, holder: subprocess.Popen[bytes], expected: Expected) -> None:
        self._registration = registration
        self._holder = holder
        self._layout = Layout(registration.directory, registration.tmux_socket)
        self.expected = expected
        self.kept = False

    @classmethod
    def build(cls, healthy: bool = False, scale: int = 1, weight_mb: int = 0, directory: Path | None = None) -> Sandbox:
        """Build one; returns when all is up. With no directory it makes one; a given one must be empty.

        What sandboxes that were killed have left is removed first.
        DemoError with the reason when it cannot be built; nothing is left then.
        """
        if not sys.platform.startswith("linux"):
            raise DemoError("the sandbox needs Linux: it finds its processes in /proc")
        if not 1 <= scale <= LARGEST_SCALE:
            raise DemoError(f"scale must be 1 to {LARGEST_SCALE}, not {scale}")
        remove_abandoned()
        registration = register(identity(os.getpid()), directory)
        try:
            holder = _start_holder(registration)
        except OSError as failure:
            registration.remove()
            raise DemoError(f"cannot start the sandbox: {failure}") from failure
        try:
            order = Order(str(registration.folder), healthy, scale, weight_mb)
            expected = _ask(holder, msgspec.json.encode(order)).expected
            if expected is None:
                raise DemoError(f"the sandbox could not be built: {_last_words(registration)}")
        except BaseException:
            _end(registration, holder)
            raise
        return cls(registration, holder, expected)

    @property
    def directory(self) -> Path:
        return self._layout.directory

    @property
    def config_path(self) -> Path:
        return self._layout.config

    @property
    def state_dir(self) -> Path:
        return self._layout.state

    @property
    def home(self) -> Path:
        return self._layout.home

    @property
    def tmux_socket(self) -> Path:
        return self._layout.tmux_socket

    @property
    def layout(self) -> Layout:
        """Where its logs, databases and programs are."""
        return self._layout

    @property
    def holder(self) -> ProcessId:
        """The process that holds it up: SIGTERM to it ends the sandbox, kept or not."""
        holder = (read_registration(self._registration.folder) or self._registration).header.holder
        if holder is None:
            raise DemoError("the sandbox has been ended")
        return holder

    @property
    def running(self) -> bool:
        """False when somebody else has ended it."""
        return self._holder.poll() is None

    def pids(self) -> set[ProcessId]:
        """Everything that runs because of it at this moment."""
        return members(self._registration)

    def keep(self) -> None:
        """Let it outlive this process: from now on only a signal to its holder ends it."""
        _ask(self._holder, b"keep")
        self.kept = True

    def close(self) -> None:
        """End it and wait until nothing is left. Without effect on one that is kept or has been ended."""
        if not self.kept:
            _end(self._registration, self._holder)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _start_holder(registration: Registration) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
    environment[TOKEN] = registration.header.token
    environment["PYTHONPATH"] = str(Path(opsconsole.__file__).resolve().parents[1])
    with (registration.folder / "holder.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "opsconsole.demo.holder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=registration.folder,
            env=environment,
            start_new_session=True,
        )


def _ask(holder: subprocess.Popen[bytes], line: bytes) -> Answer:
    assert holder.stdin is not None  # noqa: S101 - it was started with pipes
    assert holder.stdout is not None  # noqa: S101
    try:
        holder.stdin.write(line + b"\n")
        holder.stdin.flush()
    except BrokenPipeError:
        return Answer()
    answer = holder.stdout.readline()
    if not answer:
        return Answer()
    told = msgspec.json.decode(answer, type=Answer)
    if told.error:
        raise DemoError(told.error)
    return told


def _end(registration: Registration, holder: subprocess.Popen[bytes]) -> None:
    """The holder ends it, having it all as its children; what it cannot, we do."""
    for pipe in (holder.stdin, holder.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        holder.wait(_ENDS_WITHIN_S)
    if holder.poll() is None:
        holder.kill()
        holder.wait()
    if registration.folder.exists() and (left := end(registration)):
        names = ", ".join(str(process.pid) for process in sorted(left))
        raise DemoError(f"these processes of the sandbox would not end: {names}; {registration.folder} is left")


def _last_words(registration: Registration) -> str:
    """The last line its holder wrote before it died."""
    try:
        lines = (registration.folder / "holder.log").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "its holder ended without a word"
