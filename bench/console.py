"""What the console costs beside its peers: `make bench`.

Starts a fleet (processes, services, workers, tmux sessions), then runs the console, htop and glances in turn, each
in a 200x50 pty that is read by this program, and prints the medians as a table. Loopback only, bounded in time;
everything started here is ended by its pid.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

REFRESH_S = 2.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
SERVICE = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(9e9)
"""
WORKER = "import time\ntime.sleep(9e9)\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="steady time measured in each round")
    parser.add_argument("--growth", type=int, nargs="*", default=[], help="further process counts, the console alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocb-") as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        config = stack.enter_context(fleet(folder, chosen.services, chosen.workers, chosen.sessions))
        stack.enter_context(idle_processes(chosen.processes))
        contestants = {"opsconsole": [str(Path(sys.executable).with_name("opsconsole")), "--config", str(config)]}
        for name, command in (
            ("htop", ["htop", "-d", "20"]),
            ("glances", ["glances", "-t", "2"]),
            ("top", ["top", "-d", "2"]),
        ):
            if shutil.which(command[0]):
                contestants[name] = command
        print_machine(chosen)
        results: dict[str, list[Run]] = {name: [] for name in contestants}
        for _ in range(chosen.rounds):
            for name, command in contestants.items():
                results[name].append(measure(command, chosen.seconds))
        print_table(results)
        count = chosen.processes
        for processes in chosen.growth:
            stack.enter_context(idle_processes(processes - count))
            count = processes
            runs = [measure(contestants["opsconsole"], chosen.seconds) for _ in range(chosen.rounds)]
            print_row(f"opsconsole, {processes} processes", runs)
    return 0


class Run:
    """One run of one program: milliseconds, bytes, MB."""

    first_ms = full_ms = cpu_ms = bytes_per_refresh = rss_mb = 0.0


@contextlib.contextmanager
def idle_processes(count: int) -> Iterator[None]:
    sleep = shutil.which("sleep") or "/bin/sleep"
    pids = [os.posix_spawn(sleep, ["sleep", "100000"], {}) for _ in range(count)]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)  # our own unreaped children: their pids cannot be anyone else's
        for pid in pids:
            os.waitpid(pid, 0)


@contextlib.contextmanager
def fleet(folder: Path, services: int, workers: int, sessions: int) -> Iterator[Path]:
    """Real services, workers and tmux sessions, and the config that names them."""
    children: list[subprocess.Popen[str]] = []
    lines = ["[console]", 'refresh = "2s"']
    (folder / "workers").mkdir()
    for number in range(services):
        child = subprocess.Popen([sys.executable, "-S", "-c", SERVICE], stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        lines += ["[[service]]", f'name = "service {number}"', f"port = {child.stdout.readline().strip()}"]
    for number in range(workers):
        script = folder / "workers" / f"worker_{number}.py"
        script.write_text(WORKER)
        log = folder / f"worker_{number}.log"
        log.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S')} INFO started\n" * 100)
        children.append(subprocess.Popen([sys.executable, str(script), "--daemon"], text=True))
        lines += ["[[worker]]", f'name = "worker_{number}"', f'command = ["{sys.executable}", "{script}", "--daemon"]']
        lines += [f'log = "{log}"', f'cwd = "{folder}"']
    socket = folder / "t"
    tmux = ["tmux", "-u", "-S", str(socket), "-f", "/dev/null"]
    for number in range(sessions):
        subprocess.run(
            [
                *tmux,
                "new-session",
                "-d",
                "-s",
                f"session_{number}",
                "sleep 100000",
                ";",
                "split-window",
                "sleep 100000",
            ],
            check=True,
        )
    lines += ["[sessions]", f'socket = "{socket}"']
    config = folder / "opsconsole.toml"
    config.write_text("\n".join(lines) + "\n")
    try:
        yield config
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
        for child in children:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def measure(command: list[str], seconds: float) -> Run:
    """Run it in a pty, read what it writes; CPU is its own and its ended children's, from /proc/PID/stat."""
    run = Run()
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="200", LINES="50", LC_ALL="C.UTF-8")
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    try:
        output = read_until(terminal, began + 6.0)
        visible = [(at, size) for at, size in output if size > 20]
        run.first_ms = (visible[0][0] - began) * 1000 if visible else float("nan")
        # The screen is full when the first long pause in the output begins.
        total = 0
        for (at, size), (later, _) in zip(output, [*output[1:], (began + 6.0, 0)], strict=True):
            total += size
            if total > 3000 and later - at > 0.12:
                run.full_ms = (at - began) * 1000
                break
        cpu_before = cpu_seconds(pid)
        steady_from = time.monotonic()
        steady = read_until(terminal, steady_from + seconds)
        cycles = (time.monotonic() - steady_from) / REFRESH_S
        run.cpu_ms = (cpu_seconds(pid) - cpu_before) * 1000 / cycles
        run.bytes_per_refresh = sum(size for _, size in steady) / cycles
        run.rss_mb = rss_mb(pid)
    finally:
        os.kill(pid, signal.SIGTERM)
        read_until(terminal, time.monotonic() + 1.0)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return run


def read_until(terminal: int, until: float) -> list[tuple[float, int]]:
    """What came, as (when, bytes)."""
    came: list[tuple[float, int]] = []
    while (left := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            came.append((time.monotonic(), len(data)))
    return came


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / CLOCK_TICKS


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def print_machine(chosen: argparse.Namespace) -> None:
    print(
        f"beside {chosen.processes} processes, {chosen.services} services, {chosen.workers} workers, "
        f"{chosen.sessions} tmux sessions x 2 panes; {os.cpu_count()} cores, Python {sys.version.split()[0]}; "
        f"medians of {chosen.rounds} interleaved runs of {chosen.seconds:g} s, 200x50"
    )


def print_table(results: dict[str, list[Run]]) -> None:
    print(f"{'':32} {'first ms':>9} {'full ms':>9} {'CPU ms/2s':>10} {'bytes/2s':>9} {'RSS MB':>7}")
    for name, runs in results.items():
        print_row(name, runs)
    if "htop" in results:
        ratios = [
            ours.cpu_ms / theirs.cpu_ms for ours, theirs in zip(results["opsconsole"], results["htop"], strict=True)
        ]
        print(f"CPU against htop, pair by pair: {statistics.median(ratios):.2f}")


def print_row(name: str, runs: list[Run]) -> None:
    def middle(field: str) -> float:
        return statistics.median(getattr(run, field) for run in runs)

    print(
        f"{name:32} {middle('first_ms'):9.0f} {middle('full_ms'):9.0f} {middle('cpu_ms'):10.1f} "
        f"{middle('bytes_per_refresh'):9.0f} {middle('rss_mb'):7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
