"""The whole console on snapshots that a test gives it, with a door to the acting side that records what goes through.

The real door and a real machine behind it are what ``tests/e2e/test_console_acts.py`` is for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from opsconsole.config.types import Config, LoadedConfig, ServiceTable, WorkerTable
from opsconsole.model.plan import VERBS, Plan, ProcessMark, Refused, Subplan, Survivor, Target
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Wish
from opsconsole.ui.app import ConsoleApp
from tests import samples
from tests.makers import BOOT
from tests.ui.screens.readers import SampleFeed

CONFIG = Config(
    worker=tuple(
        WorkerTable(name=name, command=("python3", f"workers/{name}.py"))
        for name in ("orchestrator", "auto_confirm", "assigner", "supervisor")
    ),
    service=(ServiceTable(name="Architect Dashboard", port=8080, command=("python3", "app.py")),),
)


class TellingFeed(SampleFeed):
    """A feed that hands out the snapshots it is told."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self._tell: Callable[[Snapshot], None] = lambda _snapshot: None
        self.probed: list[list[str]] = []

    def start(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        self._tell = on_snapshot
        if self.latest is not None:
            on_snapshot(self.latest)

    def probe_now(self, keys: Iterable[str] = ()) -> None:
        self.probed.append(list(keys))

    def tell(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self._tell(snapshot)


class RecordedOffer:
    def __init__(self, plan: Plan, door: RecordingDoor) -> None:
        self._whole = self.plan = plan
        self._door = door

    def choose(self, keys: Collection[str]) -> None:
        self.plan = self._whole.only(keys)

    def changed(self) -> str:
        return self._door.changed + ""

    def submit(self) -> str:
        self._door.submitted.append(self.plan)
        self._door.may_submit.wait(10)
        return self._door.failure

    def withdraw(self) -> None:
        self._door.withdrawn.append(self.plan)


class RecordingDoor:
    verbs = frozenset[str](VERBS)

    def refused(self, loaded: LoadedConfig) -> str:
        return ""

    def __init__(self, answer: Callable[[Wish], Plan | Refused]) -> None:
        self._answer = answer
        self.wishes: list[Wish] = []
        self.submitted: list[Plan] = []
        self.withdrawn: list[Plan] = []
        self.changed = ""
        self.failure = ""
        self.may_plan = threading.Event()
        self.may_plan.set()
        self.may_submit = threading.Event()
        self.may_submit.set()

    def plan(self, wish: Wish) -> RecordedOffer | Refused:
        self.wishes.append(wish)
        self.may_plan.wait(10)
        made = self._answer(wish)
        return made if isinstance(made, Refused) else RecordedOffer(made, self)


def process_of(snapshot: Snapshot, pid: int) -> ProcessMark:
    assert snapshot.processes.value is not None
    found = snapshot.processes.value.processes[pid]
    return ProcessMark(
        id=found.id, exe="/usr/bin/python3", argv_digest="", uid=1000, pid_namespace=1, command=found.command
    )


def duplicates_plan(snapshot: Snapshot, **changes: Any) -> Plan:
    """The incident's auto_confirm: the wrapper and version 1 go, version 2 stays."""
    now = time.time()
    targets = tuple(
        Target(
            kind="process",
            role=role,
            name="auto_confirm",
            reason=reason,
            process=process_of(snapshot, pid),
            start=now - 15_000,
            command=process_of(snapshot, pid).command,
            memory_bytes=3 << 20,
        )
        for pid, role, reason in ((87841, "wrapper", "would start another copy"), (88337, "instance", "older version"))
    )
    stays = process_of(snapshot, 8157)
    subplan = Subplan(
        subject="auto_confirm",
        subject_kind="worker",
        targets=targets,
        survivors=(Survivor(stays.id, stays.command, now - 200_000, 31 << 20, "the configured version"),),
        steps=tuple(f"SIGTERM {target.pid} ({target.role}: {target.command})" for target in targets),
        checks=("auto_confirm: 1 instance runs", "8157 still runs"),
    )
    fields: dict[str, Any] = {
        "id": "20260208-171900-abc123",
        "verb": "kill-duplicates",
        "created": snapshot.at,
        "host": snapshot.host,
        "boot_id": BOOT,
        "uid": 1000,
        "config_path": "",
        "config_digest": "",
        "subplans": (subplan,),
    }
    return Plan(**{**fields, **changes})


def console(
    snapshot: Snapshot | None = None,
    *,
    read_only: bool = False,
    answer: Callable[[Wish], Plan | Refused] | None = None,
    config: Config = CONFIG,
    **more: Any,
) -> tuple[ConsoleApp, RecordingDoor, TellingFeed]:
    """A console on the incident, the door that it was handed, and the feed that it reads."""
    shown = samples.incident() if snapshot is None else snapshot
    door = RecordingDoor(answer or (lambda _wish: duplicates_plan(shown)))
    feed = TellingFeed(shown)
    feed.loaded = LoadedConfig(config=config, path=None)
    app = ConsoleApp(
        feed,
        read_only=read_only,
        loaded=feed.loaded,
        ascii_only=False,
        acting=door,
        **more,
    )
    return app, door, feed


def on_row(app: ConsoleApp, pane: str, key: str) -> None:
    """Put the cursor of a pane on a row."""
    app.main.enter(pane)
    table = app.main.table
    table.move_to(next(place for place, row in enumerate(table.rows) if row.key == key))
