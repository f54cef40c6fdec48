"""How several sockets or owners share one port. Pure.

Rivals (``reuseport``) are told by evidence only: two sockets that accept the same connections, both with known
owners, and no family in common. A family is one tree of the same program, such as a pre-fork server with a socket
per worker; its sockets on one address count as ``inherited``. An owner that is an ancestor of another is family.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from opsconsole.collect.identity import family_root
from opsconsole.model.listener import Listener, Port, Sharing
from opsconsole.model.process import ProcessTable

MAPPED = "::ffff:"


def ports_of(listeners: Iterable[Listener], table: ProcessTable | None) -> tuple[Port, ...]:
    """The listeners grouped by port, ports and addresses in order."""
    grouped: dict[int, list[Listener]] = {}
    for listener in listeners:
        grouped.setdefault(listener.port, []).append(listener)
    ports = []
    for number in sorted(grouped):
        found = tuple(sorted(grouped[number], key=lambda one: (one.family, one.address, one.inode)))
        ports.append(Port(number, found, sharing(found, table)))
    return tuple(ports)


def sharing(listeners: tuple[Listener, ...], table: ProcessTable | None) -> Sharing:
    """Why several sockets or owners stand behind one port."""
    if any(overlap(one, other) and _rivals(one, other, table) for one, other in combinations(listeners, 2)):
        return "reuseport"
    addresses = {(listener.family, listener.address) for listener in listeners}
    if len(addresses) > 1:
        families = [family for family, _ in addresses]
        one_each = sorted(families) == [4, 6]
        return "dual-stack" if one_each and _one_program(listeners, table) else "addresses"
    owners = {owner.id for listener in listeners for owner in listener.owners}
    return "inherited" if len(owners) > 1 else ""


def overlap(one: Listener, other: Listener) -> bool:
    """Whether a connection may reach either socket."""
    return any(
        family == other_family and (address == other_address or "" in (address, other_address))
        for family, address in _accepts(one)
        for other_family, other_address in _accepts(other)
    )


def _accepts(listener: Listener) -> tuple[tuple[int, str], ...]:
    """(family, address) that a socket accepts; an empty address is any."""
    if listener.address == "::":
        # Where it is not told whether the socket leaves IPv4 alone, it is not accused of taking it.
        return ((6, ""), (4, "")) if listener.v6_only is False else ((6, ""),)
    if listener.address.lower().startswith(MAPPED):
        address = listener.address[len(MAPPED) :]
        return ((4, "" if address == "0.0.0.0" else address),)  # noqa: S104  # compared, not bound
    if listener.address in ("0.0.0.0", "*"):  # noqa: S104  # compared, not bound
        return ((listener.family, ""),)
    return ((listener.family, listener.address),)


def _rivals(one: Listener, other: Listener, table: ProcessTable | None) -> bool:
    return table is not None and _apart(one, other, table) and not _descend(one, other, table)


def _apart(one: Listener, other: Listener, table: ProcessTable) -> bool:
    """Whether both have owners that are known, and none of one family."""
    families, other_families = _families(one, table), _families(other, table)
    return bool(families and other_families) and not families & other_families


def _one_program(listeners: tuple[Listener, ...], table: ProcessTable | None) -> bool:
    """Whether all sockets may be of one program; what is not known is not held against it."""
    return table is None or not any(_apart(one, other, table) for one, other in combinations(listeners, 2))


def _families(listener: Listener, table: ProcessTable) -> set[int]:
    found = (table.find(owner.id) for owner in listener.owners)
    return {family_root(table, process).pid for process in found if process is not None}


def _descend(one: Listener, other: Listener, table: ProcessTable) -> bool:
    """Whether an owner of one socket is an ancestor of an owner of the other."""
    for descendants, ancestors in ((one, other), (other, one)):
        pids = {owner.pid for owner in ancestors.owners}
        if any(process.pid in pids for owner in descendants.owners for process in table.ancestors(owner.pid)):
            return True
    return False
