"""``python -m opsconsole.act.awaken RECORD``: becomes the agent that sleeps in this pane, with its conversation.

Run by a pane's card, by its shell, or by hand; takes directory and environment from the record, so that no secret
stands in a command line. Refuses when the conversation is open elsewhere: two at once would spoil it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Does not return when all is well: the process is the agent then."""
    from opsconsole.act.sleeping_store import NotKept, read_record
    from opsconsole.collect.agent_registry import EntryUnreadable, live_holders
    from opsconsole.collect.agents import load_agents
    from opsconsole.config.locate import agent_profiles

    if len(arguments) != 1:
        sys.stderr.write("usage: python -m opsconsole.act.awaken RECORD\n")
        return 2
    try:
        saved = read_record(Path(arguments[0]))
    except NotKept as why:
        sys.stderr.write(f"cannot wake this session: {why}\n")
        return 1
    profile = load_agents(agent_profiles()).profiles.get(saved.agent)
    registry = profile.registry if profile is not None else None
    try:
        holders = live_holders(Path(saved.home), registry, saved.conversation) if registry is not None else ()
    except EntryUnreadable as failure:
        sys.stderr.write(f"cannot wake this session: who holds its conversation is not known: {failure}\n")
        return 1
    if holders:
        sys.stderr.write(f"cannot wake this session: its conversation is open already, in process {holders[0]}\n")
        return 1
    sys.stdout.write("\x1b[?25h\x1b[H\x1b[2J")
    sys.stdout.flush()
    try:
        os.chdir(saved.cwd)
        os.execve(saved.resume[0], _argv(saved.argv, saved.resume), _environment(saved.environment))  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"cannot wake this session: {error}\n")
        return 1


def _argv(argv: tuple[str, ...], resume: tuple[str, ...]) -> list[str]:
    """The command under the name that it had."""
    return [argv[0], *resume[1:]]


def _environment(saved: dict[str, str]) -> dict[str, str]:
    """As it was, in the pane as it is now: tmux tells a pane's programs where they are by the environment."""
    here = {name: os.environ[name] for name in ("TMUX", "TMUX_PANE") if name in os.environ}
    return {**saved, **here}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
