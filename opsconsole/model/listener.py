"""Listening TCP sockets and who holds them."""

from __future__ import annotations

from typing import Literal

import msgspec

from opsconsole.model.identity import ProcessId

Sharing = Literal["", "inherited", "dual-stack", "addresses", "reuseport"]
"""Why several sockets or owners stand behind one port: one socket held by a family of processes
(``inherited``), one program on IPv4 and IPv6 (``dual-stack``), one on several addresses (``addresses``),
or rivals that each bound the same address (``reuseport``). One family of processes that bound an address several
times over, as pre-fork servers do, is ``inherited`` too: rivals are told by their different roots, and only where
the owners are known."""


class Owner(msgspec.Struct, frozen=True):
    """A process that holds a listening socket."""

    id: ProcessId
    command: str

    @property
    def pid(self) -> int:
        return self.id.pid


class Listener(msgspec.Struct, frozen=True):
    """One listening TCP socket."""

    address: str
    """As bound: ``0.0.0.0``, ``127.0.0.1``, ``::``, ``::1``, …"""
    port: int
    family: Literal[4, 6]
    inode: int
    """Identity of the socket; 0 where the system tells none (macOS)."""
    uid: int | None
    owners: tuple[Owner, ...]
    """Every process that has it open, parents first; empty when none could be read."""
    owners_known: bool
    """False when a descriptor table that may hold it could not be read (another user's), or no holder is visible."""
    sought: bool = True
    """False while nobody was looked through for who holds it."""
    v6_only: bool | None = None
    """Whether an IPv6 socket leaves IPv4 alone (IPV6_V6ONLY); None for IPv4, and where the system does not tell."""


class Port(msgspec.Struct, frozen=True):
    """All listeners of one port together, and how they share it."""

    port: int
    listeners: tuple[Listener, ...]
    sharing: Sharing
