"""Files under /proc, read and parsed: proc(5). Knows no cadence and keeps nothing.

Parsers are pure and take bytes; readers take the root, so that a made-up tree can stand in for /proc.
A reader answers None for what is gone or may not be read; it never raises for it.
"""

from __future__ import annotations

import errno
import os
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from opsconsole.model.text import clean, command_line

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD in field 9 of stat."""

_STAT_BYTES = 2048
_CMDLINE_BYTES = 64 * 1024
_DELETED = " (deleted)"


class Stat(NamedTuple):
    """What one /proc/PID/stat says, as far as it is used here."""

    comm: bytes
    state: str
    ppid: int
    process_group: int
    session: int
    tty: int
    cpu_ticks: int
    """utime + stime."""
    threads: int
    start_ticks: int
    rss_pages: int
    kernel_thread: bool
    image: int
    """Start of the stack (field 28): drawn at random by each exec, kept by fork; 0 when we may not see it."""
    arguments: tuple[bytes, bytes]
    """arg_start and arg_end (fields 48 and 49)."""


def parse_stat(raw: bytes) -> Stat | None:
    """Parse /proc/PID/stat; None when it is none.

    The name in it may hold anything, blanks, line breaks and parentheses too: what follows it holds none.
    """
    opened, closed = raw.find(b"("), raw.rfind(b")")
    if opened < 0 or closed < opened:
        return None
    fields = raw[closed + 2 :].split()
    try:
        return Stat(
            raw[opened + 1 : closed],
            fields[0].decode("ascii"),
            int(fields[1]),
            int(fields[2]),
            int(fields[3]),
            int(fields[4]),
            int(fields[11]) + int(fields[12]),
            int(fields[17]),
            int(fields[19]),
            int(fields[21]),
            bool(int(fields[6]) & KERNEL_THREAD),
            int(fields[25]),
            (fields[45], fields[46]) if len(fields) > 46 else (b"0", b"0"),
        )
    except (IndexError, ValueError):
        return None


@lru_cache(maxsize=1024)
def parse_cmdline(raw: bytes) -> tuple[tuple[str, ...], str]:
    """argv, and argv as a shown line. Padding that set titles leave behind the last argument is dropped.

    Equal command lines share one parse: a machine runs many copies of a few programs.
    """
    stripped = raw.rstrip(b"\0")
    argv = tuple(os.fsdecode(part) for part in stripped.split(b"\0")) if stripped else ()
    # An empty last argument is told from padding only by there being exactly one NUL too many.
    if argv and raw.endswith(b"\0\0") and not raw.endswith(b"\0\0\0"):
        argv = (*argv, "")
    return argv, command_line(argv)


def parse_swap_bytes(status: bytes) -> int | None:
    """VmSwap out of /proc/PID/status. What has no memory of its own (a kernel thread, a zombie) has swapped none."""
    match = re.search(rb"^VmSwap:\s*(\d+) kB$", status, re.MULTILINE)
    if match is not None:
        return int(match[1]) * 1024
    is_status = b"\nPid:" in status
    return 0 if is_status and b"\nVmSize:" not in status else None


def parse_swap_in_use(meminfo: bytes) -> bool | None:
    """Whether /proc/meminfo tells of any swap in use; None when it does not say."""
    total = re.search(rb"^SwapTotal:\s*(\d+) kB$", meminfo, re.MULTILINE)
    free = re.search(rb"^SwapFree:\s*(\d+) kB$", meminfo, re.MULTILINE)
    return None if total is None or free is None else total[1] != free[1]


def comm_text(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace"), 15)


def without_deleted_mark(path: str) -> str:
    """A path as /proc links tell it, without the mark of a file that is no longer there."""
    return path.removesuffix(_DELETED)


def read_cmdline(base: str) -> bytes | None:
    """All of BASE/cmdline up to 64 KB; None when unreadable."""
    try:
        descriptor = os.open(f"{base}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        raw = os.read(descriptor, _CMDLINE_BYTES)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return raw


def read_stat(path: str) -> bytes | None:
    """BASE/stat by opening it; None when it is gone or unreadable."""
    return read_small(path, _STAT_BYTES)


def read_small(path: str, limit: int = 8192) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(descriptor, limit)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def pread_stat(descriptor: int) -> bytes | None:
    """Stat again through a kept descriptor; None when that process has ended, whoever has its pid now."""
    try:
        return os.pread(descriptor, _STAT_BYTES, 0) or None
    except OSError as error:
        if error.errno == errno.EBADF:
            raise
        return None


def read_link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115  # hot: a Path costs more than the call
    except OSError:
        return None


def read_namespace(base: str, kind: str = "pid") -> int | None:
    """Inode of BASE/ns/KIND."""
    link = read_link(f"{base}/ns/{kind}")
    digits = link.partition("[")[2].rstrip("]") if link else ""
    return int(digits) if digits.isdigit() else None


def read_started_in(base: str) -> str | None:
    """PWD out of BASE/environ: where a shell stood when it started the program. Nothing else of it is kept."""
    raw = read_small(f"{base}/environ", _CMDLINE_BYTES)
    if raw is None:
        return None
    for entry in raw.split(b"\0"):
        if entry.startswith(b"PWD=/"):
            return os.fsdecode(entry[4:])
    return None


def started_at(start_ticks: int) -> float:
    """Seconds since the epoch; start ticks count from boot, suspended time included."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + start_ticks / TICKS_PER_S


def read_pss_bytes(base: str) -> int | None:
    """Memory with shared pages counted by share; dear, for the kernel walks all pages. None when unreadable."""
    raw = read_small(f"{base}/smaps_rollup", 4096)
    match = re.search(rb"^Pss:\s*(\d+) kB$", raw, re.MULTILINE) if raw else None
    return int(match[1]) * 1024 if match is not None else None


def read_uid(base: str, descriptor: int | None) -> int | None:
    """Effective uid. Files in BASE belong to root when the process is not dumpable; the directory never lies."""
    try:
        if descriptor is not None and (uid := os.fstat(descriptor).st_uid) != 0:
            return uid
        return os.stat(base).st_uid  # noqa: PTH116  # hot: a Path costs more than the call
    except OSError:
        return None


def read_boot_id(root: Path) -> str | None:
    """The kernel's random id of this boot."""
    raw = read_small(f"{root}/sys/kernel/random/boot_id") or read_small("/proc/sys/kernel/random/boot_id")
    return clean(raw.decode("ascii", "replace").strip(), 64) if raw else None


def stacks_are_random(root: Path) -> bool:
    """Whether each exec draws its own stack address, so that equal ones mean a common fork."""
    return (read_small(f"{root}/sys/kernel/randomize_va_space") or b"").strip() in {b"1", b"2"}
