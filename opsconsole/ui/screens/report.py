"""ReportScreen: the incident report as it stands now, to be read; the same key writes it as Markdown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.cells import cell_len
from textual.message import Message

from opsconsole.config.locate import called
from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import JournalEntry
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.incident_report import incident_report
from opsconsole.present.put_right import Course, course_of
from opsconsole.present.report import Block, Facts, Report, markdown
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.footer import Hint
from opsconsole.ui.messages import SnapshotCollected
from opsconsole.ui.report_file import Written, told, write_report
from opsconsole.ui.screens.reader import PagesScreen, StyledLine
from opsconsole.ui.screens.search import folded_cells

FRESH_WITHIN_S = 10.0
"""For so long it waits for what is read when it is opened; then it is of what was shown, and tells how old that is."""
MARGIN = 2
GAP = 2


class JournalRead(Message, bubble=False):
    """The journal's entries have come."""

    def __init__(self, entries: tuple[JournalEntry, ...], reason: str, users: dict[int, str], course: Course) -> None:
        super().__init__()
        self.entries, self.reason, self.users, self.course = entries, reason, users, course


class ReportWritten(Message, bubble=False):
    """The report was written, or why it was not."""

    def __init__(self, written: Written, text: str) -> None:
        super().__init__()
        self.written, self.text = written, text


