"""The one registry of what a key can do. Bindings, footer, help and palette derive from it.

An action that cannot be done now is told why; the registry holds no code that does anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from opsconsole.model.alert import Alert
from opsconsole.model.finding import Finding
from opsconsole.ui.fixes import why_not_fixed, why_not_proposed
from opsconsole.ui.layout import OVERVIEW
from opsconsole.ui.subjects import Subject
from opsconsole.ui.verbs import BY_ID, VERBS, Danger, VerbSpec, why_none


@dataclass(frozen=True)
class Context:
    """What decides which actions make sense now."""

    read_only: bool
    screen: str = "main"
    """``main``, or the name of the reading screen that the keys are for: ``log``, ``details``, ``help``."""
    pane: str = ""
    rows: int = 0
    """Rows shown in the pane."""
    on_row: bool = False
    row_kind: str = ""
    """The first word of the key of the row under the cursor: ``worker``, ``finding``; empty for none."""
    diagnosed: bool = False
    """Whether the shown Snapshot has a diagnosis."""
    findings: tuple[Finding, ...] = ()
    """What putting right is aimed at: the marked ones in the order of dependence, or the one under the cursor."""
    alert: Alert | None = None
    """The one under the cursor."""
    filter: str = ""
    searched: str = ""
    """The last filter text, also when it no longer filters."""
    frozen: bool = False
    zoomed: bool = False
    panes_shown: int = 1
    has_tree: bool = False
    in_tree: bool = False
    """Whether the pane shows its trees."""
    has_log: bool = False
    probes: bool = False
    """Whether anything is configured that can be probed."""
    refused: str = ""
    """Why nothing may be changed, beside being read-only."""
    verbs: frozenset[str] = frozenset()
    """What can be done at all."""
    subjects: tuple[Subject, ...] = ()
    """What the verbs are aimed at: the marked rows, or the one under the cursor."""
    own_kinds: frozenset[str] = frozenset()
    """Kinds of rows that the config's own commands are for."""
    of_pane: tuple[Subject, ...] = ()
    """All that the pane shows, for actions that are about all of them."""
    marked: int = 0
    """Marked rows of the pane."""
    pressed: bool = False
    """Whether a finding says that there are more sessions than the machine, or the config, can bear."""

    @property
    def proposes_sleep(self) -> bool:
        """Whether the key for hibernating is about all sessions: there is pressure, and none is chosen."""
        return self.pressed and self.pane == "sessions" and not self.marked

    @property
    def why_no_change(self) -> str:
        """Why nothing at all may be changed; empty when it may."""
        return "read-only" if self.read_only else self.refused


def always(_context: Context) -> str:
    return ""


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


def _needs_rows(context: Context) -> str:
    return "" if context.rows else "no rows here"


def _needs_row(context: Context) -> str:
    return "" if context.on_row else "no row selected"


def _needs_search(context: Context) -> str:
    return "" if context.searched else "nothing searched yet"


def _needs_tree(context: Context) -> str:
    return "" if context.has_tree else "no tree in this pane"


def _needs_tree_shown(context: Context) -> str:
    if not context.has_tree:
        return "no tree in this pane"
    return _needs_row(context) if context.in_tree else "no tree shown"


def _needs_note(context: Context) -> str:
    return "" if context.row_kind in ("finding", "alert") else "only on a finding or an alert"


def _needs_alert(context: Context) -> str:
    return "" if context.row_kind == "alert" else "only on an alert"


def _fixable(context: Context) -> str:
    if context.row_kind == "alert" and context.alert is not None:
        reasons = [why_not_proposed(context.alert, context.verbs)]
    else:
        reasons = [why_not_fixed(finding, context.verbs) for finding in context.findings]
    if not reasons:
        return "only on a finding, or an alert that proposes something"
    by_hand = reasons[0] if "" not in reasons else ""
    return by_hand if by_hand and by_hand != "not available" else context.why_no_change or by_hand


def _needs_diagnosis(context: Context) -> str:
    return "" if context.diagnosed else "nothing was diagnosed yet"


