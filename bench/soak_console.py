"""The console kept open: an hour on the demo with churn at a refresh of 0.5 s, and whether anything grows meanwhile.

    python bench/soak_console.py [--minutes 60] [--every 30] [--write bench/RESULTS.md]

The console runs in a 200x50 terminal that is read here, on the demo and what `soak_world.py` adds to it; a key is
typed every few seconds, through all of its views, and the terminal changes its size now and then. Sampled are its
memory, descriptors, threads, CPU time, what it writes to the terminal and the size of its state directory. Prints the
samples as they come and then a table: median of the first quarter, of the last, and the slope. Exit status 1 when
something grew beyond its bound, or the console ended before it was asked to.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import random
import re
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak_world import REFRESH, World
from terminal_run import COLUMNS, LINES, Program, program

from opsconsole.demo.sandbox import Sandbox

WARM_S = 60.0
"""Not looked at: views are opened for the first time, caches are filled."""
LAST_WORDS = 4000
KEY_EVERY_S = 3.0
RESIZED_EVERY_S = 150.0
SIZES = ((80, 24), (120, 40), (250, 60))
ROUNDS: tuple[tuple[bytes, ...], ...] = (
    *((str(view).encode(), b"j", b"j", b"k") for view in range(1, 10)),
    (b"2", b"z", b"t", b"G", b"g", b"t", b"z"),
    (b"2", b"\r", b"j", b"j", b"\x1b"),
    (b"2", b"G", b"l", b"g", b"G", b"/", b"error", b"\r", b"n", b"N", b"\x1b", b"\x1b"),
    (b"3", b"l", b"\x1b"),
    (b"3", b"/", b"cpu > 1 or idle > 1h", b"\x1b", b"\x1b"),
    (b"1", b"/", b"/^arch/", b"\r", b"\x1b"),
    (b"3", b">", b">", b"I", b"<", b"<", b"I"),
    (b"2", b"x", b"\x1b"),
    (b"2", b"j", b"j", b"D", b"\x1b"),
    (b"?", b"j", b"\x1b"),
    (b":", b"theme", b"\x1b"),
    (b"E", b"j", b"\x1b"),
    (b"J", b"\x1b"),
    (b"8", b"\r", b"\x1b", b"v"),
    (b"!", b"Z", b"Z", b"!"),
    (b"p", b"\x0c"),
)


class Sample(NamedTuple):
    minute: float
    rss_mb: float
    own_mb: float
    """Memory that is nobody else's: what would be free if it ended."""
    descriptors: float
    threads: float
    state_kb: float
    cpu_ms: float
    """Per minute."""
    written_kb: float
    """To the terminal, per minute."""


class Bound(NamedTuple):
    title: str
    share: float
    """Of the first quarter's median, by which the last quarter's may be above it."""
    more: float
    """What it may be above it in any case, in its own unit."""
    digits: int = 1


BOUNDS = {
    "rss_mb": Bound("RSS MB", 0.04, 2.0),
    "own_mb": Bound("private memory MB", 0.04, 2.0),
    "descriptors": Bound("descriptors", 0.05, 8, 0),
    "threads": Bound("threads", 0.0, 1, 0),
    "state_kb": Bound("state directory KB", 0.0, 2048, 0),
    "cpu_ms": Bound("CPU ms / minute", 0.25, 200, 0),
    "written_kb": Bound("terminal KB / minute", 0.25, 60, 0),
}
"""Descriptors move with the processes there are, CPU and bytes with what happens and with the machine's other work."""


