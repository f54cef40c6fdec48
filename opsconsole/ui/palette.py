"""The palette: the registry's actions by name, for the toolkit's command palette. Doing one is the app's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple, Protocol, cast

from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from opsconsole.ui.actions import ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.keymap import Keymap, shown_key

KEY_WIDTH = 6
NAME_WIDTH = 22
"""Cells after which what an action does begins; a longer name pushes it on."""
_NOT_NOW = 0.001
"""What is left of the score of a command that does nothing now: it comes after all that do."""
_IN_HELP = 0.1
"""Score of a command whose help holds what was typed: below any whose name does."""


class PaletteHost(Protocol):
    """What the palette needs of the app."""

    actions: dict[str, ConsoleAction]
    keymap: Keymap
    ascii_only: bool

    def context(self) -> Context: ...

    def action_perform(self, action_id: str) -> None: ...


class Command(NamedTuple):
    action_id: str
    label: str
    help: str
    """What it does, or why it cannot be done now."""
    keys: str
    usable: bool


def commands(host: PaletteHost) -> Iterable[Command]:
    """The actions that a palette offers: those that do something now first, in the registry's order."""
    context = host.context()
    offered = [action for action in host.actions.values() if action.palette]
    for action in sorted(offered, key=lambda action: bool(action.enabled(context))):
        keys = " ".join(shown_key(key, ascii_only=host.ascii_only) for key in host.keymap.keys.get(action.id, ()))
        why_not = action.enabled(context)
        yield Command(
            action.id,
            f"{action.label}: not now" if why_not else action.label,
            why_not or action.help,
            keys,
            not why_not,
        )


class ActionProvider(Provider):
    """Offers every action; one that cannot be done now says why and, when chosen, says it again."""

    @property
    def _host(self) -> PaletteHost:
        return cast(PaletteHost, self.app)

    async def discover(self) -> Hits:
        for command in commands(self._host):
            yield DiscoveryHit(
                _line(Content(command.label), command),
                partial(self._host.action_perform, command.action_id),
                text=command.label,
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in commands(self._host):
            score = matcher.match(command.label) or _IN_HELP * (query.casefold() in command.help.casefold())
            if score > 0:
                yield Hit(
                    score if command.usable else score * _NOT_NOW,
                    _line(matcher.highlight(command.label), command),
                    partial(self._host.action_perform, command.action_id),
                    text=command.label,
                )


def _line(label: Content, command: Command) -> Content:
    """One line: the name, its key, then quietly what it does or why not now."""
    name = label if command.usable else label.stylize("$text-muted")
    padded = name.pad_right(max(NAME_WIDTH - name.cell_length, 0))
    key = f" {command.keys.partition(' ')[0]:{KEY_WIDTH}} "
    return Content.assemble(padded, (key, "$text-muted"), (command.help, "$text-muted"))


class Palette(CommandPalette):
    """The toolkit's palette in the console's colours, no wider than its lines need."""

    DEFAULT_CSS = """
    Palette { background: $ground 60%; }
    Palette > #--container { width: 84; max-width: 100%; max-height: 80%; margin-top: 2; background: $ground; }
    Palette #--input, Palette #--input.--list-visible { background: $ground; border: none; }
    Palette SearchIcon { display: none; }
    Palette #--input CommandInput { margin-left: 1; }
    Palette #--input CommandInput, Palette CommandList { background: $ground; color: $text; }
    Palette CommandList > .option-list--option { padding: 0 1; }
    Palette CommandList { text-wrap: nowrap; text-overflow: ellipsis; }
    Palette CommandList { border: none; scrollbar-size-vertical: 1; }
    Palette CommandList { scrollbar-color: $line; scrollbar-background: $ground; }
    Palette CommandList > .option-list--option-highlighted { background: $cursor-ground; color: $bright; }
    Palette CommandList:focus > .option-list--option-highlighted { background: $cursor-ground; color: $bright; }
    Palette > .command-palette--help-text { color: $quiet; text-style: not bold; }
    Palette > .command-palette--highlight { color: $accent-text; text-style: bold; }
    """

    def _watch__list_visible(self) -> None:
        # A search that ends after the palette was closed still tells of its hits, to widgets that are gone.
        if self.query(CommandList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(CommandList):
            await super()._watch__show_busy()


def palette() -> Palette:
    """The palette as a screen, to be pushed."""
    return Palette(providers=[ActionProvider], placeholder="Find an action")
