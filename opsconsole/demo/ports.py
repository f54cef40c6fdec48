"""A block of free TCP ports on loopback for one sandbox, below those that the system hands out by itself.

The ends of the numbers are those of the report: base + 80 as 8080, + 81, + 63, + 85, and + 1 to + 10 the pool.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

from opsconsole.demo.registration import DemoError

BLOCK = 200
FIRST = 20_000
POOL_SIZE = 10
_SET_OFFSET = 100


class PortBlock:
    """Holds a block for as long as the process lives: another sandbox, of any user, does not take the same one."""

    def __init__(self) -> None:
        bases = list(range(FIRST, _first_ephemeral() - BLOCK + 1, BLOCK))
        random.shuffle(bases)
        for base in bases:
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                claim.bind(f"\0opsconsole-demo-ports-{base}")
            except OSError:
                claim.close()
                continue
            if all(_free(port) for port in _wanted(base)):
                self.base = base
                self._claim = claim
                return
            claim.close()
        raise DemoError(f"no block of {BLOCK} free TCP ports between {FIRST} and {_first_ephemeral()}")

    @property
    def dashboard(self) -> int:
        return self.base + 80

    @property
    def monitor(self) -> int:
        return self.base + 81

    @property
    def reading(self) -> int:
        return self.base + 63

    @property
    def pharmacy(self) -> int:
        return self.base + 85

    @property
    def pool(self) -> range:
        return range(self.base + 1, self.base + 1 + POOL_SIZE)

    def of_set(self, number: int, which: int) -> int:
        """Port ``which`` (0 to 2) of the ``number``-th further set of services, from 2 to 20."""
        return self.base + _SET_OFFSET + (number - 2) * 3 + which


def _wanted(base: int) -> range:
    return range(base + 1, base + BLOCK)


def _free(port: int) -> bool:
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _first_ephemeral() -> int:
    """Where the ports begin that the system hands out for connections."""
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        first = 32_768
    # A machine that hands out nearly all ports leaves no room below: take the usual room then.
    return first if first >= FIRST + BLOCK else 32_768
