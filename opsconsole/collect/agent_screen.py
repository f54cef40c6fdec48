"""What an agent's screen shows, told by its structure. Pure: captured text in, evidence out.

The input box is looked for from the bottom: a rule, a line that begins with the prompt, a rule, each from the first
column on. Only the box, what is below it, and the block of activity right above it are read: a transcript may hold
every pattern there is. Whatever is not understood is told as such, never as rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from opsconsole.collect.agent_patterns import ScreenProfile
from opsconsole.model.agent import AgentScreen, ScreenKind
from opsconsole.model.text import shown

_ESCAPE = re.compile(r"\x1b(?:\[([0-9;:]*)m|\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][0-9A-Za-z])")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_GAP = re.compile(r"\s{3,}")
_SEPARATOR = " · "
_OPENS_MENU = re.compile(r"(?:^|\s)[/@]\S*$")
"""What it ends in may have opened a menu, in which the next keys choose."""
_ABOVE = 60
"""Lines above the box, empty ones apart, that may belong to what is going on."""
_TALLEST_BOX = 60
_NARROWEST = 40
"""Cells of a box below which its footer is cut so far that it tells nothing."""
_CUT_SHORT = 30
"""A part of a footer that is cut before so many characters may be any."""
_SPEAKS_OF_KEYS = re.compile(r"(?i)(?:\b(?:esc|enter|tab|space|(?:ctrl|shift|alt)[+-]\S+)|[↑↓])\s+to\b")
_FOLDED = 2
"""Further lines that a line about what is going on may take on a narrow screen."""
_BELOW = 25
"""Lines of a screen without a box in which a question is looked for."""
_TALLEST_FOOTER = 6
_CAUTION: list[ScreenKind] = [
    *("working", "question", "background", "in-use", "logged-out", "odd", "draft", "rest", "quiet"),
]
"""Of several things told, by patterns of several versions or by parts of a footer, the first of these counts."""

PLAIN, FAINT, REVERSE = "n", "d", "r"


class Line(NamedTuple):
    text: str
    marks: str
    """One letter for each character: how it is drawn."""


def parse(captured: str) -> list[Line]:
    """Captured text with its SGR attributes, which last from line to line; without trailing empty lines."""
    lines: list[Line] = []
    faint = reverse = False
    for raw in captured.split("\n"):
        text: list[str] = []
        marks: list[str] = []
        at = 0
        for escape in _ESCAPE.finditer(raw):
            _add(text, marks, raw[at : escape.start()], faint, reverse)
            at = escape.end()
            if escape[0].endswith("m") and escape[1] is not None:
                faint, reverse = _attributes(escape[1], faint, reverse)
        _add(text, marks, raw[at:], faint, reverse)
        lines.append(Line("".join(text), "".join(marks)))
    while lines and not lines[-1].text.strip():
        lines.pop()
    return lines


def _add(text: list[str], marks: list[str], piece: str, faint: bool, reverse: bool) -> None:
    piece = _CONTROL.sub("", piece)
    text.append(piece)
    marks.append((REVERSE if reverse else FAINT if faint else PLAIN) * len(piece))


def _attributes(codes: str, faint: bool, reverse: bool) -> tuple[bool, bool]:
    """What SGR codes leave of faint and reverse; colours' arguments are skipped."""
    numbers = iter(codes.replace(":", ";").split(";"))
    for code in numbers:
        if code in ("", "0"):
            faint = reverse = False
        elif code == "2":
            faint = True
        elif code == "22":
            faint = False
        elif code == "7":
            reverse = True
        elif code == "27":
            reverse = False
        elif code in ("38", "48", "58"):
            for _ in range(1 if next(numbers, "") == "5" else 3):
                next(numbers, "")
    return faint, reverse


