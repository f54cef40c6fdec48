"""Finds the stylesheets: in the installed package, or in the checkout beside it."""

from __future__ import annotations

from pathlib import Path, PurePath

NAMES = ("tokens.tcss", "app.tcss", "panes.tcss", "dialogs.tcss")


def stylesheets() -> list[str | PurePath]:
    """Absolute paths, in the order in which they are to be read.

    A wheel carries ``styles`` inside the package; an editable install has it beside the package.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "styles", package.parent / "styles"):
        if (folder / NAMES[0]).is_file():
            return [folder / name for name in NAMES if (folder / name).is_file()]
    raise FileNotFoundError(f"no stylesheets in {package / 'styles'} nor in {package.parent / 'styles'}")
