"""The signs a front draws with, in Unicode and in plain ASCII. Each state has its own sign: colour only repeats it.

Every sign is one terminal cell wide, but for the tree branches, which are three.
"""

from __future__ import annotations

import msgspec


class Glyphs(msgspec.Struct, frozen=True):
    ok: str
    warn: str
    bad: str
    unknown: str
    none: str
    """Nothing there to be judged."""
    waiting: str
    """A person is waited for."""
    idle: str
    asleep: str
    """Hibernated."""
    spark: str
    """Levels of a sparkline, lowest first. No full block: those of two lines would flow into one."""
    bar_full: str
    bar_empty: str
    branch: str
    last_branch: str
    pipe: str
    blank: str
    """Where a tree goes on neither down nor right."""
    ellipsis: str
    rule: str
    arrow: str
    separator: str
    """Between two short facts on one line."""
    mark: str
    up: str
    down: str
    cursor: str


UNICODE = Glyphs(
    ok="●",
    warn="▲",
    bad="✖",
    unknown="?",
    none="·",
    waiting="◆",
    idle="○",
    asleep="◌",
    spark="▁▂▃▄▅▆▇",
    bar_full="━",
    bar_empty="─",
    branch="├─ ",
    last_branch="└─ ",
    pipe="│  ",
    blank="   ",
    ellipsis="…",
    rule="─",
    arrow="→",
    separator="·",
    mark="◉",
    up="▴",
    down="▾",
    cursor="▌",
)

ASCII = Glyphs(
    ok="+",
    warn="!",
    bad="x",
    unknown="?",
    none="-",
    waiting=">",
    idle="o",
    asleep="z",
    spark="_.:-=+*#",
    bar_full="=",
    bar_empty="-",
    branch="|- ",
    last_branch="`- ",
    pipe="|  ",
    blank="   ",
    ellipsis="~",
    rule="-",
    arrow=">",
    separator="|",
    mark="*",
    up="^",
    down="v",
    cursor=">",
)


def glyphs(ascii_only: bool) -> Glyphs:
    """The signs for a terminal that can draw them all, or for one that shows ASCII only."""
    return ASCII if ascii_only else UNICODE
