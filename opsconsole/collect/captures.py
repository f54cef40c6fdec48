"""Screens of panes, captured: one tmux client per server for all of them, each capture marked with whose it is."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from opsconsole.collect.tmux_client import Answer, ask_each
from opsconsole.model.identity import PaneId
from opsconsole.model.text import shown

WITHIN_S = 3.0
MOST_AT_ONCE = 80
"""Captures in one question: tmux takes at most 16 KB of arguments."""
ROUNDS = 3
"""Questions to one server, when panes go while it is asked."""


def capture(panes: Iterable[PaneId]) -> tuple[dict[PaneId, str], dict[PaneId, str]]:
    """The visible screens with their attributes, and, of panes that could not be captured, why.

    More than ``MOST_AT_ONCE`` panes of one server are left out; the caller asks for them next time.
    """
    by_socket: dict[str, list[PaneId]] = {}
    for pane in panes:
        by_socket.setdefault(pane.socket, []).append(pane)
    # What a pane shows is not ours to trust: a word that nobody can know marks the beginning of each capture.
    mark = secrets.token_hex(12)
    screens: dict[PaneId, str] = {}
    failures: dict[PaneId, str] = {}
    left = {socket: asked[:MOST_AT_ONCE] for socket, asked in by_socket.items()}
    for _ in range(ROUNDS):
        questions = {socket: _question(mark, asked) for socket, asked in left.items() if asked}
        for socket, answer in ask_each(questions, WITHIN_S).items():
            found = _screens(mark, socket, answer)
            screens.update((pane, found[pane]) for pane in left[socket] if pane in found)
            missing = [pane for pane in left[socket] if pane not in found]
            failures.update((pane, _why(answer)) for pane in missing)
            # The first that is missing ended the sequence; those behind it are asked for again without it.
            left[socket] = [] if answer.timed_out or answer.error else missing[1:]
    return screens, {pane: why for pane, why in failures.items() if pane not in screens}


def _question(mark: str, panes: list[PaneId]) -> tuple[str, ...]:
    words: list[str] = []
    for pane in panes:
        told = f"{mark}:#{{pid}}:#{{start_time}}:#{{pane_id}}"
        words += [*((";",) if words else ()), "display-message", "-p", "-t", pane.pane, told]
        words += [";", "capture-pane", "-p", "-e", "-t", pane.pane]
    return (*words, ";", "display-message", "-p", f"{mark}:end")


def _screens(mark: str, socket: str, answer: Answer) -> dict[PaneId, str]:
    """The screens by what each mark tells of its pane: a restarted server has other panes under the same ids."""
    found: dict[PaneId, str] = {}
    parts = answer.output.decode(errors="replace").split(f"{mark}:")
    # The last part is the end mark, or was cut off where a command failed.
    for part in parts[1:-1]:
        head, _, screen = part.partition("\n")
        server, _, rest = head.partition(":")
        start, _, pane = rest.partition(":")
        if server.isdecimal() and start.isdecimal():
            found[PaneId(socket, int(server), int(start), pane)] = screen
    return found


def _why(answer: Answer) -> str:
    if answer.timed_out:
        return f"tmux did not answer within {WITHIN_S:g} s"
    return answer.error or shown(answer.complaint.strip()) or "the pane is not there any more"
