"""The first frame: host, load and memory in plain text, on the screen before the toolkit is imported.

Standard library only, and little of it: this runs before everything else. It opens the alternate screen that the
toolkit then takes over; ``withdraw`` closes it again when no console came up, so that a message can be read.
"""

from __future__ import annotations

import os
import sys

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?1049l\x1b[?25h"


class _Screen:
    is_open = False


def _on_a_terminal() -> bool:
    """Both ends; either may have been closed."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def wanted(arguments: list[str]) -> bool:
    """Whether these arguments open a full screen on this terminal."""
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown") or not _on_a_terminal():
        return False
    words = [word for word in arguments if not word.startswith("-")]
    flags = {word.split("=", 1)[0] for word in arguments if word.startswith("-")}
    if flags & {"--help", "-h", "--version", "--plain"}:
        return False
    # An option's value may stand before the command: those of --config, --state-dir, --interval.
    return not words or words[-1] == "watch" or (bool(flags) and words == arguments[1::2])


def draw() -> None:
    """Open the alternate screen with what two small files tell."""
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    text = [f" opsconsole  {os.uname().nodename}", _load(), _memory()]
    header = "   ".join(part for part in text if part)[:columns]
    middle = "reading this machine"[:columns]
    row, column = max(lines // 2, 2), max((columns - len(middle)) // 2, 0) + 1
    frame = f"{_ENTER}{header}"
    if lines > 2:
        frame += f"\x1b[{row};{column}H{middle}"
    _Screen.is_open = True
    _write(frame)


def taken_over() -> None:
    """The console has the screen now: there is nothing left to withdraw."""
    _Screen.is_open = False


def withdraw() -> None:
    """Close the alternate screen if no console has taken it over."""
    if _Screen.is_open:
        taken_over()
        _write(_LEAVE)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _load() -> str:
    try:
        return "load " + " ".join(f"{load:.2f}" for load in os.getloadavg())
    except OSError:
        return ""


def _memory() -> str:
    try:
        with open("/proc/meminfo", encoding="ascii") as meminfo:  # noqa: PTH123  # pathlib costs 6 ms here
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in list(meminfo)[:3]}
        total, available = kilobytes["MemTotal"], kilobytes["MemAvailable"]
    except (OSError, KeyError, ValueError, IndexError):
        return ""
    return f"memory {(total - available) / 1048576:.1f} of {total / 1048576:.1f} GiB"
