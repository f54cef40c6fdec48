"""Rule on disks: full, or out of inodes."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.recovery import recovered_config
from opsconsole.diagnose.words import size
from opsconsole.model.finding import Evidence, Finding, Remedy, Severity, found
from opsconsole.model.snapshot import Snapshot

HIGH_PERCENT = 95.0
CRITICAL_PERCENT = 99.0


def disk_full(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """A disk is nearly full, or has nearly no inodes left.

    Evidence: what the file system tells of itself, as df does.
    Blind spots: quotas; what deleted but open files hold is not told apart.
    """
    for disk in snapshot.disks.value or ():
        used, inodes = disk.used_percent, disk.inodes_free_percent
        scarce = inodes is not None and inodes < config.diagnose.inodes_free_percent
        if disk.read_only or (used < config.diagnose.disk_used_percent and not scarce):
            continue
        severity: Severity = "critical" if used >= CRITICAL_PERCENT else "high" if used >= HIGH_PERCENT else "medium"
        facts = [
            Evidence(
                f"file system {disk.mount}", snapshot.disks.at, f"{used:.1f} % used, {size(disk.available_bytes)} left"
            )
        ]
        if inodes is not None:
            facts.append(Evidence(f"file system {disk.mount}", snapshot.disks.at, f"{inodes:.1f} % of inodes free"))
        yield found(
            "disk-full",
            severity,
            disk.mount,
            f"{disk.mount} is {used:.0f} % full"
            if not scarce
            else f"{disk.mount} has {inodes:.1f} % of its inodes left",
            evidence=tuple(facts),
            root_cause="more is written than removed: logs, builds, environments",
            impact="when it is full, writing fails: databases, logs, the journal of actions",
            remedy=Remedy(
                steps=(f"find what is large: du -xh --max-depth=2 {disk.mount} | sort -h | tail", "remove what may go")
            ),
            verify=f"{disk.mount} under {recovered_config(config).diagnose.disk_used_percent:g} %",
        )
