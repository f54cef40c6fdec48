"""How an agent is started again with its conversation: from the argv it was started with, and its environment. Pure.

Options are kept, positional prompts are not (they would be sent once more). An option that is not known may take a
word or none: then nothing is rebuilt, and the reason names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from opsconsole.act.permission_mode import in_mode
from opsconsole.act.request import WhyNot
from opsconsole.collect.agent_patterns import Mode, ResumeProfile


def resume_command(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: str,
    conversation: str,
    profile: ResumeProfile,
    mode: Mode | None = None,
) -> tuple[str, ...]:
    """The command, its first word the program's path; in this mode, or in the one that argv says. Raises WhyNot."""
    start = _own_start(argv, profile)
    kept = in_mode(options_kept(argv, profile), mode, profile)
    return (_program(argv[0], environment, cwd), *argv[1:start], *kept, profile.option, conversation)


def options_kept(argv: Sequence[str], profile: ResumeProfile) -> tuple[str, ...]:
    """The options that are given again. Raises WhyNot."""
    if not argv or not argv[0].strip():
        raise WhyNot("its command line cannot be read (older versions wipe it), so its flags are not known")
    return tuple(_options(argv[_own_start(argv, profile) :], profile))


def files_named(resume: Sequence[str], cwd: str, profile: ResumeProfile) -> tuple[str, ...]:
    """The files and folders that a command names, which must be there when it is run. Raises WhyNot for one that is
    not there now, or that nobody else can open later (`<(…)`)."""
    start = _own_start(resume, profile)
    found = list(resume[1:start])
    option = ""
    for word in resume[start:]:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            option = name
            if not equals:
                continue
        else:
            value = word
        path = Path(cwd) / value
        if path.parts[1:3] == ("dev", "fd") or path.parts[1:2] == ("proc",):
            raise WhyNot(f"{option} {value} was open for it alone: it could not be started with it again")
        if option in profile.files and not value.lstrip().startswith("{"):
            if not path.exists():
                raise WhyNot(f"{option} {value} is gone: it could not be started again")
            found.append(str(path))
        elif "/" in value and _is_there(path):
            found.append(str(path))
    return tuple(dict.fromkeys(str(Path(cwd) / each) for each in found))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is no path at all
        return False


def _own_start(argv: Sequence[str], profile: ResumeProfile) -> int:
    """Where its own arguments begin: behind the program, or behind the script that an interpreter runs."""
    is_script = len(argv) > 1 and any(argv[1].endswith(end) for end in profile.scripts)
    return 2 if is_script else 1


def _options(words: Sequence[str], profile: ResumeProfile) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(words) and words[at] != "--":
        word = words[at]
        at += 1
        if not word.startswith("-") or word == "-":
            continue  # a prompt
        name, equals, _ = word.partition("=")
        until = at
        if not equals:
            until += _values(name, words[at:], profile)
        if name not in (*profile.drop, *profile.drop_value, *profile.drop_optional):
            kept += words[at - 1 : until]
        at = until
    return kept


def _values(name: str, following: Sequence[str], profile: ResumeProfile) -> int:
    """How many of the words behind an option belong to it."""
    free = next((count for count, word in enumerate(following) if word.startswith("-")), len(following))
    if name in (*profile.flags, *profile.drop):
        return 0
    if name in (*profile.values, *profile.drop_value):
        if not following:
            raise WhyNot(f"its command line ends in {name}, which takes a value")
        return 1
    if name in profile.lists:
        return free
    if name in profile.drop_optional:
        return min(free, 1)
    raise WhyNot(f"its command line has an option that is not known here: {name}")


def _program(name: str, environment: Mapping[str, str], cwd: str) -> str:
    """The path of the program as its shell would find it. Raises WhyNot."""
    if "/" in name:
        candidates = [Path(cwd) / name]
    else:
        folders = environment.get("PATH", os.defpath).split(os.pathsep)
        candidates = [Path(cwd) / folder / name for folder in folders if folder]
    found = next((path for path in candidates if path.is_file() and os.access(path, os.X_OK)), None)
    if found is None:
        raise WhyNot(f"{name} cannot be found where it was started from: it could not be resumed")
    return str(found)
