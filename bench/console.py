"""What the console costs beside its peers: `make bench`, `make bench-quick`.

Starts a fleet (processes, services, workers, tmux sessions), then runs the console and its peers in turn, each in a
200x50 terminal that is read here, and prints the medians as a table. Loopback only, bounded in time; everything
started here is ended by its own handle. ``--write FILE`` keeps the table with the machine described.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from fleet import end_on_sigterm, fleet, idle_processes, processes_here, room_for
from peers import install_missing, present, version
from terminal_run import LEFT_OUT, Run, answers_ms, measure

MARKS = (b"service 0", b"worker_0", b"session_0", b"feature-0", b"load")
"""Of every pane: the console's screen is full once all of them were written."""
CURSOR = "▌".encode()
ECHO = "import os, tty\ntty.setraw(0)\nwhile os.read(0, 99): os.write(1, '▌'.encode())"
HURRIED = "0.2s"
"""The console's refresh while keys are measured: a scan is under way at many moments."""
NOISE = (
    "A load beyond what the bench itself makes is other work on the machine: wall times (first frame, full screen, "
    "keys) then say little, CPU time rises with it (the single runs show by how much), and ratios are what counts."
)
SOAK = "\n## An hour kept open\n"
PROBING = "opsconsole, 20 health URLs"
UNITS = ("first frame ms", "full screen ms", "CPU ms until then", "CPU ms / 2 s", "bytes / 2 s", "RSS MB")


