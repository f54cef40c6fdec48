"""The types of an agent's profile that tell how its state is read: where it keeps its files, what its screen shows.

Patterns are regular expressions, applied to single lines or footer segments; they hold for a range of versions.
"""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

_LISTS = ("work", "done", "logged_out", "rest", "mode", "busy", "background", "pending", "kept", "choice")


class RegistryProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an agent writes down what it is doing."""

    variable: str
    """The environment variable that names its directory."""
    home: str
    """That directory below HOME when the variable is not set."""
    entries: str
    """Folder in it with one ``PID.json`` for each running agent."""
    transcripts: str
    """Folder in it with ``*/SESSION_ID.jsonl``."""
    interactive: tuple[str, ...] = ()
    """Entrypoints of agents that a person talks to; any other one is driven by a program."""
    schedule_lock: str = ""
    """File below the agent's working directory that says it will wake itself."""
    schedule_tools: tuple[str, ...] = ()
    """Tools by which it arranges to be woken later."""
    tool_shell: str = ""
    """Regular expression for the command of a shell that it started for a tool."""
    since: str = ""
    """The first version that keeps a registry."""


class ResumeProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an agent is started again with its conversation. Tried, not guessed: options not listed refuse it."""

    option: str
    """Takes the conversation's id."""
    scripts: tuple[str, ...] = ()
    """Ends of the paths of its script, where an interpreter runs one."""
    flags: tuple[str, ...] = ()
    """Options that take no value."""
    values: tuple[str, ...] = ()
    """Options that take one."""
    lists: tuple[str, ...] = ()
    """Options that take all words up to the next option."""
    drop: tuple[str, ...] = ()
    """Options without a value that must not be given again."""
    drop_value: tuple[str, ...] = ()
    drop_optional: tuple[str, ...] = ()
    """The same of options with a value, and of options that may have one."""
    files: tuple[str, ...] = ()
    """Options whose values are files or folders, or JSON in place of one: it does not start without them."""
    mode_option: str = ""
    """Takes the name of a mode."""
    modes: tuple[Mode, ...] = ()
    """What it may do unasked, from the strictest to the laxest; it can be changed while it runs."""
    usual_mode: str = ""
    """Name of the mode that asks before it does anything."""


class Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One permission mode."""

    name: str
    """As the option takes it."""
    shows: str
    """Words of its footer in that mode."""
    also: tuple[str, ...] = ()
    """Other names of it."""
    flags: tuple[str, ...] = ()
    """Options that start it in this mode."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pattern: str
    what: str
    """For people: what it waits for."""


class ScreenProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What the screens of a range of versions show. Without a prompt only the bottom lines are looked at."""

    since: str = ""
    """First version it holds for; empty: any."""
    before: str = ""
    """First version it no longer holds for; empty: any."""
    prompt: tuple[str, ...] = ()
    """What the first line of the input box begins with."""
    work: tuple[str, ...] = ()
    """On a line right above the box (or at the bottom): it is working."""
    done: tuple[str, ...] = ()
    """On such a line: what stands above it is over."""
    logged_out: tuple[str, ...] = ()
    """On such a line: the last turn ended because it is not logged in."""
    rest: tuple[str, ...] = ()
    """Footer segment that is shown only while it rests."""
    mode: tuple[str, ...] = ()
    """Footer segments that are shown at any time."""
    busy: tuple[str, ...] = ()
    """Anywhere in the footer: it is working."""
    background: tuple[str, ...] = ()
    """Footer segment: something runs besides."""
    pending: tuple[str, ...] = ()
    """Footer segment: the next key does something else than usual."""
    kept: tuple[str, ...] = ()
    """On a line right above the box or below it: it holds something unsent that is not in the box."""
    choice: tuple[str, ...] = ()
    """On a line of a screen without a box: there is a choice to make."""
    questions: tuple[Question, ...] = ()
    """Of a screen with a choice: what it is about; the first that fits."""

    @cached_property
    def compiled(self) -> dict[str, re.Pattern[str] | None]:
        """Each list of patterns as one; None for an empty list."""
        return {name: _one(getattr(self, name)) for name in _LISTS}

    @cached_property
    def asked(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((re.compile(question.pattern), question.what) for question in self.questions)

    def finds(self, kind: str, text: str) -> str:
        """The words of a line that fit a kind of pattern; empty for none."""
        pattern = self.compiled[kind]
        found = pattern.search(text) if pattern is not None else None
        return found[0].strip() or found[0] if found is not None else ""

    def holds_for(self, version: str) -> bool:
        """Whether these patterns are for this version; an unknown version may be any."""
        if not version:
            return True
        number = version_number(version)
        return (not self.since or number >= version_number(self.since)) and (
            not self.before or number < version_number(self.before)
        )


def version_number(version: str) -> tuple[int, ...]:
    """``2.1.100`` as numbers, to compare; what is no number counts as 0."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("-")[0].split("."))


def check(profile: ScreenProfile) -> None:
    """Raise ValueError for a pattern that is no regular expression."""
    check_patterns(*(pattern for name in _LISTS for pattern in getattr(profile, name)))
    check_patterns(*(question.pattern for question in profile.questions))


def check_patterns(*patterns: str) -> None:
    """Raise ValueError for one that is no regular expression."""
    for pattern in patterns:
        try:
            re.compile(f"(?:{pattern})")  # as it stands among others
        except re.error as error:
            raise ValueError(f"not a regular expression: {pattern!r}: {error}") from None


def _one(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None
