"""What is done to a tmux pane: in each call the server first proves that the pane is the one that is meant.

Ids are used again after a server's restart: a pane is known by its server's pid and start as well. A server that does
not answer in time, or is another one, is PaneLost.
"""

from __future__ import annotations

import msgspec

from opsconsole.collect import procfs
from opsconsole.collect.captures import capture
from opsconsole.collect.tmux_client import ask_all
from opsconsole.model.identity import PaneId
from opsconsole.model.text import shown

WITHIN_S = 5.0
_ANOTHER = "opsconsole: another server or pane"


class PaneLost(Exception):
    """Why a pane cannot be reached."""


class PaneFacts(msgspec.Struct, frozen=True):
    pid: int
    tty: str
    dead: bool
    input_off: bool
    in_mode: bool
    synchronized: bool
    """What is typed into it goes to every pane of its window."""
    command: str
    """The foreground process's name, as tmux has it."""
    remain_on_exit: str
    """The pane's own setting; empty when it has none."""


def facts(pane: PaneId) -> PaneFacts:
    fields = (
        *("pane_pid", "pane_dead", "pane_input_off", "pane_in_mode", "pane_synchronized"),
        *("pane_tty", "pane_current_command"),
    )
    told = ask(pane, "display-message", "-p", "-t", pane.pane, "|".join(f"#{{{field}}}" for field in fields))
    parts = told.rstrip("\n").split("|", len(fields) - 1)
    if len(parts) != len(fields) or not parts[0].isdecimal():
        raise PaneLost(f"pane {pane.pane} is not there any more")
    option = ask(pane, "show-options", "-p", "-q", "-v", "-t", pane.pane, "remain-on-exit").strip()
    return PaneFacts(
        pid=int(parts[0]),
        tty=parts[5],
        dead=parts[1] == "1",
        input_off=parts[2] == "1",
        in_mode=parts[3] not in ("", "0"),
        synchronized=parts[4] == "1",
        command=parts[6],
        remain_on_exit=option,
    )


def ask(pane: PaneId, *command: str) -> str:
    """Run one tmux command, if its server is still the one of this pane, and has it. Raises PaneLost.

    Proof and command are one call, so that the server that proved it is the server that runs it.
    """
    identity = f"{pane.server_pid} {pane.server_start} {pane.pane}"
    same = f"#{{==:#{{pid}} #{{start_time}} #{{pane_id}},{identity}}}"
    otherwise = f"display-message -p {_quoted(_ANOTHER)}"
    guarded = ("if-shell", "-F", "-t", pane.pane, same, " ".join(map(_quoted, command)), otherwise)
    answer = ask_all([pane.socket], guarded, WITHIN_S)[pane.socket]
    if answer.timed_out or answer.error or answer.status:
        why = answer.error or ("tmux does not answer" if answer.timed_out else shown(answer.complaint.strip()))
        raise PaneLost(f"tmux {command[0]}: {why or answer.status}")
    told = answer.output.decode(errors="replace")
    if told.rstrip("\n") == _ANOTHER:
        raise PaneLost(f"pane {pane.pane} is not there any more, or is of another tmux server now")
    return told


def _quoted(word: str) -> str:
    """The word as tmux's own language takes it: nothing in it is expanded, and no semicolon ends the command."""
    return "'" + word.replace("'", "'\\''") + "'"


def type_text(pane: PaneId, text: str) -> None:
    """Type it as it is: what it begins with is no option, what it ends with no separator. Raises PaneLost."""
    if facts(pane).synchronized:
        raise PaneLost("what is typed there would go to every pane of its window (synchronize-panes)")
    ask(pane, "send-keys", "-t", pane.pane, "-l", "--", text)


def directory(path: str) -> str:
    """The path as tmux takes it for a directory: it expands formats in it, and ``#(...)`` would be run."""
    return path.replace("#", "##")


def screen(pane: PaneId) -> str:
    """What it shows, with attributes. Raises PaneLost."""
    screens, failures = capture([pane])
    if pane not in screens:
        raise PaneLost(failures.get(pane, "it cannot be captured"))
    return screens[pane]


def cursor_line(pane: PaneId) -> str:
    """The text of the line that its cursor is on, without blanks at its end. Raises PaneLost."""
    row = ask(pane, "display-message", "-p", "-t", pane.pane, "#{cursor_y}").strip()
    return ask(pane, "capture-pane", "-p", "-t", pane.pane, "-S", row, "-E", row).rstrip()


def set_option(pane: PaneId, name: str, value: str) -> None:
    """Set a pane's own option; an empty value removes it. Raises PaneLost."""
    change = (name, value) if value else ("-u", name)
    where = ("set-option", "-p", "-t", pane.pane)
    ask(pane, *where, *change)


def reads_commands(shell: int) -> bool:
    """Whether the pane's own shell has the terminal: a script it runs may be a shell too, and ask for a word."""
    stat = (procfs.read_stat(f"/proc/{shell}/stat") or b"").rpartition(b")")[2].split()
    return len(stat) > 5 and stat[2] == stat[5]
