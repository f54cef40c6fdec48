"""Listening TCP sockets as the kernel tells them, without their owners.

Asked over netlink, sock_diag(7), for sockets in the state LISTEN only; where that is not to be had (a kernel
without it, a sandbox), read from /proc/net/tcp and tcp6, which do not tell whether an IPv6 socket leaves IPv4 alone.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

TCP_LISTEN = 10

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_INTERRUPTED = 0x10  # NLM_F_DUMP_INTR
_ERROR, _DONE = 2, 3
_V6ONLY = 11  # INET_DIAG_SKV6ONLY
_HEADER = struct.Struct("=IHHII")  # nlmsghdr
_MESSAGE = struct.Struct("=BBBB2s2s16s16sI8sIIIII")  # inet_diag_msg
_ATTRIBUTE = struct.Struct("=HH")  # nlattr
_TIMEOUT_S = 1.0
_TRIES = 3


class Socket(NamedTuple):
    """One listening socket."""

    inode: int
    uid: int
    family: Literal[4, 6]
    address: str
    port: int
    v6_only: bool | None


def listening(root: Path = Path("/proc")) -> tuple[Socket, ...]:
    """Every TCP socket that listens in this network namespace; OSError when neither way is open."""
    try:
        return ask_kernel()
    except OSError:
        return read_proc_net(root)


def ask_kernel() -> tuple[Socket, ...]:
    """Both families over netlink; OSError where the kernel refuses or does not know."""
    if not hasattr(socket, "AF_NETLINK"):
        raise OSError("this system has no netlink")
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, _NETLINK_SOCK_DIAG) as channel:
        channel.settimeout(_TIMEOUT_S)
        return (*_dump(channel, socket.AF_INET), *_dump(channel, socket.AF_INET6))


def _dump(channel: socket.socket, family: int) -> list[Socket]:
    request = _HEADER.pack(72, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0) + struct.pack(
        "=BBBBI48x", family, socket.IPPROTO_TCP, 0, 0, 1 << TCP_LISTEN
    )
    for _ in range(_TRIES):
        channel.send(request)
        found: list[Socket] = []
        ended, whole = False, True
        while not ended:
            ended, undisturbed = take_messages(channel.recv(65536), found)
            whole = whole and undisturbed
        if whole:
            break
    return found


def take_messages(received: bytes, found: list[Socket]) -> tuple[bool, bool]:
    """Add the sockets of one datagram; answer whether the dump has ended, and whether nothing changed under it."""
    at, whole = 0, True
    while at + _HEADER.size <= len(received):
        length, kind, flags, _, _ = _HEADER.unpack_from(received, at)
        whole = whole and not flags & _INTERRUPTED
        if kind == _DONE:
            return True, whole
        if kind == _ERROR:
            code = -int.from_bytes(received[at + 16 : at + 20], sys.byteorder, signed=True)
            raise OSError(code, os.strerror(code))
        if length < _HEADER.size + _MESSAGE.size or at + length > len(received):
            raise OSError("sock_diag: a message is too short")
        if kind == _SOCK_DIAG_BY_FAMILY:
            found.append(parse_message(received[at + _HEADER.size : at + length]))
        at += (length + 3) & ~3
    return False, whole


def parse_message(message: bytes) -> Socket:
    """One inet_diag_msg with its attributes."""
    fields = _MESSAGE.unpack_from(message)
    uid, inode = fields[13], fields[14]
    port = int.from_bytes(fields[4], "big")
    if fields[0] == socket.AF_INET:
        return Socket(inode, uid, 4, socket.inet_ntop(socket.AF_INET, fields[6][:4]), port, None)
    v6_only = None
    at = _MESSAGE.size
    while at + _ATTRIBUTE.size < len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, at)
        if kind == _V6ONLY:
            v6_only = bool(message[at + _ATTRIBUTE.size])
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return Socket(inode, uid, 6, socket.inet_ntop(socket.AF_INET6, fields[6]), port, v6_only)


def read_proc_net(root: Path) -> tuple[Socket, ...]:
    """The same out of /proc/net; OSError when there is not even tcp."""
    found = parse_proc_net((root / "net/tcp").read_text(encoding="ascii", errors="replace"))
    with suppress(FileNotFoundError):  # a kernel without IPv6
        found += parse_proc_net((root / "net/tcp6").read_text(encoding="ascii", errors="replace"))
    return tuple(found)


def parse_proc_net(table: str) -> list[Socket]:
    """The listening sockets of one table. Lines that are none are left out."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != "0A":
            continue
        host, _, port = fields[1].partition(":")
        try:
            address = _address(host)
            found.append(
                Socket(int(fields[9]), int(fields[7]), 4 if len(host) == 8 else 6, address, int(port, 16), None)
            )
        except ValueError:
            continue
    return found


def _address(host: str) -> str:
    """Hexadecimal words of 32 bits in the machine's own byte order."""
    words = [int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(host), 8)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))
