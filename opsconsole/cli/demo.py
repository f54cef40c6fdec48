"""`demo`: the incident as a sandbox of real processes, with the console on it or, headless, for others to look at."""

from __future__ import annotations

import sys

import click

from opsconsole.cli.root import ExitCode, Options
from opsconsole.demo import commands
from opsconsole.demo.sandbox import LARGEST_SCALE


@click.command()
@click.option("--headless", is_flag=True, help="No screen: one JSON line says where it is; stays until ended.")
@click.option("--keep", is_flag=True, help="Leave the sandbox standing, for a second console.")
@click.option("--healthy", is_flag=True, help="The same machine with nothing wrong.")
@click.option("--scale", type=click.IntRange(1, LARGEST_SCALE), default=1, metavar="N", help="N times as much of it.")
@click.option("--weight", type=click.IntRange(0, 2048), default=0, metavar="MB", help="Memory that each agent holds.")
@click.option("--clean", "clean_up", is_flag=True, help="Only remove what demos that were killed have left.")
@click.pass_context
def demo(
    ctx: click.Context, headless: bool, keep: bool, healthy: bool, scale: int, weight: int, clean_up: bool
) -> None:
    """See the incident and put it right, in a sandbox that touches nothing of yours.

    Real processes on loopback ports, a tmux server, databases and logs of their own; load and memory alone are told,
    not caused. All of it goes when the console is quit.
    """
    options = ctx.ensure_object(Options)
    if options.config is not None or options.state_dir is not None:
        raise click.UsageError("demo makes a config and a state directory of its own", ctx)
    if clean_up:
        sys.exit(commands.clean())
    asked = commands.DemoOptions(healthy=healthy, scale=scale, weight_mb=weight, keep=keep)
    if headless:
        sys.exit(commands.headless(asked, sys.stdout))
    from opsconsole.cli.screen import open_console, why_no_screen

    if reason := why_no_screen():
        click.echo(f"opsconsole: {reason}; `opsconsole demo --headless` builds the sandbox without a screen", err=True)
        sys.exit(ExitCode.USAGE)
    sys.exit(
        commands.on_screen(
            asked,
            lambda sandbox: open_console(
                Options(config=sandbox.config_path, state_dir=sandbox.state_dir), read_only=False
            ),
        )
    )
