"""What the screen needs of an engine, so that it can be shown any source of Snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from opsconsole.config.types import LoadedConfig
from opsconsole.model.alert import Held, Notes, TargetSample
from opsconsole.model.sample import Sample
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.history import HistoryReader


class RecentHistory(HistoryReader, Protocol):
    """The last minutes, for whoever draws or keeps them."""

    def recent(self) -> tuple[tuple[float, ...], Mapping[str, Sequence[float | None]]]:
        """(times, seconds since the epoch; series by key, each ending at the last of these times)."""
        ...

    def since(self, at: float) -> Mapping[str, Sample | None]:
        """Each series' mean and peak since then; None where nothing was known."""
        ...


class Feed(Protocol):
    @property
    def loaded(self) -> LoadedConfig:
        """The config in force; another one after an edit of its file."""
        ...

    @property
    def history(self) -> RecentHistory: ...

    @property
    def latest(self) -> Snapshot | None: ...

    def start(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        """Begin; ``on_snapshot`` is called on a thread of the feed's own."""
        ...

    def stop(self) -> None: ...

    def refresh_now(self) -> None:
        """Read everything out of turn."""
        ...

    def probe_now(self, keys: Iterable[str] = ()) -> None:
        """Probe these sites and health URLs (``site:NAME``, ``service:NAME``) out of turn; without keys, all."""
        ...

    def acknowledge(self, finding_id: str) -> bool:
        """Take note of a finding, or take that back; whether it is acknowledged now."""
        ...

    def acknowledge_alert(self, name: str) -> bool:
        """Take note of an alert, or take that back; whether it is acknowledged now."""
        ...

    def silence_alert(self, name: str, for_s: float) -> None:
        """Let an alert propose nothing for so many seconds; 0 ends that."""
        ...

    def notes(self) -> Notes:
        """What a person has taken note of so far, for keeping."""
        ...

    def take_notes(self, notes: Notes) -> None:
        """Go on from what an earlier console kept. Called before ``start``."""
        ...

    def take_held(self, held: Mapping[str, Held]) -> None:
        """Go on from how far active alerts had come in an earlier console, by name. Called before ``start``."""
        ...

    def take_samples(self, oldest: Mapping[str, TargetSample]) -> None:
        """Tell the targets' trend since these, by metric. Called before ``start``."""
        ...
