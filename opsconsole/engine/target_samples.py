"""What the targets' metrics were: a small table in the state directory, one sample a minute at most, bounded.

Where it is full every second sample goes, but never the first. Only a console that may change things writes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opsconsole.config.state_file import read_state_file, replace_state_file
from opsconsole.model.alert import Target, TargetSample
from opsconsole.model.text import shown

FILE_NAME = "targets.json"
EVERY_S = 60.0
MOST_SAMPLES = 64
"""Of each metric."""
MOST_METRICS = 64
LARGEST = 1 << 20

Samples = dict[str, tuple[TargetSample, ...]]


class TargetSamples:
    """Reads the table once; ``record`` may be called with every Snapshot."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._lock = threading.Lock()
        self._recorded_at: float | None = None
        self.samples: Samples = {}
        """By metric, oldest first."""

    def read(self) -> str:
        """Take what there is. Returns what is wrong with it, or an empty text."""
        try:
            self.samples = msgspec.json.decode(read_state_file(self._path, LARGEST), type=Samples)
        except FileNotFoundError:
            return ""
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return f"{self._path}: {shown(str(error))}; the targets' trend begins anew"
        return ""

    def first(self) -> dict[str, TargetSample]:
        """The oldest sample of each metric."""
        return {metric: samples[0] for metric, samples in self.samples.items() if samples}

    def record(self, targets: Iterable[Target], at: float, monotonic: float) -> bool:
        """Take a sample of each known metric, once a minute; whether there is something to save."""
        if self._recorded_at is not None and monotonic - self._recorded_at < EVERY_S:
            return False
        known = [target for target in targets if target.current is not None]
        if not known:
            return False
        self._recorded_at = monotonic
        samples = dict(self.samples)
        for target in known:
            kept = (*samples.get(target.metric, ()), TargetSample(at, target.current))
            samples[target.metric] = kept if len(kept) <= MOST_SAMPLES else (*kept[:-1:2], kept[-1])
        if len(samples) > MOST_METRICS:
            wished = {target.metric for target in known}
            samples = {metric: kept for metric, kept in samples.items() if metric in wished}
        self.samples = samples
        return True

    def save(self) -> str:
        """Write the table. Returns why it could not be written, or an empty text. May be called on any thread."""
        with self._lock:
            try:
                replace_state_file(self._path, msgspec.json.encode(self.samples))
            except OSError as error:
                return f"the targets' trend is not kept: {shown(str(error))}"
            return ""
