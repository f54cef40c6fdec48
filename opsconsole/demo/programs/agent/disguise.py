"""Makes this script look like the native program it stands in for: comm and argv are those of ``claude``.

proc(5) shows argv from the process's own memory; prctl(PR_SET_MM_MAP) moves its start behind the interpreter and the
script's directory. Where the kernel does not allow that (it needs checkpoint support), argv stays as it is.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_PR_SET_MM = 35
_PR_SET_MM_MAP = 14
_PLACES = (
    *("start_code", "end_code", "start_data", "end_data", "start_brk", "brk", "start_stack"),
    *("arg_start", "arg_end", "env_start", "env_end", "auxv"),
)


class _Map(ctypes.Structure):
    """``struct prctl_mm_map`` of linux/prctl.h."""

    _fields_ = (
        *((name, ctypes.c_uint64) for name in _PLACES),
        ("auxv_size", ctypes.c_uint32),
        ("exe_fd", ctypes.c_uint32),
    )


def call_yourself(name: str) -> None:
    """From now on ps, tmux and /proc call this process ``name``."""
    Path("/proc/self/comm").write_text(name)
    argv = Path("/proc/self/cmdline").read_bytes()
    ends = argv.find(b"/" + name.encode() + b"\0")
    if ends < 0:
        return
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    # proc(5) numbers the fields of stat from 1; the two before the state are cut off here.
    number = [int(field) if field.lstrip("-").isdigit() else 0 for field in ["", "", "", *fields]]
    libc = ctypes.CDLL(None)
    libc.sbrk.restype = ctypes.c_void_p
    places = _Map(
        start_code=number[26],
        end_code=number[27],
        start_data=number[45],
        end_data=number[46],
        start_brk=number[47],
        brk=libc.sbrk(0),
        start_stack=number[28],
        arg_start=number[48] + ends + 1,
        arg_end=number[49],
        env_start=number[50],
        env_end=number[51],
        exe_fd=0xFFFFFFFF,
    )
    libc.prctl(_PR_SET_MM, _PR_SET_MM_MAP, ctypes.byref(places), ctypes.c_ulong(ctypes.sizeof(places)), 0)
