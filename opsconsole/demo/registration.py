"""Where sandboxes are registered, so that what a killed one leaves behind can be found and removed by the next.

One folder per sandbox under a directory of this user, mode 0700: ``sandbox.json`` says whose it is, ``processes``
is the ledger, one line per process that was started: pid, start ticks, what it is.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path

import msgspec

from opsconsole.demo.processes import alive, boot_id, own_pid_namespace
from opsconsole.model.identity import ProcessId

_HALF_MADE_S = 60.0
_LONGEST_SOCKET_PATH = 100


class DemoError(Exception):
    """Why there is no sandbox, for people."""


class Header(msgspec.Struct, frozen=True):
    """Whose sandbox it is."""

    token: str
    """In the environment of everything it starts; cannot be guessed."""
    boot_id: str
    pid_namespace: int
    """Its pids mean nothing in another one."""
    directory: str
    """Where its home, its config and its state are; goes with it."""
    owner: ProcessId
    """The process that asked for it, and whose end is its end."""
    holder: ProcessId | None = None
    """The process that holds it up."""
    kept: bool = False
    """It outlives its owner, until its holder is ended."""


class Registration:
    """One registered sandbox."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header

    @property
    def tmux_socket(self) -> Path:
        return self.folder / "tmux"

    @property
    def directory(self) -> Path:
        return Path(self.header.directory)

    @property
    def abandoned(self) -> bool:
        """Nobody is there who would end it. One of another pid namespace is never said to be."""
        header = self.header
        if header.boot_id != boot_id():
            return True
        if header.pid_namespace != own_pid_namespace():
            return False
        return not alive(header.holder if header.kept else header.owner)

    def rewrite(self, header: Header) -> None:
        self.header = header
        new = self.folder / ".sandbox.json"
        new.write_bytes(msgspec.json.encode(header))
        new.rename(self.folder / "sandbox.json")

    def record(self, process: ProcessId, what: str) -> None:
        """Write a process into the ledger, as soon as it has been started."""
        with (self.folder / "processes").open("a") as ledger:
            ledger.write(f"{process.pid} {process.start_ticks} {what}\n")

    def recorded(self) -> set[ProcessId]:
        """All that was ever started, dead or alive. A line cut short is left out."""
        try:
            lines = (self.folder / "processes").read_text().splitlines()
        except OSError:
            return set()
        found = set()
        for line in lines:
            pid, start, what, *_ = *line.split(" ", 2), "", ""
            if pid.isdigit() and start.isdigit() and what:
                found.add(ProcessId(self.header.boot_id, int(pid), int(start)))
        return found

    def remove(self) -> None:
        """Its directories, the registration last: as long as it stands the next demo can finish the work."""
        for folder in (self.directory, self.folder):
            for _ in range(3):  # a process in its last moments may still write
                shutil.rmtree(folder, ignore_errors=True)
                if not folder.exists():
                    break


def register(owner: ProcessId, directory: Path | None) -> Registration:
    """A new registration; with no directory the sandbox lives in the registration's own folder."""
    root = _root()
    name = secrets.token_hex(4)
    folder = root / name
    if directory is not None:
        if directory.exists() and any(directory.iterdir()):
            raise DemoError(f"{directory} is not empty: the sandbox needs a directory of its own")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    header = Header(
        token=secrets.token_hex(16),
        boot_id=boot_id(),
        pid_namespace=own_pid_namespace(),
        directory=str((directory or folder).resolve()),
        owner=owner,
    )
    # Renamed into place when it says whose it is: a folder without a header would be nobody's.
    half_made = root / f".{name}"
    half_made.mkdir(mode=0o700)
    Registration(half_made, header).rewrite(header)
    half_made.rename(folder)
    return Registration(folder, header)


def read_registration(folder: Path) -> Registration | None:
    """The registration in this folder; None when there is none that can be read."""
    try:
        return Registration(folder, msgspec.json.decode((folder / "sandbox.json").read_bytes(), type=Header))
    except (OSError, msgspec.DecodeError):
        return None


def registrations() -> list[Registration]:
    """All sandboxes of this user. Folders that never got a header are removed when they are old."""
    found = []
    for folder in sorted(_root().iterdir()):
        if not folder.is_dir():
            continue
        if folder.name.startswith("."):
            if time.time() - folder.stat().st_mtime > _HALF_MADE_S:
                shutil.rmtree(folder, ignore_errors=True)
        elif (registration := read_registration(folder)) is not None:
            found.append(registration)
    return found


def _root() -> Path:
    """The directory of all registrations: ours alone, or DemoError."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    root = base.resolve() / f"opsconsole-demo-{os.geteuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise DemoError(f"{root} must be a directory that only this user may use (mode 0700)")
    if len(str(root)) + len("/01234567/tmux") > _LONGEST_SOCKET_PATH:
        raise DemoError(f"{root} is too long a path for a tmux socket; set TMPDIR to a shorter one")
    return root
