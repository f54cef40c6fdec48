"""Loading the config for a command: found, read, its mistakes told on stderr with exit status 2."""

from __future__ import annotations

import sys

import click

from opsconsole.cli import first_frame
from opsconsole.cli.root import ExitCode, Options
from opsconsole.config.load import ConfigError, load
from opsconsole.config.locate import find_config
from opsconsole.config.types import LoadedConfig


def load_or_exit(options: Options) -> LoadedConfig:
    """The config that these options name or that is found; ends the command when it cannot be used."""
    try:
        return load(find_config(options.config))
    except ConfigError as error:
        first_frame.withdraw()
        click.echo(str(error), err=True)
        sys.exit(ExitCode.USAGE)
