"""Context: what decides which keys do something now, on the main screen and on those that are read."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.model.alert import Alert
from opsconsole.model.finding import Finding
from opsconsole.ui.subjects import Subject


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
    has_screen: bool = False
    """Whether the row under the cursor is a finding on a session, whose screen can be looked at."""
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