def _needs_finding(context: Context) -> str:
    return "" if context.row_kind == "finding" else "only on a finding"


def _needs_log(context: Context) -> str:
    if context.pane == "sessions":
        return _needs_row(context)
    if context.pane == "findings":
        return _needs_row(context) or ("" if context.has_log else "no log in its evidence")
    if context.pane not in LOGGING:
        return "nothing logs here"
    return _needs_row(context) or ("" if context.has_log else "no log configured")


def _needs_session(context: Context) -> str:
    if context.read_only:
        return "read-only"
    if context.pane != "sessions":
        return "only on a session"
    return _needs_row(context)


def _needs_log_screen(context: Context) -> str:
    return "" if context.screen == "log" else "only in a log"


def _needs_history(context: Context) -> str:
    return "" if context.screen == "history" else "only in the history"


def _needs_other_panes(context: Context) -> str:
    if context.pane not in OVERVIEW:
        return "this view has the whole screen"
    return "" if context.zoomed or context.panes_shown > 1 else "one pane fits this terminal"


def _needs_probes(context: Context) -> str:
    return "" if context.probes else "no URL configured"


def _needs_marks(context: Context) -> str:
    return "" if context.marked else "no row marked"


def _needs_subject(context: Context) -> str:
    if context.row_kind in OF_THE_ROW:
        return ""
    if not context.subjects:
        return "nothing selected that can be acted on"
    # Of the machine's own figures only the config's own commands are.
    able = any(subject.kind != "system" or "system" in context.own_kinds for subject in context.subjects)
    return "" if able else "nothing can be done to this row"


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
FILTER_HELP = (
    "Show only rows that hold a text, a pattern (/^arch/), not a text (!idle), "
    "or conditions (cpu > 50 and mem > 1GB or state = unknown)"
)

