"""ReportScreen: the incident report as it stands now, to be read; the same key writes it as Markdown."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
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
from opsconsole.ui.screens.reader import PagesScreen, StyledLine

MARGIN = 2
COLUMN_LIMIT = 36
GAP = 2


class JournalRead(Message, bubble=False):
    """The journal's entries have come."""

    def __init__(self, entries: tuple[JournalEntry, ...], reason: str, users: dict[int, str], course: Course) -> None:
        super().__init__()
        self.entries, self.reason, self.users, self.course = entries, reason, users, course


class ReportWritten(Message, bubble=False):
    """The report was written, or why it was not."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told


class ReportScreen(PagesScreen):
    """The report of one Snapshot: it stands still while it is read."""

    NAME = "report"
    LABEL = "Report"

    def __init__(
        self,
        snapshot: Snapshot,
        state_dir: Path | None,
        loaded: LoadedConfig,
        *,
        ascii_only: bool = False,
    ) -> None:
        """The journal, and what is written, is in ``state_dir``; without one there is neither."""
        super().__init__(ascii_only=ascii_only)
        self._config, self._called = loaded.config, called(loaded.path, state_dir)
        self._snapshot, self._state_dir = snapshot, state_dir
        self._told = ""
        self._report = self.made_from(self._facts((), "", {}, Course()))

    def made_from(self, facts: Facts) -> Report:
        """What is shown."""
        return incident_report(facts)

    def _facts(self, entries: tuple[JournalEntry, ...], reason: str, users: dict[int, str], course: Course) -> Facts:
        diagnosis = self._snapshot.diagnosis
        assert diagnosis is not None  # noqa: S101  # the key that opens it needs one
        return Facts(self._snapshot, diagnosis, entries, reason, users, self._config, course, self._called)

    def on_mount(self) -> None:
        super().on_mount()
        self.show_title()
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
        self._report = self.made_from(self._facts(message.entries, message.reason, message.users, message.course))
        self.renew()

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
            if self._state_dir is not None:
                threading.Thread(target=self._write, args=(self._state_dir,), daemon=True).start()
            return True
        return super().perform(action_id)

    def _write(self, state_dir: Path) -> None:
        """Into the state directory, for us alone, under a name of its own."""
        path = state_dir / "reports" / f"{self.NAME}-{time.strftime('%Y%m%d-%H%M%S')}.md"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(markdown(self._report))
        except OSError as error:
            self.post_message(ReportWritten(f"not written: {error.strerror}"))
            return
        self.post_message(ReportWritten(f"written to {path}"))

    def on_report_written(self, message: ReportWritten) -> None:
        self._told = message.told
        self.show_title()

    def show_title(self) -> None:
        notes = [(inert(note, self.ascii_only), "muted") for note in (self._told, self.place) if note]
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
        """Columns as wide as they need, at most a part of the width each; the last takes what is left."""
        texts = [[inert(cell, self.ascii_only) for cell in row] for row in block.rows]
        widths = [min(max(cell_len(row[place]) for row in texts), COLUMN_LIMIT) for place in range(len(texts[0]))]
        while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > 4:
            widths[widths.index(max(widths))] -= 1
        ellipsis = "~" if self.ascii_only else "…"
        return [
            [
                (" " * MARGIN, ""),
                *(
                    (fit(cell, size, ellipsis=ellipsis) + " " * GAP, "muted" if number == 0 else "")
                    for cell, size in zip(row, widths, strict=True)
                ),
            ]
            for number, row in enumerate(texts)
        ]
