"""`demo`: the incident as a sandbox of real processes, with the console opened on it."""

from __future__ import annotations

import sys

import click

from opsconsole.cli.root import ExitCode


@click.command()
@click.option("--headless", is_flag=True, help="No screen: print one JSON line when all is up, stay until ended.")
@click.option("--keep", is_flag=True, help="Leave the fleet running on exit.")
@click.option("--healthy", is_flag=True, help="The same fleet with nothing wrong.")
@click.option("--clean", is_flag=True, help="Only remove what demos that were killed have left.")
@click.option("--scale", type=click.IntRange(1, 20), default=1, metavar="N", help="Multiply the fleet.")
@click.option("--weight", type=click.IntRange(0, 4096), default=0, metavar="MB", help="Memory of each agent session.")
def demo(headless: bool, keep: bool, healthy: bool, clean: bool, scale: int, weight: int) -> None:
    """Build the incident out of real processes on loopback, and open the console on it."""
    from opsconsole.demo import commands

    if clean:
        sys.exit(commands.clean())
    options = commands.DemoOptions(healthy=healthy, scale=scale, weight_mb=weight, keep=keep)
    if headless:
        sys.exit(commands.headless(options, sys.stdout))
    from opsconsole.cli.screen import show, why_no_screen
    from opsconsole.config.load import load
    from opsconsole.demo.sandbox import Sandbox

    if reason := why_no_screen():
        click.echo(f"opsconsole: {reason}; `opsconsole demo --headless` needs none", err=True)
        sys.exit(ExitCode.USAGE)
    click.echo("building the sandbox", err=True)
    with Sandbox.build(healthy=healthy, scale=scale, weight_mb=weight) as sandbox:
        status = show(load(sandbox.config_path), read_only=False)
    sys.exit(status)