class ReportScreen(PagesScreen):
    """The report of one Snapshot: it stands still while it is read.

    With ``fresh`` that is the next one to come, if it comes soon: what is shown until then is not written.
    """

    NAME = "report"
    LABEL = "Report"

    def __init__(
        self,
        snapshot: Snapshot,
        state_dir: Path | None,
        loaded: LoadedConfig,
        *,
        ascii_only: bool = False,
        fresh: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """The journal, and what is written, is in ``state_dir``; without one there is neither. ``wall``: time now."""
        super().__init__(ascii_only=ascii_only)
        self._config, self._called = loaded.config, called(loaded.path, state_dir)
        self._snapshot, self._state_dir = snapshot, state_dir
        self._awaited, self._to_be_written, self._wall = fresh, False, wall
        self._read: tuple[tuple[JournalEntry, ...], str, dict[int, str], Course] = ((), "", {}, Course())
        self._writing = False
        self._written: Written | None = None
        self._written_text = ""
        """What stands in the file."""
        self._report = self.made_from(self._facts())

    def made_from(self, facts: Facts) -> Report:
        """What is shown."""
        return incident_report(facts)

    def _facts(self) -> Facts:
        diagnosis = self._snapshot.diagnosis
        assert diagnosis is not None  # noqa: S101  # the key that opens it needs one
        entries, reason, users, course = self._read
        return Facts(
            snapshot=self._snapshot,
            diagnosis=diagnosis,
            entries=entries,
            journal_reason=reason,
            users=users,
            config=self._config,
            course=course,
            written=self._wall(),
            called=self._called,
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title()
        if self._awaited:
            self.set_timer(FRESH_WITHIN_S, self._settle)
        if self._state_dir is not None:
            threading.Thread(target=self._read_journal, args=(self._state_dir,), daemon=True).start()

    def _read_journal(self, state_dir: Path) -> None:
        from opsconsole.act.journal_reader import JournalReader, user_names
        from opsconsole.engine.history_file import KEPT_EVENTS, read_events

        reading = JournalReader(state_dir).entries()
        entries = reading.value or ()
        events = read_events(state_dir, KEPT_EVENTS, self._snapshot.at)
        course = course_of(events.value or (), self._snapshot.at)
        reasons = "; ".join(filter(None, (reading.reason, events.reason)))
        self.post_message(JournalRead(entries, reasons, user_names(entries), course))

    def on_journal_read(self, message: JournalRead) -> None:
        self._read = (message.entries, message.reason, message.users, message.course)
        self._report = self.made_from(self._facts())
        self.renew()

    def on_snapshot_collected(self, message: SnapshotCollected) -> None:
        if not self._awaited or message.snapshot.diagnosis is None or message.snapshot.at <= self._snapshot.at:
            return
        self._snapshot = message.snapshot
        self._settle()
        if self._state_dir is not None:
            threading.Thread(target=self._read_journal, args=(self._state_dir,), daemon=True).start()

    def _settle(self) -> None:
        """This is what is reported, as fresh as it could be had."""
        if not self._awaited:
            return
        self._awaited = False
        self._report = self.made_from(self._facts())
        self.show_title()
        self.renew()
        if self._to_be_written and self._state_dir is not None:
            self._write_once(self._state_dir)

    def hints(self) -> Sequence[Hint]:
        return (
            self.hint("back", label="back"),
            self.hint("report", label="write it as Markdown", why_not="" if self._state_dir else "no state directory"),
            self.hint("down", "up", label="scroll"),
            self.hint("top", "bottom", label="ends"),
            self.hint("help", label="help"),
        )

    def perform(self, action_id: str) -> bool:
        if action_id == "report":
            if self._awaited:
                self._to_be_written = True
                self.say("it is written as soon as everything has been read once more", stay=True)
            elif self._state_dir is not None:
                self._write_once(self._state_dir)
            return True
        return super().perform(action_id)

    def _write_once(self, state_dir: Path) -> None:
        """What is in a file already is not written into another."""
        text = markdown(self._report)
        if self._writing:
            return
        if self._written is not None and self._written.path and text == self._written_text:
            self._tell(self._written._replace(said="it is in"))
            return
        self._writing = True
        threading.Thread(target=self._write, args=(text, state_dir), daemon=True).start()

    def _write(self, text: str, state_dir: Path) -> None:
        """On a thread of its own."""
        written = write_report(text, self.NAME, state_dir, demo=self._config.demo is not None)
        self.post_message(ReportWritten(written, text))

    def on_report_written(self, message: ReportWritten) -> None:
        self._writing = False
        self._written, self._written_text = message.written, message.text
        self._tell(message.written)

    def _tell(self, written: Written) -> None:
        """On the line of the keys, which is as wide as the screen, until the next key."""
        text = told(written, self.size.width - 2, ellipsis="~" if self.ascii_only else "…")
        self.say(text, "ok" if written.path else "bad", stay=True)

    def show_title(self) -> None:
        reading = "reading once more" if self._awaited else ""
        notes = [(inert(note, self.ascii_only), "muted") for note in (reading, self.place) if note]
        self.title_line.show(inert(f"{self.LABEL}: {self._report.title}", self.ascii_only), notes)

    def lines(self, width: int) -> list[StyledLine]:
        head = (inert(f"{label}: {value}", self.ascii_only) for label, value in self._report.head)
        lines: list[StyledLine] = [[(part, "")] for line in head for part in wrapped(line, width)]
        for section in self._report.sections:
            lines += [[], [(inert(section.title, self.ascii_only), "title")]]
            for block in section.blocks:
                lines += [[], *self._block(block, max(width - 2 * MARGIN, 10))]
        return lines

    def _block(self, block: Block, width: int) -> list[StyledLine]:
        if block.kind == "table":
            return self._table(block, width)
        marks = {"list": "- ", "code": "  ", "tasks": ""}
        status = {"heading": "accent", "code": "muted"}.get(block.kind, "")
        lines: list[StyledLine] = []
        for number, line in enumerate(block.lines, 1):
            lead = f"{number}. " if block.kind == "steps" else marks.get(block.kind, "")
            told = inert(line.replace("**", ""), self.ascii_only)
            for place, part in enumerate(wrapped(told, max(width - len(lead), 8)) or [""]):
                before = lead if place == 0 else " " * len(lead)
                lines.append([(" " * MARGIN + before, status), (part, status)])
        return lines

    def _table(self, block: Block, width: int) -> list[StyledLine]:
        """Columns as wide as they need where they all fit, else the widest folded: nothing of a cell is cut away."""
        texts = [[inert(cell, self.ascii_only) for cell in row] for row in block.rows]
        widths = [max(cell_len(row[place]) for row in texts) for place in range(len(texts[0]))]
        while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > 4:
            widths[widths.index(max(widths))] -= 1
        lines: list[StyledLine] = []
        for number, row in enumerate(texts):
            folded = [folded_cells(cell, size) for cell, size in zip(row, widths, strict=True)]
            for place in range(max(len(parts) for parts in folded)):
                parts = [one[place] if place < len(one) else "" for one in folded]
                fields = [fit(part, size) + " " * GAP for part, size in zip(parts, widths, strict=True)]
                lines.append([(" " * MARGIN, ""), *((field, "muted" if number == 0 else "") for field in fields)])
        return lines
