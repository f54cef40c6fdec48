"""HelpScreen: what every key does, from the registry of actions, and why one does nothing now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from opsconsole.ui.actions import ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.fields import fit, inert, wrapped
from opsconsole.ui.footer import Hint
from opsconsole.ui.keymap import Keymap, shown_key
from opsconsole.ui.screens.reader import PagesScreen, StyledLine, StyledText

MARGIN = 2
GAP = 2
KEY_WIDTH = 9
WITH_LABELS = 56
"""Width from which names have a column of their own."""
COLUMN_WIDTH = 64
"""A column of help at its best: longer lines are hard to read."""
COLUMN_GAP = 4


class HelpScreen(PagesScreen):
    """The actions by group, in as many columns as fit."""

    NAME = "help"

    def __init__(
        self, actions: Sequence[ConsoleAction], keymap: Keymap, context: Context, *, ascii_only: bool = False
    ) -> None:
        super().__init__(ascii_only=ascii_only)
        self._actions = tuple(actions)
        self._keymap = keymap
        self._now = context

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self.show_title)

    def show_title(self) -> None:
        notes: list[StyledText] = [(self.place, "muted")] if self.place else []
        if self._now.read_only:
            notes.append(("READ-ONLY", "accent"))
        self.title_line.show("Help", notes)

    def hints(self) -> Sequence[Hint]:
        return (
            self.hint("back", label="back"),
            self.hint("down", "up", label="scroll"),
            self.hint("top", "bottom", label="ends"),
        )

    def lines(self, width: int) -> list[StyledLine]:
        room = width - 2 * MARGIN
        off = self._now.why_no_change
        top: list[StyledLine] = [
            [(" " * MARGIN, ""), (part, "warn")]
            for part in (wrapped(inert(f"nothing can be changed: {off}", self.ascii_only), room) if off else ())
        ]
        columns = max(1, (room + COLUMN_GAP) // (COLUMN_WIDTH + COLUMN_GAP))
        column_width = min((room - COLUMN_GAP * (columns - 1)) // columns, 2 * COLUMN_WIDTH)
        blocks = [self._block(group, column_width) for group in self._groups()]
        return [*top, *_side_by_side(_share(blocks, columns), column_width)]

    def _groups(self) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
        """(title, entries of keys, label, help, why not), in the order of the registry."""
        groups: dict[str, list[tuple[str, str, str, str]]] = {}
        for action in self._actions:
            keys = self._keymap.keys.get(action.id, ())
            written = " ".join(shown_key(key, ascii_only=self.ascii_only) for key in keys)
            entry = (written or "no key", action.label, action.help, action.enabled(self._now))
            groups.setdefault(action.group, []).append(entry)
        return list(groups.items())

    def _block(self, group: tuple[str, list[tuple[str, str, str, str]]], width: int) -> list[StyledLine]:
        title, entries = group
        lines: list[StyledLine] = [[], [(fit(inert(title, self.ascii_only), width), "title")]]
        keys_width = max(KEY_WIDTH, *(cell_len(keys) + GAP for keys, *_ in entries))
        labels = [cell_len(label) for _, label, *_ in entries if label]
        label_width = max(labels) + GAP if labels and width >= WITH_LABELS else 0
        common = _common_reason([why_not for *_, why_not in entries])
        if common and common != self._now.why_no_change:
            said = wrapped(inert(f"none of them now: {common}", self.ascii_only), width)
            lines += [[(fit(line, width), "muted")] for line in said]
        for keys, label, text, why_not in entries:
            # What holds for all changes stands at the top.
            reason = "" if why_not in (common, self._now.why_no_change) else why_not
            lines += self._entry(keys, label, text, reason, bool(why_not), keys_width, label_width, width)
        return lines

    def _entry(
        self, keys: str, label: str, text: str, reason: str, off: bool, keys_width: int, label_width: int, width: int
    ) -> Iterable[StyledLine]:
        """One action; ``reason`` is told after its text, ``off`` dims it."""
        if label and not label_width:
            text = f"{label}: {text}"
        room = max(width - keys_width - label_width, 12)
        said = wrapped(inert(f"{text} ({reason})" if reason else text, self.ascii_only), room)
        tone = "muted" if off else ""
        for number, line in enumerate(said):
            yield [
                (fit(keys if number == 0 else "", keys_width), "muted" if off else "accent"),
                (fit(label if number == 0 else "", label_width), tone),
                (fit(line, room), "muted" if off or label else tone),
            ]


def _common_reason(reasons: Sequence[str]) -> str:
    """Why every action of a group does nothing now, where it is the same for all: told once instead of with each."""
    return reasons[0] if len(set(reasons)) == 1 and len(reasons) > 1 else ""


def _share(blocks: list[list[StyledLine]], columns: int) -> list[list[StyledLine]]:
    """Blocks in their order in so many columns: the lowest height for the highest column that allows it."""
    height = max((len(block) for block in blocks), default=0)
    while True:
        shared: list[list[StyledLine]] = [[]]
        for block in blocks:
            if shared[-1] and len(shared[-1]) + len(block) > height:
                shared.append([])
            shared[-1].extend(block)
        if len(shared) <= columns:
            return shared
        height += 1


def _side_by_side(columns: list[list[StyledLine]], width: int) -> list[StyledLine]:
    """Lines of the columns joined; ``width`` is that of each column."""
    joined: list[StyledLine] = []
    for number in range(max(len(column) for column in columns)):
        line: list[StyledText] = [(" " * MARGIN, "")]
        for column in columns:
            pieces = list(column[number]) if number < len(column) else []
            taken = sum(cell_len(text) for text, _ in pieces)
            line += [*pieces, (" " * (width - taken + COLUMN_GAP), "")]
        joined.append(line)
    return joined
