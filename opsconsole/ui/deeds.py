"""From a key to a plan, a question, and a plan handed over. The screen's whole part in putting things right.

Plans are made on threads, since making one looks at the machine again; of two keys the later one wins, and the same
key pressed again while its plan is being made is one wish. A plan that comes when another screen has been opened in
the meantime is dropped: a question must not jump at who is reading something else. Boxes and screens are imported when
they are opened: the first screen needs none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.screen import Screen

from opsconsole.model.alert import Alert
from opsconsole.model.finding import Finding
from opsconsole.model.plan import JournalEntry, Plan, Refused
from opsconsole.present.glyphs import glyphs
from opsconsole.present.plan import plan_title, proposals, refused_text
from opsconsole.ui.acting import Acting, Offer, Wish
from opsconsole.ui.actions import ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.fix_run import FixRun, is_proved
from opsconsole.ui.fixes import alert_at, findings_at, row_key
from opsconsole.ui.keymap import shown_key
from opsconsole.ui.plan_words import standing
from opsconsole.ui.remedies import Remedy, remedies
from opsconsole.ui.screens.reader import ReaderScreen
from opsconsole.ui.subjects import Member, Subject, presses_on_sessions, subjects_of
from opsconsole.ui.under_way import Told, UnderWay, note
from opsconsole.ui.verbs import BY_ID, running
from opsconsole.ui.wishes import Choose, wish_of

if TYPE_CHECKING:
    from opsconsole.ui.app import ConsoleApp
    from opsconsole.ui.dialogs.plan import Answer
    from opsconsole.ui.screens.plan import PlanScreen

PATIENCE_S = 0.4
"""How long a plan may take before the screen says that it is being made."""


class Deeds:
    def __init__(self, app: ConsoleApp, acting: Acting | None, state_dir: Path | None) -> None:
        """Without ``acting`` nothing can be changed; without ``state_dir`` there is no journal to be shown."""
        self._app = app
        self._acting = acting
        self._state_dir = state_dir
        self._number = 0
        self._pending: Wish | None = None
        self._signs = glyphs(app.ascii_only)
        self._run = FixRun(app.main.tried)
        self._unfinished: tuple[JournalEntry, ...] = ()
        self._journal_looked_at = False
        self._under_way = UnderWay(state_dir, self._on_journal) if state_dir is not None else None

    def start(self) -> None:
        """Begin to follow the journal."""
        if self._under_way is not None:
            self._under_way.start()
            self._app.main.set_interval(1.0, self._show_note)

    def stop(self) -> None:
        if self._under_way is not None:
            self._under_way.stop()

    # What can be done now

    def context(self, context: Context) -> Context:
        """The same with what the verbs are aimed at, and what may be done at all."""
        main, snapshot = self._app.main, self._app.main.shown
        marked = main.table.marked
        row = main.cursor_row
        findings: tuple[Finding, ...] = ()
        alert: Alert | None = None
        subjects: tuple[Subject, ...] = ()
        of_pane: tuple[Subject, ...] = ()
        if snapshot is not None:
            keys = marked or ((row.key,) if row is not None else ())
            findings = findings_at(snapshot, keys) if context.pane == "findings" else ()
            alert = alert_at(snapshot, row.key) if context.pane == "alerts" and row is not None else None
            subjects = subjects_of(snapshot, keys, self._app.loaded.config)
            if context.pane in ("environments", "sessions"):
                table = main.tables[context.pane]
                of_pane = subjects_of(snapshot, (each.key for each in table.content.rows), self._app.loaded.config)
        return replace(
            context,
            refused=self._acting.refused(self._app.loaded) if self._acting is not None else "this console cannot act",
            verbs=self._acting.verbs if self._acting is not None else frozenset(),
            findings=findings,
            alert=alert,
            subjects=subjects,
            of_pane=of_pane,
            own_kinds=frozenset(action.own_on for action in self._app.registry if action.own),
            marked=len(marked),
            pressed=snapshot is not None and presses_on_sessions(snapshot.diagnosis),
        )

    # What the keys do

    def perform(self, action: ConsoleAction) -> bool:
        """Do an action of the registry; False when it is none of these."""
        if action.id == "actions":
            from opsconsole.ui.menus import open_menu

            open_menu(self._app, self._say, self._wish)
        elif action.id == "journal":
            self.open_journal()
        elif action.id in ("report", "checklist"):
            self._open_report(action.id)
        elif action.id == "fix":
            self._fix()
        elif action.verb is not None or action.own:
            self._wish(action)
        else:
            return False
        return True

    def explain(self, action: ConsoleAction) -> bool:
        """Tell what must be in the config so that it can be done; False where that is not what is missing."""
        context = self._app.context()
        if action.id != "restart" or context.why_no_change or not context.subjects:
            return False
        if any(subject.startable or not running(subject) for subject in context.subjects):
            return False
        self._wish(action)
        return True

    def _fix(self) -> None:
        """Ask about the first plan for the findings it is aimed at, or about what an alert proposes."""
        context, snapshot = self._app.context(), self._app.main.shown
        if snapshot is None or (why_not := self._app.actions["fix"].enabled(context)):
            if snapshot is not None:
                self._say(f"fix: {why_not}", "muted")
        elif context.alert is not None:
            self._wish(self._app.actions[context.alert.proposal])
        elif (wish := self._run.wish(context, snapshot, self._app.loaded)) is not None:
            self.ask(wish)

    def _wish(self, action: ConsoleAction, context: Context | None = None) -> None:
        snapshot = self._app.main.shown
        if snapshot is None or self._acting is None:
            return
        context = context or self._app.context()
        asked = wish_of(action, context, snapshot, self._app.loaded)
        if isinstance(asked, str):
            self._say(f"{action.label}: {asked}", "muted")
        elif isinstance(asked, Choose):
            loaded = self._app.loaded
            self._choose(
                asked.question,
                asked.members,
                lambda one: self.ask(Wish("terminate", (str(one.id.pid),), snapshot, loaded, expected=(one.id,))),
            )
        else:
            self.ask(asked)

    def _choose(self, question: str, members: Sequence[Member], then: Callable[[Member], None]) -> None:
        def chosen(member: Member | None) -> None:
            if member is not None:
                then(member)

        from opsconsole.ui.dialogs.choice import ChoiceBox

        self._app.push_screen(
            ChoiceBox(question, members, self._app.screen, ascii_only=self._app.ascii_only), callback=chosen
        )

    # From a wish to a plan

    def ask(self, wish: Wish) -> None:
        """Have a plan made of the wish, and ask the operator."""
        if self._acting is None or (self._pending is not None and self._pending.is_like(wish)):
            return
        self._number += 1
        self._pending = wish
        threading.Thread(
            target=self._make, args=(self._number, wish, self._app.screen), name="opsconsole-plan", daemon=True
        ).start()
        self._app.set_timer(PATIENCE_S, lambda number=self._number: self._still_making(number))

    def _still_making(self, number: int) -> None:
        if self._pending is not None and number == self._number and self._app.screen_stack:
            self._say("looking at the machine again")

    def _make(self, number: int, wish: Wish, origin: Screen[object]) -> None:
        """On a thread of its own."""
        assert self._acting is not None  # noqa: S101  # ask() has looked
        try:
            made: Offer | Refused = self._acting.plan(wish)
        except Exception as error:  # noqa: BLE001  # a bug in one verb must not take the console along
            made = Refused(wish.verb, f"{type(error).__name__}: {error}")
        self._app.call_later(self._made, number, wish, origin, made)

    def _made(self, number: int, wish: Wish, origin: Screen[object], made: Offer | Refused) -> None:
        superseded = number != self._number or not self._app.screen_stack
        if not superseded:
            self._pending = None
        if superseded or self._app.screen is not origin:
            if not isinstance(made, Refused):
                threading.Thread(target=made.withdraw, name="opsconsole-withdraw", daemon=True).start()
            return
        if isinstance(made, Refused):
            self._refused(wish, made)
            return
        if origin is self._app.main and self._app.main.footer.said:
            self._app.main.footer.say("")
        from opsconsole.ui.dialogs.hibernation import HibernationBox
        from opsconsole.ui.dialogs.plan import PlanBox

        box = (HibernationBox if wish.listed else PlanBox)(
            made,
            lambda: self._app.main.latest,
            origin,
            ends=_ends(made.plan),
            ascii_only=self._app.ascii_only,
        )
        box.notes, box.place = wish.notes, wish.place
        self._app.push_screen(box, callback=lambda answer: self._answered(wish, made.plan, answer))

    def _refused(self, wish: Wish, refused: Refused) -> None:
        choices = refused.refusals[0].choices if len(refused.refusals) == 1 else ()
        if choices:
            members = [Member(one.id, "instance", one.command, one.start, one.memory_bytes) for one in choices]
            self._choose(
                f"{refused.refusals[0].subject}: which one stays?",
                members,
                lambda member: self.ask(replace(wish, keep=member.id.pid)),
            )
            return
        left = self._done_with(wish) if wish.findings else 0
        more = f"; {left} marked left, fix goes on with them" if left else ""
        whole = f"{refused_text(refused)}{more}"
        in_a_line = cell_len(whole) < self._app.size.width and (refused.kind == "nothing" or not left)
        if proposals(refused) or not (in_a_line or wish.listed):
            self._explain_refusal(wish, refused, left)
            return
        if wish.listed and refused.kind == "nothing" and refused.refusals:
            from opsconsole.ui.dialogs.menu import Entry, MenuBox

            entries = [Entry(each.subject, "", each.subject, "", each.reason) for each in refused.refusals]
            about = "No session can be hibernated now"
            self._app.push_screen(MenuBox(about, entries, self._app.screen, ascii_only=self._app.ascii_only))
            return
        self._say(whole, "muted" if refused.kind == "nothing" else "warn")

    def _explain_refusal(self, wish: Wish, refused: Refused, left: int) -> None:
        """Whole, in a box; where other findings are marked, its key goes on with them."""
        from opsconsole.ui.dialogs.refusal import RefusalBox

        keys = self._app.keymap.keys["fix"]
        box = RefusalBox(
            refused,
            str(wish.loaded.path) if wish.loaded.path is not None else "",
            self._app.screen,
            left=left,
            fix_key=shown_key(keys[0], ascii_only=self._app.ascii_only) if keys else "",
            ascii_only=self._app.ascii_only,
        )
        self._app.push_screen(box, callback=lambda go_on: self._fix() if go_on else None)

    def _done_with(self, wish: Wish) -> int:
        """Take the marks away of what the wish was about. How many findings stay marked."""
        main = self._app.main
        if not wish.findings:
            main.table.unmark_all()
            return 0
        table = main.tables["findings"]
        table.unmark(row_key(finding_id) for finding_id in wish.findings)
        return len(table.marked)

    def _answered(self, wish: Wish, plan: Plan, answer: Answer | None) -> None:
        if answer is None:
            if wish.place and (left := len(self._app.main.tables["findings"].marked)):
                self._say(f"nothing was done; {left} marked, fix goes on with them", "muted")
            return
        if answer.submitted:
            if self._under_way is not None:
                self._under_way.look_now()
            self._done_with(wish)
            self._app.main.tables["findings"].mark(row_key(finding_id) for finding_id in wish.then)
            self._run.handed_over(plan.id, wish)
            self.open_plan(plan.id)
        else:
            self._say(f"closed, nothing was done: {answer.said}", "warn")

    # The journal

    def _on_journal(self, told: Told) -> None:
        """On the follower's thread."""
        self._app.call_later(self._told, told)

    def _told(self, told: Told) -> None:
        if not self._app.screen_stack:
            return
        self._unfinished = told.unfinished
        self._show_note()
        if told.changed:
            # What was done must be seen at once, not at the next turn.
            self._app.feed.refresh_now()
        for entry in told.ended:
            self._run.note(entry)
            top = self._app.screen
            if getattr(top, "plan_id", "") != entry.plan.id:
                word, status = standing(entry)
                self._app.main.say(f"{plan_title(entry.plan)}: {word}", status)

    def _show_note(self) -> None:
        keys = self._app.keymap.keys["journal"]
        key = shown_key(keys[0]) if keys else "the journal"
        self._app.main.footer.note(*note(self._unfinished, self._signs, key, looked_at=self._journal_looked_at))

    def _open_report(self, action_id: str) -> None:
        from opsconsole.ui.screens.checklist import ChecklistScreen
        from opsconsole.ui.screens.report import ReportScreen

        shown = self._app.main.shown
        if shown is not None and shown.diagnosis is not None:
            screen = ReportScreen if action_id == "report" else ChecklistScreen
            app = self._app
            app.feed.refresh_now()
            opened = screen(shown, self._state_dir, app.loaded, ascii_only=app.ascii_only, fresh=True, wall=app.wall)
            app.push_screen(opened)

    def open_journal(self) -> None:
        if self._state_dir is None:
            return
        from opsconsole.ui.screens.journal import JournalScreen

        self._journal_looked_at = True
        self._show_note()
        self._app.push_screen(JournalScreen(self._state_dir, self.open_plan, ascii_only=self._app.ascii_only))

    def open_plan(self, plan_id: str) -> None:
        """Follow one plan of the journal."""
        if self._state_dir is None:
            return
        from opsconsole.ui.screens.plan import PlanScreen

        screen = PlanScreen(
            plan_id,
            self._state_dir,
            wall=self._app.wall,
            ascii_only=self._app.ascii_only,
            remedies=self._remedies,
            offer=self._offer,
            next_words=self._next_words,
        )
        self._app.push_screen(screen, callback=lambda _none: self._left(screen))

    def _next_words(self, entry: JournalEntry) -> str:
        """What is asked about when the screen of this plan is left."""
        snapshot = self._app.main.shown
        if snapshot is None or not is_proved(entry) or self._app.main.active != "findings":
            return ""
        return self._run.next_words(entry, self.context(self._app.main.context()), snapshot)

    def _left(self, screen: PlanScreen) -> None:
        """A plan has been read to its end: of several marked findings the next one's turn has come."""
        entry, main = screen.entry, self._app.main
        if entry is None or not self._run.is_about(screen.plan_id):
            return
        self._run.note(entry)
        left = len(main.tables["findings"].marked)
        if not left or self._app.screen is not main or main.active != "findings":
            return
        if self._next_words(entry):
            self._fix()
        elif is_proved(entry):
            self._say(f"all done that can be done from here; {left} still marked", "ok")
        else:
            self._say(f"{left} marked left: fix goes on with them", "muted")

    def _remedies(self, entry: JournalEntry) -> tuple[Remedy, ...]:
        return remedies(entry, self._app.main.latest) if not self._app.context().why_no_change else ()

    def _offer(self, entry: JournalEntry) -> None:
        from opsconsole.ui.dialogs.menu import Entry, MenuBox

        offered = {f"remedy-{number}": remedy for number, remedy in enumerate(self._remedies(entry))}
        entries = [Entry(key, "", remedy.label, remedy.help, "") for key, remedy in offered.items()]

        def chosen(key: str | None) -> None:
            snapshot = self._app.main.latest
            if key is not None and snapshot is not None:
                remedy = offered[key]
                self.ask(Wish(remedy.verb, remedy.names, snapshot, self._app.loaded, expected=remedy.expected))

        self._app.push_screen(
            MenuBox(plan_title(entry.plan), entries, self._app.screen, ascii_only=self._app.ascii_only), callback=chosen
        )

    def _say(self, text: str, status: str = "") -> None:
        screen = self._app.screen
        if isinstance(screen, ReaderScreen):
            screen.say(text, status)
        else:
            self._app.main.say(text, status)


def _ends(plan: Plan) -> bool:
    """Whether anything is ended or deleted by it."""
    spec = BY_ID.get(plan.verb)
    return spec is not None and spec.danger == "ends" and bool(plan.targets)
