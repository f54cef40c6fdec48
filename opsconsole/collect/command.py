"""What an argv runs, told from the argv alone: interpreter, its options, then script, module or code.

Pure: no files are looked at. What a script's path resolves to is ``collect.identity``'s business.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import NamedTuple

EXECUTABLE = "executable"
"""The kind of a program that is no interpreter."""
SHELL = "shell"

_KINDS = (
    ("python", re.compile(r"(?:python|pypy)[0-9.]*[a-z]?", re.IGNORECASE)),
    (SHELL, re.compile(r"-?(?:ba|da|z|k|mk|a|fi|rba)?sh(?:-[0-9.]+)?")),
    ("node", re.compile(r"node(?:js)?[0-9.]*")),
    ("bun", re.compile(r"bun")),
    ("deno", re.compile(r"deno")),
    ("ruby", re.compile(r"j?ruby[0-9.]*")),
    ("perl", re.compile(r"perl[0-9.]*")),
    ("php", re.compile(r"php(?:-?[0-9.]+)?")),
)


class _Options(NamedTuple):
    """How an interpreter's own options are written."""

    value: str = ""
    """Letters that take a value: the rest of the word, or the next word."""
    attached: str = ""
    """Letters whose value is always the rest of the word."""
    code: str = ""
    """Letters after which comes code."""
    module: str = ""
    script: str = ""
    long_value: frozenset[str] = frozenset()
    long_code: frozenset[str] = frozenset()


_OPTIONS = {
    "python": _Options(value="WX", code="c", module="m", long_value=frozenset({"--check-hash-based-pycs"})),
    "node": _Options(
        value="rC",
        code="ep",
        long_value=frozenset({"--require", "--import", "--loader", "--experimental-loader", "--conditions", "--title"}),
        long_code=frozenset({"--eval", "--print"}),
    ),
    "bun": _Options(value="rd", code="ep", long_value=frozenset({"--preload", "--cwd", "--config", "--env-file"})),
    "deno": _Options(value="Lcr", long_value=frozenset({"--config", "--import-map", "--lock", "--cert"})),
    "ruby": _Options(value="CEIr", attached="FKTWx0l", code="e"),
    "perl": _Options(value="I", attached="MmFixlDCV0", code="eE"),
    "php": _Options(value="dczStg", code="rBRE", script="f"),
    SHELL: _Options(value="oO", long_value=frozenset({"--rcfile", "--init-file"})),
}


class Invocation(NamedTuple):
    """What one argv runs. At most one of script, module and code is set; none: an interactive interpreter."""

    kind: str
    script: str = ""
    """As written: relative to where it was started."""
    module: str = ""
    code: str = ""
    arguments: tuple[str, ...] = ()
    """What the program itself gets."""


def base_name(path: str) -> str:
    return path.rpartition("/")[2]


@lru_cache(maxsize=512)
def interpreter_kind(path: str) -> str:
    """``python``, ``shell``, …; empty for what is no interpreter."""
    name = base_name(path)
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), "")


def parse(kind: str, argv: tuple[str, ...]) -> Invocation:
    """Take an argv apart whose program is an interpreter of this kind (or ``executable``). Never raises."""
    if kind == EXECUTABLE:
        return Invocation(kind, arguments=argv[1:])
    words = argv[1:]
    if kind in ("bun", "deno") and words[:1] == ("run",):
        words = words[1:]
    if kind == SHELL:
        return _parse_shell(words)
    options = _OPTIONS[kind]
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word == "-" or not word.startswith("-"):
            break
        if word.startswith("--"):
            if word.partition("=")[0] in options.long_code:
                return Invocation(kind, code=_after(words, at, word.partition("=")[2]), arguments=words[at + 2 :])
            at += 2 if word in options.long_value else 1
            continue
        role, attached, taken = _short_options(options, word)
        if role:
            value = attached or (words[at + 1] if at + 1 < len(words) else "")
            return Invocation(kind, **{role: value}, arguments=words[at + (1 if attached else 2) :])
        at += taken
    if at >= len(words) or words[at] == "-":
        return Invocation(kind, arguments=words[at:])
    return Invocation(kind, script=words[at], arguments=words[at + 1 :])


def _after(words: tuple[str, ...], at: int, attached: str) -> str:
    return attached or (words[at + 1] if at + 1 < len(words) else "")


def _short_options(options: _Options, word: str) -> tuple[str, str, int]:
    """What a word of short options ends in: (role, the rest of the word, words it takes)."""
    for position, letter in enumerate(word[1:], start=1):
        rest = word[position + 1 :]
        for role, letters in (("code", options.code), ("module", options.module), ("script", options.script)):
            if letter in letters:
                return role, rest, 1
        if letter in options.value:
            return "", "", 1 if rest else 2
        if letter in options.attached:
            break
    return "", "", 1


def _parse_shell(words: tuple[str, ...]) -> Invocation:
    """Of a shell, -c is a flag: the code is the first operand, whatever options come between."""
    options = _OPTIONS[SHELL]
    at, is_code, is_stdin = 0, False, False
    while at < len(words) and words[at][:1] in ("-", "+") and len(words[at]) > 1:
        word = words[at]
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            at += word in options.long_value
            continue
        is_code = is_code or (word[0] == "-" and "c" in word)
        is_stdin = is_stdin or (word[0] == "-" and "s" in word)
        at += sum(letter in options.value for letter in word[1:])
    if at >= len(words) or (is_stdin and not is_code):
        return Invocation(SHELL, arguments=words[at:])
    if is_code:
        return Invocation(SHELL, code=words[at], arguments=words[at + 1 :])
    return Invocation(SHELL, script=words[at], arguments=words[at + 1 :])


