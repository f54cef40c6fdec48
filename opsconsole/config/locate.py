"""Where the config and the state are looked for."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG_VARIABLE = "OPSCONSOLE_CONFIG"
STATE_VARIABLE = "OPSCONSOLE_STATE_DIR"
FILE_NAME = "opsconsole.toml"


def find_config(option: Path | None) -> Path | None:
    """``--config``, the environment, the working directory, the user's config directory: the first that is named
    or exists. One that is named is returned even if it does not exist: loading says so. None: there is none."""
    if option is not None:
        return option.expanduser().absolute()
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named).expanduser().absolute()
    for folder in (Path.cwd(), user_config_directory()):
        if (folder / FILE_NAME).exists():
            return folder / FILE_NAME
    return None


def user_config_directory() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("opsconsole"))


def state_directory(option: Path | None) -> Path:
    """Where the journal and other state go. Not made here: nothing is written before there is something to write."""
    if option is not None:
        return option.expanduser().absolute()
    if named := os.environ.get(STATE_VARIABLE):
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("opsconsole"))
