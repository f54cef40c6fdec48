"""Opening the console: checks that there is a terminal for it, then imports the toolkit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from opsconsole.cli import first_frame
from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.locale import ascii_only
from opsconsole.cli.root import ExitCode, Options
from opsconsole.config.locate import state_directory
from opsconsole.config.types import LoadedConfig
from opsconsole.engine import Engine


def open_console(options: Options, read_only: bool, refresh_s: float | None = None) -> int:
    """The console, or watch mode, until it is quit. Returns the exit status."""
    if reason := why_no_screen():
        click.echo(f"opsconsole: {reason}; `opsconsole watch --plain` prints lines instead", err=True)
        return ExitCode.USAGE
    return show(load_or_exit(options), state_directory(options.state_dir), read_only, refresh_s)


def show(loaded: LoadedConfig, state_dir: Path, read_only: bool, refresh_s: float | None = None) -> int:
    """The console on this config."""
    engine = Engine(loaded, refresh_s=refresh_s, state_dir=state_dir)
    engine.head_start()
    from opsconsole.ui.run import run_console

    acting = None
    if not read_only:
        from opsconsole.ui.acting import open_door

        acting = open_door(state_dir)
    first_frame.taken_over()
    return run_console(
        engine, read_only=read_only, loaded=loaded, ascii_only=ascii_only(), acting=acting, state_dir=state_dir
    )


def why_no_screen() -> str:
    """Why no full screen can be shown here; empty when it can."""
    if sys.stdout is None or not sys.stdout.isatty():
        return "standard output is not a terminal"
    if sys.stdin is None or not sys.stdin.isatty():
        return "standard input is not a terminal"
    if (term := os.environ.get("TERM", "")) in ("", "dumb", "unknown"):
        return f"the terminal (TERM={term}) cannot place the cursor"
    return ""
