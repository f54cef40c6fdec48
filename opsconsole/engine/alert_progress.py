"""How far active alerts had come when they were last seen: a small table in the state directory, written once a minute.

Only who may change things writes it. Several that do so at once tell of the same alerts: of each the longest sight of
it stays, and one that a console saw end goes, unless another saw it later. What nobody would go on from goes too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from opsconsole.config.state_file import read_state_file, replace_state_file
from opsconsole.diagnose.alerts import DRIFT_S, GOES_ON_WITHIN_S
from opsconsole.model.alert import Alert, Held
from opsconsole.model.text import shown

FILE_NAME = "alerts.json"
EVERY_S = 60.0
LARGEST = 1 << 20


class AlertProgress:
    """``record`` may be called with every Snapshot."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._lock = threading.Lock()
        self._recorded_at: float | None = None
        """Monotonic."""
        self._alerts: tuple[Alert, ...] = ()
        """As this console saw them last."""
        self._at = 0.0
        """When that was, seconds since the epoch."""

    def read(self) -> tuple[dict[str, Held], str]:
        """What there is, by name, and what is wrong with it, or an empty text."""
        try:
            return msgspec.json.decode(read_state_file(self._path, LARGEST), type=dict[str, Held]), ""
        except FileNotFoundError:
            return {}, ""
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return {}, f"{self._path}: {shown(str(error))}; active alerts begin anew"

    def record(self, alerts: Iterable[Alert], at: float, monotonic: float, *, at_once: bool = False) -> bool:
        """Take in how far they are, once a minute or ``at_once``; whether there is something to save."""
        if not at_once and self._recorded_at is not None and monotonic - self._recorded_at < EVERY_S:
            return False
        self._alerts, self._at, self._recorded_at = tuple(alerts), at, monotonic
        return bool(self._alerts)

    def save(self) -> str:
        """Bring the table up to date. Returns why it could not be, or an empty text. Any thread's."""
        with self._lock:
            stored, _ = self.read()
            both = _together(stored, self._alerts, self._at)
            if both == stored:
                return ""
            try:
                replace_state_file(self._path, msgspec.json.encode(both))
            except OSError as error:
                return f"how far alerts have come is not kept: {shown(str(error))}"
            return ""


def _held(alert: Alert) -> Held | None:
    if alert.active_s is None or alert.since is None or alert.seen is None:
        return None
    return Held(alert.condition, alert.since, alert.held_s, alert.active_s, alert.seen)


def _together(stored: Mapping[str, Held], alerts: Iterable[Alert], at: float) -> dict[str, Held]:
    # Nobody would go on from what was seen too long ago; what was seen in the future never was.
    both = {name: kept for name, kept in stored.items() if -DRIFT_S <= at - kept.seen <= GOES_ON_WITHIN_S}
    for alert in alerts:
        kept, mine = both.get(alert.name), _held(alert)
        if mine is not None:
            both[alert.name] = mine if kept is None else _longer(kept, mine)
        elif kept is not None and _saw_it_end(alert, kept, at):
            del both[alert.name]
    return both


def _longer(kept: Held, mine: Held) -> Held:
    """Of two sights of one alert the longer, as of when it was last seen by either."""
    if kept.condition != mine.condition or kept.seen < mine.since:
        return mine
    longer = kept if kept.held_s > mine.held_s else mine
    return msgspec.structs.replace(longer, seen=max(kept.seen, mine.seen))


def _saw_it_end(alert: Alert, kept: Held, at: float) -> bool:
    if alert.state == "pending":
        return alert.since is not None and kept.seen < alert.since
    return alert.state == "quiet" and kept.seen <= at
