"""The command line. Parses, then calls; nothing dear is imported before it is wanted.

``main`` draws a first plain frame before anything else is imported when a screen is about to open: over a slow
link, on a machine in trouble, the first numbers are there within a few hundredths of a second.
"""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Entry point of the ``opsconsole`` command."""
    from opsconsole.cli import first_frame

    if first_frame.wanted(sys.argv[1:]):
        first_frame.draw()
        # Nothing of what a start makes is garbage: looking through it again and again is a tenth of the start.
        # The screen switches the collector on again once it has settled.
        gc.disable()
    from opsconsole.cli.output import OutputFailed, give_up, watch_output
    from opsconsole.cli.root import ExitCode, opsconsole

    watch_output()
    try:
        opsconsole()
    except OutputFailed as error:
        give_up(error)
        sys.exit(ExitCode.FOUND)
    finally:
        first_frame.withdraw()
