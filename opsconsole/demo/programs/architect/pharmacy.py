"""A site that takes every connection and says no word while the machine, as ``--mute-above`` tells, is too busy."""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nSelam Pharmacy"


def too_busy() -> bool:
    """Whether the load in a file like /proc/loadavg is above a limit: ``--mute-above LIMIT FILE``."""
    if "--mute-above" not in sys.argv:
        return False
    limit, loadavg = sys.argv[sys.argv.index("--mute-above") + 1 :][:2]
    try:
        return float(Path(loadavg).read_text().split()[0]) > float(limit)
    except (OSError, ValueError, IndexError):
        return True


def main() -> None:
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]))) as server:
        while True:
            connection, _ = server.accept()
            if too_busy():
                held = [*held[-20:], connection]
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                connection.recv(65536)
                connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
