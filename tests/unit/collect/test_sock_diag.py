"""Listening sockets as the kernel writes them down."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.collect.sock_diag import Socket, parse_proc_net, read_proc_net, take_messages

little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the samples were taken on a little-endian machine"
)
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    HEAD
    + "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100\n"
    + "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100\n"
    + "   2: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100\n"
)
TCP6 = (
    HEAD
    + "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 33 0 4714 1 0\n"
    + "   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 0:0 00:0 0 33 0 4715 1 0\n"
)


@little_endian
def test_proc_net_tells_the_listening_ones_only(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(TCP)
    assert read_proc_net(tmp_path) == (
        Socket(4711, 1000, 4, "127.0.0.1", 8080, None),
        Socket(4712, 0, 4, "0.0.0.0", 22, None),
    )
    (tmp_path / "net/tcp6").write_text(TCP6)
    assert read_proc_net(tmp_path)[2:] == (
        Socket(4714, 33, 6, "::1", 80, None),
        Socket(4715, 33, 6, "::ffff:127.0.0.1", 81, None),
    )


def test_without_proc_net_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_proc_net(tmp_path)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_lines_that_are_no_socket_are_left_out(text: str) -> None:
    assert parse_proc_net(text) == []
    assert parse_proc_net(TCP + text)[:2] == parse_proc_net(TCP)


def message(address: bytes, family: int, port: int, inode: int, uid: int, v6_only: int | None = None) -> bytes:
    body = struct.pack("=BBBB", family, 10, 0, 0) + struct.pack(">HH", port, 0)
    body += address.ljust(16, b"\0") + bytes(16) + struct.pack("=I8sIIIII", 0, bytes(8), 0, 0, 0, uid, inode)
    if v6_only is not None:
        body += struct.pack("=HHIHHBBBB", 8, 2, 0, 5, 11, v6_only, 0, 0, 0)
    return struct.pack("=IHHII", len(body) + 16, 20, 2, 1, 0) + body


DONE = struct.pack("=IHHIII", 20, 3, 2, 1, 0, 0)


def test_a_dump_is_read_over_several_messages_to_its_end() -> None:
    found: list[Socket] = []
    first = message(socket.inet_aton("10.1.2.3"), socket.AF_INET, 8080, 77, 1000)
    second = message(socket.inet_pton(socket.AF_INET6, "::"), socket.AF_INET6, 81, 78, 0, v6_only=1)
    assert take_messages(first + second, found) == (False, True)
    assert take_messages(DONE, found) == (True, True)
    assert found == [Socket(77, 1000, 4, "10.1.2.3", 8080, None), Socket(78, 0, 6, "::", 81, True)]


def test_an_error_of_the_kernel_is_raised_with_its_number() -> None:
    with pytest.raises(OSError, match="No such file") as failure:
        take_messages(struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -2) + bytes(16), [])
    assert failure.value.errno == 2


def test_a_dump_that_changed_under_the_reader_is_told() -> None:
    assert take_messages(struct.pack("=IHHIII", 20, 3, 0x12, 1, 0, 0), []) == (True, False)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_datagram_does_worse_than_an_error_to_fall_back_on(raw: bytes) -> None:
    with contextlib.suppress(OSError):
        take_messages(raw, [])