class Report:
    """Lines that are printed as they come and kept for the file."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str = "") -> None:
        self.lines.append(line)
        print(line, flush=True)

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
        for number, row in enumerate((titles, ["-" * width for width in widths], *rows)):
            cells = [
                cell.ljust(width) if not column or number == 1 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self.say(f"| {' | '.join(cells)} |")
        self.say()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="steady time measured in each round")
    parser.add_argument("--growth", type=int, nargs="*", default=[], help="further process counts")
    parser.add_argument("--growth-rounds", type=int, default=3)
    parser.add_argument("--keys", type=int, default=200, help="key presses measured at each process count")
    parser.add_argument("--only", nargs="*", help="of the peers, only these")
    parser.add_argument("--write", type=Path, help="keep the report in this file")
    chosen = parser.parse_args()
    end_on_sigterm()
    install_missing()
    peers = {name: command for name, command in present().items() if chosen.only is None or name in chosen.only}
    report = Report()
    with tempfile.TemporaryDirectory(prefix="ocb-") as scratch, contextlib.ExitStack() as stack:
        config = stack.enter_context(fleet(Path(scratch), chosen.services, chosen.workers, chosen.sessions))
        stack.enter_context(idle_processes(chosen.processes))
        contestants = {"opsconsole": console_command(without_probes(config)), PROBING: console_command(config), **peers}
        describe(report, chosen, peers)
        compare(report, contestants, chosen.rounds, chosen.seconds)
        keys = [(chosen.processes, waits)] if (waits := press(without_probes(config), chosen.keys)) else []
        grown = []
        here = chosen.processes
        for count in chosen.growth:
            if why_not := room_for(count - here):
                report.say(f"not measured beside {count} processes: {why_not}")
                continue
            stack.enter_context(idle_processes(count - here))
            here = count
            grown += growth_rows(contestants, count, chosen)
            if waits := press(without_probes(config), chosen.keys):
                keys.append((count, waits))
        if grown:
            report.table((f"growth, {chosen.growth_rounds} run(s) each", *UNITS), grown)
        tell_keys(report, chosen.keys, keys)
    report.say(f"Load after it {os.getloadavg()[0]:.1f}. {NOISE}")
    if chosen.write is not None:
        # The soak's part is another program's (soak_console.py).
        before = chosen.write.read_text() if chosen.write.exists() else ""
        _, heading, soak = before.partition(SOAK)
        chosen.write.write_text("\n".join(report.lines) + "\n" + heading + soak)
    return 0


def without_probes(config: Path) -> Path:
    """The same config without health URLs: they are asked on a cadence of their own, and cost by their number."""
    quiet = config.with_name("quiet.toml")
    quiet.write_text("\n".join(line for line in config.read_text().split("\n") if not line.startswith("url = ")))
    return quiet


def console_command(config: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("opsconsole")), "--config", str(config)]


def compare(report: Report, contestants: dict[str, list[str]], rounds: int, seconds: float) -> None:
    """All programs in turn, round by round."""
    results: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, command in contestants.items():
            results[name].append(measure(command, seconds, MARKS if name.startswith("opsconsole") else ()))
    report.table(("", *UNITS), [(name, *medians(runs)) for name, runs in results.items()])
    ours = results["opsconsole"]
    for name in (name for name in results if name not in ("opsconsole", PROBING)):
        ratios = [run.cpu_ms / max(theirs.cpu_ms, 0.1) for run, theirs in zip(ours, results[name], strict=True)]
        report.say(f"CPU against {name}, pair by pair: {statistics.median(ratios):.2f} ({span(ratios, '.2f')})")
    report.say(f"opsconsole, CPU of the single runs: {span([run.cpu_ms for run in ours], '.1f')} ms\n")


def growth_rows(contestants: dict[str, list[str]], count: int, chosen: argparse.Namespace) -> list[list[str]]:
    """The console and htop beside so many processes."""
    names = [name for name in ("opsconsole", "htop") if name in contestants]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(chosen.growth_rounds):
        for name in names:
            runs[name].append(
                measure(contestants[name], chosen.seconds, MARKS if name.startswith("opsconsole") else ())
            )
    return [[f"{name}, {count:,} processes", *medians(runs[name])] for name in names]


def press(config: Path, count: int) -> dict[str, list[float]]:
    """How long keys wait while the console scans, and in a program that does nothing else."""
    if not count:
        return {}
    hurried = config.with_name("hurried.toml")
    hurried.write_text(config.read_text().replace('refresh = "2s"', f'refresh = "{HURRIED}"'))
    return {
        "opsconsole": answers_ms(console_command(hurried), (b"j", b"k"), CURSOR, count),
        "an echo": answers_ms([sys.executable, "-S", "-c", ECHO], (b"j", b"k"), CURSOR, count),
    }


def tell_keys(report: Report, count: int, keys: list[tuple[int, dict[str, list[float]]]]) -> None:
    if not keys:
        return
    report.say(f"Key to repaint: {count} keys at odd moments while it scans all the time (refresh {HURRIED}); beside")
    report.say("it a Python program that does nothing but answer, for the machine's own share.\n")
    rows = []
    for processes, waits in keys:
        for name, times in waits.items():
            answered = sorted(wait for wait in times if not math.isnan(wait))
            rows.append([f"{name}, {processes:,} processes"])
            rows[-1] += [f"{answered[int(len(answered) * share)]:.1f}" for share in (0.5, 0.9, 0.99)]
            rows[-1] += [f"{answered[-1]:.1f}", str(len(times) - len(answered))]
    report.table(("keys", "p50 ms", "p90 ms", "p99 ms", "worst ms", "unanswered"), rows)


def describe(report: Report, chosen: argparse.Namespace, peers: dict[str, list[str]]) -> None:
    """The machine, what else is on it, and how it was measured."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = cpuinfo.split("model name")[1].split(":")[1].split("\n")[0].strip() if "model name" in cpuinfo else "?"
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    here = processes_here()
    tmux = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    report.say("# What the console costs\n")
    report.say(
        f"{time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores ({model}), {memory_gb:.0f} GB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, {tmux}"
        + "".join(f", {name} {version(name)}" for name in peers)
        + f". Load before it {os.getloadavg()[0]:.1f}."
    )
    report.say(
        f"Beside {chosen.processes:,} idle processes, {chosen.services} services, {chosen.workers} "
        f"workers, {chosen.sessions} tmux sessions x 2 panes ({here:,} processes in all). Medians of {chosen.rounds} "
        f"interleaved runs of {chosen.seconds:g} s in a 200x50 terminal. CPU is user and system time of the program "
        f"and its children. btop refreshes every 2 s too; the work that tmux does for the console is not in. "
        f"Unset for all: {', '.join(LEFT_OUT[:2])}, COLUMNS, LINES.\n"
    )


def medians(runs: Sequence[Run]) -> list[str]:
    """One cell for each of ``UNITS``."""
    middle = [statistics.median(getattr(run, field) for run in runs) for field in Run._fields]
    return [
        f"{value:.1f}" if field in ("cpu_ms", "rss_mb") else f"{value:.0f}"
        for field, value in zip(Run._fields, middle, strict=True)
    ]


def span(values: Sequence[float], form: str) -> str:
    return f"{min(values):{form}} to {max(values):{form}}"


if __name__ == "__main__":
    sys.exit(main())
