"""`kill-duplicates`, `restart`, `start`, `stop`: workers and services, from the command line."""

from __future__ import annotations

import sys
from typing import Any

import click

from opsconsole.cli.acting import Manner, action_options, perform
from opsconsole.cli.root import Options, shared_options
from opsconsole.model.plan import Verb


def _command(verb: Verb, text: str) -> click.Command:
    @click.pass_context
    def run(ctx: click.Context, /, **given: Any) -> None:
        manner = Manner(given.pop("dry_run"), given.pop("yes"), given.pop("as_json"))
        sys.exit(perform(ctx.ensure_object(Options), verb, given.pop("names"), manner, **given))

    run.__doc__ = text
    function: Any = shared_options(action_options(run))
    function = click.argument("names", nargs=-1, required=True, metavar="WORKER|SERVICE...")(function)
    if verb == "kill-duplicates":
        keep = click.option("--keep", type=int, metavar="PID", help="Which one stays, where nothing tells them apart.")
        function = keep(function)
    return click.command(name=verb, help=text)(function)


kill_duplicates = _command(
    "kill-duplicates", "Of a worker or service that runs more often than wanted, end all but the right one."
)
restart = _command("restart", "End what runs of a worker or service, then start it from its configured command.")
start = _command("start", "Start a worker or service that does not run, and wait until it is ready.")
stop = _command("stop", "End everything that runs of a worker or service, its wrappers first.")
