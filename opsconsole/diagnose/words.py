"""Numbers and names in the sentences of findings. Whoever shows a finding shows these sentences as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_NAMED = 6


def span(seconds: float) -> str:
    """``40 s``, ``12 min``, ``19 h 29 min``, ``3 d 4 h``."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min"
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"


def several(count: int, one: str, more: str = "") -> str:
    """``1 instance``, ``3 instances``."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def listed(names: Iterable[object], most: int = MOST_NAMED) -> str:
    """``a, b and 3 more``."""
    words = [str(name) for name in names]
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"


def command(argv: Sequence[str]) -> str:
    """An argv as a line to paste into a shell: names of others are quoted, and end nothing and start nothing there."""
    return " ".join(map(quoted, argv))


def quoted(word: object) -> str:
    """One word of such a line. What begins with ``=`` is quoted too: zsh would look for a program of that name."""
    import shlex

    text = str(word)
    return f"'{text}'" if text.startswith("=") and shlex.quote(text) == text else shlex.quote(text)


def look_at_log(path: object) -> str:
    """The command that shows the end of a log."""
    return f"tail -n 50 {quoted(path)}"


def every(shortest: float, longest: float) -> str:
    """``every 13 min``, ``every 5 to 15 min``, ``every 4 s to 39 min``; at once where no time passes between them."""
    if longest < 1:
        return "several a second"
    high, of_high = _in_unit(longest)
    if shortest < 1:
        return f"at most {high} {of_high} apart"
    low, of_low = _in_unit(shortest)
    if of_low != of_high:
        return f"every {low} {of_low} to {high} {of_high}"
    return f"every {low} to {high} {of_high}" if low != high else f"every {high} {of_high}"


def _in_unit(seconds: float) -> tuple[int, str]:
    unit, length = ("s", 1.0) if seconds < 120 else ("min", 60.0) if seconds < 7200 else ("h", 3600.0)
    return round(seconds / length), unit
