"""The real CLI in a private tmux, with a HOME of its own, against the stub on loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claude.installation import NotInstallable, install
from tests.claude.stub_api import StubApi
from tests.e2e.demo_ground import eventually
from tests.e2e.eyes import Stage

KEY = "sk-ant-api03-stub-of-no-worth-0000000000"
QUIET = {
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
}


class Claude(Stage):
    """Sessions of the real CLI."""

    def __init__(self, folder: Path, program: Path, api: StubApi) -> None:
        super().__init__(folder, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **QUIET})
        self.program = program
        self._trusted: dict[str, dict[str, bool]] = {}

    def project(self, name: str, trusted: bool = True) -> Path:
        """A directory for a session, trusted by its user unless said otherwise. All are made before any starts."""
        project = self.home / name
        project.mkdir()
        if trusted:
            self._trusted[str(project)] = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        approved = {"approved": [KEY[-20:]], "rejected": []}
        settings = {"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": approved}
        (self.home / ".claude.json").write_text(json.dumps({**settings, "projects": self._trusted}))
        return project

    def start(self, name: str, *arguments: str, changed: tuple[str, ...] = (), under_shell: bool = False) -> None:
        """A session with the CLI in it, in the directory of the same name; ``changed``: as env(1) takes it."""
        where = ("-x", "120", "-y", "40", "-c", str(self.home / name))
        command = ["env", *changed, str(self.program), "--permission-mode", "default", *arguments]
        if under_shell:
            self.tmux("new-session", "-d", "-s", name, *where, "sh", "-i")
            self.tmux("send-keys", "-t", f"={name}:", " ".join(command), "Enter")
        else:
            self.tmux("new-session", "-d", "-s", name, *where, *command)

    def type(self, name: str, *keys: str) -> None:
        self.tmux("send-keys", "-t", f"={name}:", *keys)


def still_running(folder: Path) -> list[int]:
    """Pids of whatever works below this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").resolve(strict=True).is_relative_to(folder):
                found.append(int(process.name))
    return found


@pytest.fixture(scope="session")
def program() -> Path:
    try:
        return install()
    except NotInstallable as reason:
        pytest.skip(f"no real Claude Code to test with: {reason}")


@pytest.fixture(scope="session")
def api() -> Iterator[StubApi]:
    served = StubApi()
    yield served
    served.close()


@pytest.fixture(scope="module")
def claude(program: Path, api: StubApi) -> Iterator[Claude]:
    folder = Path(tempfile.mkdtemp(prefix="oc", dir="/tmp"))
    built = Claude(folder, program, api)
    try:
        yield built
    finally:
        built.close()
        # Ended by the end of its terminal, each still writes down that it ended.
        eventually("their last words", lambda: not still_running(folder) or None)
        shutil.rmtree(folder)
