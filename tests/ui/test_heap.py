"""How many heaps the C library keeps for the console's threads."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, threading
from opsconsole.ui.heap import share_one_heap
if {share}:
    share_one_heap()
ready, go = threading.Barrier(9), threading.Event()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def allocate():
    libc.malloc(5000)
    ready.wait(); go.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
ready.wait()
# Each arena of a thread reserves 64 MB of addresses: what of it is not used yet may not be touched.
reserved = 0
for line in open('/proc/self/maps'):
    (start, _, end), mode = line.split()[0].partition('-'), line.split()[1]
    reserved += mode == '---p' and 60 << 20 < int(end, 16) - int(start, 16) < 64 << 20
print(reserved)
go.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps its heaps otherwise")
def test_threads_share_one_heap() -> None:
    def arenas(share: bool) -> int:
        done = subprocess.run(
            [sys.executable, "-c", ARENAS.format(share=share)], capture_output=True, text=True, check=True, timeout=60
        )
        return int(done.stdout)

    assert arenas(share=False) > 1
    assert arenas(share=True) == 0
