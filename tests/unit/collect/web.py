"""Real HTTP servers on loopback for the tests of what asks them."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import socket
import threading
import time
from collections.abc import Iterator


class Handler(http.server.BaseHTTPRequestHandler):
    """Each path misbehaves in its own way."""

    def do_GET(self) -> None:
        name = self.path.strip("/").replace("-", "_")
        getattr(self, f"do_{name}", self.do_missing)()

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_healthy(self) -> None:
        self.answer(200, b'{"status": "healthy", "orchestrator": "running", "auto_confirm": "running"}')

    def do_stopped(self) -> None:
        self.answer(200, b'{"status": "healthy", "orchestrator": "stopped"}')

    def do_missing(self) -> None:
        self.answer(404, b"no such page")

    def do_broken(self) -> None:
        self.answer(500, b"<h1>\x1b[31mboom</h1>")

    def do_empty(self) -> None:
        self.answer(200, b"")

    def do_html(self) -> None:
        self.answer(200, b"<!doctype html><title>hello</title>")

    def do_list(self) -> None:
        self.answer(200, b'[{"id": 1, "name": "a", "port": 6001}]')

    def do_near(self) -> None:
        self.answer(302, b"", location="/healthy")

    def do_far(self) -> None:
        self.answer(302, b"", location="http://elsewhere.invalid/healthy")

    def do_round(self) -> None:
        self.answer(302, b"", location="/round")

    def do_bomb(self) -> None:
        self.answer(200, gzip.compress(b"\0" * 50_000_000), content_encoding="gzip")

    def do_slow_body(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def web() -> Iterator[str]:
    """A server's base URL, such as ``http://127.0.0.1:4242``."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port that was free a moment ago and that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
