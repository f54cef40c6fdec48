"""What the targets' metrics were: a small table in the state directory, one sample a minute at most, bounded.

Where it is full every second sample goes, but never the first. Only who may change things writes it. Several that
do so at once add to the same table: what one has told of a minute no other tells again.
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
APART_S = 0.9 * EVERY_S
"""What comes sooner after what another console has kept tells nothing new."""
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
        self.samples, problem = self._stored()
        return problem

    def _stored(self) -> tuple[Samples, str]:
        """What is in the file, and what is wrong with it."""
        try:
            return msgspec.json.decode(read_state_file(self._path, LARGEST), type=Samples), ""
        except FileNotFoundError:
            return {}, ""
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return {}, f"{self._path}: {shown(str(error))}; the targets' trend begins anew"

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
            samples[target.metric] = _bounded((*samples.get(target.metric, ()), TargetSample(at, target.current)))
        if len(samples) > MOST_METRICS:
            wished = {target.metric for target in known}
            samples = {metric: kept for metric, kept in samples.items() if metric in wished}
        self.samples = samples
        return True

    def save(self) -> str:
        """Add what was recorded to the table. Returns why it could not be, or an empty text. Any thread's."""
        with self._lock:
            mine = self.samples
            stored, _ = self._stored()
            continued = {metric: _continued(stored.get(metric, ()), added) for metric, added in mine.items()}
            both = stored | continued if len(stored | continued) <= MOST_METRICS else continued
            try:
                replace_state_file(self._path, msgspec.json.encode(both))
            except OSError as error:
                return f"the targets' trend is not kept: {shown(str(error))}"
            return ""


def _bounded(samples: tuple[TargetSample, ...]) -> tuple[TargetSample, ...]:
    return samples if len(samples) <= MOST_SAMPLES else (*samples[:-1:2], samples[-1])


def _continued(stored: tuple[TargetSample, ...], added: tuple[TargetSample, ...]) -> tuple[TargetSample, ...]:
    """What is stored, and of what is added what is newer; what is stored of the future was never so."""
    kept = tuple(sample for sample in stored if sample.at <= added[-1].at)
    for sample in added:
        if not kept or sample.at - kept[-1].at >= APART_S:
            kept = _bounded((*kept, sample))
    return kept
