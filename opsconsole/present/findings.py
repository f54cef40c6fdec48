"""Findings and the score as text: one line each, and whole with evidence, cause, impact, remedy and verification."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from opsconsole.diagnose.words import listed
from opsconsole.model.finding import Diagnosis, Evidence, Finding, Related, Remedy, Unknown
from opsconsole.present import humanise
from opsconsole.present.glyphs import Glyphs
from opsconsole.present.plan import deed_words

DEMO = "DEMO: a sandbox, not this machine as it is"
_LABEL = 14


def score_line(diagnosis: Diagnosis) -> str:
    """``health 4.2 of 10: 2 critical -3.6, 1 high -1.0``: the score and what it is made of."""
    taken = [f"{part.count} {part.severity} -{part.taken:.1f}" for part in diagnosis.parts if part.count]
    return f"health {diagnosis.score:.1f} of 10" + (f": {', '.join(taken)}" if taken else "")


def diagnosis_lines(diagnosis: Diagnosis, width: int, signs: Glyphs, demo: bool = False) -> list[str]:
    """All of a diagnosis for people, gravest first; of a ``demo`` that is said before all else."""
    lines = [*([DEMO] if demo else []), score_line(diagnosis)]
    for finding in diagnosis.findings:
        lines += ["", *finding_lines(finding, width, signs)]
    if diagnosis.unknown:
        lines += ["", "Could not be judged:"]
        for one in diagnosis.unknown:
            lines += _wrapped("  ", f"{signs.unknown} {one.subject}: {one.reason}", width)
    return lines


def finding_lines(finding: Finding, width: int, signs: Glyphs) -> list[str]:
    """One finding with everything that is known of it."""
    lines = _wrapped("", f"{severity_sign(finding, signs)} {finding.severity.upper()} {finding.title}", width)
    lines += [f"  {'id':{_LABEL}}{finding.id}"]
    if finding.since is not None:
        lines.append(f"  {'since':{_LABEL}}{humanise.date_time(finding.since)}")
    for label, text in _told(finding):
        lines += _wrapped(f"  {label:{_LABEL}}", text, width)
    return lines


def _told(finding: Finding) -> Iterator[tuple[str, str]]:
    yield from _first_labelled("evidence", evidence_lines(finding.evidence))
    yield "cause", finding.root_cause
    yield from _first_labelled("explained by", [related_text(one) for one in finding.causes])
    yield from _first_labelled("explains", [related_text(one) for one in finding.symptoms])
    yield "impact", finding.impact
    yield "remedy", remedy_text(finding.remedy)
    yield from (("", step) for step in remedy_steps(finding.remedy))
    yield "proved by", finding.verify


def _first_labelled(label: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    for index, text in enumerate(texts):
        yield "" if index else label, text


def evidence_lines(evidence: Iterable[Evidence]) -> list[str]:
    """Facts of one source and time below it, so that a path is told once."""
    lines: list[str] = []
    before = ""
    for one in evidence:
        when = f", {humanise.clock_time(one.at)}" if one.at is not None else ""
        source = f"{one.source}{when}:"
        if source != before:
            lines.append(source)
        before = source
        lines.append(f"  {one.fact}")
    return lines


def related_text(related: Related) -> str:
    return f"{related.id} ({related.severity}): {related.title}"


def remedy_text(remedy: Remedy) -> str:
    """What the console can do, or that it is for a person."""
    if not remedy.action:
        return "by hand:"
    if not remedy.automatic and not remedy.targets:
        return f"{deed_words(remedy.action)}, chosen from a list"
    return deed_words(remedy.action, remedy.targets) + ("" if remedy.automatic else " (by hand)")


def remedy_brief(remedy: Remedy) -> str:
    """The same where there is one line for it: what is for a person begins with its first step."""
    if remedy.action:
        return remedy_text(remedy)
    return f"by hand: {remedy.steps[0]}" if remedy.steps else "by hand"


def remedy_steps(remedy: Remedy) -> tuple[str, ...]:
    """Its steps, without one that says no more than ``remedy_text`` does."""
    said = {remedy_text(remedy), f"{remedy.action} {listed(remedy.targets)}"}
    return tuple(step for step in remedy.steps if step not in said)


def unknown_text(unknown: Unknown) -> str:
    return f"{unknown.subject}: {unknown.reason}"


def severity_sign(finding: Finding, signs: Glyphs) -> str:
    return {"critical": signs.bad, "high": signs.bad, "medium": signs.warn, "low": signs.none}[finding.severity]


def _wrapped(lead: str, text: str, width: int) -> list[str]:
    room = max(width, 40)
    return textwrap.wrap(
        text, room, initial_indent=lead, subsequent_indent=" " * max(len(lead), 2), break_on_hyphens=False
    ) or [lead]
