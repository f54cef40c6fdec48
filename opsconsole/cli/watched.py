"""Watched: the machine as `fix` looks at it, again and again: what holds, what cannot be told, what has closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from opsconsole.config.types import LoadedConfig
from opsconsole.diagnose import diagnose
from opsconsole.engine import Engine
from opsconsole.model.finding import Diagnosis, Finding
from opsconsole.model.snapshot import Snapshot

REFRESH_S = 1.0
SETTLED_S = 4.0
"""For so long everything is watched before it is decided what is wrong: what comes and goes needs several looks."""
READ_WITHIN_S = 15.0
TOLD_WITHIN_S = 6.0
"""For so long it is waited at the end for sources that do not tell yet how things are now."""


class Watched:
    """Looks from ``start`` to ``stop``, on threads of the engine's own."""

    def __init__(self, loaded: LoadedConfig) -> None:
        self._loaded = loaded
        self.engine = Engine(loaded, refresh_s=REFRESH_S)

    def start(self) -> None:
        """Returns when everything was read once and watched for a while, or too much time has passed."""
        self.engine.start(lambda _snapshot: None)
        began = time.monotonic()
        self.wait(lambda: self._read_whole() and time.monotonic() - began > SETTLED_S, READ_WITHIN_S)

    def stop(self) -> None:
        self.engine.stop()

    @property
    def latest(self) -> Snapshot | None:
        return self.engine.latest

    @property
    def diagnosis(self) -> Diagnosis | None:
        return self.latest.diagnosis if self.latest is not None else None

    def look_again(self) -> None:
        """Ask for all evidence anew; it is there a little later."""
        self.engine.refresh_now()
        self.engine.probe_now()

    def wait(self, until: Callable[[], bool], within_s: float) -> bool:
        """Whether it came true within so long."""
        deadline = time.monotonic() + within_s
        while not (reached := until()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return reached

    def open(self, finding_id: str) -> Finding | None:
        """One that holds now, whether it stands by itself or is told in another."""
        if (diagnosis := self.diagnosis) is None:
            return None
        return next((one for one in (*diagnosis.findings, *diagnosis.muted) if one.id == finding_id), None)

    def closes(self, finding_id: str, within_s: float) -> bool:
        """Whether evidence that is collected anew no longer shows it, within so long."""
        self.look_again()
        return self.wait(lambda: self.open(finding_id) is None and not self.unread(finding_id), within_s)

    def unsure(self, wanted: tuple[str, ...]) -> list[Finding]:
        """What one look shows of these, or with none of all, and what is not open yet."""
        if (snapshot := self.latest) is None:
            return []
        shown = diagnose(snapshot, self._loaded.config)
        meant = [one for one in (*shown.findings, *shown.muted) if one.id in wanted or not wanted]
        return [one for one in meant if self.open(one.id) is None]

    def unread(self, finding_id: str) -> str:
        """Why it cannot be told whether this holds: its source cannot be read. That it is not told proves nothing."""
        if (diagnosis := self.diagnosis) is None:
            return "nothing could be read yet"
        rule, _, subject = finding_id.partition(":")
        silent = (one for one in diagnosis.unknown if rule in one.rules and (not one.items or subject in one.items))
        return next((f"{one.subject}: {one.reason}" for one in silent), "")

    def all_told(self, wanted: tuple[str, ...]) -> bool:
        """Whether it is known how everything is now; where findings were named, they alone matter."""
        if self.diagnosis is None:
            return False
        if wanted:
            return True
        self.engine.refresh_now()
        return self.wait(lambda: self.diagnosis is not None and not self.diagnosis.unknown, TOLD_WITHIN_S)

    def _read_whole(self) -> bool:
        """Whether every source has been read once."""
        return self.latest is not None and not any(
            reading.state == "unknown" and reading.at is None for reading in _readings(self.latest)
        )


def _readings(snapshot: Snapshot) -> tuple[Any, ...]:
    return (
        *(snapshot.services, snapshot.workers, snapshot.sessions, snapshot.environments, snapshot.system),
        *(snapshot.sites, snapshot.queue, snapshot.disks, snapshot.ports),
    )
