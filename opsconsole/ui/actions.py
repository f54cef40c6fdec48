"""The one registry of what a key can do. Bindings, footer, help and palette derive from it.

An action that cannot be done now is told why (`ui/why_not`); the registry holds no code that does anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from opsconsole.ui.context import Context
from opsconsole.ui.layout import OVERVIEW
from opsconsole.ui.verbs import BY_ID, VERBS, Danger, VerbSpec, why_none
from opsconsole.ui.why_not import (
    FINDINGS,
    JUDGED,
    LOGGING,
    TREES,
    always,
    fixable,
    needs_alert,
    needs_diagnosis,
    needs_finding,
    needs_history,
    needs_log,
    needs_log_screen,
    needs_marks,
    needs_note,
    needs_other_panes,
    needs_probes,
    needs_row,
    needs_rows,
    needs_search,
    needs_session,
    needs_subject,
    needs_tree,
    needs_tree_shown,
)


@dataclass(frozen=True)
class ConsoleAction:
    id: str
    label: str
    """One or two words, for footer and palette."""
    keys: tuple[str, ...]
    """As the toolkit names them; a config may replace them."""
    group: str
    help: str
    """One sentence without a full stop."""
    enabled: Callable[[Context], str] = always
    """Empty when it can be done now, else why not."""
    footer: int = 0
    """Place in the footer, from the left; 0 keeps it out."""
    palette: bool = True
    panes: tuple[str, ...] = ()
    """Stands in the footer of these panes only; empty: of all."""
    danger: Danger = ""
    verb: VerbSpec | None = None
    """What it does to the machine, when it does."""
    own: str = ""
    """Name of the config's own command that it runs; empty for the console's own actions."""
    own_on: str = ""
    """The kind of row that the own command is for."""


@runtime_checkable
class Performer(Protocol):
    """A screen that does actions of the registry itself."""

    def perform(self, action_id: str) -> bool:
        """Do it; False when this screen has no such action."""
        ...


def _verb(spec: VerbSpec) -> ConsoleAction:
    def enabled(context: Context) -> str:
        if context.why_no_change:
            return context.why_no_change
        if spec.verb not in context.verbs:
            return "not available"
        if spec.id == "hibernate" and context.proposes_sleep:
            return why_none(BY_ID["hibernate-idle"], context.of_pane)
        return why_none(spec, context.of_pane if spec.all_of_them else context.subjects)

    return ConsoleAction(
        spec.id,
        spec.label,
        spec.keys,
        CHANGING,
        spec.help,
        enabled,
        footer=2 if spec.panes else 0,
        panes=spec.panes,
        danger=spec.danger,
        verb=spec,
    )


def _view(number: int, pane_id: str, title: str) -> ConsoleAction:
    action = ConsoleAction(f"view-{pane_id}", title, (str(number),), "Views", f"Show {title.lower()}", palette=True)
    if pane_id not in FINDINGS:
        return action
    # The way from what is wrong to putting it right stands in the footer of every other pane.
    return replace(action, label=title.lower(), footer=2, panes=(*OVERVIEW, "sites", "queue", "alerts"))


MOVING = "Moving"
LOOKING = "Looking"
ROWS = "On a row"
IN_A_LOG = "In a log"
IN_HISTORY = "In the history"
CHANGING = "Putting it right"
CONSOLE = "Console"
FINDINGS_RANKS = {"details": 1, "fix": 0, "mark": 1, "mark-shown": 1, "log": 2, "verify": 2, "acknowledge": 2}
"""Of the footer of the findings: the keys stay longest by which an incident is put right, all of it or one by one."""
FILTER_HELP = (
    "Show only rows that hold a text, a pattern (/^arch/), not a text (!idle), "
    "or conditions (cpu > 50 and mem > 1GB or state = unknown)"
)

ACTIONS: tuple[ConsoleAction, ...] = (
    ConsoleAction("details", "details", ("enter",), ROWS, "Show everything known about the row", needs_row, footer=1),
    ConsoleAction(
        "log",
        "log",
        ("l",),
        ROWS,
        "Follow its log; of a session show its screen",
        needs_log,
        footer=2,
        panes=LOGGING,
    ),
    ConsoleAction(
        "attach",
        "attach",
        ("a",),
        ROWS,
        "Go to the session; its status line tells the key that comes back",
        needs_session,
        footer=2,
        panes=("sessions",),
    ),
    ConsoleAction(
        "copy",
        "copy",
        ("y",),
        ROWS,
        "Copy the row to the terminal's clipboard (OSC 52), in tmux to its buffer too",
        needs_row,
    ),
    ConsoleAction("probe", "probe", ("p",), ROWS, "Probe the row, or else all sites and health URLs", needs_probes),
    ConsoleAction(
        "mark", "mark", ("space",), ROWS, "Mark the row, for an action on several", needs_row, footer=2, panes=FINDINGS
    ),
    ConsoleAction(
        "mark-shown",
        "mark all",
        ("M",),
        ROWS,
        "Mark every row that is shown: a filter chooses",
        needs_rows,
        footer=2,
        panes=FINDINGS,
    ),
    ConsoleAction("unmark-all", "unmark all", ("U",), ROWS, "Take all marks of the pane away", needs_marks),
    ConsoleAction(
        "actions", "actions", ("x",), ROWS, "Everything that can be done to the row", needs_subject, footer=2
    ),
    *(_verb(spec) for spec in VERBS),
    ConsoleAction(
        "fix",
        "fix",
        ("f",),
        CHANGING,
        "Put the finding, or all marked ones, right plan by plan; do what an alert proposes",
        fixable,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction("verify", "verify", ("v",), ROWS, "Collect all evidence again", needs_finding, 2, panes=FINDINGS),
    ConsoleAction(
        "acknowledge",
        "acknowledge",
        ("a",),
        ROWS,
        "Take note of a finding or an alert, or take that back",
        needs_note,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction(
        "silence",
        "silence",
        ("s",),
        ROWS,
        "Let an alert propose nothing for a time, or end that",
        needs_alert,
        footer=2,
        panes=("alerts",),
    ),
    ConsoleAction(
        "report",
        "report",
        ("E",),
        CONSOLE,
        "The incident report as it stands; again: write it",
        needs_diagnosis,
        footer=2,
        panes=(*JUDGED, "system"),
    ),
    ConsoleAction(
        "checklist",
        "checklist",
        # Not `c` alone: on environments that is a plan to delete them.
        ("d", "c"),
        CONSOLE,
        "The action plan: open, under way, done and verified, and by whom",
        needs_diagnosis,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction("filter", "filter", ("/",), LOOKING, FILTER_HELP, footer=3),
    ConsoleAction("faults", "faults", ("!",), LOOKING, "Show only rows with something wrong", footer=4),
    ConsoleAction(
        "tree", "tree", ("t",), LOOKING, "Show the processes below each row", needs_tree, footer=5, panes=TREES
    ),
    ConsoleAction(
        "fold",
        "fold",
        ("-",),
        LOOKING,
        "One line for a process and all below it, with sums; or back",
        needs_tree_shown,
    ),
    ConsoleAction("fold-all", "fold all", ("*",), LOOKING, "Fold all trees, or unfold all", needs_tree_shown),
    ConsoleAction(
        "zoom",
        "zoom",
        ("z",),
        LOOKING,
        "Give the pane the whole screen, or back",
        needs_other_panes,
        footer=6,
        panes=OVERVIEW,
    ),
    ConsoleAction(
        "freeze", "freeze", ("Z",), LOOKING, "Hold the screen still, or let it follow; collecting goes on", footer=7
    ),
    ConsoleAction("sort-next", "sort right", (">",), LOOKING, "Sort by the next column"),
    ConsoleAction("sort-previous", "sort left", ("<",), LOOKING, "Sort by the previous column"),
    ConsoleAction("invert", "invert", ("I",), LOOKING, "Turn the order round"),
    ConsoleAction("columns", "columns", ("o",), LOOKING, "Choose the pane's columns; they, order and filter are kept"),
    ConsoleAction("find-next", "next match", ("n",), LOOKING, "Go to the next row that holds the text", needs_search),
    ConsoleAction(
        "find-previous", "previous match", ("N",), LOOKING, "Go to the row before that holds the text", needs_search
    ),
    ConsoleAction("down", "down", ("j", "down"), MOVING, "One row down", needs_rows, palette=False),
    ConsoleAction("up", "up", ("k", "up"), MOVING, "One row up", needs_rows, palette=False),
    ConsoleAction("top", "top", ("g", "home"), MOVING, "To the first row", needs_rows, palette=False),
    ConsoleAction("bottom", "bottom", ("G", "end"), MOVING, "To the last row", needs_rows, palette=False),
    ConsoleAction("half-down", "half a page down", ("ctrl+d",), MOVING, "Half a page down", needs_rows, palette=False),
    ConsoleAction("half-up", "half a page up", ("ctrl+u",), MOVING, "Half a page up", needs_rows, palette=False),
    ConsoleAction("page-down", "page down", ("pagedown",), MOVING, "One page down", needs_rows, palette=False),
    ConsoleAction("page-up", "page up", ("pageup",), MOVING, "One page up", needs_rows, palette=False),
    ConsoleAction("next-pane", "next pane", ("tab", "right"), MOVING, "To the next pane", footer=8, palette=False),
    ConsoleAction("previous-pane", "previous pane", ("shift+tab", "left"), MOVING, "To the pane before", palette=False),
    ConsoleAction(
        "next-error", "next error", ("e", "]"), IN_A_LOG, "Go to the next line with an error", needs_log_screen
    ),
    ConsoleAction("previous-error", "error before", ("[",), IN_A_LOG, "Go to the error before", needs_log_screen),
    ConsoleAction("wrap", "wrap", ("w",), IN_A_LOG, "Wrap long lines, or cut them", needs_log_screen),
    ConsoleAction(
        "window-shorter", "shorter time", (",",), IN_HISTORY, "Show a shorter time, in more detail", needs_history
    ),
    ConsoleAction(
        "window-longer", "longer time", (".",), IN_HISTORY, "Show a longer time, up to 7 days", needs_history
    ),
    _view(1, "services", "Services"),
    _view(2, "workers", "Workers"),
    _view(3, "sessions", "Sessions"),
    _view(4, "environments", "Environments"),
    _view(5, "system", "System"),
    _view(6, "sites", "Sites"),
    _view(7, "queue", "Queue"),
    _view(8, "findings", "Findings"),
    _view(9, "alerts", "Alerts and targets"),
    ConsoleAction(
        "history",
        "history",
        ("h", "0"),
        "Views",
        "Charts of load, memory, swap, queue, each worker and service; of the row under the cursor first",
        footer=6,
        panes=("system", "queue", "workers"),
    ),
    ConsoleAction("timeline", "timeline", ("i",), "Views", "What was found, noted and done, newest first, and by whom"),
    ConsoleAction("journal", "journal", ("J",), CONSOLE, "What has been done, and what came of it"),
    ConsoleAction("help", "help", ("?",), CONSOLE, "What every key does", footer=9),
    ConsoleAction(
        "palette", "palette", (":", "ctrl+p"), CONSOLE, "Find an action by its name", palette=False, footer=10
    ),
    ConsoleAction(
        "back", "back", ("escape",), CONSOLE, "Clear the filter, leave the zoom, close what is open", palette=False
    ),
    ConsoleAction("quit", "quit", ("q",), CONSOLE, "Back; at the overview leave the console", footer=11),
    ConsoleAction("theme", "theme", (), CONSOLE, "Try the themes: two dark, one light, colour-blind, monochrome"),
    ConsoleAction(
        "mouse", "mouse", ("m",), CONSOLE, "Leave the mouse to the terminal, to select text with, or take it back"
    ),
    ConsoleAction("redraw", "redraw", ("ctrl+l",), CONSOLE, "Read everything again and draw the screen anew"),
    ConsoleAction("interrupt", "interrupt", ("ctrl+c",), CONSOLE, "Says how to quit", palette=False),
)


def footer_rank(action: ConsoleAction, pane: str) -> int:
    """What a footer without room for all of its keys leaves out: the highest rank first; 0 stays."""
    if action.id in ("help", "quit", "view-findings") or (action.id == "report" and pane in JUDGED):
        return 0
    if pane in FINDINGS and action.id in FINDINGS_RANKS:
        return FINDINGS_RANKS[action.id]
    if action.id == "details":
        return 1 if pane in JUDGED else 2
    if action.id in ("log", "checklist", "mark-shown", "next-pane", "palette") or (
        action.id == "actions" and pane in JUDGED
    ):
        return 2
    return 1 if action.footer == 2 else 3


def actions_by_id() -> dict[str, ConsoleAction]:
    return {action.id: action for action in ACTIONS}
