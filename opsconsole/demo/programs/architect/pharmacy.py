"""A site that takes every connection and, with ``--mute``, never says a word: neither up nor down to look at."""

from __future__ import annotations

import contextlib
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nSelam Pharmacy"


def main() -> None:
    mute = "--mute" in sys.argv
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]))) as server:
        while True:
            connection, _ = server.accept()
            if mute:
                held = [*held[-20:], connection]
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(2)
                connection.recv(65536)
                connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
