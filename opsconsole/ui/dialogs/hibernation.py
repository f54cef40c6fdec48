"""HibernationBox: which sessions shall sleep, and whether they shall. The list itself is the one confirmation.

All sessions are listed by what they give back, each with what was looked at; marked beforehand are those of which all
is known to be clean. What is marked is the plan: its targets are frozen already, and the headline and the confirming
button tell of these alone. A session that cannot be hibernated says why and cannot be marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import Screen

from opsconsole.model.plan import Refusal, Subplan
from opsconsole.model.snapshot import Snapshot
from opsconsole.present import humanise
from opsconsole.present.plan import freed_line
from opsconsole.ui.acting import Offer
from opsconsole.ui.dialogs.plan import PlanBox
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.screens.reader import StyledLine, StyledText

INDENT = 6
LONGEST_NAME = 28
FACTS = 35
"""Cells of the figures behind a name."""
HOW = (
    "Each: typing is blocked, everything looked at again, the session saved, its agent ended by SIGTERM (never "
    "SIGKILL), memory measured; a card stays in the pane. W wakes it."
)


class HibernationBox(PlanBox):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "mark_all", show=False),
        Binding("U", "unmark_all", show=False),
    ]

    def __init__(
        self,
        offer: Offer,
        newest: Callable[[], Snapshot | None],
        behind: Screen[object] | None,
        *,
        ends: bool,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(offer, newest, behind, ends=ends, ascii_only=ascii_only)
        self.rows: tuple[Subplan | Refusal, ...] = (*self.plan.subplans, *self.plan.left_out)
        self._cursor = 0
        self._at: list[tuple[int, int]] = []
        """First and last line of each row, as laid out last."""
        self._downwards = True
        self._choose({subplan.key for subplan in self.plan.subplans if subplan.all_clean})

    @property
    def marked(self) -> frozenset[str]:
        """Keys of the marked subjects."""
        return frozenset(subplan.key for subplan in self.plan.subplans)

    def _choose(self, keys: set[str]) -> None:
        self.offer.choose(keys)
        self.plan = self.offer.plan

    # What is shown

    def heading(self) -> StyledText:
        if not self.plan.subplans:
            return "Hibernate: none is marked", "title"
        return f"{self._signs.warn} {freed_line(self.plan)}", "warn"

    def body(self, width: int) -> Sequence[StyledLine]:
        lines: list[StyledLine] = []
        self._at = []
        for number, row in enumerate(self.rows):
            first = len(lines)
            on_cursor = "cursor:" if number == self._cursor else ""
            if isinstance(row, Subplan):
                lines.append(self._candidate(row, on_cursor, width))
                lines += self._preflight(row, width)
            else:
                lines += self._left_out(row, on_cursor, width)
            self._at.append((first, len(lines) - 1))
        return [*lines, [], *([(part, "muted")] for part in wrapped(HOW, width))]

    def _candidate(self, row: Subplan, on_cursor: str, width: int) -> StyledLine:
        marked = row.key in self.marked
        memory, swap = (humanise.size(row.data.get(field)) for field in ("rss_bytes", "swap_bytes"))
        idle = humanise.duration_short(row.data.get("idle_s"))
        name = min(LONGEST_NAME, max(width - FACTS - INDENT - 12, 8))
        pid = row.targets[0].pid if row.targets else None
        start = self._start("[x]" if marked else "[ ]", on_cursor, "accent" if marked else "muted")
        room = max(width - sum(cell_len(text) for text, _ in start) - name, 0)
        facts = f" idle {idle:>4}  {memory:>5} RAM  {swap:>5} swap  "
        facts = fit(facts, min(room, FACTS), ellipsis=self.glyphs.ellipsis)
        owner = "" if pid is None else f"pid {pid}"
        return [
            *start,
            (
                fit(inert(row.subject, self.ascii_only), name, ellipsis=self.glyphs.ellipsis),
                on_cursor if on_cursor else "title",
            ),
            (facts, on_cursor),
            (owner if len(owner) <= room - len(facts) else "", f"{on_cursor}muted"),
        ]

    def _start(self, box: str, on_cursor: str, tone: str) -> list[StyledText]:
        cursor = self.glyphs.cursor if on_cursor else " "
        return [(f"{cursor} ", f"{on_cursor}accent" if on_cursor else ""), (f"{box} ", on_cursor + tone)]

    def _preflight(self, row: Subplan, width: int) -> Iterator[StyledLine]:
        """What a person has to judge, each on its own; then in one what is known to be clean."""
        room = max(width - INDENT - 2, 8)
        doubts = [each.told for each in row.preflight if not each.clean]
        clean = f" {self._signs.separator} ".join(each.told for each in row.preflight if each.clean)
        for sign, text, tone, rest in (
            *((self._signs.warn, doubt, "warn", "warn") for doubt in doubts),
            (self._signs.ok, clean, "ok", "muted"),
        ):
            for number, part in enumerate(wrapped(inert(text, self.ascii_only), room)):
                yield [(" " * INDENT, ""), (f"{sign} " if number == 0 else "  ", tone), (part, rest)]

    def _left_out(self, row: Refusal, on_cursor: str, width: int) -> Iterator[StyledLine]:
        name = fit(inert(row.subject, self.ascii_only), min(LONGEST_NAME, max(width - INDENT, 1)))
        yield [*self._start(f" {self._signs.none} ", on_cursor, "muted"), (name, f"{on_cursor}muted")]
        for part in wrapped(inert(row.reason, self.ascii_only), max(width - INDENT - 2, 8)):
            yield [(" " * (INDENT + 2), ""), (part, "muted")]

    def last_line(self, width: int) -> StyledLine:
        if self.plan.subplans or self._state != "asking" or self._failure:
            return super().last_line(width)
        said = "space marks the session under the cursor, a all that can be"
        return [(fit(said, width, ellipsis=self.glyphs.ellipsis), "muted")]

    def hints(self) -> str:
        if self._state != "asking" or self._failure:
            return super().hints()
        return "space mark  a all  U none  tab switch  y confirm  esc cancel"

    def cursor_line(self) -> int | None:
        """Of the row under the cursor the end that is reached last; what stands below the last row too."""
        if not self._at:
            return None
        first, last = self._at[self._cursor]
        if self._downwards:
            return last if self._cursor < len(self._at) - 1 else self._body_lines - 1
        return first

    # What the keys do

    def move(self, lines: int) -> None:
        self._downwards = lines > 0
        self._cursor = min(max(self._cursor + lines, 0), max(len(self.rows) - 1, 0))
        self.view.repaint()

    def step(self, direction: int) -> None:
        if self.plan.subplans:
            super().step(direction)

    def on_key(self, event: Key) -> None:
        if event.key == "space":
            event.stop()
            self.mark_or_unmark()

    def mark_or_unmark(self) -> None:
        """The session under the cursor, if it can be hibernated."""
        row = self.rows[self._cursor] if self.rows else None
        if isinstance(row, Subplan):
            self._mark(self.marked ^ {row.key})

    def action_mark_all(self) -> None:
        self._mark({row.key for row in self.rows if isinstance(row, Subplan)})

    def action_unmark_all(self) -> None:
        self._mark(())

    def _mark(self, keys: Iterable[str]) -> None:
        if self._state == "asking" and not self._failure:
            self._choose(set(keys))
            # Whatever is agreed to, is agreed to anew after it has been changed.
            self._on_confirm = False
            self.view.repaint()

    def action_confirm(self) -> None:
        if self.plan.subplans:
            super().action_confirm()
