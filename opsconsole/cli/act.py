"""`kill-duplicates`, `restart`, `start`, `stop`, `write-pid-file`, `hibernate`, `wake` as commands."""

from __future__ import annotations

import sys
from typing import Any

import click

from opsconsole.cli.acting import Manner, action_options, perform
from opsconsole.cli.root import Options, shared_options
from opsconsole.config.units import parse_duration
from opsconsole.model.plan import Verb


def _command(verb: Verb, text: str, of: str = "WORKER|SERVICE...", *options: Any, needed: bool = True) -> click.Command:
    @click.pass_context
    def run(ctx: click.Context, /, **given: Any) -> None:
        manner = Manner(given.pop("dry_run"), given.pop("yes"), given.pop("as_json"))
        sys.exit(perform(ctx.ensure_object(Options), verb, given.pop("names"), manner, **given))

    run.__doc__ = text
    function: Any = shared_options(action_options(run))
    function = click.argument("names", nargs=-1, required=needed, metavar=of)(function)
    for option in options:
        function = option(function)
    return click.command(name=verb, help=text)(function)


AS_CONFIGURED = "as configured"


def _seconds(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None or value == AS_CONFIGURED:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


_KEEP = click.option("--keep", type=int, metavar="PID", help="Which one stays, where nothing tells them apart.")
_IDLE = click.option(
    "--idle",
    "idle_s",
    callback=_seconds,
    is_flag=False,
    flag_value=AS_CONFIGURED,
    metavar="[DURATION]",
    help="Without names: idle for at least as long, as 90s, 5m or 1h; without a duration as configured.",
)

kill_duplicates = _command(
    "kill-duplicates",
    "Of a worker or service that runs more often than wanted, end all but the right one.",
    "WORKER|SERVICE...",
    _KEEP,
)
restart = _command("restart", "End what runs of a worker or service, then start it from its configured command.")
start = _command("start", "Start a worker or service that does not run, and wait until it is ready.")
stop = _command("stop", "End everything that runs of a worker or service, its wrappers first.")
write_pid_file = _command(
    "write-pid-file",
    "Write the pid of a worker's one running instance into its configured pid_file, where that is missing. The worker"
    " goes on as it is; a file that is there is never overwritten.",
    "WORKER...",
)
hibernate = _command(
    "hibernate",
    "End idle agents cleanly and keep what brings their conversations back; without names, all that are known to be"
    " at rest. Their panes stay, each with a card that says what sleeps there.",
    "[SESSION...]",
    _IDLE,
    needed=False,
)
wake = _command(
    "wake",
    "Bring hibernated conversations back in their panes, one after the other, each while there is memory.",
    "SESSION...",
)
