"""Why an action cannot be done now: each of these is empty when it can, else the reason that footer and help tell."""

from __future__ import annotations

from opsconsole.ui.context import Context
from opsconsole.ui.fixes import why_not_fixed, why_not_proposed
from opsconsole.ui.layout import OVERVIEW

FINDINGS = ("findings",)
"""Panes whose rows are findings."""
JUDGED = (*FINDINGS, "alerts")
"""Panes of what was judged: from there the incident is reported."""
TREES = ("services", "workers", "sessions", "environments")
"""Panes whose rows have processes below them."""
LOGGING = ("services", "workers", "sessions", "findings")
"""Panes whose rows may have a log."""
OF_THE_ROW: dict[str, tuple[str, ...]] = {
    "finding": ("fix", "verify", "acknowledge"),
    "alert": ("fix", "acknowledge", "silence"),
}
"""Actions on a row that is no subject of a verb, by its kind: in its menu, and in its details."""


def always(_context: Context) -> str:
    return ""


def needs_rows(context: Context) -> str:
    return "" if context.rows else "no rows here"


def needs_row(context: Context) -> str:
    return "" if context.on_row else "no row selected"


def needs_search(context: Context) -> str:
    return "" if context.searched else "nothing searched yet"


def needs_tree(context: Context) -> str:
    return "" if context.has_tree else "no tree in this pane"


def needs_tree_shown(context: Context) -> str:
    if not context.has_tree:
        return "no tree in this pane"
    return needs_row(context) if context.in_tree else "no tree shown"


def needs_note(context: Context) -> str:
    return "" if context.row_kind in ("finding", "alert") else "only on a finding or an alert"


def needs_alert(context: Context) -> str:
    return "" if context.row_kind == "alert" else "only on an alert"


def fixable(context: Context) -> str:
    if context.row_kind == "alert" and context.alert is not None:
        reasons = [why_not_proposed(context.alert, context.verbs)]
    else:
        reasons = [why_not_fixed(finding, context.verbs) for finding in context.findings]
    if not reasons:
        return "only on a finding, or an alert that proposes something"
    by_hand = reasons[0] if "" not in reasons else ""
    return by_hand if by_hand and by_hand != "not available" else context.why_no_change or by_hand


def needs_diagnosis(context: Context) -> str:
    return "" if context.diagnosed else "nothing was diagnosed yet"


def needs_finding(context: Context) -> str:
    return "" if context.row_kind == "finding" else "only on a finding"


def needs_log(context: Context) -> str:
    if context.pane == "sessions":
        return needs_row(context)
    if context.pane == "findings":
        return needs_row(context) or ("" if context.has_log or context.has_screen else "no log in its evidence")
    if context.pane not in LOGGING:
        return "nothing logs here"
    return needs_row(context) or ("" if context.has_log else "no log configured")


def needs_session(context: Context) -> str:
    if context.read_only:
        return "read-only"
    if context.pane != "sessions":
        return "only on a session"
    return needs_row(context)


def needs_log_screen(context: Context) -> str:
    return "" if context.screen == "log" else "only in a log"


def needs_history(context: Context) -> str:
    return "" if context.screen == "history" else "only in the history"


def needs_other_panes(context: Context) -> str:
    if context.pane not in OVERVIEW:
        return "this view has the whole screen"
    return "" if context.zoomed or context.panes_shown > 1 else "one pane fits this terminal"


def needs_probes(context: Context) -> str:
    return "" if context.probes else "no URL configured"


def needs_marks(context: Context) -> str:
    return "" if context.marked else "no row marked"


def needs_subject(context: Context) -> str:
    if context.row_kind in OF_THE_ROW:
        return ""
    if not context.subjects:
        return "nothing selected that can be acted on"
    # Of the machine's own figures only the config's own commands are.
    able = any(subject.kind != "system" or "system" in context.own_kinds for subject in context.subjects)
    return "" if able else "nothing can be done to this row"
