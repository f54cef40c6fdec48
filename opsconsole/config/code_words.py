"""Which words of an argv are code: what a shell, an interpreter or a database client reads as a program.

A ``{name}`` may stand for whatever somebody has called a session or an environment. As a word of its own it stays one
word; inside of code it is code. So a field in such a word is no right config.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FIELD = re.compile(r"\{(?:name|id|port|pid|url|host)\}")

_LANGUAGES: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"(?:ba|da|z|k|mk|pdk|a|c|tc|fi|r|rba)?sh"), "c", ("--command", "--init-command")),
    (re.compile(r"(?:python|pypy)[0-9.]*"), "c", ()),
    (re.compile(r"(?:perl|ruby|lua|luajit)[0-9.]*"), "eE", ()),
    (re.compile(r"node|nodejs|bun"), "ep", ("--eval", "--print")),
    (re.compile(r"php[0-9.]*"), "rBRE", ("--run",)),
    (re.compile(r"Rscript|julia|osascript|elixir|groovy|scala"), "eE", ("--eval",)),
    (re.compile(r"env"), "S", ("--split-string",)),
)
"""Programs whose options end at the first operand, the letters of those for code, and the long ones."""
_MIXED: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"su|runuser|sg|script|flock|nix-shell"), "c", ("--command", "--session-command", "--run")),
    (re.compile(r"psql|duckdb"), "c", ("--command",)),
    (re.compile(r"mysql|mariadb|sed|gsed|mongosh?"), "e", ("--execute", "--expression", "--eval")),
)
"""The same for programs whose options may stand behind operands."""
_ALL_IS_CODE = re.compile(r"ssh|mosh|rsh|autossh|watch|parallel|sqlite3|[gmn]?awk")
"""Programs that read any word behind them as code, or join their words to code."""
_BEFORE_A_PROGRAM = re.compile(r"env|sudo|doas|nohup|timeout|nice|ionice|setsid|stdbuf|time|xargs")
_TAKE_A_WORD = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file", "-W", "-X", "-r", "--require", "-I", "-u"})
"""Options that in some of these take a word of their own: what follows may be no operand yet."""


def field_in_code(command: tuple[str, ...]) -> str:
    """The first word of this argv that is code and has a field in it; empty when there is none."""
    return next((word for word in _code_words(command) if FIELD.search(word)), "")


def _code_words(command: tuple[str, ...]) -> Iterator[str]:
    """Every word that some program in the argv reads as code; of programs behind env, sudo or timeout too."""
    yield from command[:1]  # Which program is run at all.
    names = [word.rpartition("/")[2] for word in command]
    for place, name in enumerate(names):
        behind = command[place + 1 :]
        if _ALL_IS_CODE.fullmatch(name) and (place == 0 or _BEFORE_A_PROGRAM.fullmatch(names[0])):
            yield from behind
        for programs, letters, long in (*_LANGUAGES, *_MIXED):
            if programs.fullmatch(name):
                mixed = (programs, letters, long) in _MIXED
                yield from _behind_options(behind, letters, long, mixed)


def _behind_options(words: tuple[str, ...], letters: str, long: tuple[str, ...], mixed: bool) -> Iterator[str]:
    place, before = 0, ""
    while place < len(words):
        word = words[place]
        place += 1
        if not mixed and not word.startswith(("-", "+")) and before not in _TAKE_A_WORD:
            return
        before = word
        name, _, attached = word.partition("=")
        if name in long and attached:
            yield attached
        elif name in long or re.match(rf"-[A-Za-z0-9]*[{letters}]", word):
            yield word  # The code may stand in the same word.
            place = _first_operand(words, place)
            yield from words[place : place + 1]
            place += 1


def _first_operand(words: tuple[str, ...], place: int) -> int:
    """Where it stands: further options may come between ``-c`` and the code."""
    while place < len(words) and words[place].startswith(("-", "+")) and not FIELD.search(words[place]):
        place += 2 if words[place] in _TAKE_A_WORD else 1
    return place
