"""Where a report is written, and how that is told where there is little room.

A demo's state directory ends with the demo; its reports do not: they go where the user's own reports are, under a name
that says that they are a demo's, and into the sandbox only where nothing else can be written.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

from opsconsole.config.locate import make_state_directory, state_directory

FOLDER = "reports"


class Written(NamedTuple):
    path: str
    """Empty when it was not written."""
    said: str
    """What comes before the path, or why it was not written."""
    note: str = ""
    """What has to be known of it beside."""


def write_report(text: str, name: str, state_dir: Path, *, demo: bool) -> Written:
    """Write ``text`` under a name of its own, for us alone. Blocks. Never raises OSError: says why it was not."""
    if not demo:
        return _write(text, name, state_dir)
    own = _write(text, f"demo-{name}", state_directory(None), make=True)
    if own.path:
        return own
    inside = _write(text, name, state_dir)
    return inside._replace(note="in the sandbox: it is deleted with the demo") if inside.path else inside


def _write(text: str, name: str, state_dir: Path, *, make: bool = False) -> Written:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    try:
        if make:
            make_state_directory(state_dir)
        folder = state_dir / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, descriptor = _new_file(folder, f"{name}-{stamp}")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return Written("", f"not written: {error.strerror or error}")
    return Written(str(path), "written to")


def _new_file(folder: Path, stem: str) -> tuple[Path, int]:
    """One that was not there: two reports of the same second are two files."""
    for number in range(1, 100):
        path = folder / (f"{stem}.md" if number == 1 else f"{stem}-{number}.md")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(f"{stem}: there are enough of that name")


def told(written: Written, width: int, *, ellipsis: str) -> str:
    """In at most ``width`` cells: the home directory as ``~``, then the path shortened from the left."""
    if not written.path:
        return written.said
    home = os.path.expanduser("~")  # noqa: PTH111  # Path.home() fails where there is none
    path = f"~{written.path[len(home) :]}" if written.path.startswith(f"{home}/") else written.path
    note = f"; {written.note}" if written.note else ""
    room = max(width - cell_len(f"{written.said} {note}"), 12)
    if cell_len(path) > room:
        path = ellipsis + path[-(room - cell_len(ellipsis)) :]
    return f"{written.said} {path}{note}"
