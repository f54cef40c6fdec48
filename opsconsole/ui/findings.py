"""The findings' lines: gravest first, each with its severity, since when, and what can be done about it.

On one line as many as fit stand side by side; on several each has its own, and the last says how many more there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from opsconsole.model.finding import Diagnosis, Finding
from opsconsole.present.findings import remedy_brief, severity_sign
from opsconsole.present.findings_pane import STATUS, since_text
from opsconsole.present.glyphs import Glyphs
from opsconsole.ui.fields import fit, inert
from opsconsole.ui.frame import Piece, frame_glyphs, pieces_width
from opsconsole.ui.layout import FINDING_LINES
from opsconsole.ui.lines import LineWidget

REMEDY_FROM = 90
"""Width from which a finding's line has room for its remedy."""
SINCE_CELLS = 7
ALL = "   (8)"
"""The key that shows them all."""


class FindingsLine(LineWidget):
    """One of the lines."""

    def __init__(self, name: str, *, ascii_only: bool, signs: Glyphs) -> None:
        super().__init__(name, ascii_only=ascii_only)
        self._signs = signs
        self._findings: tuple[Finding, ...] = ()
        self._beside = ""
        self._at = 0.0
        self._said = ""

    def show(self, findings: Sequence[Finding], at: float, said: str = "", beside: str = "") -> None:
        """``said`` is shown where there is no finding, ``beside`` at the right of a single one."""
        self._findings, self._at, self._said = tuple(findings), at, said
        self._beside = beside
        self.repaint()

    def pieces(self, width: int) -> list[Piece]:
        if not self._findings:
            return [(f" {inert(self._said, self.ascii_only)}", self.ink.of("muted"))] if self._said else []
        if len(self._findings) == 1:
            return self._alone(self._findings[0], width)
        return self._side_by_side(width)

    def _alone(self, finding: Finding, width: int) -> list[Piece]:
        """Severity and title at the left; since, remedy and how many more at the right."""
        ink, status = self.ink, STATUS[finding.severity]
        since = since_text(finding, self._at)
        ellipsis = frame_glyphs(self.ascii_only).ellipsis
        right = f"{inert(since, self.ascii_only):>{SINCE_CELLS}}{self._beside} "
        if width >= REMEDY_FROM:
            # At the same place on each line, whatever the others say.
            remedy = inert(remedy_brief(finding.remedy), self.ascii_only)
            right = f"{fit(remedy, width // 3, ellipsis=ellipsis)} {right}"
        sign = self._signs.ok if finding.recovering else severity_sign(finding, self._signs)
        head = f" {sign} {finding.severity:8}  "
        room = max(width - len(head) - cell_len(right) - 2, 0)
        title = fit(inert(finding.title, self.ascii_only), room, ellipsis=ellipsis)
        tone = ink.of("muted") if finding.acknowledged or finding.recovering else ink.plain
        head_tone = ink.of("muted" if finding.recovering else status)
        return [(inert(head, self.ascii_only), head_tone), (title, tone), (f"  {right}", ink.of("muted"))]

    def _side_by_side(self, width: int) -> list[Piece]:
        ink = self.ink
        pieces: list[Piece] = []
        for place, finding in enumerate(self._findings):
            recovers = finding.recovering
            sign = f" {self._signs.ok if recovers else severity_sign(finding, self._signs)} "
            text = inert(finding.title, self.ascii_only)
            tones = (ink.of("muted"), ink.of("muted")) if recovers else (ink.of(STATUS[finding.severity]), ink.plain)
            added: list[Piece] = [(sign, tones[0]), (text, tones[1]), ("  ", ink.plain)]
            left = len(self._findings) - place
            if pieces and pieces_width([*pieces, *added]) > width - 12:
                return [*pieces, (f" {left} more (8)", ink.of("muted"))]
            pieces += added
        return pieces


class FindingsStrip:
    """All the lines; which of them are on the screen is the layout's to say."""

    def __init__(self, *, ascii_only: bool, signs: Glyphs) -> None:
        self.lines = [FindingsLine(name, ascii_only=ascii_only, signs=signs) for name in FINDING_LINES]

    def show(self, diagnosis: Diagnosis | None, count: int) -> None:
        """Lay out the findings on the first ``count`` lines."""
        if diagnosis is None or not diagnosis.findings:
            said = "" if diagnosis is None else _nothing(diagnosis)
            for place, line in enumerate(self.lines):
                line.show((), 0.0, "" if place else said)
            return
        # What is right again, or noted by somebody already, stands behind what nobody has taken care of.
        findings, at = sorted(diagnosis.findings, key=lambda one: one.acknowledged or one.recovering), diagnosis.at
        if count == 1:
            self.lines[0].show(findings, at, beside=ALL)
            return
        more = max(len(findings) - count, 0)
        told = f"   {more} more (8)" if more else ALL
        last = min(count, len(findings)) - 1
        for place, line in enumerate(self.lines[:count]):
            line.show(findings[place : place + 1], at, beside=told if place == last else " " * len(told))


def _nothing(diagnosis: Diagnosis) -> str:
    if not diagnosis.unknown:
        return "no findings"
    return f"no findings; {len(diagnosis.unknown)} could not be judged (8)"
