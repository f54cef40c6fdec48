"""One lock per subject and per target, held by the executor that works on it, so that no two plans do at once.

Locks are flock(2)s on files in the state directory: they end with their process, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from opsconsole.model.plan import Subplan

FOLDER = "locks"


class Locked(Exception):
    """Another plan is at work; which one."""

    def __init__(self, key: str, plan_id: str) -> None:
        super().__init__(f"plan {plan_id or 'of another console'} is at work on {key}")


class Locks:
    """The locks of one subplan."""

    def __init__(self, state_dir: Path, plan_id: str) -> None:
        self._folder = state_dir / FOLDER
        self._plan_id = plan_id
        self._held: list[int] = []

    def take(self, keys: Iterable[str]) -> None:
        """All of these, or none. Never waits. Raises Locked."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        try:
            for key in sorted(set(keys)):
                self._take(key)
        except Locked:
            self.release()
            raise

    def _take(self, key: str) -> None:
        path = self._folder / hashlib.sha256(key.encode(errors="replace")).hexdigest()[:24]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise Locked(key, holder) from None
        self._held.append(descriptor)
        with contextlib.suppress(OSError):  # who holds it is only for a message
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, self._plan_id.encode(), 0)

    def release(self) -> None:
        for descriptor in self._held:
            os.close(descriptor)
        self._held.clear()


def keys_of(subplan: Subplan) -> list[str]:
    """What a subplan must have for itself: its subject, and each thing that it changes."""
    keys = [subplan.key]
    for target in subplan.targets:
        if target.process is not None:
            keys.append(f"process:{target.process.pid}:{target.process.id.start_ticks}")
        if target.pane is not None:
            keys.append(f"pane:{target.pane.socket}:{target.pane.server_start}:{target.pane.pane}")
        if target.path:
            keys.append(f"file:{target.path}")
    return keys
