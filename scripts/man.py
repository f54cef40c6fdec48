"""Writes man/opsconsole.1, which the wheel carries: `make man`. A test says when it has to be run again."""

from __future__ import annotations

import sys
from pathlib import Path

from opsconsole import __version__
from opsconsole.cli.man import man_page
from opsconsole.cli.root import opsconsole

PATH = Path(__file__).resolve().parent.parent / "man" / "opsconsole.1"
ABOUT = "a terminal operations console for one machine full of daemons and AI agents"


def page() -> str:
    return man_page(opsconsole, "opsconsole", __version__, ABOUT)


def main() -> int:
    text = page()
    PATH.parent.mkdir(exist_ok=True)
    changed = not PATH.exists() or PATH.read_text() != text
    PATH.write_text(text)
    sys.stdout.write(f"man/{PATH.name} {'written' if changed else 'as it was'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