def read_screen(captured: str, profiles: Iterable[ScreenProfile], version: str, at: float) -> AgentScreen:
    """What the screen shows by the patterns for this version; of several that may be meant, the most cautious."""
    meant = [profile for profile in profiles if profile.holds_for(version)]
    if not meant:
        return AgentScreen("unread", at=at)
    lines = parse(captured)
    seen = [_with_box(lines, profile, at) if profile.prompt else _bottom(lines, profile, at) for profile in meant]
    told = [screen for screen in seen if screen.kind != "no-box"] or seen
    return min(told, key=lambda screen: _CAUTION.index(screen.kind) if screen.kind in _CAUTION else len(_CAUTION))


def raw_draft(captured: str, profiles: Iterable[ScreenProfile], version: str) -> tuple[str, ...]:
    """The lines of the unsent text in the box, as they are drawn: to be put back, never to be shown."""
    lines = parse(captured)
    for profile in profiles:
        if profile.holds_for(version) and profile.prompt and (box := _find_box(lines, profile)) is not None:
            draft = _draft(box[2])
            return tuple(draft.split("\n")) if draft else ()
    return ()


def mode_shown(captured: str, profiles: Iterable[ScreenProfile], version: str, words: str) -> bool | None:
    """Whether one part of the footer says exactly these words; None when there is no box to have a footer."""
    lines = parse(captured)
    for profile in profiles:
        if profile.holds_for(version) and profile.prompt and (box := _find_box(lines, profile)) is not None:
            below = [line.text.strip() for line in lines[box[1] + 1 :] if line.text.strip()]
            parts = [part for text in below for group in _GAP.split(text) for part in group.split(_SEPARATOR)]
            return any(words in part for part in parts)
    return None


def _with_box(lines: list[Line], profile: ScreenProfile, at: float) -> AgentScreen:
    box = _find_box(lines, profile)
    if box is None:
        return _without_box(lines, profile, at)
    top, bottom, content = box
    above = [line.text for line in lines[:top] if line.text.strip()][-_ABOVE:]
    below = [line.text for line in lines[bottom + 1 :] if line.text.strip()]
    draft = _draft(content)
    if work := _activity(above, profile) or next(filter(None, (profile.finds("busy", text) for text in below)), ""):
        return AgentScreen("working", _told(work), _told(draft), at)
    kind, told = _footer(below, profile)
    if kind in ("rest", "quiet") and len(lines[bottom].text.rstrip()) < _NARROWEST:
        kind, told = "odd", "a pane too narrow to be read"
    if kind in ("rest", "quiet", "odd") and (out := _last_said(above, profile)):
        return AgentScreen("logged-out", _told(out), _told(draft), at)
    if kept := next(filter(None, (profile.finds("kept", text) for text in (*above[-3:], *below))), ""):
        return AgentScreen("in-use", _told(kept), _told(draft), at)
    if draft:
        if _OPENS_MENU.search(draft) or (draft.startswith("/") and "\n" not in draft):
            kind, told = "in-use", "a menu"
        elif _is_completed(content):
            kind, told = "in-use", "a completion"
        elif kind not in ("in-use", "background"):
            kind, told = "draft", ""
    return AgentScreen(kind, _told(told), _told(draft), at)


def _find_box(lines: list[Line], profile: ScreenProfile) -> tuple[int, int, list[Line]] | None:
    """Line numbers of its two rules, and what is between: it is the lowest pair of rules, or there is none."""
    rules = [number for number, line in enumerate(lines) if _is_rule(line.text)]
    if len(rules) < 2:
        return None
    top, bottom = rules[-2:]
    content = lines[top + 1 : bottom]
    if not 0 < len(content) <= _TALLEST_BOX:
        return None
    first = content[0].text.replace("\xa0", " ").ljust(2)
    return (top, bottom, content) if first[:2] in profile.prompt else None


def _is_rule(text: str) -> bool:
    """A line across the screen; it may hold the session's name."""
    return text.startswith("──") and text.rstrip().endswith("─")


