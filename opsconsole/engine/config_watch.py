"""The config file, followed while the console runs: a good edit is taken, a bad one is told and changes nothing.

One stat(2) a cycle. A file is read again only when it has looked the same in two cycles, so that one that an editor
is still writing is neither taken for empty nor for broken.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from opsconsole.config.load import ConfigError, load
from opsconsole.config.types import LoadedConfig
from opsconsole.model.text import clean

IN_FORCE = "the last good config stays"

_Look = tuple[int, ...] | None
"""What tells one state of a file from another; None while there is none."""


class ConfigWatch:
    """Follows the file that a config came from; one that came from no file never changes."""

    def __init__(self, loaded: LoadedConfig) -> None:
        self._path = loaded.path
        self._taken = self._last = self._look()
        self.problem = ""
        """Why the file as it is now was not taken, in one line; empty when it was."""

    def changed(self) -> LoadedConfig | None:
        """The config as it is now when it has changed for good; None else. Raises nothing: see ``problem``."""
        if self._path is None:
            return None
        look, before = self._look(), self._last
        self._last = look
        if look == self._taken or look != before:
            return None
        self._taken = look
        if look is None:
            self.problem = clean(f"{IN_FORCE}: {self._path.name} is gone", 300)
            return None
        try:
            loaded = load(self._path)
        except ConfigError as error:
            first, *others = error.problems
            more = f" (and {len(others)} more)" if others else ""
            named = msgspec.structs.replace(first, file=Path(first.file.name))
            self.problem = clean(f"{IN_FORCE}: {named}{more}", 400)
            return None
        self.problem = ""
        return loaded

    def _look(self) -> _Look:
        if self._path is None:
            return None
        try:
            status = os.stat(self._path)  # noqa: PTH116  # every cycle: a Path costs more than the call
        except OSError:
            return None
        # Owner and mode decide whether actions are allowed under it.
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid
