"""One process as it is kept between two reads of the table: what is static, what its last turn said.

An entry turns the bytes of /proc/PID/stat into a ``Process`` and reads the other files of /proc/PID when they are
due. Statics are read once per exec. An exec is told by the name, the stack's start and the arguments' addresses in
stat; where those are hidden from us (another user's process), a candidate's argv is read again with every change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from opsconsole.collect import procfs
from opsconsole.model.identity import ProcessId
from opsconsole.model.process import Process

Candidate = Callable[[tuple[str, ...], str], bool]

SHORTEST_INTERVAL_S = 0.05
"""CPU use over less than this says nothing: one clock tick is 10 ms."""
STAYS_INTERESTING = 5
"""For how many reads a new process, or one that used CPU, is read every time."""

_ENDED = "ZX"


class Surroundings:
    """What all entries share during one read."""

    __slots__ = (
        "attended",
        "before",
        "boot_id",
        "booted_at",
        "is_candidate",
        "nothing_swapped",
        "now",
        "random_stacks",
        "since_boot",
        "since_boot_before",
        "tick",
    )

    def __init__(self, boot_id: str, is_candidate: Candidate, random_stacks: bool) -> None:
        self.boot_id = boot_id
        self.is_candidate = is_candidate
        self.random_stacks = random_stacks
        self.booted_at = 0.0
        """Seconds since the epoch, by today's wall clock."""
        self.nothing_swapped = False
        """No page of any process is in swap: every VmSwap is a measured zero."""
        self.now = 0.0
        """Monotonic."""
        self.before: float | None = None
        """The same of the read before; None at the first."""
        self.since_boot = self.since_boot_before = 0.0
        """Of this read and of the one before, on the clock that start ticks count by."""
        self.attended: set[int] = set()
        """Pids read deeper, with those that they have started since the read before."""
        self.tick = 0
        """Counts the reads."""

    def told(self) -> dict[str, Any]:
        """All but the test of candidates, which is each process's own."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "is_candidate"}

    def take(self, told: dict[str, Any]) -> None:
        for name, value in told.items():
            setattr(self, name, value)


class Entry:
    """What is kept of one process."""

    __slots__ = (
        "argv",
        "argv_put_off",
        "base",
        "candidate",
        "comm",
        "command",
        "cpu_read_at",
        "cpu_ticks",
        "deep",
        "descriptor",
        "exe",
        "exec_mark",
        "hot_until",
        "id",
        "image",
        "namespace",
        "pid",
        "process",
        "raw",
        "started_in",
        "turn",
    )

    def __init__(self, pid: int, base: str, turn: int) -> None:
        self.pid = pid
        self.base = base
        self.turn = turn
        self.descriptor: int | None = None
        self._forget(0)

    def _forget(self, tick: int) -> None:
        """Know nothing any more: the pid is a new process's."""
        self.hot_until = tick + STAYS_INTERESTING
        self.process: Process | None = None
        self.raw = b""
        self.exec_mark: tuple[object, ...] | None = None
        self.cpu_ticks = 0
        self.cpu_read_at = 0.0
        self._forget_statics()

    def _forget_statics(self) -> None:
        self.comm = ""
        self.argv: tuple[str, ...] | None = None
        self.command = ""
        self.argv_put_off = False
        self.candidate = False
        self.image: int | None = None
        self.deep = False
        """Whether the three below were looked at since the last exec."""
        self.exe: str | None = None
        self.namespace: int | None = None
        self.started_in: str | None = None

    def idle(self, process: Process, now: float) -> Process:
        """The process after a turn on which its stat had not changed: it used no CPU."""
        if now - self.cpu_read_at < SHORTEST_INTERVAL_S:
            return process
        self.cpu_read_at = now
        if process.cpu_percent != 0.0:
            process = self.process = msgspec.structs.replace(process, cpu_percent=0.0)
        return process

    def take(self, raw: bytes, shared: Surroundings) -> Process | None:
        """The process as these bytes of stat tell it; None when they make no sense."""
        stat = procfs.parse_stat(raw)
        if stat is None:
            return None
        last = self.process
        if last is None or last.id.start_ticks != stat.start_ticks:
            self._forget(shared.tick)
            self.id = ProcessId(shared.boot_id, self.pid, stat.start_ticks)
        if self.process is None and stat.ppid in shared.attended:
            shared.attended.add(self.pid)
        percent = self._cpu_percent(stat, shared)
        self._follow_exec(stat, raw, shared)
        swap = 0 if shared.nothing_swapped else None
        cwd = None
        if self.pid in shared.attended or self.candidate:
            self._look_deeper()
            cwd = procfs.read_link(f"{self.base}/cwd")
            if swap is None:
                status = procfs.read_small(f"{self.base}/status")
                swap = None if status is None else procfs.parse_swap_bytes(status)
        self.raw = raw
        self.process = Process(
            self.id,
            stat.ppid,
            self.comm,
            stat.state,
            shared.booted_at + stat.start_ticks / procfs.TICKS_PER_S,
            stat.session,
            stat.process_group,
            stat.tty,
            stat.threads,
            stat.rss_pages * procfs.PAGE_BYTES,
            percent,
            procfs.read_uid(self.base, self.descriptor),
            self.argv,
            self.command,
            self.exe,
            cwd,
            self.namespace,
            swap,
            self.image,
            self.started_in,
        )
        return self.process

    def _cpu_percent(self, stat: procfs.Stat, shared: Surroundings) -> float | None:
        """Of one core since its own last turn. Using any keeps it interesting.

        On the first turn None, but for who was started since the read before: all it used, it used since then.
        """
        last, cpu_ticks = self.process, stat.cpu_ticks
        is_new = last is None and (stat.start_ticks + 1) / procfs.TICKS_PER_S >= shared.since_boot_before
        if is_new and shared.before is not None and shared.now - shared.before >= SHORTEST_INTERVAL_S:
            self.cpu_read_at = shared.before
        elif last is None:
            self.cpu_ticks, self.cpu_read_at = cpu_ticks, shared.now
            return None
        elapsed = shared.now - self.cpu_read_at
        if last is not None and elapsed < SHORTEST_INTERVAL_S:
            return last.cpu_percent
        used = cpu_ticks - self.cpu_ticks
        self.cpu_ticks = cpu_ticks
        self.cpu_read_at = shared.now
        if used > 0:
            self.hot_until = max(self.hot_until, shared.tick + STAYS_INTERESTING)
        return max(0.0, 100.0 * used / procfs.TICKS_PER_S / elapsed)

    def _follow_exec(self, stat: procfs.Stat, raw: bytes, shared: Surroundings) -> None:
        if stat.state in _ENDED and self.exec_mark is not None:
            return  # a zombie has no memory left to tell of: what it was stays
        mark = (stat.comm, stat.image, stat.arguments)
        if mark != self.exec_mark:
            self.exec_mark = mark
            self._forget_statics()
            self.comm = procfs.comm_text(stat.comm)
            self.image = stat.image if stat.image and shared.random_stacks else None
            self.hot_until = max(self.hot_until, shared.tick + STAYS_INTERESTING)
        elif not (self.argv_put_off or (self.candidate and stat.image == 0 and raw != self.raw)):
            return
        self._read_argv(stat, raw, shared)

    def _read_argv(self, stat: procfs.Stat, raw: bytes, shared: Surroundings) -> None:
        # Reading the command line of a process that is stuck in the kernel can hang the reader with it. One that
        # moved since it was put off is not stuck.
        if stat.state == "D" and (not self.argv_put_off or raw == self.raw):
            self.argv_put_off = True
            self.command = f"[{self.comm}]"
            return
        self.argv_put_off = False
        if stat.kernel_thread:
            self.argv = ()
        else:
            read = procfs.read_cmdline(self.base)
            self.argv = None if read is None or (not read and stat.state in _ENDED) else procfs.parse_cmdline(read)[0]
            self.command = procfs.parse_cmdline(read)[1] if read else ""
        self.command = self.command or f"[{self.comm}]"
        self.candidate = not stat.kernel_thread and shared.is_candidate(self.argv or (), self.comm)

    def _look_deeper(self) -> None:
        if self.deep:
            return
        self.deep = True
        exe = procfs.read_link(f"{self.base}/exe")
        self.exe = None if exe is None else procfs.without_deleted_mark(exe)
        self.namespace = procfs.read_namespace(self.base)
        self.started_in = procfs.read_started_in(self.base)
