"""One lock per subject and per target, held by the executor that works on it, so that no two plans do at once.

Locks are flock(2)s: they end with their process, however it ends. They are taken in the state directory, and in a place
that all consoles of this user share whatever their state directories are: there a subject is that of its config (two
configs may each have a worker of one name), a target is a target, and what is started is what is run, whichever config
it stands in. The place is under /tmp: unlike the user's runtime
directory it is the same for every login and stays when the last one ends, as the executor does. Where it is not ours
alone, the locks of the state directory have to do.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from opsconsole.model.plan import Plan, Subplan

FOLDER = "locks"
LOOK_AGAIN_S = 0.2
SHARED = Path("/tmp")  # noqa: S108  # the folder in it is made 0700 and looked at before it is used


class Locked(Exception):
    """Another plan is at work; which one."""

    def __init__(self, key: str, plan_id: str) -> None:
        super().__init__(f"plan {plan_id or 'of another console'} is at work on {key}")


class Locks:
    """The locks of one subplan."""

    def __init__(self, state_dir: Path, plan: Plan, subplan: Subplan) -> None:
        self._folder = state_dir / FOLDER
        self._plan = plan
        self._subplan = subplan
        self._held: list[tuple[Path, int]] = []

    def take(self) -> None:
        """All of them, or none. Never waits. Raises Locked, OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        key, targets = self._subplan.key, target_keys(self._subplan)
        wanted = [(self._folder, each, each) for each in (key, *targets)]
        if (shared := _shared_folder()) is not None:
            wanted.append((shared, f"{self._plan.config_path}\0{key}", key))
            wanted += [(shared, each, each) for each in targets]
            wanted += [(shared, each, key) for each in self._subplan.data.get("runs", ())]
        try:
            for folder, hidden, shown in sorted(set(wanted)):
                self._take(folder / hashlib.sha256(hidden.encode(errors="replace")).hexdigest()[:24], shown)
        except (Locked, OSError):
            self.release()
            raise

    def _take(self, path: Path, key: str) -> None:
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise Locked(key, holder) from None
            if _is_there(path, descriptor):
                break
            os.close(descriptor)  # whoever held it has removed it meanwhile: another file has its name, or none
        self._held.append((path, descriptor))
        with contextlib.suppress(OSError):  # who holds it is only for a message
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, self._plan.id.encode(), 0)

    def release(self) -> None:
        for path, descriptor in self._held:
            with contextlib.suppress(OSError):
                if _is_there(path, descriptor):
                    path.unlink()
            os.close(descriptor)
        self._held.clear()


@contextlib.contextmanager
def in_turn(state_dir: Path, what: str, within_s: float) -> Iterator[bool]:
    """One after the other, of all consoles of this user: waits; False when the turn has not come within this time."""
    folder = _shared_folder() or state_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / f"turn-{what}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + within_s
        while not (ours := _has_turn(descriptor)) and time.monotonic() < until:
            time.sleep(LOOK_AGAIN_S)
        yield ours
    finally:
        os.close(descriptor)


def _has_turn(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _shared_folder() -> Path | None:
    """The place that all consoles of this user share; None when it is not ours alone."""
    folder = SHARED / f"opsconsole-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077
    return folder if ours else None


def target_keys(subplan: Subplan) -> list[str]:
    """Each thing that a subplan changes, or that must stay for its sake."""
    keys = [f"process:{each.pid}:{each.id.start_ticks}" for each in subplan.survivors]
    for target in subplan.targets:
        if target.process is not None:
            keys.append(f"process:{target.process.pid}:{target.process.id.start_ticks}")
        if target.pane is not None:
            keys.append(f"pane:{target.pane.socket}:{target.pane.server_start}:{target.pane.pane}")
        if target.path:
            keys.append(f"file:{target.path}")
    return keys
