"""The main screen: all panes of one Snapshot, how they are looked at, and what the keys do to that.

Data comes down in one message per Snapshot; what belongs to looking (cursor, filter, zoom, freeze) lives here and
in the panes and is never in the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.layout import Layout
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from opsconsole.model.snapshot import Snapshot
from opsconsole.present.cell import Row
from opsconsole.present.findings_pane import findings_content
from opsconsole.present.glyphs import glyphs
from opsconsole.present.header import header_content
from opsconsole.present.keys import kind_of
from opsconsole.present.pane import PaneContent
from opsconsole.present.panes import PANES, pane_content
from opsconsole.ui.context import Context
from opsconsole.ui.feed import Feed
from opsconsole.ui.filter_bar import FilterCount, FilterInput, FilterPrompt
from opsconsole.ui.findings import FindingsStrip
from opsconsole.ui.footer import FooterLine, Hint
from opsconsole.ui.layout import FILTER_SAYS, OVERVIEW, Arrangement, finding_lines
from opsconsole.ui.lines import BannerLine, HeaderLine, Notice
from opsconsole.ui.logs import log_path, shows_session
from opsconsole.ui.messages import CursorMoved, PaneEntered
from opsconsole.ui.pane_keys import PANE_ACTIONS
from opsconsole.ui.places import Places
from opsconsole.ui.repaint import ThriftyScreen
from opsconsole.ui.table import RowTable
from opsconsole.ui.tabs import Tab, TabLine
from opsconsole.ui.why_not import TREES

SAY_S = 6.0
"""How long a message stands in the footer."""


class MainScreen(ThriftyScreen):
    AUTO_FOCUS = ""

    def __init__(
        self,
        feed: Feed,
        *,
        read_only: bool,
        label: str,
        demo: bool,
        ascii_only: bool,
        hints: Callable[[Context], list[Hint]],
        wall: Callable[[], float],
    ) -> None:
        super().__init__()
        self.feed = feed
        self._mode, self._label, self._demo = ("watch" if read_only else "console"), label, demo
        self.ascii_only = ascii_only
        self._glyphs = glyphs(ascii_only)
        self._hints = hints
        self._wall = wall
        self._places = Places(self)
        self.active = "services"
        self.zoomed: bool = False
        self.frozen: bool = False
        self.filtering: bool = False
        self.searched = ""
        self.faults_only: bool = False
        self.latest: Snapshot | None = None
        """The newest one collected."""
        self.shown: Snapshot | None = None
        """The one on the screen: the newest, or while frozen the one that was."""
        self.contents: dict[str, PaneContent] = {}
        self.tried: dict[str, str] = {}
        """By a finding's id: what was done about it from this console."""
        self._quiet_again: Timer | None = None
        self._pane_chosen = False
        """Whether a key, or what there is to see, has said which pane the keys are for."""
        self.tables = {
            spec.id: RowTable(spec.id, spec.title, spec.number, spec.columns, ascii_only=ascii_only)
            for spec in PANES.values()
        }
        self.header = HeaderLine(ascii_only=ascii_only)
        self.banner = BannerLine(ascii_only=ascii_only)
        self.tabs = TabLine(ascii_only=ascii_only)
        self.findings = FindingsStrip(ascii_only=ascii_only, signs=self._glyphs)
        self.footer = FooterLine(ascii_only=ascii_only)
        self.filter_input = FilterInput()
        self.filter_count = FilterCount(ascii_only=ascii_only)
        self.notice = Notice(ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.banner
        yield self.tabs
        yield from self.tables.values()
        yield from self.findings.lines
        yield self.footer
        yield FilterPrompt(ascii_only=self.ascii_only)
        yield self.filter_input
        yield self.filter_count
        yield self.notice

    # Layout

    @property
    def layout(self) -> Layout:
        return self._places

    @property
    def arrangement(self) -> Arrangement | None:
        """What stands where; None before the first layout."""
        return self._places.current

    def _lay_out(self) -> None:
        self._clear_arrangement_cache()
        self.refresh(repaint=False, layout=True)
        self._show_lines()
        self.call_after_refresh(self._focus_active)

    def _focus_active(self) -> None:
        wanted: Widget = self.filter_input if self.filtering else self.tables[self.active]
        if self.focused is not wanted:
            self.set_focus(wanted, scroll_visible=False)

    def on_mount(self) -> None:
        self._focus_active()
        self._show_lines()
        self.set_interval(1.0, self._show_header)

    @on(Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self._focus_active)
        self._show_lines()

    # Data

    def collected(self, snapshot: Snapshot) -> None:
        """Take a newer Snapshot; it is shown unless the screen is frozen."""
        self.latest = snapshot
        if snapshot.config_problem != self.banner.text:
            self.banner.show(snapshot.config_problem)
            self._lay_out()
        if self.frozen:
            self._show_header()
            return
        self.shown = snapshot
        self._show_snapshot()

    def _show_snapshot(self) -> None:
        if self.shown is None:
            return
        for pane_id in PANES:
            self._show_pane(pane_id, self.shown)
        if not self._pane_chosen:
            self._begin_where_rows_are()
        self._show_lines()
        if self._places.share_anew():
            self._lay_out()

    def _begin_where_rows_are(self) -> None:
        """Do not begin in a pane that the config has nothing for."""
        if self.contents[self.active].state != "unconfigured":
            self._pane_chosen = bool(self.contents[self.active].rows)
            return
        begin = next((pane_id for pane_id in OVERVIEW if self.contents[pane_id].rows), None)
        if begin is not None:
            self.enter(begin)

    def _show_pane(self, pane_id: str, snapshot: Snapshot) -> None:
        table = self.tables[pane_id]
        view = table.view
        content = pane_content(
            pane_id, snapshot, self.feed.history, tree=view.tree, folded=view.folded, glyphs=self._glyphs
        )
        if pane_id == "findings" and self.tried:
            content = findings_content(snapshot, self._glyphs, self.tried)
        self.contents[pane_id] = content
        table.show(content)

    def _show_lines(self) -> None:
        self._show_header()
        self.tabs.show(
            [
                Tab(spec.id, spec.number, spec.title, content.faults, content.unknowns > 0, content.status)
                if (content := self.contents.get(spec.id)) is not None
                else Tab(spec.id, spec.number, spec.title, 0, False, "")
                for spec in PANES.values()
            ],
            self.active,
        )
        self.findings.show(self.shown.diagnosis if self.shown is not None else None, finding_lines(self.size.height))
        self._show_footer()

    def _show_header(self) -> None:
        self.header.show(
            header_content(
                self.shown,
                mode=self._mode,
                label=self._label,
                demo=self._demo,
                now=self._wall(),
                glyphs=self._glyphs,
            ),
            "FROZEN" if self.frozen else "",
        )

    def _show_footer(self) -> None:
        self.footer.show(self._hints(self.context()))
        if self.filtering:
            table = self.tables[self.active]
            mistake = table.filter_mistake
            self.filter_count.show(len(table.rows), len(table.content.rows), mistake)
            if (says := max(cell_len(mistake) + 2, FILTER_SAYS)) != self._places.filter_says:
                self._places.filter_says = says
                self._lay_out()

    # Doing

    def context(self) -> Context:
        table = self.tables[self.active]
        shown = self.shown
        return Context(
            read_only=self._mode == "watch",
            pane=self.active,
            rows=len(table.rows),
            on_row=table.cursor_row is not None,
            filter=table.view.filter,
            searched=self.searched,
            frozen=self.frozen,
            zoomed=self.zoomed,
            panes_shown=len(self.arrangement.panes()) if self.arrangement is not None else 1,
            has_tree=self.active in TREES,
            in_tree=table.view.tree,
            has_log=bool(self.log_path),
            has_screen=shown is not None and table.cursor_row is not None and shows_session(shown, table.cursor_row),
            probes=shown is not None
            and (shown.sites.state != "unconfigured" or any(service.url for service in shown.services.value or ())),
            row_kind=kind_of(row.key) if (row := table.cursor_row) is not None else "",
            diagnosed=shown is not None and shown.diagnosis is not None,
        )

    @property
    def table(self) -> RowTable:
        """The pane that the keys are for."""
        return self.tables[self.active]

    @property
    def log_path(self) -> str:
        """Of the log of the row under the cursor; empty for none."""
        row = self.cursor_row
        return log_path(self.shown, row) if self.shown is not None and row is not None else ""

    @property
    def cursor_row(self) -> Row | None:
        return self.table.cursor_row

    def perform(self, action_id: str) -> bool:
        """Do an action of the registry; False when it is none of this screen's."""
        self._pane_chosen = True
        if self.footer.said:
            self.footer.say("")
        doing = PANE_ACTIONS.get(action_id)
        if doing is not None:
            doing(self)
            self._show_footer()
            return True
        if action_id.startswith("view-"):
            self.enter(action_id.removeprefix("view-"))
            return True
        return False

    def say(self, text: str, status: str = "", *, stay: bool = False) -> None:
        """A message in the footer, until the next key or for some seconds."""
        self.footer.say(text, status)
        if self._quiet_again is not None:
            self._quiet_again.stop()
            self._quiet_again = None
        if not stay:
            self._quiet_again = self.set_timer(SAY_S, lambda: self.footer.say(""))

    def enter(self, pane_id: str) -> None:
        """Make a pane the one the keys are for, and bring it on the screen."""
        self._pane_chosen = True
        was_filtering, self.filtering = self.filtering and pane_id == self.active, False
        self.active = pane_id
        if (
            was_filtering
            or self.arrangement is None
            or pane_id not in self.arrangement.boxes
            or "filter" in self.arrangement.boxes
        ):
            self._lay_out()
        self._focus_active()
        self._show_lines()

    def step_pane(self, direction: int) -> None:
        """To the next pane of the overview in reading order, or the one before."""
        order = self.arrangement.panes() if self.arrangement is not None else []
        if len(order) < 2:
            order = list(PANES if self.active not in OVERVIEW else OVERVIEW)
        place = order.index(self.active) if self.active in order else -1
        self.enter(order[(place + direction) % len(order)])

    def show_tour(self, tour: Widget | None, lines: int) -> None:
        """Have the tour above the findings; None takes it away."""
        self._places.tour_lines = lines
        if tour is not None:
            self.mount(tour)
        else:
            self.query("#tour").remove()
        self._lay_out()

    def relabel(self, label: str) -> None:
        self._label = label
        self._show_header()

    def set_faults_only(self, wanted: bool) -> None:
        self.faults_only = wanted
        for table in self.tables.values():
            table.look(msgspec.structs.replace(table.view, faults_only=wanted))

    def set_frozen(self, wanted: bool) -> None:
        self.frozen = wanted
        if not wanted:
            self.shown = self.latest
            self._show_snapshot()
        self._show_header()

    def look_at_trees(self, **changes: Any) -> None:
        """Show the processes below the rows, or fold them, differently."""
        self.table.look(msgspec.structs.replace(self.table.view, **changes))
        if self.shown is not None:
            self._show_pane(self.active, self.shown)

    @property
    def overview_fits(self) -> bool:
        """Whether this terminal shows more than one pane when nothing is zoomed."""
        return self._places.overview_fits

    def refresh_everything(self) -> None:
        """Read every source again, and write the whole screen again."""
        self.feed.refresh_now()
        self.refresh()
        self.say("reading everything again")

    def set_zoomed(self, wanted: bool) -> None:
        self.zoomed = wanted
        self._lay_out()

    def start_filter(self) -> None:
        self.filtering = True
        self.filter_input.kept = False
        self.filter_input.value = self.table.view.filter
        self.filter_input.cursor_position = len(self.filter_input.value)
        # Now, not after the next frame: what is typed on is for the filter already.
        self.set_focus(self.filter_input, scroll_visible=False)
        self._lay_out()

    def end_filter(self, keep: bool) -> None:
        """Close the input; without ``keep`` show all rows again."""
        self.filtering = False
        if not keep:
            self.set_filter("")
        self.set_focus(self.table, scroll_visible=False)
        self._lay_out()

    def set_filter(self, text: str) -> None:
        if text:
            self.searched = text
        self.table.look(msgspec.structs.replace(self.table.view, filter=text))

    # Events

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        if self.filtering:
            self.set_filter(event.value.strip())
            self._show_footer()

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self.end_filter(keep=True)

    @on(PaneEntered)
    def _pane_entered(self, message: PaneEntered) -> None:
        self.enter(message.pane_id)

    @on(CursorMoved)
    def _cursor_moved(self) -> None:
        self._show_footer()
