"""The command group: options that all commands share, and the commands, imported when they are called."""

from __future__ import annotations

import difflib
import importlib
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from opsconsole import __version__

COMMANDS = {
    "status": "observe",
    "diagnose": "diagnose",
    "report": "report",
    "fix": "fix",
    "probe": "observe",
    "watch": "observe",
    "kill-duplicates": "act",
    "restart": "act",
    "start": "act",
    "stop": "act",
    "write-pid-file": "act",
    "hibernate": "act",
    "wake": "act",
    "env": "environment",
    "journal": "journal",
    "init": "setup",
    "check": "setup",
    "demo": "demo",
    "completion": "completion",
}
"""Command name to the module of this package that holds it."""


class ExitCode:
    """What the exit status says (a contract)."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    UNKNOWN = 3
    REFUSED = 4


class Options(msgspec.Struct):
    """The options that stand before or after the command's name."""

    config: Path | None = None
    state_dir: Path | None = None


class LazyGroup(click.Group):
    """Knows its commands by name and imports a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"opsconsole.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:
            nearest = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; there are: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


def _keep(field: str) -> Any:
    def callback(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
        options = ctx.ensure_object(Options)
        if value is not None:
            setattr(options, field, value)

    return callback


def shared_options(command: Any) -> Any:
    """The options of every command: which config, which state directory."""
    path = click.Path(path_type=Path)
    command = click.option(
        "--state-dir",
        type=path,
        metavar="DIR",
        expose_value=False,
        callback=_keep("state_dir"),
        help="Where the journal and other state are kept.",
    )(command)
    return click.option(
        "--config",
        type=path,
        metavar="FILE",
        expose_value=False,
        callback=_keep("config"),
        help="The config file; see `opsconsole init`.",
    )(command)


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@shared_options
@click.version_option(__version__, "--version")
@click.pass_context
def opsconsole(ctx: click.Context) -> None:
    """See what runs on this machine, and what is wrong with it.

    Without a command: the console on this terminal. Without a config it shows what it finds.
    """
    if ctx.invoked_subcommand is None:
        from opsconsole.cli.screen import open_console

        sys.exit(open_console(ctx.ensure_object(Options), read_only=False))
