"""Where the config and the state are looked for."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from opsconsole.config.trust import why_not_trusted

CONFIG_VARIABLE = "OPSCONSOLE_CONFIG"
STATE_VARIABLE = "OPSCONSOLE_STATE_DIR"
FILE_NAME = "opsconsole.toml"


def find_config(option: Path | None) -> Path | None:
    """``--config``, the environment, the working directory, the user's config directory: the first that is named
    or exists. One that is named is returned even if it does not exist, and so is a link that leads nowhere: loading
    says so. None: there is none."""
    if option is not None:
        return absolute(option)
    if named := os.environ.get(CONFIG_VARIABLE):
        return absolute(Path(named))
    for path in (absolute(Path(FILE_NAME)), user_config_directory() / FILE_NAME):
        if os.path.lexists(path):
            return path
    return None


def user_config_directory() -> Path:
    """Where this system keeps a user's settings."""
    import platformdirs

    return Path(platformdirs.user_config_dir("opsconsole"))


def agent_profiles() -> Path | None:
    """The folder with the user's own profiles of coding agents; None when there is none."""
    folder = user_config_directory() / "agents"
    return folder if folder.is_dir() else None


def state_directory(option: Path | None) -> Path:
    """Where the journal and other state go. Not made here: nothing is written before there is something to write."""
    if option is not None:
        return absolute(option)
    if named := os.environ.get(STATE_VARIABLE):
        return absolute(Path(named))
    import platformdirs

    return Path(platformdirs.user_state_dir("opsconsole"))


def make_state_directory(directory: Path) -> None:
    """Make it, for us alone (0700), or see that it is so. Raises OSError with what is wrong and mends it.

    One that others may look into is refused, not changed: somebody may have named /tmp. And one that others could
    put another in place of: what is written there is carried out.
    """
    for missing in [place for place in reversed((directory, *directory.parents)) if not os.path.lexists(place)]:
        missing.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{directory}: is no directory, or a link to one; name a directory")
    if status.st_uid != os.geteuid():
        raise PermissionError(f"{directory}: belongs to uid {status.st_uid}, not to us (uid {os.geteuid()})")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise PermissionError(
            f"{directory}: is open to others (mode {stat.S_IMODE(status.st_mode):o}); "
            f"name a directory of its own, or chmod 700 {directory}"
        )
    if reason := why_not_trusted(directory):
        raise PermissionError(reason)


def absolute(path: Path) -> Path:
    """Absolute; as it is where there is no such home, or no working directory any more."""
    try:
        return path.expanduser().absolute()
    except (RuntimeError, OSError):
        return path


def called(config: Path | None, state_dir: Path | None) -> str:
    """The command, for a shell, that reaches the same config and state directory: with options where it must have them.

    None means that there is none of them.
    """
    words = ["opsconsole"]
    usual = find_config(None)
    if config is not None and (usual is None or absolute(usual) != absolute(config)):
        words += ["--config", str(absolute(config))]
    if state_dir is not None and absolute(state_dir) != absolute(state_directory(None)):
        words += ["--state-dir", str(absolute(state_dir))]
    return shlex.join(words)
