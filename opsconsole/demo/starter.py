"""Starts programs of the sandbox: each in a session of its own, in the sandbox's environment, in the ledger at once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from opsconsole.demo.ending import TOKEN
from opsconsole.demo.layout import Layout
from opsconsole.demo.processes import identity
from opsconsole.demo.registration import Registration


class Starter:
    def __init__(self, layout: Layout, registration: Registration) -> None:
        self._layout = layout
        self._registration = registration
        self._children: list[subprocess.Popen[bytes]] = []
        path = os.environ.get("PATH", os.defpath)
        self.environment = {
            TOKEN: registration.header.token,
            "HOME": str(layout.home),
            "USER": os.environ.get("USER", "demo"),
            "SHELL": "/bin/sh",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "TMPDIR": str(layout.tmp),
            "CLAUDE_CONFIG_DIR": str(layout.agent_state),
            "PATH": f"{layout.python.parent}:{layout.agent.parent}:{path}",
        }

    def python(self, *arguments: str, log: str) -> int:
        """``python3 ARGUMENTS`` in the installation, its output appended to the log. Returns the pid."""
        with self._layout.log(log).open("ab") as output:
            return self.start(
                ["python3", *arguments],
                executable=str(self._layout.python),
                cwd=self._layout.architect,
                output=output.fileno(),
            )

    def start(
        self, argv: Sequence[str], *, cwd: Path, output: int, terminal: int | None = None, executable: str | None = None
    ) -> int:
        child = subprocess.Popen(
            argv,
            executable=executable,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        self._children.append(child)
        self.record(child.pid, argv[1] if executable else argv[0])
        return child.pid

    def record(self, pid: int, what: str) -> None:
        self._registration.record(identity(pid), what)
