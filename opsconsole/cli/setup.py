"""`init` and `check`: getting a config, and knowing that it is right."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.load import ConfigError, load, located, looks_of
from opsconsole.config.locate import find_config
from opsconsole.config.metrics import metric_meanings
from opsconsole.config.problem import Found
from opsconsole.config.types import Config, LoadedConfig
from opsconsole.diagnose.words import several


@click.command()
@shared_options
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Default: standard output.")
@click.option(
    "--units", is_flag=True, help="Instead systemd user units of what the config can start; -o names a directory."
)
@click.option(
    "--hooks", is_flag=True, help="Instead Claude Code hooks that tell what a session does, for its settings."
)
@click.pass_context
def init(ctx: click.Context, output: Path | None, units: bool, hooks: bool) -> None:
    """Look at this machine and write a commented config of what is there.

    With --units: examples of systemd user units, to be read and installed by hand. With --hooks: settings to be merged
    by hand into Claude Code's settings.json. Nothing is installed or started.
    """
    if units and hooks:
        raise click.UsageError("--units and --hooks are two things: ask for one")
    if hooks:
        _hooks(output)
        return
    if units:
        _units(load_or_exit(ctx.ensure_object(Options)), output)
        return
    from opsconsole.collect.discovery import discover, recognised
    from opsconsole.collect.sessions import pane_pids
    from opsconsole.config.write import ConfigFileError, render_config, write_config
    from opsconsole.engine import Engine

    snapshot = Engine(LoadedConfig(config=Config(), path=None)).collect_once()
    if snapshot.processes.value is None:
        click.echo(f"the process table could not be read: {snapshot.processes.reason}", err=True)
        sys.exit(ExitCode.UNKNOWN)
    found = discover(
        snapshot.processes.value, snapshot.ports.value or (), os.getuid(), exclude=pane_pids(snapshot.tmux_servers)
    )
    found = recognised(found, snapshot.workers.value or ())
    text = render_config(found)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        write_config(output, text)
    except ConfigFileError as error:
        click.echo(str(error), err=True)
        sys.exit(ExitCode.USAGE)
    click.echo(f"wrote {output}: {len(found.service)} services, {len(found.worker)} workers", err=True)


def _hooks(output: Path | None) -> None:
    """Print the hooks, or write them into a file that is none of the agent's own."""
    from opsconsole.config.agent_hooks import hooks_text
    from opsconsole.config.write import ConfigFileError, write_config

    by_hand = 'none is installed: merge "hooks" into ~/.claude/settings.json by hand, and start sessions anew'
    if output is None:
        click.echo(hooks_text(), nl=False)
        click.echo(by_hand, err=True)
        return
    if output.name in ("settings.json", "settings.local.json"):
        click.echo(f"{output}: that would install them. Name another file, and merge it by hand", err=True)
        sys.exit(ExitCode.USAGE)
    try:
        write_config(output, hooks_text())
    except ConfigFileError as error:
        click.echo(str(error), err=True)
        sys.exit(ExitCode.USAGE)
    click.echo(f"wrote {output}; {by_hand}", err=True)


def _units(loaded: LoadedConfig, output: Path | None) -> None:
    """Print the units, or write them into a directory; none is overwritten."""
    from opsconsole.config.systemd import unit_files
    from opsconsole.config.write import ConfigFileError, write_config

    files = unit_files(loaded.config, loaded.path)
    if not files:
        click.echo("no worker and no service with a command: there is nothing that a unit could start", err=True)
        sys.exit(ExitCode.USAGE)
    if output is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in files.items()), nl=False)
        return
    try:
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in files.items():
            write_config(output / name, text)
    except (ConfigFileError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(ExitCode.USAGE)
    click.echo(f"wrote {len(files)} units into {output}; none is installed", err=True)


@click.command()
@shared_options
@click.option("--metrics", is_flag=True, help="Only list the metrics that conditions may name.")
@click.pass_context
def check(ctx: click.Context, metrics: bool) -> None:
    """Validate the config: file, line, what is wrong, what is right.

    Exit 2 when it cannot be used. Warnings, such as a key that cannot be had, do not stop the console.
    """
    if metrics:
        for name, meaning in metric_meanings():
            click.echo(f"{name:32}  {meaning}")
        return
    options = ctx.ensure_object(Options)
    try:
        loaded = load(find_config(options.config))
    except ConfigError as error:
        click.echo(str(error), err=True)
        _warn_beside(error)
        sys.exit(ExitCode.USAGE)
    if loaded.path is None:
        click.echo("no config file found: the console shows what it discovers. `opsconsole init` writes one.")
        return
    config = loaded.config
    warnings = (*loaded.warnings, *located(_console_mistakes(config), loaded.path))
    _warn(warnings)
    counts = ((len(config.service), "service"), (len(config.worker), "worker"), (len(config.site), "site"))
    verdict = f"it can be used; {several(len(warnings), 'warning')}" if warnings else "right"
    click.echo(f"{loaded.path}: {verdict}. " + ", ".join(several(count, what) for count, what in counts))


def _warn(warnings: Iterable[object]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _warn_beside(error: ConfigError) -> None:
    """What the console would warn about, of a file that cannot be used as it is: told in the same run."""
    paths = {problem.file for problem in error.problems}
    # What is no TOML, or cannot be read, has been said.
    with contextlib.suppress(ConfigError):
        for path in paths:
            config, warnings = looks_of(path)
            _warn((*warnings, *located(_console_mistakes(config), path)))


def _console_mistakes(config: Config) -> Found:
    """What only the console's own registry can tell: action ids, keys, colours."""
    from opsconsole.ui.actions import ACTIONS
    from opsconsole.ui.keymap import make_keymap
    from opsconsole.ui.own_actions import own_actions
    from opsconsole.ui.theme import theme_mistakes

    own = own_actions(config.action, ACTIONS, config.keys)
    keymap = make_keymap((*ACTIONS, *own.actions), config.keys)
    for place, mistake in own.mistakes:
        yield ("action", place, "key"), mistake
    for action_id, mistake in (*keymap.mistakes, *keymap.losses):
        yield ("keys", action_id), mistake
    for token, mistake in theme_mistakes(config.theme).items():
        yield ("theme", token), mistake