def _draft(content: list[Line]) -> str:
    """Text in the box that is not the faint placeholder; a cursor may be drawn over its first character."""
    parts = [Line(line.text[2:], line.marks[2:]) for line in content]
    marks = "".join(
        mark for line in parts for character, mark in zip(line.text, line.marks, strict=True) if character.strip()
    )
    if not marks or set(marks) == {FAINT} or (marks[0] == REVERSE and set(marks[1:]) == {FAINT}):
        return ""
    return "\n".join(line.text.replace("\xa0", " ").rstrip() for line in parts).strip()


def _is_completed(content: list[Line]) -> bool:
    """Whether faint text stands beside what was typed: it is offered, and would not come back."""
    marks = "".join(
        mark
        for line in content
        for character, mark in zip(line.text[2:], line.marks[2:], strict=True)
        if character.strip()
    )
    return FAINT in marks


def _activity(above: list[str], profile: ScreenProfile) -> str:
    """Words of a line above the box that says it is working, unless something below that line says it is over.

    On a narrow screen such a line goes on in the next ones.
    """
    for number in range(len(above) - 1, -1, -1):
        text = above[number]
        if work := profile.finds("work", text):
            return work
        if profile.finds("done", text):
            return ""
        following = [text, *(line.strip() for line in above[number + 1 : number + 1 + _FOLDED])]
        if work := profile.finds("work", " ".join(following)):
            return work
    return ""


def _last_said(above: list[str], profile: ScreenProfile) -> str:
    """Words of the last lines above the box that say it is not logged in."""
    return next(filter(None, (profile.finds("logged_out", text) for text in above[-4:])), "")


def _footer(below: list[str], profile: ScreenProfile) -> tuple[ScreenKind, str]:
    """What the lines below the box say. Notices may stand there too, apart from the state: they tell nothing, unless
    they speak of keys or are cut so short that they may be anything."""
    if len(below) > _TALLEST_FOOTER or any(profile.finds("choice", text) for text in below):
        return "in-use", "a menu"
    kinds: dict[ScreenKind, str] = {}
    for text in below:
        for group in _GAP.split(text.strip()):
            told = [(_segment(segment, profile), segment) for segment in group.split(_SEPARATOR)]
            of_the_state = _SPEAKS_OF_KEYS.search(group) or (group.endswith("…") and len(group) < _CUT_SHORT)
            if of_the_state or any(kind != "odd" for kind, _ in told):
                for kind, segment in told:
                    kinds.setdefault(kind, segment)
    for kind, segment in sorted(kinds.items(), key=lambda told: _CAUTION.index(told[0])):
        return kind, segment
    return "quiet", ""


def _segment(segment: str, profile: ScreenProfile) -> ScreenKind:
    """What one part of the footer says; ``odd`` for words that are not known."""
    segment = segment.strip()
    if profile.finds("pending", segment):
        return "in-use"
    if profile.finds("background", segment):
        return "background"
    if profile.finds("rest", segment):
        return "rest"
    return "quiet" if profile.finds("mode", segment) else "odd"


def _without_box(lines: list[Line], profile: ScreenProfile, at: float) -> AgentScreen:
    bottom = [line.text for line in lines if line.text.strip()][-_BELOW:]
    if not any(profile.finds("choice", text) for text in bottom[-8:]):
        return AgentScreen("no-box", at=at)
    for pattern, what in profile.asked:
        if any(pattern.search(text) for text in bottom):
            return AgentScreen("question", what, at=at)
    return AgentScreen("question", "an answer", at=at)


def _bottom(lines: list[Line], profile: ScreenProfile, at: float) -> AgentScreen:
    """Of an agent whose box is not known: only what its lowest lines say for certain."""
    bottom = [line.text for line in lines if line.text.strip()][-4:]
    for pattern, what in profile.asked:
        if any(pattern.search(text) for text in bottom):
            return AgentScreen("question", what, at=at)
    work = next(filter(None, (profile.finds("work", text) for text in bottom)), "")
    return AgentScreen("working", _told(work), at=at) if work else AgentScreen("no-box", at=at)


def _told(text: str) -> str:
    return shown(text, 160)
