"""LogScreen: follows one or several log files, with search, wrapping and a jump from error to error.

The files are read on a thread of the screen's own; at most ``KEEP`` lines of each are kept. What follows a file
(by inode and size, through rotation and truncation) is the follower's; what it has to say stands between the lines.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

from rich.cells import cell_len
from textual.message import Message

from opsconsole.collect.logs import LogFollower, is_error
from opsconsole.present.cell import Status
from opsconsole.present.filter import loose_text
from opsconsole.present.pane import READING
from opsconsole.ui.context import Context
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.footer import Hint
from opsconsole.ui.screens.reader import StyledLine, StyledText
from opsconsole.ui.screens.search import dated, highlighted, split_cells
from opsconsole.ui.screens.searching import SearchingScreen

KEEP = 5_000
POLL_EVERY_S = 0.5

_WARNING = re.compile(r"\bWARN(?:ING)?\b")


class Follower(Protocol):
    def poll(self) -> tuple[list[str], str]:
        """(lines that have come since the last call, what happened to the file or empty). Never raises."""
        ...


OpenFollower = Callable[[str], Follower]


def follow_log(path: str) -> Follower:
    """A follower of the file at ``path``, beginning with its tail."""
    return LogFollower(Path(path))


class LogLine(NamedTuple):
    text: str
    status: Status
    is_note: bool = False

    @classmethod
    def of(cls, text: str) -> LogLine:
        return cls(text, "bad" if is_error(text) else "warn" if _WARNING.search(text) else "")

    @classmethod
    def note(cls, text: str) -> LogLine:
        return cls(text, "accent", is_note=True)


class LogBuffer:
    """The newest lines of one file. Lines are numbered from the first one ever read, so that places stay valid."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._lines: list[LogLine] = []
        self.first = 0
        """Number of the oldest line kept."""
        self.last_notice = ""
        self.is_read = False
        """Whether the file was looked at once."""

    @property
    def end(self) -> int:
        """Number after the newest line."""
        return self.first + len(self._lines)

    def __getitem__(self, number: int) -> LogLine:
        return self._lines[number - self.first]

    def add(self, lines: Sequence[str], notice: str) -> None:
        if notice and notice != self.last_notice:
            self._lines.append(LogLine.note(notice))
        self.last_notice = notice if notice or lines else self.last_notice
        self._lines.extend(LogLine.of(line) for line in lines)
        surplus = len(self._lines) - self._keep
        if surplus > 0:
            del self._lines[:surplus]
            self.first += surplus

    def find(self, wanted: Callable[[LogLine], bool], start: int, direction: int) -> int | None:
        """Number of the nearest wanted line after (or before) ``start``, around the ends; None when there is none."""
        count = len(self._lines)
        for step in range(1, count + 1):
            number = self.first + (start - self.first + direction * step) % count
            if wanted(self[number]):
                return number
        return None

    def count(self, wanted: Callable[[LogLine], bool]) -> int:
        return sum(1 for line in self._lines if wanted(line))


class LogGrew(Message, bubble=False):
    """A follower has something new."""

    def __init__(self, index: int, lines: list[str], notice: str) -> None:
        super().__init__()
        self.index = index
        self.lines = lines
        self.notice = notice


