"""What is done to a tmux pane: right before each command the server proves that the pane is the one that is meant.

Ids are used again after a server's restart: a pane is known by its server's pid and start as well. A server that does
not answer in time, or is another one, is PaneLost.
"""

from __future__ import annotations

import msgspec

from opsconsole.collect.captures import capture
from opsconsole.collect.tmux_client import ask_all
from opsconsole.model.identity import PaneId
from opsconsole.model.text import shown

WITHIN_S = 5.0


class PaneLost(Exception):
    """Why a pane cannot be reached."""


class PaneFacts(msgspec.Struct, frozen=True):
    pid: int
    tty: str
    dead: bool
    input_off: bool
    in_mode: bool
    command: str
    """The foreground process's name, as tmux has it."""
    remain_on_exit: str
    """The pane's own setting; empty when it has none."""


def facts(pane: PaneId) -> PaneFacts:
    fields = ("pane_pid", "pane_dead", "pane_input_off", "pane_in_mode", "pane_tty", "pane_current_command")
    told = ask(pane, "display-message", "-p", "-t", pane.pane, "|".join(f"#{{{field}}}" for field in fields))
    parts = told.rstrip("\n").split("|", len(fields) - 1)
    if len(parts) != len(fields) or not parts[0].isdecimal():
        raise PaneLost(f"pane {pane.pane} is not there any more")
    option = ask(pane, "show-options", "-p", "-q", "-v", "-t", pane.pane, "remain-on-exit").strip()
    return PaneFacts(
        pid=int(parts[0]),
        tty=parts[4],
        dead=parts[1] == "1",
        input_off=parts[2] == "1",
        in_mode=parts[3] not in ("", "0"),
        command=parts[5],
        remain_on_exit=option,
    )


def ask(pane: PaneId, *command: str) -> str:
    """Run one tmux command on the server of this pane, if it is still that server with that pane. Raises PaneLost."""
    identity = f"{pane.server_pid} {pane.server_start} {pane.pane}"
    proof = ("display-message", "-p", "-t", pane.pane, "#{pid} #{start_time} #{pane_id}")
    answer = ask_all([pane.socket], proof, WITHIN_S)[pane.socket]
    if answer.output.decode(errors="replace").strip() != identity:
        why = answer.error or ("tmux does not answer" if answer.timed_out else shown(answer.complaint.strip()))
        raise PaneLost(why or f"pane {pane.pane} is of another tmux server now")
    answer = ask_all([pane.socket], command, WITHIN_S)[pane.socket]
    if answer.timed_out or answer.error or answer.status:
        why = answer.error or ("tmux does not answer" if answer.timed_out else shown(answer.complaint.strip()))
        raise PaneLost(f"tmux {command[0]}: {why or answer.status}")
    return answer.output.decode(errors="replace")


def literal(text: str) -> str:
    """The text as tmux takes it for one word: a semicolon at its end would begin another command."""
    return f"{text[:-1]}\\;" if text.endswith(";") else text


def type_text(pane: PaneId, text: str) -> None:
    """Type it as it is: what it begins with is no option, what it ends with no separator. Raises PaneLost."""
    ask(pane, "send-keys", "-t", pane.pane, "-l", "--", literal(text))


def directory(path: str) -> str:
    """The path as tmux takes it for a directory: it expands formats in it, and ``#(...)`` would be run."""
    return path.replace("#", "##")


def screen(pane: PaneId) -> str:
    """What it shows, with attributes. Raises PaneLost."""
    screens, failures = capture([pane])
    if pane not in screens:
        raise PaneLost(failures.get(pane, "it cannot be captured"))
    return screens[pane]


def set_option(pane: PaneId, name: str, value: str) -> None:
    """Set a pane's own option; an empty value removes it. Raises PaneLost."""
    change = (name, value) if value else ("-u", name)
    where = ("set-option", "-p", "-t", pane.pane)
    ask(pane, *where, *change)
