"""The timeline's rows: what was found, noted and done, newest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from opsconsole.model.event import CONSOLE, Event, EventKind
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.present import humanise
from opsconsole.present.cell import Cell, Column, Row, Status, by_number, by_text
from opsconsole.present.findings_pane import STATUS
from opsconsole.present.people import login
from opsconsole.present.plan import deed_words, plan_title
from opsconsole.ui.plan_words import standing

COLUMNS = (
    Column("when", "When", 19, kind="duration"),
    Column("what", "What", 15, kind="words"),
    Column("subject", "About", 24, flex=1),
    Column("detail", "More", 24, flex=2, kind="words"),
    Column("by", "By", 10),
    Column("id", "Id", 24),
)
"""For the filter: ``what = closed``, ``when < 2h``, ``by = ops``. The id is for programs: it is found, not shown."""
_TONES: dict[EventKind, Status] = {
    "opened": "warn",
    "closed": "ok",
    "acknowledged": "muted",
    "unacknowledged": "muted",
    "raised": "warn",
    "quiet": "ok",
    "silenced": "muted",
    "unsilenced": "muted",
}
_WORDS: dict[EventKind, str] = {
    "opened": "found",
    "closed": "closed",
    "acknowledged": "acknowledged",
    "unacknowledged": "note taken back",
    "raised": "alert raised",
    "quiet": "alert over",
    "silenced": "alert silenced",
    "unsilenced": "alert heard again",
}


class Happened(NamedTuple):
    at: float
    row: Row
    subject: str
    """Key of the row it is about: ``finding:ID``, ``alert:NAME``, ``plan:ID``."""
    finding: Finding | None = None
    """What is known of the finding, as it was when it opened."""


def timeline(events: Iterable[Event], entries: Iterable[JournalEntry], now: float) -> list[Happened]:
    """Everything, newest first."""
    told = [*_of_events(sorted(events, key=lambda one: one.at), now), *_of_plans(entries, now)]
    return sorted(told, key=lambda one: -one.at)


def _of_events(events: Sequence[Event], now: float) -> Iterator[Happened]:
    """Oldest first: what opened is remembered for what is told of it later."""
    opened: dict[str, Event] = {}
    for event in events:
        begun = opened.get(event.subject)
        if event.kind in ("opened", "raised"):
            opened[event.subject] = event
        kind, _, name = event.subject.partition(":")
        tone = STATUS[event.severity] if event.kind == "opened" and event.severity else _TONES[event.kind]
        yield _happened(
            event.at,
            now,
            key=f"{event.kind}:{event.at}:{event.subject}",
            what=Cell(_WORDS[event.kind], tone),
            # A finding's sentence as it was when it opened: the numbers in it change.
            subject=((begun or event).title or name) if kind == "finding" else name,
            detail=_detail(event, begun),
            by=event.by,
            about=event.subject,
            finding=event.finding or (begun.finding if begun is not None else None),
        )


def _detail(event: Event, begun: Event | None) -> str:
    if event.kind in ("closed", "quiet"):
        after = f"after {humanise.duration(event.at - begun.at)}" if begun is not None else ""
        return ", ".join(part for part in (after, event.detail) if part)
    if event.until is not None and event.kind == "silenced":
        return f"until {humanise.date_time(event.until)}"
    if event.kind == "opened":
        return event.severity
    return deed_words(event.detail)


def _of_plans(entries: Iterable[JournalEntry], now: float) -> Iterator[Happened]:
    for entry in entries:
        plan, title = entry.plan, plan_title(entry.plan)
        about = f"plan:{plan.id}"
        yield _happened(
            entry.confirmed or plan.created,
            now,
            key=f"confirmed:{plan.id}",
            what=Cell("confirmed", "accent"),
            subject=title,
            detail=_targets(len(plan.targets)),
            by=login(plan.uid),
            about=about,
        )
        if entry.result is None and entry.state != "abandoned":
            continue
        word, status = standing(entry)
        yield _happened(
            entry.result.ended if entry.result is not None else (entry.confirmed or plan.created),
            now,
            key=f"result:{plan.id}",
            what=Cell(word, _status(status)),
            subject=title,
            detail=entry.result.reason if entry.result is not None else "its executor has ended before it did",
            by=CONSOLE,
            about=about,
        )


def _targets(count: int) -> str:
    return "no target" if count == 0 else f"{count} target{'s' * (count > 1)}"


def _status(name: str) -> Status:
    tones: tuple[Status, ...] = ("ok", "warn", "bad", "muted", "accent")
    return next((one for one in tones if one == name), "")


def _happened(
    at: float,
    now: float,
    *,
    key: str,
    what: Cell,
    subject: str,
    detail: str,
    by: str,
    about: str,
    finding: Finding | None = None,
) -> Happened:
    cells = (
        Cell(humanise.date_time(at), "muted", by_number(max(now - at, 0.0))),
        Cell(what.text, what.status, by_text(what.text)),
        Cell(subject, "", by_text(subject)),
        Cell(detail, "muted", by_text(detail)),
        Cell(by, "muted", by_text(by)),
        Cell(about, "muted", by_text(about)),
    )
    return Happened(at, Row(key=key, cells=cells), about, finding)
