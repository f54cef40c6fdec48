"""`env list`, `env delete`, `env prune`: dev environments, from the command line."""

from __future__ import annotations

import shutil
import sys

import click

from opsconsole.cli.acting import Manner, action_options, perform
from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options


@click.group()
@shared_options
def env() -> None:
    """List environments, delete some by name, clean up stale ones."""


@env.command("list")
@shared_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def list_environments(ctx: click.Context, as_json: bool) -> None:
    """The environments as their source lists them. Exit 3 when it cannot be read."""
    from opsconsole.act.glance import glance
    from opsconsole.present.json import encode, environments_document

    snapshot = glance(load_or_exit(ctx.ensure_object(Options)), "prune-environments")
    reading = snapshot.environments
    if as_json:
        click.echo(encode(environments_document(snapshot)))
    elif reading.ok:
        from opsconsole.cli.locale import ascii_only
        from opsconsole.present.glyphs import glyphs
        from opsconsole.present.plain import pane_lines

        width = shutil.get_terminal_size(fallback=(120, 24)).columns
        click.echo("\n".join(pane_lines("environments", snapshot, width, glyphs(ascii_only()))))
    else:
        click.echo(f"environments: {reading.reason or 'not configured: ' + reading.hint}", err=True)
    if reading.state == "unconfigured":
        sys.exit(ExitCode.USAGE)
    sys.exit(ExitCode.DONE if reading.ok else ExitCode.UNKNOWN)


@env.command()
@shared_options
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@action_options
@click.pass_context
def delete(ctx: click.Context, names: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete environments, by name or id; each is read again right before."""
    manner = Manner(dry_run, yes, as_json)
    sys.exit(perform(ctx.ensure_object(Options), "delete-environment", names, manner))


@env.command()
@shared_options
@action_options
@click.pass_context
def prune(ctx: click.Context, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete the environments that are older than their TTL."""
    manner = Manner(dry_run, yes, as_json)
    sys.exit(perform(ctx.ensure_object(Options), "prune-environments", (), manner))
