"""A web server small enough to start in 20 ms, which `http.server` is not: one thread and one answer a connection."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Callable
from typing import Any, NamedTuple

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 409: "Conflict", 503: "Service Unavailable"}


class Answer(NamedTuple):
    status: int
    body: bytes
    kind: str = "application/json"


Respond = Callable[[str, str, bytes], Answer]
"""Method, path and body to the answer."""


class _Connection(socketserver.StreamRequestHandler):
    timeout = 10

    def setup(self) -> None:
        server = self.server
        if isinstance(server, Server) and server.tls is not None:
            self.request = server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        words = self.rfile.readline(65536).split()
        if len(words) < 2:
            return
        length = 0
        while (header := self.rfile.readline(65536)).strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self.rfile.read(length)
        method = words[0].decode()
        server = self.server
        assert isinstance(server, Server)  # noqa: S101 - for the type checker
        answer = server.respond(method, words[1].decode(), body)
        head = (
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Other')}\r\nContent-Type: {answer.kind}\r\n"
            f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
        )
        self.wfile.write(head.encode() + (b"" if method == "HEAD" else answer.body))


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback. With ``share_port`` others of this user may listen on the same port."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, respond: Respond, *, share_port: bool = False, tls: Any = None) -> None:
        self.respond = respond
        self.tls = tls
        self._share_port = share_port
        super().__init__((host, port), _Connection)

    def server_bind(self) -> None:
        if self._share_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust our certificate, is its own affair."""


def page(title: str, text: str = "") -> Answer:
    body = f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>\n"
    return Answer(200, body.encode(), "text/html; charset=utf-8")