class _Launcher(NamedTuple):
    """A program that runs another one, named by its own operands."""

    value: str = ""
    """Letters of options that take a value."""
    operands: int = 0
    """Operands of its own before the command."""
    subcommand: str = ""
    long_value: frozenset[str] = frozenset()


LAUNCHERS = {
    "env": _Launcher("uCS", long_value=frozenset({"--unset", "--chdir"})),
    "nohup": _Launcher(),
    "nice": _Launcher("n", long_value=frozenset({"--adjustment"})),
    "ionice": _Launcher("cn", long_value=frozenset({"--class", "--classdata"})),
    "setsid": _Launcher(),
    "stdbuf": _Launcher("ioe", long_value=frozenset({"--input", "--output", "--error"})),
    "timeout": _Launcher("ks", 1, long_value=frozenset({"--kill-after", "--signal"})),
    "chrt": _Launcher("TPD", 1),
    "taskset": _Launcher("", 1),
    "flock": _Launcher("wE", 1, long_value=frozenset({"--timeout", "--wait", "--conflict-exit-code"})),
    "time": _Launcher("fo"),
    "exec": _Launcher("a"),
    "command": _Launcher(),
    "sudo": _Launcher("ugpCrtThDR", long_value=frozenset({"--user", "--group", "--chdir"})),
    "doas": _Launcher("uC"),
    "caffeinate": _Launcher("tw"),
    "unbuffer": _Launcher(),
    "strace": _Launcher("aeoOpPsSuEI"),
    "tini": _Launcher("pe"),
    "dumb-init": _Launcher("r"),
    "uv": _Launcher("p", subcommand="run", long_value=frozenset({"--with", "--python", "--env-file", "--directory"})),
    "poetry": _Launcher("CP", subcommand="run"),
    "pipenv": _Launcher("", subcommand="run"),
    "pdm": _Launcher("p", subcommand="run"),
    "rye": _Launcher("", subcommand="run"),
    "hatch": _Launcher("e", subcommand="run"),
}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def unwrap(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command that launchers (env, nohup, nice, timeout, uv run, …) in front of it run; empty when none is left."""
    while argv:
        if _ASSIGNMENT.match(argv[0]):
            argv = argv[1:]
            continue
        launcher = LAUNCHERS.get(base_name(argv[0]))
        if launcher is None:
            return argv
        argv = _without_launcher(launcher, argv[1:])
    return ()


def _without_launcher(launcher: _Launcher, words: tuple[str, ...]) -> tuple[str, ...]:
    if launcher.subcommand:
        if launcher.subcommand not in words:
            return ()
        words = words[words.index(launcher.subcommand) + 1 :]
    while words and words[0].startswith("-"):
        word, words = words[0], words[1:]
        if word == "--":
            break
        takes = word in launcher.long_value or (not word.startswith("--") and word[-1] in launcher.value)
        words = words[1:] if takes else words
    words = words[launcher.operands :]
    if launcher.subcommand and words and words[0].endswith(".py"):
        return ("python", *words)  # `uv run worker.py` finds the interpreter itself
    return words


_OPERATORS = frozenset("();<>|&")
_KEYWORDS = frozenset({"while", "until", "do", "done", "if", "then", "else", "elif", "fi", "for", "{", "}", "!"})


class SimpleCommand(NamedTuple):
    """One command inside shell code, launchers taken off."""

    directory: str
    """Where an earlier ``cd`` in the same code led; empty for where the shell was started."""
    argv: tuple[str, ...]


def shell_commands(code: str) -> tuple[SimpleCommand, ...]:
    """The simple commands of shell code, as far as they can be told without being a shell; never raises.

    What is quoted for another program to read (an editor's or grep's argument) is an argument here, never a command.
    """
    lexer = shlex.shlex(code.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        return ()
    found: list[SimpleCommand] = []
    directory = ""
    words: list[str] = []
    skip = False
    for token in [*tokens, ";"]:
        if skip:
            skip = False
        elif not token or set(token) - _OPERATORS:
            words.append(token)
        elif "<" in token or ">" in token:
            skip = True
            if words and words[-1].isdigit():
                words.pop()
        else:
            argv = unwrap(_without_keywords(words))
            words = []
            if argv[:1] == ("cd",) and len(argv) == 2:
                directory = argv[1] if argv[1].startswith("/") or not directory else f"{directory}/{argv[1]}"
            elif argv:
                found.append(SimpleCommand(directory, argv))
    return tuple(found)


def _without_keywords(words: list[str]) -> tuple[str, ...]:
    at = 0
    while at < len(words) and words[at] in _KEYWORDS:
        at += 1
    return tuple(words[at:])


def runs_multiprocessing(argv: tuple[str, ...]) -> bool:
    """A helper that Python's multiprocessing started: a pool's child, its fork server, its resource tracker."""
    return any(word.startswith("from multiprocessing") for word in argv[1:6]) and "-c" in argv
