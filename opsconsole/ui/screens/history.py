"""HistoryScreen: what the numbers were, as charts over a time that keys make longer or shorter.

What is older than this console comes from the record in the state directory, read on a thread when the screen opens,
when the time is another, and once a minute; the last minutes come from memory with each Snapshot.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from textual.message import Message

from opsconsole.engine.history_file import MINUTE_S, read_past
from opsconsole.model.reading import Reading
from opsconsole.model.sample import Past, Sample
from opsconsole.present.chart import Frame, Line, Point, curve, time_axis, told
from opsconsole.present.charts import Chart, charts
from opsconsole.ui.context import Context
from opsconsole.ui.feed import Feed
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.footer import Hint
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.screens.reader import StyledLine, StyledText
from opsconsole.ui.screens.searching import SearchingScreen


class Window(NamedTuple):
    name: str
    length_s: float


WINDOWS = (
    Window("15m", 900),
    Window("1h", 3600),
    Window("6h", 6 * 3600),
    Window("24h", 86_400),
    Window("7d", 7 * 86_400),
)
BEGIN_WITH = 1
LEAST_WIDTH = 58
"""Cells of a chart, from which on several stand side by side."""
LEAST_HEIGHT = 7
MOST_HEIGHT = 14
GUTTER = 7
"""Cells left of a curve, for its values."""
BETWEEN = 2
JOINED = 2.5
"""Points are joined over so many times the usual distance."""


class PastRead(Message, bubble=False):
    """What was recorded has been read."""

    def __init__(self, number: int, reading: Reading[Past]) -> None:
        super().__init__()
        self.number = number
        self.reading = reading


class HistoryScreen(SearchingScreen):
    NAME = "history"

    def __init__(self, feed: Feed, state_dir: Path | None, *, row: str = "", ascii_only: bool = False) -> None:
        """``row``: key of the row whose charts are wanted first."""
        super().__init__(ascii_only=ascii_only)
        self._feed = feed
        self._state_dir = state_dir
        self._row = row
        self.window = BEGIN_WITH
        self.alone = False
        """Whether one chart has the whole screen."""
        self.cursor_key = ""
        self._first = 0
        """Place of the first chart on the screen."""
        self._shown = 0
        """How many charts the screen shows at once, by the last layout."""
        self._columns = 1
        self._chosen = False
        """Whether the time was chosen by a key."""
        self._reading: Reading[Past] | None = None
        self._number = 0

    # Reading

    def on_mount(self) -> None:
        super().on_mount()
        self._read()
        self.set_interval(MINUTE_S, self._read)
        self._show_title()

    def _read(self) -> None:
        """Ask for what was recorded; of several questions the last one counts."""
        self._number += 1
        if self._state_dir is not None:
            given = (self._number, self._state_dir, self._now - WINDOWS[self.window].length_s - MINUTE_S, self._now)
            threading.Thread(target=self._read_past, args=given, name="opsconsole-past", daemon=True).start()

    def _read_past(self, number: int, directory: Path, since: float, now: float) -> None:
        self.post_message(PastRead(number, read_past(directory, since, now)))

    def on_past_read(self, message: PastRead) -> None:
        if message.number == self._number:
            first, self._reading = self._reading is None, message.reading
            if first and not self._chosen:
                self.window = self._fitting()
            self._renew()

    def on_snapshot_collected(self, _message: SnapshotCollected) -> None:
        self._renew()

    def _renew(self) -> None:
        self.view.repaint()
        self._show_title()
        self.show_hints()

    # What there is

    @property
    def _now(self) -> float:
        return self._feed.latest.at if self._feed.latest is not None else 0.0

    def _past(self) -> Past:
        known = self._reading.value if self._reading is not None else None
        return known or Past((), MINUTE_S, {})

    def _fitting(self) -> int:
        """Place of the shortest window that holds all that is known of the one it begins with."""
        times = [*self._past().times[:1], *self._feed.history.recent()[0][:1]]
        age = self._now - min(times, default=self._now)
        return next(place for place, one in enumerate(WINDOWS) if place == BEGIN_WITH or age <= one.length_s)

    def charts(self) -> list[Chart]:
        """Those that the search lets through, those of the row that was asked for first."""
        keys = {*self._past().series, *self._feed.history.recent()[1]}
        wanted = self.search.casefold()
        found = [one for one in charts(keys, self._feed.latest) if wanted in one.title.casefold()]
        return sorted(found, key=lambda one: not self._row or one.row != self._row)

    def _points(self, key: str, times: Sequence[float], recent: Sequence[float | None]) -> list[Point]:
        """Of the record, and where this console remembers better, of that."""
        past = self._past()
        begins = times[-len(recent)] if recent else math.inf
        recorded = zip(past.times, past.series.get(key, ()), strict=False)
        points = [Point(at, sample) for at, sample in recorded if at < begins]
        live = zip(times[len(times) - len(recent) :], recent, strict=True)
        return points + [Point(at, None if value is None else Sample(value, value)) for at, value in live]

    def _place(self, found: Sequence[Chart]) -> int:
        """Of the chart under the cursor."""
        places = {chart.key: place for place, chart in enumerate(found)}
        return places.get(self.cursor_key, 0)

    # Laying out

    def lay_out(self, width: int, height: int) -> Sequence[StyledLine]:
        found = self.charts()
        if not found:
            return self._nothing()
        columns = 1 if self.alone else max(1, min((width + BETWEEN) // (LEAST_WIDTH + BETWEEN), len(found)))
        rows = 1 if self.alone else max(1, min(height // LEAST_HEIGHT, math.ceil(len(found) / columns)))
        high = height if self.alone else min(height // rows, MOST_HEIGHT)
        self._columns, self._shown = columns, columns * rows
        place = self._place(found)
        self._follow_cursor(place, len(found))
        wide = (width - 1 - BETWEEN * (columns - 1)) // columns
        times, recent = self._feed.history.recent()
        lines: list[StyledLine] = []
        shown = found[self._first : self._first + self._shown]
        for start in range(0, len(shown), columns):
            beside = [
                self._chart_lines(chart, chart is found[place], times, recent.get(chart.key, ()), wide, high)
                for chart in shown[start : start + columns]
            ]
            lines += [_beside(parts) for parts in zip(*beside, strict=True)]
        return lines

    def _follow_cursor(self, place: int, count: int) -> None:
        """The window moves by whole rows of charts."""
        row, rows = place // self._columns, max(self._shown // self._columns, 1)
        first = min(max(self._first // self._columns, row - rows + 1), row)
        last = max(math.ceil(count / self._columns) - rows, 0)
        self._first = min(first, last) * self._columns

    def _nothing(self) -> list[StyledLine]:
        if self.search:
            text, tone = f"no chart is called {self.search}", "muted"
        elif self._reading is not None and self._reading.reason:
            text, tone = self._reading.reason, "unknown"
        else:
            text, tone = "nothing is known yet", "muted"
        return [[], [(f"  {inert(text, self.ascii_only)}", tone)]]

    def _chart_lines(
        self,
        chart: Chart,
        on_cursor: bool,
        times: Sequence[float],
        recent: Sequence[float | None],
        width: int,
        height: int,
    ) -> list[StyledLine]:
        room = max(width - GUTTER, 1)
        points = self._points(chart.key, times, recent)
        frame = self._frame(chart, points, room)
        least, now, most = told(points, frame, self._now, chart.written)
        rows = max(height - 2, 1)
        drawn = curve(points, frame, room, rows, ascii_only=self.ascii_only)
        lines = [self._heading(chart, on_cursor, (("min", least), ("now", now), ("max", most)), width)]
        middle = rows // 2 if rows >= 5 and rows % 2 else -1
        labels = {0: frame.top, rows - 1: 0.0} | ({middle: frame.top / 2} if middle > 0 else {})
        edge = "|" if self.ascii_only else "│"
        for number, line in enumerate(drawn):
            label = chart.label(labels[number]) if number in labels else ""
            lines.append([(fit(label, GUTTER - 2, "right"), "muted"), (f" {edge}", "frame"), *line])
        lines.append([(" " * GUTTER, ""), (time_axis(frame.start, frame.end, room), "muted")])
        return lines

    def _frame(self, chart: Chart, points: Sequence[Point], room: int) -> Frame:
        """Its end moves by whole columns of dots, so that a curve moves as a whole or stands still."""
        length = WINDOWS[self.window].length_s
        step = length / (room * 2)
        end = math.ceil(self._now / step) * step
        peaks = [one.sample.peak for one in points if one.sample is not None and one.at >= end - length]
        return Frame(end - length, end, chart.top(max(peaks, default=None)), JOINED * self._past().every_s)

    def _heading(self, chart: Chart, on_cursor: bool, facts: Sequence[tuple[str, str]], width: int) -> StyledLine:
        sign = (">" if self.ascii_only else "▌") if on_cursor else " "
        said: list[StyledText] = []
        for label, value in facts:
            tone = "unknown" if value == "?" else "title" if label == "now" else ""
            said += [(f"  {label} ", "muted"), (f"{value:>5}", tone)]
        room = max(width - 1 - sum(cell_len(text) for text, _ in said), 4)
        name = fit(inert(chart.title, self.ascii_only), room, ellipsis="~" if self.ascii_only else "…")
        return [(sign, "accent"), (name, "title" if on_cursor else ""), *said]

    # What the keys do

    def perform(self, action_id: str) -> bool:
        if action_id in ("window-shorter", "window-longer", "sort-previous", "sort-next"):
            self._change_window(-1 if action_id in ("window-shorter", "sort-previous") else 1)
        elif action_id in ("next-pane", "previous-pane"):
            self._go(1 if action_id == "next-pane" else -1)
        elif action_id in ("details", "zoom"):
            self._set_alone(not self.alone)
        elif action_id == "back" and not self.searching and self.alone:
            self._set_alone(False)
        else:
            return super().perform(action_id)
        return True

    def _change_window(self, direction: int) -> None:
        window = min(max(self.window + direction, 0), len(WINDOWS) - 1)
        if window != self.window:
            self.window, self._chosen = window, True
            self._read()
            self._renew()

    def _set_alone(self, wanted: bool) -> None:
        self.alone = wanted
        self._renew()

    def _go(self, charts_on: int) -> None:
        found = self.charts()
        if found:
            self.cursor_key = found[min(max(self._place(found) + charts_on, 0), len(found) - 1)].key
            self._renew()

    def scroll_lines(self, lines: int) -> None:
        """One line is one row of charts; more lines are a page of them."""
        rows = 1 if abs(lines) == 1 else max(self._shown // self._columns, 1)
        self._go((1 if lines > 0 else -1) * (1 if self.alone else rows * self._columns))

    def scroll_to_end(self, *, end: bool) -> None:
        count = len(self.charts())
        self._go(count if end else -count)

    def search_changed(self) -> None:
        self._renew()

    # Telling

    def context_here(self, context: Context) -> Context:
        return replace(super().context_here(context), rows=len(self.charts()), searched=self.search)

    def hints(self) -> Sequence[Hint]:
        return (
            self.hint("back", label="all charts" if self.alone else "back"),
            self.hint("window-shorter", "window-longer", label="window"),
            self.hint("down", "up", label="chart"),
            self.hint("details", label="all charts" if self.alone else "enlarge"),
            self.hint("filter", label="find"),
            self.hint("help", label="help"),
        )

    def _show_title(self) -> None:
        found = self.charts()
        notes: list[StyledText] = []
        if found:
            notes.append((f"{self._place(found) + 1} of {len(found)}", "muted"))
        if self.search:
            notes.append((f"/{inert(self.search, self.ascii_only)}", "accent"))
        if self._reading is None and self._state_dir is not None:
            notes.append(("reading", "muted"))
        elif self._reading is not None and self._reading.reason:
            notes.append((inert(self._reading.reason, self.ascii_only), "unknown"))
        windows = " ".join(f"[{one.name}]" if place == self.window else one.name for place, one in enumerate(WINDOWS))
        self.title_line.show("History", [*notes, (windows, "accent")])


def _beside(parts: Sequence[StyledLine]) -> Line:
    line: Line = []
    for number, part in enumerate(parts):
        line += [*([(" " * BETWEEN, "")] if number else []), *part]
    return line
