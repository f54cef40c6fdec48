"""Space on the real, local file systems, each once.

Network, FUSE and automounted file systems are never touched: asking a dead server hangs for ever, and no deadline
helps a thread that sleeps in the kernel. Neither is anything mounted beneath one, whose path leads through it.
Memory file systems count only where programs keep files in them (/tmp, /var/tmp); images that are full by nature
(squashfs, iso9660) do not.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

import msgspec

from opsconsole.model.clock import Clock
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.system import Disk
from opsconsole.model.text import shown

LOCAL_TYPES = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "f2fs", "zfs", "jfs", "reiserfs", "nilfs2", "overlay"}
    | {"vfat", "exfat", "msdos", "ntfs", "ntfs3", "hfs", "hfsplus", "apfs", "ufs"}
)
_MEMORY_TYPES = frozenset({"tmpfs", "ramfs"})
_MEMORY_MOUNTS = frozenset({"/tmp", "/var/tmp"})  # noqa: S108 - names to compare with, nothing is written there
_PSEUDO_TYPES = frozenset(
    {"proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "hugetlbfs", "debugfs", "tracefs", "bpf"}
    | {"securityfs", "pstore", "configfs", "fusectl", "efivarfs", "binfmt_misc", "nsfs", "selinuxfs"}
    | {"squashfs", "iso9660", "erofs"}
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_MOST_BYTES = 4 * 1024 * 1024


class Mount(msgspec.Struct, frozen=True):
    device: str
    path: str
    """Raw, for asking; cleaned before it is shown."""
    kind: str


class DiskSource:
    """Reads the mounts and asks each local file system for its space."""

    name = "disks"
    every_s = 30.0
    deadline_s = 5.0

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = root

    def read(self, clock: Clock) -> Reading[tuple[Disk, ...]]:
        """One disk per file system, by mount point; what could not be asked is told in the note."""
        try:
            mounts = _macos_mounts() if sys.platform == "darwin" else self._mounts()
        except OSError as error:
            return unknown(f"cannot read {self._root / 'self/mounts'}: {error.strerror}", clock.wall())
        disks, notes = _look(local_mounts(mounts))
        return ok(tuple(disks), clock.wall(), note="; ".join(notes))

    def _mounts(self) -> list[Mount]:
        with (self._root / "self/mounts").open("rb") as file:
            return parse_mounts(os.fsdecode(file.read(_MOST_BYTES)))


def parse_mounts(text: str) -> list[Mount]:
    """The lines of /proc/self/mounts in their order, octal escapes resolved; what is no such line is left out."""
    mounts = []
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) >= 4:
            mounts.append(Mount(_unescaped(fields[0]), _unescaped(fields[1]), fields[2]))
    return mounts


def _unescaped(field: str) -> str:
    # The kernel escapes single bytes (blank, tab, newline, backslash), all of them ASCII.
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field) if "\\" in field else field


def local_mounts(mounts: list[Mount]) -> list[Mount]:
    """Those that are safe and worth asking, shortest path first.

    A later mount on the same path hides the earlier one: asking that path would ask the later one.
    """
    visible = {mount.path: mount for mount in mounts}
    # A root that is remote itself carries us too: were it dead, nothing here would run.
    remote = tuple(f"{mount.path}/" for mount in visible.values() if mount.path != "/" and not _harmless(mount))
    found = [mount for mount in visible.values() if _worth_asking(mount) and not mount.path.startswith(remote)]
    return sorted(found, key=lambda mount: (len(mount.path), mount.path))


def _worth_asking(mount: Mount) -> bool:
    if mount.kind == "overlay" and mount.path != "/":
        return False  # a container's root: what it fills is the file system under it, which is asked itself
    return mount.kind in LOCAL_TYPES or (mount.kind in _MEMORY_TYPES and mount.path in _MEMORY_MOUNTS)


def _harmless(mount: Mount) -> bool:
    """Whether walking through it cannot hang."""
    return mount.kind in LOCAL_TYPES or mount.kind in _MEMORY_TYPES or mount.kind in _PSEUDO_TYPES


def _look(mounts: list[Mount]) -> tuple[list[Disk], list[str]]:
    disks: list[Disk] = []
    notes: list[str] = []
    seen: set[str | int] = set()
    for mount in mounts:
        try:
            status = Path(mount.path).stat()
            # Bind mounts repeat a file system (same st_dev), btrfs subvolumes a device; one file is no place to fill.
            device = mount.device if mount.device.startswith("/dev/") else status.st_dev
            if not stat.S_ISDIR(status.st_mode) or seen & {status.st_dev, device}:
                continue
            space = os.statvfs(mount.path)
        except PermissionError:
            continue  # another user's private mount
        except OSError as error:
            notes.append(shown(f"{mount.path} cannot be asked: {error.strerror}"))
            continue
        seen |= {status.st_dev, device}
        if space.f_blocks:
            disks.append(_disk(mount, space))
    return sorted(disks, key=lambda disk: disk.mount), notes


def _disk(mount: Mount, space: os.statvfs_result) -> Disk:
    return Disk(
        mount=shown(mount.path),
        device=shown(mount.device),
        total_bytes=space.f_blocks * space.f_frsize,
        used_bytes=(space.f_blocks - space.f_bfree) * space.f_frsize,
        available_bytes=space.f_bavail * space.f_frsize,
        inodes_free_percent=100.0 * space.f_ffree / space.f_files if space.f_files else None,
        read_only=bool(space.f_flag & os.ST_RDONLY),
    )


def _macos_mounts() -> list[Mount]:
    import psutil  # type: ignore[import-untyped]  # it ships no types

    # Every APFS volume draws on the same container: the one with the user's data tells it for all.
    listed = [Mount(part.device, part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=False)]
    return [mount for mount in listed if not mount.path.startswith("/System/Volumes/") or mount.path.endswith("/Data")]
