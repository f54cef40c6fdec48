"""What an agent may do unasked: as its screen shows, and how its command line brings it back in that, never in more.

The mode can be changed while it runs, so that its command line alone would give back what was taken from it. A mode
that cannot be seen is taken for the usual one, unless its command line asks for a stricter one.
"""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.collect.agent_patterns import Mode, ResumeProfile
from opsconsole.collect.agent_screen import mode_shown
from opsconsole.collect.agents import AgentProfile


def mode_on_screen(captured: str, profile: AgentProfile, version: str) -> Mode | None:
    """The mode that the footer tells; None when it tells none, or not one alone."""
    modes = profile.resume.modes if profile.resume is not None else ()
    seen = [mode for mode in modes if mode_shown(captured, profile.screen, version, mode.shows)]
    return seen[0] if len(seen) == 1 else None


def mode_asked_for(words: Sequence[str], profile: ResumeProfile) -> Mode | None:
    """The laxest mode that these options start it in; None when they name none."""
    asked = [
        mode
        for number, word in enumerate(words)
        for mode in profile.modes
        if word in mode.flags or _names(word, words[number + 1 : number + 2], mode, profile)
    ]
    return max(asked, key=profile.modes.index, default=None)


def _names(word: str, following: Sequence[str], mode: Mode, profile: ResumeProfile) -> bool:
    option, equals, value = word.partition("=")
    if option != profile.mode_option:
        return False
    return (value if equals else "".join(following)) in (mode.name, *mode.also)


def mode_to_wake_in(seen: Mode | None, asked: Mode | None, profile: ResumeProfile) -> Mode | None:
    """The one that it is in, else the usual one or a stricter one that it was started in; None: it has no modes."""
    usual = next((mode for mode in profile.modes if mode.name == profile.usual_mode), None)
    if seen is not None or usual is None:
        return seen
    return usual if asked is None or is_laxer(asked, usual, profile) else asked


def in_mode(words: Sequence[str], mode: Mode | None, profile: ResumeProfile) -> tuple[str, ...]:
    """These options, so that they start it in this mode; as they are when they do."""
    if mode is None or mode_asked_for(words, profile) == mode:
        return tuple(words)
    flags = {flag for each in profile.modes for flag in each.flags}
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word in flags or word.partition("=")[0] == profile.mode_option:
            skip = not skip and word == profile.mode_option
        else:
            kept.append(word)
    return (*kept, profile.mode_option, mode.name)


def is_laxer(mode: Mode, than: Mode, profile: ResumeProfile) -> bool:
    return profile.modes.index(mode) > profile.modes.index(than)


def named(name: str, profile: ResumeProfile) -> Mode | None:
    return next((mode for mode in profile.modes if mode.name == name), None)
