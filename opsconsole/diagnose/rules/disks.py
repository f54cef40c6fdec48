"""Rule on disks: full, or out of inodes."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.recovery import recovered_config
from opsconsole.diagnose.words import command
from opsconsole.model.finding import Evidence, Finding, Remedy, Severity, found
from opsconsole.model.size import size
from opsconsole.model.snapshot import Snapshot

HIGH_PERCENT = 95.0
CRITICAL_PERCENT = 99.0


def disk_full(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A disk is nearly full, or has nearly no inodes left.

    Evidence: what the file system tells of itself, as df does.
    Blind spots: quotas; what deleted but open files hold is not told apart; file systems that make inodes as they need
    them tell none.
    """
    for disk in snapshot.disks.value or ():
        used, inodes = disk.used_percent, disk.inodes_free_percent
        scarce = inodes is not None and inodes < config.diagnose.inodes_free_percent
        if disk.read_only or (used < config.diagnose.disk_used_percent and not scarce):
            continue
        facts = [
            Evidence(
                f"file system {disk.mount}", snapshot.disks.at, f"{used:.1f} % used, {size(disk.available_bytes)} left"
            )
        ]
        if inodes is not None:
            facts.append(Evidence(f"file system {disk.mount}", snapshot.disks.at, f"{inodes:.1f} % of inodes free"))
        yield found(
            "disk-full",
            _severity(used, inodes),
            disk.mount,
            f"{disk.mount} is {used:.0f} % full"
            if not scarce
            else f"{disk.mount} has {inodes:.1f} % of its inodes left",
            evidence=tuple(facts),
            root_cause="more is written than removed: logs, builds, environments"
            if not scarce
            else "more files are made than removed: caches, sessions, queues of small files",
            impact="when it is full, writing fails: databases, logs, the journal of actions",
            remedy=Remedy(steps=(_look(disk.mount, scarce), "remove what may go")),
            verify=_eased(disk.mount, used, scarce, config),
        )


def _severity(used: float, inodes_free: float | None) -> Severity:
    """Either by itself makes writing fail."""
    worst = max(used, 100.0 - inodes_free if inodes_free is not None else 0.0)
    return "critical" if worst >= CRITICAL_PERCENT else "high" if used >= HIGH_PERCENT else "medium"


def _look(mount: str, scarce: bool) -> str:
    how = command(("du", "-xh", *(("--inodes",) if scarce else ()), "--max-depth=2", mount))
    return f"find where the files are, the largest last: {how} | sort -h"


def _eased(mount: str, used: float, scarce: bool, config: Config) -> str:
    limits, wanted = recovered_config(config).diagnose, []
    if scarce:
        wanted.append(f"at least {limits.inodes_free_percent:g} % of the inodes of {mount} free")
    if not scarce or used >= config.diagnose.disk_used_percent:
        wanted.append(f"{mount} under {limits.disk_used_percent:g} %")
    return ", and ".join(wanted)