class Soak:
    """One console, typed to and sampled."""

    def __init__(self, running: Program, world: World, state: Path, seed: int) -> None:
        self.samples: list[Sample] = []
        self.ended = False
        """The console closed its terminal by itself."""
        self._running, self._world, self._state = running, world, state
        self._dice = random.Random(seed)
        self._keys: list[bytes] = []
        self._written = 0
        self._last = b""
        """What it wrote last, for the case that it ends by itself."""
        self._next_key = self._next_size = 0.0
        self._small = False

    def run(self, seconds: float, every_s: float) -> None:
        began = sampled = time.monotonic()
        self._next_key, self._next_size = began + 10.0, began + RESIZED_EVERY_S
        cpu, written = self._running.cpu_s(), 0
        while (now := time.monotonic()) < began + seconds:
            self._read(0.1)
            if self.ended:
                return
            self._world.churn()
            self._type(now)
            if now - sampled >= every_s:
                spent, minutes = self._running.cpu_s(), (now - sampled) / 60
                self._sample(now - began, (spent - cpu) * 1000 / minutes, (self._written - written) / 1024 / minutes)
                sampled, cpu, written = now, spent, self._written

    def quits(self) -> bool:
        """Whether it ends when it is asked to."""
        for key in (b"\x1b", b"\x1b", b"\x1b", b"q", b"q", b"q"):
            with contextlib.suppress(OSError):
                os.write(self._running.terminal, key)
            self._read(1.0)
        until = time.monotonic() + 10
        while not self.ended and time.monotonic() < until:
            self._read(0.2)
        return self.ended

    @property
    def last_words(self) -> str:
        return re.sub(r"\x1b[\[(>?][0-9;?]*[a-zA-Z]", "", self._last.decode(errors="replace")).strip()

    def _read(self, within_s: float) -> None:
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0:
            data = self._running.read(left)
            if data is None:
                self.ended = True
                return
            self._written += len(data)
            self._last = (self._last + data)[-LAST_WORDS:]

    def _type(self, now: float) -> None:
        if now >= self._next_key:
            self._next_key = now + self._dice.uniform(0.5, 1.5) * KEY_EVERY_S
            if not self._keys:
                self._keys = list(self._dice.choice(ROUNDS))
            os.write(self._running.terminal, self._keys.pop(0))
        if now >= self._next_size:
            # Small for a while, then as before: most samples are of the one size.
            self._small = not self._small
            self._next_size = now + (10.0 if self._small else RESIZED_EVERY_S)
            columns, lines = self._dice.choice(SIZES) if self._small else (COLUMNS, LINES)
            fcntl.ioctl(self._running.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _sample(self, age_s: float, cpu_ms: float, written_kb: float) -> None:
        folder = Path(f"/proc/{self._running.pid}")
        # One line at a time: "Private_Clean:        12 kB".
        rollup = dict(line.split(":") for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
        own_kb = sum(int(rollup[name].split()[0]) for name in ("Private_Clean", "Private_Dirty"))
        sizes = [path.stat().st_size for path in self._state.rglob("*") if path.is_file()]
        sample = Sample(
            minute=age_s / 60,
            rss_mb=self._running.rss_mb(),
            own_mb=own_kb / 1024,
            descriptors=len(list((folder / "fd").iterdir())),
            threads=len(list((folder / "task").iterdir())),
            state_kb=sum(sizes) / 1024,
            cpu_ms=cpu_ms,
            written_kb=written_kb,
        )
        self.samples.append(sample)
        cells = [f"{title} {getattr(sample, name):.{bound.digits}f}" for name, (title, bound) in _titled()]
        print(f"{sample.minute:5.1f} min  " + "  ".join(cells), flush=True)


def _titled() -> list[tuple[str, tuple[str, Bound]]]:
    return [(name, (bound.title, bound)) for name, bound in BOUNDS.items()]


def table(samples: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """Lines of Markdown, and what grew beyond its bound."""
    quarter = max(len(samples) // 4, 1)
    lines = ["| | first quarter | last quarter | slope per hour | may grow by | |", "|---|--:|--:|--:|--:|---|"]
    grew = []
    for name, bound in BOUNDS.items():
        values = [getattr(sample, name) for sample in samples]
        first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
        allowed = max(first * bound.share, bound.more)
        slope = statistics.linear_regression([sample.minute / 60 for sample in samples], values).slope
        fine = last - first <= allowed
        if not fine:
            grew.append(f"{bound.title}: {first:.1f} to {last:.1f}")
        numbers = (f"{first:,.{bound.digits}f}", f"{last:,.{bound.digits}f}", f"{slope:+,.{bound.digits}f}")
        lines.append(
            f"| {bound.title} | {' | '.join(numbers)} | {allowed:,.{bound.digits}f} | {'' if fine else 'GREW'} |"
        )
    return lines, grew


def write_section(file: Path, lines: Sequence[str]) -> None:
    """Put them at the end of the file, in place of an earlier soak's."""
    before = file.read_text().split("\n## An hour kept open\n")[0].rstrip() if file.exists() else "# Results"
    file.write_text(f"{before}\n\n## An hour kept open\n\n" + "\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=30.0, help="seconds from sample to sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="keep the table in this file")
    chosen = parser.parse_args()
    # Whoever ends it has everything that it started ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="ock-") as scratch, Sandbox.build() as sandbox:
        world = World(sandbox, Path(scratch), chosen.seed)
        command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(world.config)]
        command += ["--state-dir", str(sandbox.state_dir)]
        try:
            with program(command) as running:
                soak = Soak(running, world, sandbox.state_dir, chosen.seed)
                soak.run(WARM_S + chosen.minutes * 60, chosen.every)
                alone, quit_cleanly = soak.ended, soak.quits()
        finally:
            world.close()
    samples = [sample for sample in soak.samples if sample.minute * 60 > WARM_S]
    if alone or len(samples) < 4:
        print(f"the console ended by itself: {soak.last_words}" if alone else "too short for a verdict")
        return 1
    lines, grew = table(samples)
    happened = ", ".join(f"{count} {what}" for what, count in sorted(world.done.items()))
    head = f"{time.strftime('%Y-%m-%d')}: {chosen.minutes:g} minutes on the demo at a refresh of {REFRESH}, in a "
    head += f"{COLUMNS}x{LINES} terminal, with keys typed through all views and churn beside it ({happened}). "
    head += f"{len(samples)} samples after a minute's warming up, medians."
    print("\n".join(("", head, "", *lines)))
    if chosen.write is not None:
        write_section(chosen.write, [head, "", *lines])
    if not quit_cleanly:
        print("it did not quit when it was asked to")
    return 1 if grew or not quit_cleanly else 0


if __name__ == "__main__":
    sys.exit(main())
