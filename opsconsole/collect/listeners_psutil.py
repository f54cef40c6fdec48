"""Listening TCP sockets by psutil, where the system has neither netlink nor /proc/net (macOS).

Only processes that let themselves be asked are: those of other users stay unseen unless root asks, which the
reading's note says. There are no inodes: sockets of one program on one address count as one that it inherited.
"""

from __future__ import annotations

from opsconsole.collect.identity import family_root
from opsconsole.collect.port_sharing import ports_of
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import Reading, carry, ok


def read_by_psutil(at: float, table: Reading[ProcessTable]) -> Reading[tuple[Port, ...]]:
    """All ports that processes of this table listen on, as far as they may be asked."""
    if table.value is None:
        return carry(table)
    found, refused = _sockets(table.value)
    listeners = []
    for (address, port, family, _), holders in found.items():
        owners = tuple(Owner(process.id, process.command) for process in holders)
        listeners.append(Listener(address, port, 4 if family == 4 else 6, 0, holders[0].uid, owners, refused == 0))
    note = f"the sockets of {refused} processes may not be read" if refused else ""
    return ok(ports_of(listeners, table.value), at, note)


def _sockets(table: ProcessTable) -> tuple[dict[tuple[str, int, int, int], list[Process]], int]:
    """Holders by (address, port, family, root of their family), and how many processes refused."""
    import socket

    import psutil  # type: ignore[import-untyped]  # it ships no types

    found: dict[tuple[str, int, int, int], list[Process]] = {}
    refused = 0
    for process in sorted(table, key=lambda process: process.id.start_ticks):
        try:
            connections = psutil.Process(process.pid).net_connections("tcp")
        except psutil.AccessDenied:
            refused += 1
            continue
        except (psutil.Error, OSError):
            continue  # it has ended
        for connection in connections:
            if connection.status == psutil.CONN_LISTEN:
                family = 4 if connection.family == socket.AF_INET else 6
                root = family_root(table, process).pid
                holders = found.setdefault((connection.laddr.ip, connection.laddr.port, family, root), [])
                if process not in holders:
                    holders.append(process)
    return found, refused
