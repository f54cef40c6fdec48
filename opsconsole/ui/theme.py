"""The console's own themes. All colours of the screen come from here, by token name.

Red is for faults only; everything else keeps to greys and one accent, so that the eye finds what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

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

MONOCHROME_TOKENS = dict.fromkeys(TOKENS, "ansi_default")

DARK, LIGHT, MONOCHROME = "opsconsole-dark", "opsconsole-light", "opsconsole-monochrome"
SHORT_NAMES = {"dark": DARK, "light": LIGHT, "monochrome": MONOCHROME, "": DARK}


def themes(changes: Mapping[str, str]) -> tuple[list[Theme], tuple[str, ...]]:
    """The themes with the config's colours, and a warning for each change that could not be made."""
    mistakes = theme_mistakes(changes)
    good = {token: colour for token, colour in changes.items() if token not in mistakes}
    return [
        _theme(DARK, {**TOKENS, **good}, dark=True),
        _theme(LIGHT, {**LIGHT_TOKENS, **good}, dark=False),
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
    if wanted in SHORT_NAMES or wanted in SHORT_NAMES.values():
        return SHORT_NAMES.get(wanted, wanted), ""
    return DARK, f"[console] theme = {wanted!r}: no such theme; there are dark, light, monochrome"


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
