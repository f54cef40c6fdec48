"""What a scan of the process table costs, beside psutil: ``python bench/processes.py --processes 1000``.

Starts that many sleeping children (at most 5,000), measures, and ends each of them by its pid. Prints milliseconds,
medians of interleaved rounds, over all processes of the machine.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from opsconsole.collect.listeners import ListenerSource
from opsconsole.collect.processes import ProcessSource
from opsconsole.model.clock import SystemClock

MOST = 5000
CHANGING = ["pid", "ppid", "status", "cpu_times", "memory_info"]
USUAL = [*CHANGING, "name", "cmdline", "create_time", "username", "num_threads"]


@contextmanager
def sleepers(count: int) -> Iterator[None]:
    """So many sleeping children, for as long as the block runs."""
    pids: list[int] = []
    try:
        for number in range(min(count, MOST)):
            pids.append(os.posix_spawn("/bin/sleep", ["sleep", str(3600 + number)], {}))
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000.0


def measure(rounds: int) -> dict[str, list[float]]:
    clock = SystemClock()
    steady, listeners = ProcessSource(), ListenerSource()
    for _ in range(8):  # beyond the reads for which every process counts as new
        listeners.read(clock, steady.read(clock))
    times: dict[str, list[float]] = {}
    for number in range(rounds):
        first = ProcessSource()
        table = steady.read(clock)
        time.sleep(0.1)
        jobs: dict[str, Callable[[], object]] = {
            "process table, steady": lambda: steady.read(clock),
            "listening sockets, steady": lambda: listeners.read(clock, table),  # noqa: B023  # run in this very round
        }
        if number % 4 == 0:
            jobs |= {
                "process table, first": lambda: first.read(clock),  # noqa: B023
                "listening sockets, first": lambda: ListenerSource().read(clock, table),  # noqa: B023
                "psutil, cached objects, changing attributes": lambda: list(psutil.process_iter(CHANGING)),
                "psutil, usual attributes": _psutil_afresh,
                "psutil.net_connections": lambda: psutil.net_connections("tcp"),
            }
        for name, work in jobs.items():
            times.setdefault(name, []).append(milliseconds(work))
        first.close()
        time.sleep(0.1)
    steady.close()
    return times


def _psutil_afresh() -> object:
    psutil.process_iter.cache_clear()
    return list(psutil.process_iter(USUAL))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with sleepers(options.processes):
        print(f"{len(psutil.pids())} processes, {os.cpu_count()} cores")
        for name, taken in measure(options.rounds).items():
            print(f"{statistics.median(taken):9.2f} ms  {name}  (of {len(taken)})")


if __name__ == "__main__":
    main()
