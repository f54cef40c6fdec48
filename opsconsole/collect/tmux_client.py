"""Short-lived tmux clients: one question to several servers at once, answered within one deadline.

subprocess and selectors cost a start more than all else here, so they are imported at the first question.
A client that has not answered by then is killed through its own handle. A server is never signalled, nor started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import selectors
    import subprocess

MOST_OUTPUT_BYTES = 16 * 1024 * 1024
_REAP_S = 1.0


class Answer(msgspec.Struct, frozen=True):
    status: int
    """Exit status of the client."""
    output: bytes = b""
    complaint: str = ""
    """What it wrote to stderr, raw."""
    timed_out: bool = False
    error: str = ""
    """Why no client could be run, or why its answer is of no use."""


class _Client:
    """One running client and what it has said so far."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child
        self.output = bytearray()
        self.complaint = bytearray()
        self.open = 2

    def close(self, *, kill: bool) -> int:
        """Reap it; its pipes are closed unread, for a hung server may hold their other ends for ever."""
        import subprocess

        if kill:
            self.child.kill()
        try:
            status = self.child.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = -1
        for pipe in (self.child.stdout, self.child.stderr):
            if pipe is not None:
                pipe.close()
        return status


def ask_all(sockets: Sequence[str], question: tuple[str, ...], within_s: float) -> dict[str, Answer]:
    """Put the same tmux commands to the server behind each socket; the answers by socket."""
    return ask_each(dict.fromkeys(sockets, question), within_s)


def ask_each(questions: Mapping[str, tuple[str, ...]], within_s: float) -> dict[str, Answer]:
    """Put to the server behind each socket its own tmux commands; the answers by socket."""
    answers: dict[str, Answer] = {}
    clients: dict[str, _Client] = {}
    environment = _environment() if questions else {}
    for socket, question in questions.items():
        try:
            clients[socket] = _Client(_start(socket, question, environment))
        except FileNotFoundError:
            answers[socket] = Answer(status=-1, error="cannot ask it: there is no tmux on PATH")
        except OSError as error:
            answers[socket] = Answer(status=-1, error=f"cannot run tmux: {error.strerror}")
    try:
        if clients:
            _listen(clients.values(), within_s)
    except OSError as error:
        answers |= dict.fromkeys(clients, Answer(status=-1, error=f"cannot listen to tmux: {error.strerror}"))
    for socket, client in clients.items():
        answer = _answer(client)
        answers.setdefault(socket, answer)
    return answers


def _answer(client: _Client) -> Answer:
    too_much = len(client.output) > MOST_OUTPUT_BYTES
    timed_out = client.open > 0 and not too_much
    status = client.close(kill=client.open > 0)
    return Answer(
        status=status,
        output=bytes(client.output),
        complaint=client.complaint.decode(errors="replace"),
        timed_out=timed_out,
        error=f"tmux answered with more than {MOST_OUTPUT_BYTES} bytes" if too_much else "",
    )


def _environment() -> dict[str, str]:
    """Ours, with a UTF-8 locale (else tmux turns glyphs into ``_``) and outside of any tmux we run in."""
    environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
    environment["LC_ALL"] = "C.UTF-8"
    return environment


def _start(socket: str, question: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    # All our descriptors are closed on exec already; closing thousands of them one by one is what is slow.
    return subprocess.Popen(
        ["tmux", "-u", "-S", socket, *question],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd="/",
        close_fds=False,
        bufsize=0,
    )


def _listen(clients: Iterable[_Client], within_s: float) -> None:
    """Read until every client has closed both pipes, or the time is over."""
    import selectors

    # The wait itself is bounded by the real clock: an injected one need not move while this blocks.
    end = time.monotonic() + within_s
    with selectors.DefaultSelector() as selector:
        for client in clients:
            for pipe, kept in ((client.child.stdout, client.output), (client.child.stderr, client.complaint)):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, (client, pipe, kept))
        while selector.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                _take(selector, *key.data)


def _take(selector: selectors.BaseSelector, client: _Client, pipe: IO[bytes], kept: bytearray) -> None:
    chunk = os.read(pipe.fileno(), 65536)
    kept += chunk
    if not chunk:
        client.open -= 1
    if not chunk or len(kept) > MOST_OUTPUT_BYTES:
        selector.unregister(pipe)
