"""A made-up /proc in a temporary directory, and a clock that goes only when told."""

from __future__ import annotations

import shutil
from pathlib import Path

BOOTED_AT = 1_770_000_000.0


class FakeClock:
    def __init__(self, since_boot: float = 1000.0) -> None:
        self.since_boot = since_boot
        self.booted_at = BOOTED_AT

    def wall(self) -> float:
        return self.booted_at + self.since_boot

    def monotonic(self) -> float:
        return self.since_boot

    def go(self, seconds: float) -> None:
        self.since_boot += seconds


def stat_line(
    pid: int,
    comm: bytes = b"python3",
    state: str = "S",
    ppid: int = 1,
    ticks: int = 100,
    cpu: int = 0,
    rss: int = 1000,
    image: int = 140_000,
    flags: int = 0x400000,
    threads: int = 1,
) -> bytes:
    """/proc/PID/stat with 52 fields as proc(5) numbers them; CPU goes half to utime, half to stime."""
    fields = [state, ppid, pid, pid, 0, -1, flags, 0, 0, 0, 0, cpu - cpu // 2, cpu // 2, 0, 0, 20, 0, threads, 0, ticks]
    fields += [4096, rss, 2**64 - 1, 1, 1, image, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1, 0, 0, 0, 0, 0]
    fields += [0, 0, 0, image + 1, image + 2, 0, 0, 0]
    return b"%d (%s) " % (pid, comm) + " ".join(map(str, fields)).encode() + b"\n"


class FakeProc:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text("11111111-2222-3333-4444-555555555555\n")
        (root / "sys/kernel/randomize_va_space").write_text("2\n")
        self.swap(used_kb=0)

    def swap(self, used_kb: int) -> None:
        total = 4_000_000
        text = f"MemTotal: 8000000 kB\nSwapTotal: {total} kB\nSwapFree: {total - used_kb} kB\n"
        (self.root / "meminfo").write_text(text)

    def put(self, pid: int, argv: tuple[str, ...] = ("python3", "w.py"), swap_kb: int = 0, **stat: object) -> None:
        """Add a process, or change what an existing one's files say."""
        folder = self.root / str(pid)
        folder.mkdir(exist_ok=True)
        (folder / "stat").write_bytes(stat_line(pid, **stat))  # type: ignore[arg-type]
        (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in argv))
        (folder / "status").write_text(f"Name:\tx\nPid:\t{pid}\nVmSize:\t 100 kB\nVmSwap:\t    {swap_kb} kB\n")

    def end(self, pid: int) -> None:
        shutil.rmtree(self.root / str(pid))
