"""Which mounts are asked for their space, and what they tell."""

from __future__ import annotations

import os
from pathlib import Path

from opsconsole.collect.disks import DiskSource, Mount, local_mounts, parse_mounts


class Clock:
    def wall(self) -> float:
        return 5.0

    def monotonic(self) -> float:
        return 5.0


def proc(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mounts").write_bytes("".join(f"{line}\n" for line in lines).encode())
    return tmp_path / "proc"


def paths(text: str) -> list[str]:
    return [mount.path for mount in local_mounts(parse_mounts(text))]


def escaped(path: Path) -> str:
    return str(path).replace("\\", r"\134").replace(" ", r"\040").replace("\n", r"\012").replace("\t", r"\011")


def test_octal_escapes_are_resolved_once() -> None:
    """A backslash is escaped too, so an escape of an escape is just text."""
    assert parse_mounts(r"/dev/sdb1 /mnt/a\040b\011c\134040 ext4 rw 0 0") == [
        Mount("/dev/sdb1", "/mnt/a b\tc\\040", "ext4")
    ]


def test_lines_that_are_no_mounts_are_left_out() -> None:
    assert parse_mounts("\n\nonly three fields\n/dev/sda1 / ext4 rw 0 0\n") == [Mount("/dev/sda1", "/", "ext4")]


def test_only_local_file_systems_are_asked() -> None:
    """Network and FUSE servers may be dead, pseudo file systems have no space, a snap image is always full."""
    assert paths(
        "proc /proc proc rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n"
        "/dev/sda1 / ext4 rw 0 0\n"
        "nas:/home /home nfs4 rw 0 0\n"
        "//nas/x /mnt/x cifs rw 0 0\n"
        "me@host: /mnt/ssh fuse.sshfs rw 0 0\n"
        "/dev/loop1 /snap/core squashfs ro 0 0\n"
        "/dev/sdb1 /data xfs rw 0 0\n"
    ) == ["/", "/data"]


def test_containers_are_no_disks_of_their_own() -> None:
    """Each would be as full as the file system that all of them lie on."""
    merged = "".join(f"overlay /var/lib/docker/overlay2/{n}/merged overlay rw 0 0\n" for n in range(3))
    assert paths(f"/dev/sda1 / ext4 rw 0 0\n{merged}") == ["/"]
    assert paths("overlay / overlay rw 0 0\n") == ["/"], "seen from inside one it is all there is"


def test_memory_counts_where_programs_keep_files() -> None:
    assert paths("tmpfs /tmp tmpfs rw 0 0\ntmpfs /run/lock tmpfs rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n") == ["/tmp"]


def test_a_local_disk_beneath_a_network_mount_is_not_asked() -> None:
    """Its path leads through the server, which may be dead."""
    text = "/dev/sda1 / ext4 rw 0 0\nnas:/ /nas nfs4 rw 0 0\n"
    assert paths(f"{text}/dev/sdb1 /nas/local ext4 rw 0 0\n/dev/sdc1 /nas2 ext4 rw 0 0\n") == ["/", "/nas2"]


def test_a_mount_hidden_by_a_later_one_is_not_asked() -> None:
    """Asking the path would ask the network server mounted over it."""
    assert paths("/dev/sdb1 /data ext4 rw 0 0\nnas:/ /data nfs4 rw 0 0\n") == []
    assert paths("systemd-1 /data autofs rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n") == ["/data"]


def test_a_machine_whose_root_is_on_the_network_still_tells_its_local_disks() -> None:
    assert paths("nas:/root / nfs4 rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n") == ["/data"]


def test_space_is_what_the_file_system_tells(tmp_path: Path) -> None:
    """A directory with blanks and a newline in its name stands in for a mount point."""
    mount = tmp_path / "my disk\nB"
    mount.mkdir()
    reading = DiskSource(proc(tmp_path, f"/dev/fake {escaped(mount)} ext4 rw 0 0")).read(Clock())
    assert reading.value is not None
    (disk,) = reading.value
    space = os.statvfs(mount)
    assert disk.total_bytes == space.f_blocks * space.f_frsize
    assert 0 <= disk.used_bytes <= disk.total_bytes
    assert disk.available_bytes <= disk.total_bytes - disk.used_bytes
    assert disk.mount == f"{tmp_path}/my disk B"
    assert disk.device == "/dev/fake"


def test_one_file_system_mounted_twice_is_one_disk(tmp_path: Path) -> None:
    """Bind mounts repeat it; the shortest path names it."""
    for name in ("a", "a/deeper", "b"):
        (tmp_path / name).mkdir()
    lines = [f"pool/data {tmp_path / name} zfs rw 0 0" for name in ("a/deeper", "b", "a")]
    reading = DiskSource(proc(tmp_path, *lines)).read(Clock())
    assert reading.value is not None
    assert [disk.mount for disk in reading.value] == [f"{tmp_path}/a"]


def test_a_single_file_mounted_from_a_disk_is_no_disk(tmp_path: Path) -> None:
    """Containers mount /etc/hosts and its like from the host."""
    (tmp_path / "hosts").write_text("")
    reading = DiskSource(proc(tmp_path, f"/dev/vda {tmp_path / 'hosts'} ext4 rw 0 0")).read(Clock())
    assert reading.value == ()


def test_a_mount_that_cannot_be_asked_is_told_and_leaves_the_rest(tmp_path: Path) -> None:
    lines = (f"/dev/sdx {tmp_path}/gone ext4 rw 0 0", f"/dev/sdy {tmp_path} ext4 rw 0 0")
    reading = DiskSource(proc(tmp_path, *lines)).read(Clock())
    assert reading.value is not None
    assert [disk.device for disk in reading.value] == ["/dev/sdy"]
    assert reading.note == f"{tmp_path}/gone cannot be asked: No such file or directory"


def test_without_a_list_of_mounts_disks_are_unknown_not_none(tmp_path: Path) -> None:
    reading = DiskSource(tmp_path).read(Clock())
    assert reading.state == "unknown"
    assert str(tmp_path / "self/mounts") in reading.reason
