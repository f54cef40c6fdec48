"""Which coding agent, if any, runs in a tree of processes. Data-driven: ``opsconsole/agents/*.toml``.

Presence only: a profile also says how its agent's state is read, which is done elsewhere. An editor, pager or grep
with an agent's name in its arguments is no agent: rules look at what a process *is* (name, executable, the script its
interpreter runs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from opsconsole.collect.agent_patterns import RegistryProfile, ResumeProfile, ScreenProfile, check, check_patterns
from opsconsole.collect.command import SHELL, Invocation, interpreter_kind, parse
from opsconsole.model.process import Process

BUILTIN = Path(__file__).resolve().parent.parent / "agents"

_MOST_TOLD = 20_000
_REPLACED = " (deleted)"
"""What the kernel adds to the path of an executable that an update has replaced."""


class MatchRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All given conditions must hold; each lists alternatives, as shell patterns (``*``, ``?``, ``[…]``) of names."""

    comm: tuple[str, ...] = ()
    """The kernel's name for the process (at most 15 characters)."""
    exe: tuple[str, ...] = ()
    """The executable's file name, or, for a pattern with a slash, its whole path."""
    interpreter: tuple[str, ...] = ()
    """Kind of interpreter that runs ``script`` or ``module``: python, node, bun, deno, …, whatever its version."""
    script: tuple[str, ...] = ()
    """File name of the interpreter's script, or, for a pattern with a slash, its whole path."""
    module: tuple[str, ...] = ()
    """The module of ``python -m``."""


class AgentProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of coding agent."""

    name: str
    label: str
    """For people: ``Claude`` gives "Claude sessions"."""
    match: tuple[MatchRule, ...]
    """Any of these makes a process this agent."""
    registry: RegistryProfile | None = None
    """Where it writes down what it does; None for an agent that is not known to."""
    resume: ResumeProfile | None = None
    """How its conversation is brought back after its process has ended; None where that was never tried."""
    title_work: str = ""
    """Regular expression for the pane's title while it works; empty: titles tell nothing."""
    screen: tuple[ScreenProfile, ...] = ()
    """What its screens show, by range of versions."""


class Agents:
    """Profiles, ready to be asked."""

    def __init__(self, profiles: Iterable[AgentProfile], problems: tuple[str, ...] = ()) -> None:
        self.profiles = {profile.name: profile for profile in profiles}
        self.problems = problems
        """Files that could not be read as profiles, and why."""
        self._told: dict[tuple[str, str | None, tuple[str, ...] | None], str] = {}
        self._plain: dict[str, str] = {}
        self._rules: list[tuple[MatchRule, str]] = []
        for profile in self.profiles.values():
            for rule in profile.match:
                if any((rule.exe, rule.interpreter, rule.script, rule.module, _is_pattern(rule.comm))):
                    self._rules.append((rule, profile.name))
                else:
                    self._plain.update(dict.fromkeys(rule.comm, profile.name))

    def name_of(self, process: Process) -> str:
        """Name of the agent this very process is; empty for none."""
        if process.state == "Z":
            return ""
        if found := self._plain.get(process.comm):
            return found
        # The same shells and tools are asked about on every look: remember what these three led to.
        key = (process.comm, process.exe, process.argv)
        if (known := self._told.get(key)) is not None:
            return known
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key] = name = self._by_rule(process)
        return name

    def _by_rule(self, process: Process) -> str:
        invocation = _invocation(process)
        for rule, name in self._rules:
            if _holds(rule, process, invocation):
                return name
        return ""

    def find(self, tree: Iterable[Process]) -> tuple[str, Process] | None:
        """The first agent of a tree given parents first, with the process that is it.

        A shell script with an agent's name that starts the agent gives way to the agent itself.
        """
        wrapper: tuple[str, Process] | None = None
        for process in tree:
            if name := self.name_of(process):
                if not (process.exe and interpreter_kind(process.exe) == SHELL):
                    return name, process
                wrapper = wrapper or (name, process)
        return wrapper

    def title_works(self, name: str, title: str) -> bool | None:
        """Whether a pane's title shows that this agent works; None when its titles tell nothing."""
        profile = self.profiles.get(name)
        if profile is None or not profile.title_work:
            return None
        return re.search(profile.title_work, title) is not None

    def is_tool_shell(self, name: str, process: Process) -> bool:
        """Whether this process, found below such an agent, is a shell that it started for a tool."""
        profile = self.profiles.get(name)
        if profile is None or profile.registry is None or not profile.registry.tool_shell or not process.argv:
            return False
        return re.search(profile.registry.tool_shell, " ".join(process.argv)) is not None

    def label(self, name: str) -> str:
        profile = self.profiles.get(name)
        return profile.label if profile is not None else name


def find_agent(tree: tuple[Process, ...]) -> tuple[str, Process] | None:
    """The first coding agent of a process tree (parents first) among the profiles that come with opsconsole."""
    return builtin_agents().find(tree)


@cache
def builtin_agents() -> Agents:
    """The profiles that come with opsconsole, read once."""
    return load_agents()


def load_agents(directory: Path | None = None) -> Agents:
    """The built-in profiles and those of a directory, which win over built-in ones of the same name.

    A file that is no profile is left out and told in ``problems``.
    """
    profiles: dict[str, AgentProfile] = {}
    problems: list[str] = []
    for folder in (BUILTIN, directory):
        if folder is None:
            continue
        if not folder.is_dir():
            problems.append(f"{folder}: no such directory of agent profiles")
            continue
        for path in sorted(folder.glob("*.toml")):
            try:
                profile = msgspec.toml.decode(path.read_bytes(), type=AgentProfile)
                profiles[profile.name] = _checked(profile)
            except (OSError, ValueError) as error:
                problems.append(f"{path}: {error}")
    return Agents(profiles.values(), tuple(problems))


def _checked(profile: AgentProfile) -> AgentProfile:
    if any(rule == MatchRule() for rule in profile.match):
        raise ValueError("a match without conditions would make every process this agent")
    check_patterns(profile.title_work, profile.registry.tool_shell if profile.registry else "")
    for screen in profile.screen:
        check(screen)
    return profile


def _is_pattern(alternatives: tuple[str, ...]) -> bool:
    return any(character in pattern for pattern in alternatives for character in "*?[")


def _holds(rule: MatchRule, process: Process, invocation: Invocation | None) -> bool:
    if rule.comm and not _any(rule.comm, process.comm):
        return False
    if rule.exe and not (process.exe and _any(rule.exe, process.exe.removesuffix(_REPLACED))):
        return False
    if not (rule.interpreter or rule.script or rule.module):
        return True
    if invocation is None:
        return False
    return (
        (not rule.interpreter or invocation.kind in rule.interpreter)
        and (not rule.script or (invocation.script != "" and _any(rule.script, invocation.script)))
        and (not rule.module or (invocation.module != "" and _any(rule.module, invocation.module)))
    )


def _any(patterns: tuple[str, ...], path: str) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)


def _invocation(process: Process) -> Invocation | None:
    """What an interpreter runs; None for any other program, or when its argv tells nothing."""
    if not process.argv:
        return None
    kind = interpreter_kind((process.exe or process.argv[0]).removesuffix(_REPLACED))
    return parse(kind, process.argv) if kind else None
