"""What is done to a tmux pane: in each call the server first proves that the pane is the one that is meant.

Ids are used again after a server's restart: a pane is known by its server's pid and start as well. A server that does
not answer in time, or is another one, is PaneLost.
"""

from __future__ import annotations

import os
import secrets
import termios
from collections.abc import Sequence
from pathlib import Path

import msgspec

from opsconsole.collect import procfs
from opsconsole.collect.captures import capture
from opsconsole.collect.tmux_client import ask_all
from opsconsole.model.identity import PaneId
from opsconsole.model.text import shown

WITHIN_S = 5.0
HOLDS = "@opsconsole_holds"
"""A pane's own option while we keep people from typing into it: whose doing it is."""
_ANOTHER = "opsconsole: another server or pane"
_LINE_EDITORS = frozenset({"bash", "zsh", "fish"})
"""Shells that take the terminal out of its line mode while they wait for a command."""


class PaneLost(Exception):
    """Why a pane cannot be reached."""


class PaneFacts(msgspec.Struct, frozen=True):
    pid: int
    tty: str
    dead: bool
    input_off: bool
    held: bool
    """We have blocked its input, not its user."""
    in_mode: bool
    command: str
    """The foreground process's name, as tmux has it."""
    remain_on_exit: str
    """The pane's own setting; empty when it has none."""


def facts(pane: PaneId) -> PaneFacts:
    fields = (
        *("pane_pid", "pane_dead", "pane_input_off", HOLDS, "pane_in_mode"),
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
        held=bool(parts[3]),
        in_mode=parts[4] not in ("", "0"),
        command=parts[6],
        remain_on_exit=option,
    )


def ask(pane: PaneId, *command: str) -> str:
    """Run one tmux command, if its server is still the one of this pane, and has it. Raises PaneLost.

    Proof and command are one call, so that the server that proved it is the server that runs it.
    """
    return _ask(pane, (command,))


def _ask(pane: PaneId, commands: Sequence[Sequence[str]], unless: str = "") -> str:
    """Run these one after the other, nothing in between; not at all while the format ``unless`` is true of the pane."""
    identity = f"{pane.server_pid} {pane.server_start} {pane.pane}"
    meant = f"#{{==:#{{pid}} #{{start_time}} #{{pane_id}},{identity}}}"
    if unless:
        meant = f"#{{&&:{meant},#{{?{unless},0,1}}}}"
    otherwise = f"display-message -p {_quoted(_ANOTHER)}"
    words = " ; ".join(" ".join(map(_quoted, command)) for command in commands)
    answer = ask_all([pane.socket], ("if-shell", "-F", "-t", pane.pane, meant, words, otherwise), WITHIN_S)[pane.socket]
    if answer.timed_out or answer.error or answer.status:
        why = answer.error or ("tmux does not answer" if answer.timed_out else shown(answer.complaint.strip()))
        raise PaneLost(f"tmux {commands[0][0]}: {why or answer.status}")
    told = answer.output.decode(errors="replace")
    if told.rstrip("\n") == _ANOTHER:
        also = ", or somebody looks back in it (copy mode)" if unless else ""
        raise PaneLost(f"pane {pane.pane} is not there any more, or is of another tmux server now{also}")
    return told


def _quoted(word: str) -> str:
    """The word as tmux's own language takes it: nothing in it is expanded, and no semicolon ends the command."""
    return "'" + word.replace("'", "'\\''") + "'"


