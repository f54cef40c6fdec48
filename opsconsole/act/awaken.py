"""``python -m opsconsole.act.awaken RECORD [card|asked]``: becomes the agent that sleeps in this pane.

Run by a pane's card, by its shell, or by hand; takes directory and environment from the record, so that no secret
stands in a command line. Refuses when the conversation is open elsewhere: two at once would spoil it. A card that
cannot be left says why and stays. Unless `wake` has asked for it, whoever comes after the waking (`after_waking`) is
started beside: it puts unsent text back and removes the mark once the conversation is open again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from opsconsole.act.sleeping_store import ASKED, NotKept, SleepingStore, read_record
from opsconsole.act.waking import went_on, why_not_wake


def main(arguments: list[str]) -> int:
    """Does not return when all is well: the process is the agent then."""
    if not 0 < len(arguments) < 3:
        sys.stderr.write("usage: python -m opsconsole.act.awaken RECORD [card|asked]\n")
        return 2
    record, how = Path(arguments[0]), arguments[1] if len(arguments) > 1 else ""
    try:
        saved = read_record(record)
    except NotKept as why:
        return _failed(record, how, str(why))
    if why_not := why_not_wake(saved):
        return _failed(record, how, why_not)
    if how != ASKED:
        _see_to_the_rest(record, went_on(saved))
    sys.stdout.write("\x1b[?25h\x1b[H\x1b[2J")
    sys.stdout.flush()
    try:
        os.chdir(saved.cwd)
        # The card ignores them, and what is ignored stays so in the agent.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        os.execve(saved.resume[0], _argv(saved.argv, saved.resume), _environment(saved.environment))  # noqa: S606
    except OSError as error:
        return _failed(record, how, str(error))


def _failed(record: Path, how: str, why: str) -> int:
    """Back to the card, if that is where it was asked for."""
    told = f"cannot wake this session: {why}"
    if how == "card":
        script = str(SleepingStore(record.parent.parent).script_path(record.stem))
        os.execv("/bin/sh", ["sh", script, "card", told])  # noqa: S606
    sys.stderr.write(f"{told}\n")
    return 1


def _see_to_the_rest(record: Path, stale: bool) -> None:
    """Start what comes after us, as nobody's child: the agent that we become has not asked for it."""
    command = [sys.executable, "-P", "-m", "opsconsole.act.after_waking", str(record), str(os.getpid())]
    kept = ("PATH", "HOME", "XDG_CONFIG_HOME", "PYTHONPATH", "LC_ALL")
    subprocess.run(
        ["/bin/sh", "-c", '"$@" &', "sh", *command, *(("stale",) if stale else ())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
        env={name: os.environ[name] for name in kept if name in os.environ},
    )


def _argv(argv: tuple[str, ...], resume: tuple[str, ...]) -> list[str]:
    """The command under the name that it had."""
    return [argv[0], *resume[1:]]


def _environment(saved: dict[str, str]) -> dict[str, str]:
    """As it was, in the pane as it is now: tmux tells a pane's programs where they are by the environment."""
    here = {name: os.environ[name] for name in ("TMUX", "TMUX_PANE") if name in os.environ}
    return {**saved, **here}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
