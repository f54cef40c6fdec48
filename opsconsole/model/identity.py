"""Identities: what an action may be aimed at. Names are for people, these are for machines."""

from __future__ import annotations

import msgspec


class ProcessId(msgspec.Struct, frozen=True, order=True):
    """One process, for ever: a pid comes back, this triple does not."""

    boot_id: str
    """/proc/sys/kernel/random/boot_id, or the boot time where there is none (macOS)."""
    pid: int
    start_ticks: int
    """Field 22 of /proc/PID/stat, clock ticks since boot (macOS: create time in microseconds)."""


class PaneId(msgspec.Struct, frozen=True, order=True):
    """One tmux pane; ``%0`` alone is reused by the next server."""

    socket: str
    """Path of the server's socket."""
    server_pid: int
    server_start: int
    """When the server started, seconds since the epoch, as tmux tells it (``#{start_time}``)."""
    pane: str
    """The pane's id with its sign, such as ``%12``."""
