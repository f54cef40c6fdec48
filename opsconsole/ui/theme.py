"""The console's own themes. All colours of the screen come from here, by token name.

Red is for faults only; everything else keeps to greys and one accent, so that the eye finds what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from opsconsole.config.problem import nearest, quoted

TOKENS = {
    "ground": "#14171c",
    "text": "#c9ced6",
    "bright": "#eceff4",
    "quiet": "#7b8594",
    "line": "#353c48",
    "accent-text": "#82aaff",
    "good": "#8fb58a",
    "caution": "#e0b15c",
    "fault": "#ff6b6b",
    "unsure": "#c39ac9",
    "cursor-ground": "#263040",
    "mark-ground": "#e0b15c",
    "mark-text": "#14171c",
}
"""The dark theme's tokens; ``[theme]`` in the config may replace each."""

LIGHT_TOKENS = {
    "ground": "#fafafa",
    "text": "#383f4a",
    "bright": "#11151c",
    "quiet": "#737b87",
    "line": "#c9ced6",
    "accent-text": "#2456b3",
    "good": "#3d7a37",
    "caution": "#8f6400",
    "fault": "#c62828",
    "unsure": "#84498f",
    "cursor-ground": "#dde6f5",
    "mark-ground": "#8f6400",
    "mark-text": "#fafafa",
}

NIGHT_TOKENS = {
    "ground": "#000000",
    "text": "#dcdcd4",
    "bright": "#ffffff",
    "quiet": "#918f88",
    "line": "#3d3b37",
    "accent-text": "#e8a66b",
    "good": "#9bc46d",
    "caution": "#f0cf5a",
    "fault": "#ff7a6e",
    "unsure": "#d6a0dd",
    "cursor-ground": "#332a22",
    "mark-ground": "#f0cf5a",
    "mark-text": "#000000",
}

COLOUR_BLIND_TOKENS = {
    "ground": "#12151b",
    "text": "#cfd3da",
    "bright": "#f2f4f8",
    "quiet": "#818b9a",
    "line": "#3a414e",
    "accent-text": "#b9c4ff",
    "good": "#429dd6",
    "caution": "#f0e442",
    "fault": "#ff944d",
    "unsure": "#d990bd",
    "cursor-ground": "#28324a",
    "mark-ground": "#f0e442",
    "mark-text": "#12151b",
}
"""Blue, yellow and orange of unlike brightness (after Okabe and Ito): no pair needs red told from green."""

MONOCHROME_TOKENS = dict.fromkeys(TOKENS, "ansi_default")

DARK, LIGHT, MONOCHROME = "opsconsole-dark", "opsconsole-light", "opsconsole-monochrome"


class Look(NamedTuple):
    """One of the themes."""

    about: str
    tokens: Mapping[str, str]
    dark: bool = True

    @property
    def coloured(self) -> bool:
        return self.tokens is not MONOCHROME_TOKENS


THEMES = {
    "dark": Look("greys and one blue on a dark ground", TOKENS),
    "night": Look("warm, on black, with more contrast", NIGHT_TOKENS),
    "light": Look("for a bright room", LIGHT_TOKENS, dark=False),
    "colour-blind": Look("blue, yellow, orange: no red against green", COLOUR_BLIND_TOKENS),
    "monochrome": Look("the terminal's own two colours, bold and reverse", MONOCHROME_TOKENS),
}
"""By short name, as ``[console] theme`` has it."""
SHORT_NAMES = {name: f"opsconsole-{name}" for name in THEMES}
"""The toolkit's name by the short one."""


def themes(changes: Mapping[str, str]) -> tuple[list[Theme], tuple[str, ...]]:
    """The themes with the config's colours, and a warning for each change that could not be made."""
    mistakes = theme_mistakes(changes)
    good = {token: colour for token, colour in changes.items() if token not in mistakes}
    return [
        *(
            _theme(SHORT_NAMES[name], {**look.tokens, **good}, dark=look.dark)
            for name, look in THEMES.items()
            if look.coloured
        ),
        _theme(MONOCHROME, {**_toolkit_colours_unset(), **MONOCHROME_TOKENS}, dark=True, ansi=True),
    ], tuple(f"[theme] {token}: {mistake}" for token, mistake in mistakes.items())


def theme_mistakes(changes: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a change of colour, by token."""
    mistakes = {}
    for token, colour in changes.items():
        if token not in TOKENS:
            mistakes[token] = f"no such colour; {nearest(token, TOKENS)}"
            continue
        try:
            Color.parse(colour)
        except ColorParseError:
            mistakes[token] = f"{quoted(colour)} is not a colour; write it as #rrggbb"
    return mistakes


def _toolkit_colours_unset() -> dict[str, str]:
    """The variables that the toolkit's own widgets need under a theme of the terminal's colours, without colour."""
    needed = BUILTIN_THEMES["ansi-dark"].variables
    return {name: value if name.endswith("style") else "ansi_default" for name, value in needed.items()}


def theme_name(wanted: str, *, colourless: bool) -> tuple[str, str]:
    """(name of the theme to use, a warning or empty)."""
    if colourless:
        return MONOCHROME, ""
    if not wanted:
        return DARK, ""
    if wanted in SHORT_NAMES or wanted in SHORT_NAMES.values():
        return SHORT_NAMES.get(wanted, wanted), ""
    return DARK, f"[console] theme = {wanted!r}: no such theme; there are {', '.join(THEMES)}"


def _theme(name: str, tokens: Mapping[str, str], *, dark: bool, ansi: bool = False) -> Theme:
    return Theme(
        name=name,
        primary=tokens["accent-text"],
        secondary=tokens["quiet"],
        accent=tokens["accent-text"],
        warning=tokens["caution"],
        error=tokens["fault"],
        success=tokens["good"],
        foreground=tokens["text"],
        background=tokens["ground"],
        surface=tokens["ground"],
        panel=tokens["ground"],
        boost=tokens["ground"],
        dark=dark,
        ansi=ansi,
        variables=dict(tokens),
    )
