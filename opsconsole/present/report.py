"""The incident report: sections of paragraphs, lists, tables and code, and these as Markdown and as JSON. Pure.

What stands in it was cleaned and masked where it entered; here it only loses what Markdown would take for markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from opsconsole.config.types import Config
from opsconsole.model.finding import Diagnosis, Finding
from opsconsole.model.plan import JournalEntry
from opsconsole.model.snapshot import Snapshot
from opsconsole.present.put_right import Course

Kind = Literal["text", "list", "tasks", "steps", "table", "code", "heading"]
_MARKUP = re.compile(r"([\\`*<\[\]])")
"""In a table's cells the bar too: elsewhere it is none, and stands in commands."""


class Block(msgspec.Struct, frozen=True):
    """One piece of a section."""

    kind: Kind
    lines: tuple[str, ...] = ()
    """Of text, list, steps, code, heading."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table; the first row has the headings."""


class ReportSection(msgspec.Struct, frozen=True):
    title: str
    blocks: tuple[Block, ...]


class Report(msgspec.Struct, frozen=True):
    title: str
    head: tuple[tuple[str, str], ...]
    """Label and value: date, host, severity."""
    sections: tuple[ReportSection, ...]


class Facts(msgspec.Struct, frozen=True):
    """What a report is written from."""

    snapshot: Snapshot
    diagnosis: Diagnosis
    entries: tuple[JournalEntry, ...] = ()
    """Of the journal, newest first."""
    journal_reason: str = ""
    """Why the journal could not be read; empty when it could."""
    users: dict[int, str] = {}
    """Names of the users that are in ``entries``, by uid."""
    config: Config = Config()
    """The one in force: what errors are known, what is allowed."""

    course: Course = Course()
    """What was put right, and how bad it was."""
    written: float | None = None
    """When, seconds since the epoch; None: as the snapshot came."""
    called: str = "opsconsole"
    """How to call the console so that it means this machine: with its options where they are not the usual ones."""

    def told(self, *rules: str) -> Finding | None:
        """The first finding of these rules, whether it stands by itself or is told in another."""
        told = (*self.diagnosis.findings, *self.diagnosis.muted)
        return next((one for rule in rules for one in told if one.rule == rule), None)


def text(*lines: str) -> Block:
    return Block("text", lines)


def heading(line: str) -> Block:
    return Block("heading", (line,))


def bullets(*lines: str) -> Block:
    return Block("list", lines)


def tasks(*lines: str) -> Block:
    """Each begins with a box: ``[ ]``, ``[x]``, ``[~]`` or ``[!]``."""
    return Block("tasks", lines)


def steps(*lines: str) -> Block:
    return Block("steps", lines)


def code(*lines: str) -> Block:
    return Block("code", lines)


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Block:
    return Block("table", rows=(headings, *rows))


def markdown(report: Report) -> str:
    """The report as Markdown (GitHub's), ending with a line break."""
    lines = [f"# {_inline(report.title)}", ""]
    lines += [f"**{label}**: {_inline(value)}  " for label, value in report.head]
    for section in report.sections:
        lines += ["", "---", "", f"## {_inline(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(line.rstrip() if not line.endswith("  ") else line for line in lines) + "\n"


def report_document(report: Report, facts: Facts) -> dict[str, Any]:
    """What ``report --json`` adds to ``schema``: the sections as they are, and what they were written from."""
    return {
        "title": report.title,
        "head": dict(report.head),
        "score": facts.diagnosis.score,
        "sections": msgspec.to_builtins(report.sections),
    }


def _block(block: Block) -> list[str]:
    match block.kind:
        case "heading":
            return [f"### {_inline(line)}" for line in block.lines]
        case "list":
            return [f"- {_inline(line)}" for line in block.lines]
        case "tasks":
            # The box in front is ours: done, under way (not yet of Markdown's own kinds), open.
            return [f"- {line[:3]} {_inline(line[4:])}" for line in block.lines]
        case "steps":
            return [f"{number}. {_inline(line)}" for number, line in enumerate(block.lines, 1)]
        case "code":
            return ["```", *(line.replace("```", "'''") for line in block.lines), "```"]
        case "table":
            head, *rows = [[_inline(cell).replace("|", "\\|") or " " for cell in row] for row in block.rows]
            lines = [head, ["---"] * len(head), *rows]
            return [f"| {' | '.join(cells)} |" for cells in lines]
    return [_inline(line) + ("  " if place < len(block.lines) - 1 else "") for place, line in enumerate(block.lines)]


def _inline(line: str) -> str:
    """Text of others as text: ``**`` at either end of a label of ours stays."""
    if line.startswith("**") and (end := line.find("**", 2)) > 0:
        return f"**{_escaped(line[2:end])}**{_escaped(line[end + 2 :])}"
    return _escaped(line)


def _escaped(line: str) -> str:
    return _MARKUP.sub(r"\\\1", line)
