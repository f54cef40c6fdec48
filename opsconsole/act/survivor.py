"""Which of several instances stays: the first of these that tells them apart decides.

The configured version, the holder of the declared port, of the pid file, the managed one (a systemd service's, or
kept alive by a wrapper), the one that writes the declared log, then the configured oldest or newest. A tie is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from opsconsole.act import units
from opsconsole.act.request import Request, WhyNot
from opsconsole.act.subjects import Subject
from opsconsole.collect import procfs
from opsconsole.model.plan import Survivor
from opsconsole.model.worker import Instance


class Choice(NamedTuple):
    """Who stays and who goes, each with the reason."""

    staying: tuple[tuple[Instance, str], ...]
    going: tuple[tuple[Instance, str], ...]


class _Criterion(NamedTuple):
    worth: Callable[[Instance], int]
    """More is better."""
    stays: str
    """Why the better one stays."""
    goes: str


def choose(request: Request, subject: Subject) -> Choice:
    """Who stays of a worker's instances. Raises WhyNot with kind ``refused`` when it is a tie."""
    instances = list(subject.seen.instances)
    criteria = _criteria(request, subject)
    worth = {each.pid: tuple(criterion.worth(each) for criterion in criteria) for each in instances}
    ranked = sorted(instances, key=lambda each: worth[each.pid], reverse=True)
    if request.keep is not None:
        return _as_told(request.keep, ranked, subject.seen.wanted)
    staying, going = ranked[: subject.seen.wanted], ranked[subject.seen.wanted :]
    if staying and going and worth[staying[-1].pid] == worth[going[0].pid]:
        tied = [each for each in ranked if worth[each.pid] == worth[going[0].pid]]
        raise WhyNot(
            f"{subject.name}: nothing tells {', '.join(str(each.pid) for each in tied)} apart; say which one stays",
            choices=tuple(Survivor(each.id, each.command, each.start, each.rss_bytes, "") for each in tied),
        )
    return Choice(
        tuple((each, _decided(criteria, worth, each, going, "stays")) for each in staying),
        tuple((each, _decided(criteria, worth, each, staying, "goes")) for each in going),
    )


def _as_told(keep: int, ranked: list[Instance], wanted: int) -> Choice:
    """The chosen one stays, and beside it as many of the others as are wanted, the best first."""
    kept = [each for each in ranked if each.pid == keep]
    if not kept:
        raise WhyNot(f"{keep} is no instance; there are: {', '.join(str(each.pid) for each in ranked)}", "usage")
    others = [each for each in ranked if each.pid != keep]
    beside = max(wanted - 1, 0)
    return Choice(
        ((kept[0], "chosen"), *((each, "wanted") for each in others[:beside])),
        tuple((each, "not the one that was chosen") for each in others[beside:]),
    )


def _decided(
    criteria: list[_Criterion],
    worth: dict[int, tuple[int, ...]],
    each: Instance,
    others: list[Instance],
    which: str,
) -> str:
    """The first criterion by which this one differs from the nearest on the other side."""
    if not others:
        return "wanted"
    other = others[0] if which == "stays" else others[-1]
    for place, criterion in enumerate(criteria):
        if worth[each.pid][place] != worth[other.pid][place]:
            return criterion.stays if which == "stays" else criterion.goes
    return "wanted"


def _criteria(request: Request, subject: Subject) -> list[_Criterion]:
    seen, table = subject.seen, subject.table
    wrapped = _wrapped(request, subject)
    holder = seen.pid_file.pid if seen.pid_file is not None and seen.pid_file.state == "ok" else None
    log = str(table.log) if table is not None and table.log is not None else ""
    holders = _port_holders(request, subject)
    found = [
        _Criterion(lambda each: not each.replaced, "the configured version", "another version of the same job"),
        _Criterion(lambda each: each.pid in holders, f"holds port {subject.port}", "does not hold the port"),
        _Criterion(lambda each: each.pid == holder, "the pid file names it", "the pid file does not name it"),
        _Criterion(
            lambda each: bool(units.unit_of(each.pid)) or each.pid in wrapped,
            "it is managed: what minds it would start it again",
            "nothing minds it",
        ),
        _Criterion(lambda each: _writes(each, log), "writes the declared log", "does not write the declared log"),
    ]
    keep = table.keep if table is not None else "oldest"
    if keep == "oldest":
        found.append(_Criterion(lambda each: -each.id.start_ticks, "the oldest", "younger"))
    elif keep == "newest":
        found.append(_Criterion(lambda each: each.id.start_ticks, "the newest", "older"))
    return found


def _wrapped(request: Request, subject: Subject) -> frozenset[int]:
    """Pids of instances under a wrapper."""
    table = request.snapshot.processes.value
    if table is None:
        return frozenset()
    wrappers = [wrapper.pid for wrapper in subject.seen.wrappers]
    below = {process.pid for pid in wrappers for process in table.tree(pid)}
    return frozenset(each.pid for each in subject.seen.instances if each.pid in below)


def _port_holders(request: Request, subject: Subject) -> frozenset[int]:
    """Of the instances, those in whose tree someone holds the service's port."""
    if subject.port is None:
        return frozenset()
    ports = request.view.ports.value or ()
    owners = {
        owner.pid for port in ports if port.port == subject.port for each in port.listeners for owner in each.owners
    }
    return frozenset(each.pid for each in subject.seen.instances if owners & {each.pid, *each.children})


def _writes(instance: Instance, log: str) -> int:
    """Whether the instance has the declared log open."""
    if not log:
        return 0
    folder = f"/proc/{instance.pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208  # names are wanted
    except OSError:
        return 0
    wanted = os.path.realpath(log)
    return int(any(procfs.read_link(f"{folder}/{name}") == wanted for name in names))
