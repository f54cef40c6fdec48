"""ChecklistScreen: the action plan as it stands now; the key of the report writes it as Markdown."""

from __future__ import annotations

from opsconsole.present.checklist import checklist_report
from opsconsole.present.report import Facts, Report
from opsconsole.ui.screens.report import ReportScreen


class ChecklistScreen(ReportScreen):
    NAME = "checklist"
    LABEL = "Checklist"

    def made_from(self, facts: Facts) -> Report:
        return checklist_report(facts)
