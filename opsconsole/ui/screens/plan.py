"""PlanScreen: one plan of the journal, followed live: steps with their times, the result, what it proved.

Leaving it leaves the plan running. Of a plan whose executor has ended before it did, what is true now is shown; it is
never resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from opsconsole.model.plan import JournalEntry, PlanResult, StepRecord
from opsconsole.model.reading import Reading
from opsconsole.present import humanise
from opsconsole.present.glyphs import glyphs
from opsconsole.present.plan import confirmed_at, plan_lines, plan_title, result_lines, took_words
from opsconsole.ui.fields import inert, wrapped
from opsconsole.ui.footer import Hint
from opsconsole.ui.journal import JournalFollower
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.plan_words import hanging, result_status, standing
from opsconsole.ui.remedies import Remedy
from opsconsole.ui.screens.reader import PagesScreen, StyledLine, StyledText
from opsconsole.ui.verbs import BY_ID

if TYPE_CHECKING:
    from opsconsole.act.journal_reader import JournalReader

MARGIN = 2
TICK_S = 0.5
UNDER_WAY = ("waiting", "running", "watching")


class Looked(NamedTuple):
    """What one look at the journal told of the plan."""

    entry: Reading[JournalEntry]
    now: tuple[str, ...]
    """What has become of its targets; only looked at when it was left unfinished."""


class PlanScreen(PagesScreen):
    NAME = "plan"

    def __init__(
        self,
        plan_id: str,
        state_dir: Path,
        *,
        wall: Callable[[], float] = time.time,
        ascii_only: bool = False,
        remedies: Callable[[JournalEntry], Sequence[Remedy]] = lambda _entry: (),
        offer: Callable[[JournalEntry], None] = lambda _entry: None,
        next_words: Callable[[JournalEntry], str] = lambda _entry: "",
    ) -> None:
        """``wall`` tells the time, seconds since the epoch.

        ``remedies`` are what can be done about its result, ``offer`` lets the operator choose one. ``next_words`` tells
        what is asked about when this one is left; empty for nothing.
        """
        super().__init__(ascii_only=ascii_only)
        self.plan_id = plan_id
        self._wall = wall
        self._signs = glyphs(ascii_only)
        self._remedies, self._offer, self._next_words = remedies, offer, next_words
        self._looked: Looked | None = None
        self._follower = JournalFollower(state_dir, self._look, busy=_under_way, tell=self._tell)

    @property
    def entry(self) -> JournalEntry | None:
        return self._looked.entry.value if self._looked is not None else None

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title()
        self._follower.start()
        self.set_interval(TICK_S, self._tick)

    def on_unmount(self) -> None:
        self._follower.stop()

    # Following

    def _look(self, reader: JournalReader) -> Looked:
        from opsconsole.act.journal_reader import truth_now

        entry = reader.entry(self.plan_id)
        left_behind = entry.value is not None and entry.value.state == "abandoned"
        return Looked(entry, truth_now(entry.value) if entry.value is not None and left_behind else ())

    def _tell(self, looked: Looked) -> None:
        self.app.call_later(self.take, looked)

    def take(self, looked: Looked) -> None:
        """Show what a look told; the newest step stays in view while the reader has not scrolled away."""
        if self._looked is not None and _same(looked, self._looked):
            return
        self._looked = looked
        self.footer_line.show(self.hints())
        self.renew()

    def _tick(self) -> None:
        if self._looked is not None and _under_way(self._looked):
            self.show_title()

    # What is shown

    def show_title(self) -> None:
        entry = self.entry
        if entry is None:
            waiting = self._looked is None or not self._looked.entry.reason
            self.title_line.show("Plan", [("reading the journal" if waiting else "unknown", "muted")])
            return
        word, status = standing(entry)
        notes: list[StyledText] = [(self.place, "muted")] if self.place else []
        if entry.state != "abandoned":
            so_far = max(self._wall() - confirmed_at(entry), 0.0)
            word = f"{word}  {took_words(so_far if entry.took_s is None else entry.took_s)}"
        self.title_line.show(inert(plan_title(entry.plan), self.ascii_only), [*notes, (word, status)])

    def hints(self) -> Sequence[Hint]:
        entry = self.entry
        goes_on = entry is not None and entry.state in UNDER_WAY
        hints = [Hint("esc", "back, it goes on" if goes_on else "back", "", 0), Hint("j k", "scroll", "", 3)]
        if following := self._following():
            hints[0] = Hint("enter esc", f"next: {following}", "", 0)
        if entry is not None and self._remedies(entry):
            hints.insert(0, Hint("x", "put that right", ""))
        return hints

    def _following(self) -> str:
        entry = self.entry
        return self._next_words(entry) if entry is not None and entry.result is not None else ""

    def on_snapshot_collected(self, _message: SnapshotCollected) -> None:
        """What comes next may be another thing by now."""
        self.footer_line.show(self.hints())

    def perform(self, action_id: str) -> bool:
        if action_id == "details" and self.entry is not None and self.entry.result is not None:
            self.leave()
            return True
        if action_id == "actions":
            if (entry := self.entry) is not None and self._remedies(entry):
                self._offer(entry)
            return True
        return super().perform(action_id)

    def lines(self, width: int) -> list[StyledLine]:
        if self._looked is None:
            return []
        entry = self.entry
        if entry is None:
            return [[], *self._folded(self._looked.entry.reason, width, "", "unknown")]
        lines: list[StyledLine] = []
        for section in (
            self._result_lines(entry, width),
            self._truth_lines(entry, width),
            self._step_lines(entry, width),
            self._plan_lines(entry, width),
        ):
            lines += section
        return lines

    def _heading(self, title: str, width: int) -> Iterator[StyledLine]:
        yield []
        rule = self._signs.rule * max(width - 2 * MARGIN - cell_len(title) - 1, 0)
        yield [(" " * MARGIN, ""), (f"{title} ", "title"), (rule, "frame")]

    def _result_lines(self, entry: JournalEntry, width: int) -> Iterator[StyledLine]:
        result = entry.result
        if result is None:
            return
        yield from self._heading("Result", width)
        tones = {"result": result_status(result), "warning": "bad" if result.hurt else "warn"}
        for kind, text in result_lines(result, entry.took_s):
            sign = {"result": self._result_sign(result), "warning": self._signs.warn}.get(kind, " ")
            yield from self._folded(text, width, sign, tones.get(kind, ""))
        offered = self._remedies(entry)
        for number, remedy in enumerate(offered):
            text = f"{remedy.label}?  {remedy.help}"
            yield from self._folded(text, width, "x" if number == 0 else " ", "accent")

    def _result_sign(self, result: PlanResult) -> str:
        signs = {"ok": self._signs.ok, "bad": self._signs.bad, "warn": self._signs.warn}
        return signs.get(result_status(result), self._signs.none)

    def _truth_lines(self, entry: JournalEntry, width: int) -> Iterator[StyledLine]:
        if entry.state != "abandoned" or self._looked is None:
            return
        yield from self._heading("What is true now", width)
        yield from self._folded(
            "Whoever carried this out has ended before it was done. Nothing is resumed.",
            width,
            self._signs.warn,
            "warn",
        )
        for text in self._looked.now:
            yield from self._folded(text, width, self._signs.arrow, "")

    def _step_lines(self, entry: JournalEntry, width: int) -> Iterator[StyledLine]:
        yield from self._heading("Steps", width)
        if not entry.steps:
            none = {"waiting": "waiting for its executor", "running": "none taken yet"}.get(
                entry.state, "none was taken"
            )
            yield [(" " * (MARGIN + 2), ""), (none, "muted")]
        several = len(entry.plan.subplans) > 1
        for step in entry.steps:
            yield from self._step(step, several, width)

    def _step(self, step: StepRecord, several: bool, width: int) -> Iterator[StyledLine]:
        sign, tone = {
            "started": (self._signs.idle, "accent"),
            "done": (self._signs.ok, "ok"),
            "failed": (self._signs.bad, "bad"),
        }[step.state]
        took = humanise.latency((step.ended - step.began) * 1000.0) if step.ended is not None else ""
        start: list[StyledText] = [
            (" " * MARGIN, ""),
            (f"{sign} ", tone),
            (f"{humanise.clock_time(step.began)}  {took:>6}  ", "muted"),
        ]
        indent = sum(cell_len(text) for text, _ in start)
        room = max(width - indent - MARGIN, 12)
        text = f"{step.subject}: {step.text}" if several else step.text
        for number, part in enumerate(wrapped(inert(text, self.ascii_only), room)):
            yield [*(start if number == 0 else [(" " * indent, "")]), (part, "bad" if step.state == "failed" else "")]
        for part in wrapped(inert(step.detail, self.ascii_only), room - 2):
            yield [(" " * (indent + 2), ""), (part, "bad" if step.state == "failed" else "muted")]

    def _plan_lines(self, entry: JournalEntry, width: int) -> Iterator[StyledLine]:
        yield from self._heading("The plan", width)
        made = f"{entry.plan.id}  made {humanise.date_time(entry.plan.created)}"
        if entry.confirmed is not None:
            made += f"  confirmed {humanise.clock_time(entry.confirmed)}"
        yield from self._folded(made, width, " ", "muted")
        spec = BY_ID.get(entry.plan.verb)
        ends = spec is None or spec.danger == "ends"
        signs = {
            "target": self._signs.bad if ends else self._signs.arrow,
            "survivor": self._signs.ok,
            "warning": self._signs.warn,
            "check": self._signs.none,
        }
        tones = {"survivor": "ok", "warning": "warn", "heading": "muted", "left-out": "muted"}
        before = "blank"
        for kind, text in plan_lines(entry.plan)[1:]:
            if kind == "blank" or (kind == "heading" and before not in ("blank", "heading")):
                yield []
            before = kind
            if kind != "blank":
                yield from self._folded(text, width, signs.get(kind, " "), tones.get(kind, ""))

    def _folded(self, text: str, width: int, sign: str, tone: str) -> Iterator[StyledLine]:
        room = max(width - 2 * MARGIN - 2, 12)
        for number, (indent, part) in enumerate(hanging(inert(text, self.ascii_only), room)):
            yield [
                (" " * MARGIN, ""),
                (f"{sign if number == 0 else ' '} " if sign else "  ", tone),
                (" " * indent + part, tone),
            ]


def _under_way(looked: Looked) -> bool:
    entry = looked.entry.value
    return entry is None or entry.state in UNDER_WAY


def _same(one: Looked, other: Looked) -> bool:
    """Whether they show the same; the time of the look is no part of it."""
    return (one.entry.value, one.entry.reason, one.now) == (other.entry.value, other.entry.reason, other.now)