ACTIONS: tuple[ConsoleAction, ...] = (
    ConsoleAction("details", "details", ("enter",), ROWS, "Show everything known about the row", _needs_row, footer=1),
    ConsoleAction(
        "log",
        "log",
        ("l",),
        ROWS,
        "Follow its log; of a session show its screen",
        _needs_log,
        footer=2,
        panes=LOGGING,
    ),
    ConsoleAction(
        "attach",
        "attach",
        ("a",),
        ROWS,
        "Go to the session; its status line tells the key that comes back",
        _needs_session,
        footer=2,
        panes=("sessions",),
    ),
    ConsoleAction(
        "copy",
        "copy",
        ("y",),
        ROWS,
        "Copy the row to the terminal's clipboard (OSC 52), in tmux to its buffer too",
        _needs_row,
    ),
    ConsoleAction("probe", "probe", ("p",), ROWS, "Probe the row, or else all sites and health URLs", _needs_probes),
    ConsoleAction(
        "mark", "mark", ("space",), ROWS, "Mark the row, for an action on several", _needs_row, footer=3, panes=FINDINGS
    ),
    ConsoleAction(
        "mark-shown",
        "mark all",
        ("M",),
        ROWS,
        "Mark every row that is shown: a filter chooses",
        _needs_rows,
        footer=2,
        panes=FINDINGS,
    ),
    ConsoleAction("unmark-all", "unmark all", ("U",), ROWS, "Take all marks of the pane away", _needs_marks),
    ConsoleAction(
        "actions", "actions", ("x",), ROWS, "Everything that can be done to the row", _needs_subject, footer=2
    ),
    *(_verb(spec) for spec in VERBS),
    ConsoleAction(
        "fix",
        "fix",
        ("f",),
        CHANGING,
        "Put the finding, or all marked ones, right plan by plan; do what an alert proposes",
        _fixable,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction("verify", "verify", ("v",), ROWS, "Collect all evidence again", _needs_finding, 2, panes=FINDINGS),
    ConsoleAction(
        "acknowledge",
        "acknowledge",
        ("a",),
        ROWS,
        "Take note of a finding or an alert, or take that back",
        _needs_note,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction(
        "silence",
        "silence",
        ("s",),
        ROWS,
        "Let an alert propose nothing for a time, or end that",
        _needs_alert,
        footer=2,
        panes=("alerts",),
    ),
    ConsoleAction(
        "report",
        "report",
        ("E",),
        CONSOLE,
        "The incident report as it stands; again: write it",
        _needs_diagnosis,
        footer=2,
        panes=(*JUDGED, "system"),
    ),
    ConsoleAction(
        "checklist",
        "checklist",
        ("c",),
        CONSOLE,
        "The action plan: open, under way, done and verified, and by whom",
        _needs_diagnosis,
        footer=2,
        panes=JUDGED,
    ),
    ConsoleAction("filter", "filter", ("/",), LOOKING, FILTER_HELP, footer=3),
    ConsoleAction("faults", "faults", ("!",), LOOKING, "Show only rows with something wrong", footer=4),
    ConsoleAction(
        "tree", "tree", ("t",), LOOKING, "Show the processes below each row", _needs_tree, footer=5, panes=TREES
    ),
    ConsoleAction(
        "fold",
        "fold",
        ("-",),
        LOOKING,
        "One line for a process and all below it, with sums; or back",
        _needs_tree_shown,
    ),
    ConsoleAction("fold-all", "fold all", ("*",), LOOKING, "Fold all trees, or unfold all", _needs_tree_shown),
    ConsoleAction(
        "zoom",
        "zoom",
        ("z",),
        LOOKING,
        "Give the pane the whole screen, or back",
        _needs_other_panes,
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
    ConsoleAction("find-next", "next match", ("n",), LOOKING, "Go to the next row that holds the text", _needs_search),
    ConsoleAction(
        "find-previous", "previous match", ("N",), LOOKING, "Go to the row before that holds the text", _needs_search
    ),
    ConsoleAction("down", "down", ("j", "down"), MOVING, "One row down", _needs_rows, palette=False),
    ConsoleAction("up", "up", ("k", "up"), MOVING, "One row up", _needs_rows, palette=False),
    ConsoleAction("top", "top", ("g", "home"), MOVING, "To the first row", _needs_rows, palette=False),
    ConsoleAction("bottom", "bottom", ("G", "end"), MOVING, "To the last row", _needs_rows, palette=False),
    ConsoleAction("half-down", "half a page down", ("ctrl+d",), MOVING, "Half a page down", _needs_rows, palette=False),
    ConsoleAction("half-up", "half a page up", ("ctrl+u",), MOVING, "Half a page up", _needs_rows, palette=False),
    ConsoleAction("page-down", "page down", ("pagedown",), MOVING, "One page down", _needs_rows, palette=False),
    ConsoleAction("page-up", "page up", ("pageup",), MOVING, "One page up", _needs_rows, palette=False),
    ConsoleAction("next-pane", "next pane", ("tab", "right"), MOVING, "To the next pane", footer=8, palette=False),
    ConsoleAction("previous-pane", "previous pane", ("shift+tab", "left"), MOVING, "To the pane before", palette=False),
    ConsoleAction(
        "next-error", "next error", ("e", "]"), IN_A_LOG, "Go to the next line with an error", _needs_log_screen
    ),
    ConsoleAction("previous-error", "error before", ("[",), IN_A_LOG, "Go to the error before", _needs_log_screen),
    ConsoleAction("wrap", "wrap", ("w",), IN_A_LOG, "Wrap long lines, or cut them", _needs_log_screen),
    ConsoleAction(
        "window-shorter", "shorter time", (",",), IN_HISTORY, "Show a shorter time, in more detail", _needs_history
    ),
    ConsoleAction(
        "window-longer", "longer time", (".",), IN_HISTORY, "Show a longer time, up to 7 days", _needs_history
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
    if action.id == "details":
        return 1 if pane in JUDGED else 2
    if action.id in ("log", "checklist", "mark-shown", "next-pane", "palette") or (
        action.id == "actions" and pane in JUDGED
    ):
        return 2
    return 1 if action.footer == 2 else 3


def actions_by_id() -> dict[str, ConsoleAction]:
    return {action.id: action for action in ACTIONS}