class LogScreen(SearchingScreen):
    """The log files at ``paths``, one at a time."""

    NAME = "log"

    def __init__(
        self,
        paths: str | Sequence[str],
        *,
        ascii_only: bool = False,
        open_log: OpenFollower = follow_log,
        poll_every_s: float = POLL_EVERY_S,
    ) -> None:
        super().__init__(ascii_only=ascii_only)
        self.paths = (paths,) if isinstance(paths, str) else tuple(paths)
        self.buffers = tuple(LogBuffer() for _ in self.paths)
        self.index = 0
        self.following = True
        self.wrapping = False
        self.current: int | None = None
        """Number of the line that a search or a jump found."""
        self._top = 0
        self._open_log = open_log
        self._poll_every_s = poll_every_s
        self._stopped = threading.Event()
        self._ellipsis = "~" if ascii_only else "…"

    @property
    def buffer(self) -> LogBuffer:
        return self.buffers[self.index]

    def on_mount(self) -> None:
        super().on_mount()
        self._show_title()
        threading.Thread(target=self._poll, name="opsconsole-log", daemon=True).start()

    def on_unmount(self) -> None:
        self._stopped.set()

    # Reading

    def _poll(self) -> None:
        """On a thread of its own, until the screen is gone."""
        followers = [self._open_log(path) for path in self.paths]
        is_first = True
        while not self._stopped.is_set():
            for index, follower in enumerate(followers):
                lines, notice = follower.poll()
                if (lines or notice or is_first) and not self._stopped.is_set():
                    self.post_message(LogGrew(index, lines, notice))
            is_first = False
            self._stopped.wait(self._poll_every_s)

    def on_log_grew(self, message: LogGrew) -> None:
        self.buffers[message.index].add(message.lines, message.notice)
        self.buffers[message.index].is_read = True
        if message.index == self.index:
            self._repaint()

    # Laying out

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        buffer = self.buffer
        if self.following:
            self._top = self._top_for_end(width, height)
        self._top = min(max(self._top, buffer.first), max(buffer.end - 1, buffer.first))
        lines: list[StyledLine] = []
        for number in range(self._top, buffer.end):
            lines += self._line(number, width)
            if len(lines) >= height:
                break
        nothing = "empty: it holds no line yet" if buffer.is_read else inert(READING, self.ascii_only)
        return lines or [[(f" {nothing}", "muted")]]

    def _top_for_end(self, width: int, height: int) -> int:
        """First line of the screen on which the newest line is the last."""
        top = self.buffer.end
        room = height
        while top > self.buffer.first:
            room -= len(self._line(top - 1, width)) if self.wrapping else 1
            if room < 0:
                break
            top -= 1
        return top

    def _line(self, number: int, width: int) -> list[StyledLine]:
        line = self.buffer[number]
        text = inert(line.text, self.ascii_only)
        if line.is_note:
            rule = "-" if self.ascii_only else "─"
            said = fit(text, min(cell_len(text), max(width - 6, 1)), ellipsis=self._ellipsis)
            end = rule * max(width - cell_len(said) - 6, 0)
            return [[(f" {rule * 2} ", "frame"), *highlighted(said, self.search, "accent"), (" ", ""), (end, "frame")]]
        room = max(width - 2, 1)
        parts = (
            split_cells(text, room)
            if self.wrapping
            else [fit(text, min(cell_len(text), room), ellipsis=self._ellipsis)]
        )
        is_current = number == self.current
        lines: list[StyledLine] = []
        for part in parts:
            styled = [(" ", ""), *dated(part, self.search, line.status)]
            if is_current:
                styled.append((" " * max(width - 1 - cell_len(part), 0), ""))
                styled = [(said, status if status == "mark" else f"cursor:{status}") for said, status in styled]
            lines.append(styled)
        return lines

    # Moving

    def scroll_lines(self, lines: int) -> None:
        was_following = self.following
        self.following = False
        if lines > 0:
            last_top = self._top_for_end(*self.view.size)
            self.following = self._top + lines >= last_top and (was_following or self._top >= last_top)
            self._top = min(self._top + lines, max(last_top, self._top))
        else:
            self._top = max(self._top + lines, self.buffer.first)
        self._repaint()

    def scroll_to_end(self, *, end: bool) -> None:
        self.following = end
        if not end:
            self._top = self.buffer.first
        self._repaint()

    def _go_to(self, wanted: Callable[[LogLine], bool], direction: int, nothing: str, found: str = "") -> None:
        """``found`` is said of the first one, ``nothing`` where there is none."""
        start = self._start(direction)
        number = self.buffer.find(wanted, start, direction) if self.buffer.end > self.buffer.first else None
        if number is None:
            self.footer_line.say(f"{nothing} in the {self.buffer.end - self.buffer.first} lines kept", "muted")
            return
        around = number <= start if direction > 0 else number >= start
        ends = (
            "the last one is behind: on from the top" if direction > 0 else "the first one is behind: on from the end"
        )
        told = found if self.current is None else ends if around else ""
        self.footer_line.say(told, "muted")
        self.current = number
        self.following = False
        if not self._is_in_view(number):
            self._top = max(number - self.view.size.height // 3, self.buffer.first)
            if not self._is_in_view(number):
                self._top = number
        self._repaint()

    def _is_in_view(self, number: int) -> bool:
        width, height = self.view.size
        if not self._top <= number < self._top + height:
            return False
        return sum(len(self._line(one, width)) for one in range(self._top, number + 1)) <= height

    def _start(self, direction: int) -> int:
        """Where a search begins: at the line found last, else just outside of what is on the screen."""
        if self.current is not None and self.current >= self.buffer.first:
            return self.current
        return self._top - 1 if direction > 0 else min(self._top + self.view.size.height, self.buffer.end)

    # The keys

    def perform(self, action_id: str) -> bool:
        if action_id in ("find-next", "find-previous"):
            self._find(1 if action_id == "find-next" else -1)
        elif action_id == "freeze":
            self.following = not self.following
            self._repaint()
        elif action_id == "wrap":
            self.wrapping = not self.wrapping
            self._repaint()
        elif action_id in ("next-error", "previous-error"):
            self._go_to(lambda line: line.status == "bad", 1 if action_id == "next-error" else -1, "no error")
        elif action_id in ("next-pane", "previous-pane"):
            self._show_other(1 if action_id == "next-pane" else -1)
        else:
            return super().perform(action_id)
        return True

    def copied(self) -> tuple[str, str]:
        """The line that was found last, as it stands in the file, else what is on the screen."""
        if self.current is not None and self.buffer.first <= self.current < self.buffer.end:
            return self.buffer[self.current].text, "the line"
        return super().copied()

    def _show_other(self, direction: int) -> None:
        if len(self.paths) > 1:
            self.index = (self.index + direction) % len(self.paths)
            self.current, self.following = None, True
            self._repaint()

    # Searching

    def _matches(self, line: LogLine) -> bool:
        return loose_text(self.search).in_text(line.text)

    def _find(self, direction: int) -> None:
        if not self.search:
            self.footer_line.say("nothing searched yet: / searches", "muted")
            return
        count = self.buffer.count(self._matches)
        found = f"{count} line{'s hold' if count != 1 else ' holds'} it"
        self._go_to(self._matches, direction, f"no {self.search!r}", found)

    def search_changed(self) -> None:
        if self.searching or not self.search:
            self.current = None
        self._repaint()

    def search_kept(self) -> None:
        self._find(1)

    # Telling

    def context_here(self, context: Context) -> Context:
        rows = self.buffer.end - self.buffer.first
        return replace(super().context_here(context), rows=rows, on_row=False, has_tree=False, searched=self.search)

    def hints(self) -> Sequence[Hint]:
        searched = "" if self.search else "nothing searched yet"
        several = (self.hint("next-pane", label="other log"),) if len(self.paths) > 1 else ()
        return (
            self.hint("back", label="back"),
            self.hint("freeze", label="stop following" if self.following else "follow"),
            self.hint("filter", label="search"),
            self.hint("find-next", "find-previous", label="matches", why_not=searched),
            self.hint("next-error", "previous-error", label="errors"),
            self.hint("wrap", label="cut lines" if self.wrapping else "wrap"),
            *several,
            self.hint("top", "bottom", label="ends"),
            self.hint("help", label="help"),
        )

    def _repaint(self) -> None:
        self.view.repaint()
        self._show_title()
        self.show_hints()

    def _show_title(self) -> None:
        buffer = self.buffer
        which = f" ({self.index + 1} of {len(self.paths)})" if len(self.paths) > 1 else ""
        # Where there is no room the first ones are left out.
        notes: list[StyledText] = [(f"{buffer.end - buffer.first} lines", "muted")]
        if errors := buffer.count(lambda line: line.status == "bad"):
            notes.append((f"{errors} error{'s' * (errors != 1)}", "bad"))
        if self.search:
            notes.append((f"/{inert(self.search, self.ascii_only)} {buffer.count(self._matches)}", "accent"))
        notes.append(("following", "ok") if self.following else ("not following", "warn"))
        self.title_line.show(inert(self.paths[self.index], self.ascii_only) + which, notes)