def type_text(pane: PaneId, text: str, *keys: str) -> None:
    """Type it as it is, then press these keys, in this very pane. Raises PaneLost; then nothing was typed.

    What it begins with is no option, what it ends with no separator. While panes are synchronised, what is typed into
    one goes to all: for the moment this one is none of them. One that is deaf to people hears us.
    """
    if facts(pane).in_mode:
        raise PaneLost("somebody looks back in its pane (copy mode)")
    here = ("-p", "-t", pane.pane)
    own = ask(pane, "show-options", "-q", "-v", *here, "synchronize-panes").strip()
    deaf = facts(pane).input_off
    commands = [
        ("set-option", *here, "synchronize-panes", "off"),
        ("select-pane", "-e", "-t", pane.pane),
        ("send-keys", "-t", pane.pane, "-l", "--", text),
        *(("send-keys", "-t", pane.pane, key) for key in keys),
        *((("select-pane", "-d", "-t", pane.pane),) if deaf else ()),
        ("set-option", *here, *(("synchronize-panes", own) if own else ("-u", "synchronize-panes"))),
    ]
    _ask(pane, commands, unless="pane_in_mode")


def hold(pane: PaneId, longest_s: int) -> bool:
    """Keep people from typing into it, until `release`; False when its user keeps them from it anyway. Raises PaneLost.

    After ``longest_s`` the server gives the keyboard back by itself, whatever has become of us.
    """
    now = facts(pane)
    if now.input_off and not now.held:
        return False
    mark = secrets.token_hex(4)
    # Doubled: what is run later is expanded now already, and once more then.
    ours = f"##{{==:##{{{HOLDS}}},{mark}}}"
    give_back = " ; ".join(" ".join(map(_quoted, command)) for command in _releasing(pane))
    later = f"if-shell -F -t {pane.pane} {_quoted(ours)} {_quoted(give_back)}"
    commands = (
        ("set-option", "-p", "-t", pane.pane, HOLDS, mark),
        ("run-shell", "-b", "-d", str(longest_s), "-C", later),
        ("select-pane", "-d", "-t", pane.pane),
    )
    _ask(pane, commands)
    return True


def release(pane: PaneId) -> None:
    """What is typed reaches it again. Raises PaneLost."""
    _ask(pane, _releasing(pane))


def _releasing(pane: PaneId) -> tuple[tuple[str, ...], ...]:
    return ("set-option", "-p", "-u", "-t", pane.pane, HOLDS), ("select-pane", "-e", "-t", pane.pane)


def directory(path: str) -> str:
    """The path as tmux takes it for a directory: it expands formats in it, and ``#(...)`` would be run."""
    return path.replace("#", "##")


def screen(pane: PaneId) -> str:
    """What it shows, with attributes. Raises PaneLost."""
    screens, failures = capture([pane])
    if pane not in screens:
        raise PaneLost(failures.get(pane, "it cannot be captured"))
    return screens[pane]


def last_words(pane: PaneId, lines: int) -> list[str]:
    """The last lines that it showed, cleaned, without what tmux says of a dead pane, which pushes one line out of
    sight. Raises PaneLost."""
    told = ask(pane, "capture-pane", "-p", "-t", pane.pane, "-S", "-5").splitlines()
    said = [shown(line.strip()) for line in told if line.strip() and not line.startswith("Pane is dead")]
    return said[-lines:]


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
    """Whether the pane's own shell waits for a command: a script it runs may be a shell too, and ask for a word, and
    so may the shell itself (`read`), which leaves the terminal in its line mode."""
    stat = procfs.parse_stat(procfs.read_stat(f"/proc/{shell}/stat") or b"")
    if stat is None or stat.process_group != foreground(shell):
        return False
    exe = procfs.read_link(f"/proc/{shell}/exe") or ""
    return Path(exe).name not in _LINE_EDITORS or not _in_line_mode(shell)


def foreground(process: int) -> int | None:
    """The process group that has this process's terminal; None when that cannot be told."""
    fields = (procfs.read_stat(f"/proc/{process}/stat") or b"").rpartition(b")")[2].split()
    return int(fields[5]) if len(fields) > 5 and fields[5].isdigit() else None


def _in_line_mode(shell: int) -> bool:
    """Whether its terminal gathers whole lines; True when it cannot be asked."""
    try:
        terminal = os.open(f"/proc/{shell}/fd/0", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        return bool(termios.tcgetattr(terminal)[3] & termios.ICANON)
    except termios.error:
        return True
    finally:
        os.close(terminal)
