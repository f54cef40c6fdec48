"""The verdict on an agent's state, out of the evidence of one look. Pure.

The agent's own word comes first; screen, title, transcript and processes must not speak against it. Where they do,
and for whatever is not understood, the state is unknown and both sides are told. Idle is only what nothing
contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from opsconsole.collect.agent_patterns import RegistryProfile, version_number
from opsconsole.model.agent import AgentEvidence, AgentScreen, RegistryEntry
from opsconsole.model.process import Process
from opsconsole.model.session import Pane, SessionState

HUNG_AFTER_S = 300.0
"""Says it works, and nothing has moved for as long: a working one redraws its screen every second."""
HUNG_CPU_PERCENT = 2.0
SETTLES_S = 3.0
"""What was told this shortly before may not be on the screen yet, or no longer."""
QUIET_S = 5.0
"""Without a word of its own, it rests only if its screen has not moved for as long."""

_SCREEN_WORDS = {
    "rest": "its box is empty and at rest",
    "quiet": "its box is empty",
    "draft": "text waits in its box",
    "in-use": "its box is in use",
    "background": "work goes on in the background",
    "logged-out": "it is not logged in",
    "working": "it works",
    "question": "it asks for",
    "no-box": "no input box",
    "odd": "a footer that is not understood",
    "unread": "not read",
}


class Verdict(NamedTuple):
    state: SessionState
    reason: str
    waiting_for: str = ""
    draft: str = ""


class Case(NamedTuple):
    """What one verdict is about."""

    evidence: AgentEvidence
    process: Process
    tree: tuple[Process, ...]
    """The agent and all below it."""
    tool_shells: tuple[int, ...]
    """Pids of shells that it started for its tools."""
    pane: Pane
    now: float
    registry: RegistryProfile | None
    """How this agent's registry is kept; None for one that keeps none."""

    @property
    def moved_at(self) -> float | None:
        """When anything of it last moved."""
        return last_moved(self.evidence, self.pane)

    def still_for(self, moved: float | None) -> float | None:
        return None if moved is None else max(0.0, self.now - moved)


def last_moved(evidence: AgentEvidence, pane: Pane) -> float | None:
    """The latest of its status's change, its window's output and its transcript's growth."""
    entry, transcript = evidence.entry, evidence.transcript
    times = (
        entry.status_at if entry is not None else None,
        pane.activity_at,
        transcript.moved_at if transcript is not None else None,
    )
    return max((moved for moved in times if moved is not None), default=None)


def judge(case: Case) -> Verdict:
    """The state that all evidence agrees on, or unknown with what disagrees."""
    if case.process.state in ("T", "t"):
        return Verdict("unknown", "it has been stopped by a signal (SIGSTOP, or Ctrl-Z)")
    entry, registry = case.evidence.entry, case.registry
    if entry is not None and registry is not None and entry.entrypoint not in ("", *registry.interactive):
        return Verdict("working", f"driven by a program ({entry.entrypoint}), not by a person")
    if entry is None or not entry.status:
        return _without_word(case)
    match entry.status:
        case "busy":
            return _says_busy(case, entry)
        case "shell":
            return _says_shell(case, entry)
        case "waiting":
            return _says_waiting(case, entry)
        case "idle":
            return _says_idle(case, entry)
    return Verdict("unknown", f"its registry says {entry.status!r}, which is not known here")


def _says_busy(case: Case, entry: RegistryEntry) -> Verdict:
    screen = case.evidence.screen
    fresh = _fresh(case, entry)
    if screen.kind in ("rest", "background", "logged-out", "question") and not fresh:
        return _disagree(case, f"its registry says busy{_since(case, entry)}")
    return _working(case, f"registry: busy{_since(case, entry)}", screen)


def _says_shell(case: Case, entry: RegistryEntry) -> Verdict:
    screen = case.evidence.screen
    if screen.kind in ("working", "question", "logged-out") and not _fresh(case, entry):
        return _disagree(case, f"its registry says shell{_since(case, entry)}")
    return Verdict("shell", _join("background work is alive", _on_screen(screen)), draft=screen.draft)


def _says_waiting(case: Case, entry: RegistryEntry) -> Verdict:
    screen = case.evidence.screen
    if screen.kind in ("working", "rest", "draft", "background") and not _fresh(case, entry):
        return _disagree(case, f"its registry says waiting for {entry.waiting_for or 'something'}")
    what = screen.told if screen.kind == "question" else ""
    waiting_for = what or entry.waiting_for or "an answer"
    return Verdict("waiting", f"for {waiting_for};{_since(case, entry)}".rstrip(";"), waiting_for=waiting_for)


def _says_idle(case: Case, entry: RegistryEntry) -> Verdict:
    evidence, screen = case.evidence, case.evidence.screen
    word = f"its registry says idle{_since(case, entry)}"
    if evidence.title_works:
        return Verdict("unknown", f"{word}, but its title shows a spinner")
    if screen.kind == "logged-out":
        return Verdict("logged-out", f"screen: {screen.told}", draft=screen.draft)
    if screen.kind not in ("rest", "quiet", "draft"):
        return _disagree(case, word)
    if case.tool_shells:
        return Verdict("unknown", f"{word}, but a shell of one of its tools runs ({case.tool_shells[0]})")
    return _at_rest(case, word, _rest_words(f"idle{_since(case, entry)}", screen))


def _without_word(case: Case) -> Verdict:
    """No status from the agent itself: older versions, and other agents."""
    evidence, screen = case.evidence, case.evidence.screen
    if evidence.title_works or screen.kind == "working":
        return _working(case, "title: a spinner" if evidence.title_works else "", screen)
    if screen.kind == "question":
        return Verdict("waiting", f"for {screen.told}, by its screen", waiting_for=screen.told)
    if screen.kind == "logged-out":
        return Verdict("logged-out", f"screen: {screen.told}", draft=screen.draft)
    if screen.kind == "background" or (case.tool_shells and screen.kind in ("rest", "quiet", "draft")):
        return Verdict("shell", _join("background work is alive", _on_screen(screen)), draft=screen.draft)
    if evidence.entry is None and _should_have_entry(case):
        return Verdict("unknown", _join(evidence.entry_missing, _on_screen(screen)), draft=screen.draft)
    if screen.kind == "rest":
        quiet = case.still_for(case.pane.activity_at)
        if quiet is None or quiet < QUIET_S:
            return Verdict("unknown", "its box is empty, but its screen has just moved")
        return _at_rest(case, "its box is empty", "by its screen: an empty box, at rest")
    return Verdict("unknown", _join("it does not say what it is doing", _on_screen(screen)), draft=screen.draft)


def _should_have_entry(case: Case) -> bool:
    """Whether the missing entry is a gap: of a version that keeps none it is no surprise."""
    registry, version = case.registry, case.evidence.version
    return registry is not None and (not version or version_number(version) >= version_number(registry.since))


def _at_rest(case: Case, word: str, told: str) -> Verdict:
    """Idle, if neither the transcript nor a schedule speaks against it."""
    evidence, transcript = case.evidence, case.evidence.transcript
    draft = evidence.screen.draft
    wakes = evidence.schedule or (f"used {transcript.wakes_itself}" if transcript and transcript.wakes_itself else "")
    if wakes:
        return Verdict("shell", f"at rest, but it may wake itself: {wakes}", draft=draft)
    if transcript is not None and transcript.ends == "tool":
        return Verdict("unknown", f"{word}, but its transcript ends in a tool that has not answered", draft=draft)
    if transcript is not None and not transcript.searched:
        return Verdict("unknown", f"{word}; its transcript is still being searched for schedules", draft=draft)
    return Verdict("idle", told, draft=draft)


def _working(case: Case, word: str, screen: AgentScreen) -> Verdict:
    """At work, unless nothing of it has moved for long."""
    still = case.still_for(case.moved_at)
    told = _join(word, _on_screen(screen) if screen.kind != "unread" else "")
    if still is None or still < HUNG_AFTER_S:
        return Verdict("working", told, draft=screen.draft)
    cpu = _cpu(case.tree)
    silent = f"no output and no progress for {_minutes(still)}"
    if cpu is None:
        return Verdict("unknown", f"{told}; {silent}; its CPU is not measured yet", draft=screen.draft)
    if cpu >= HUNG_CPU_PERCENT:
        return Verdict("unknown", f"{told}; {silent}, but it uses {cpu:.0f} % CPU", draft=screen.draft)
    return Verdict("hung", f"{told}; {silent}, {cpu:.1f} % CPU", draft=screen.draft)


def _disagree(case: Case, word: str) -> Verdict:
    screen = case.evidence.screen
    told = case.evidence.screen_missing or _on_screen(screen)
    return Verdict("unknown", f"{word}, but {told}", draft=screen.draft)


def _fresh(case: Case, entry: RegistryEntry) -> bool:
    """Whether the status changed so shortly before the screen was read that both may be right."""
    return entry.status_at is not None and case.evidence.screen.at - entry.status_at < SETTLES_S


def _on_screen(screen: AgentScreen) -> str:
    words = _SCREEN_WORDS[screen.kind]
    if screen.kind == "question":
        return f"screen: {words} {screen.told}"
    return f"screen: {words} ({screen.told})" if screen.told else f"screen: {words}"


def _rest_words(word: str, screen: AgentScreen) -> str:
    return f"{word}; draft: {screen.draft}" if screen.draft else word


def _since(case: Case, entry: RegistryEntry) -> str:
    since = case.still_for(entry.status_at)
    return "" if since is None else f" for {_minutes(since)}"


def _cpu(tree: Iterable[Process]) -> float | None:
    shares = [process.cpu_percent for process in tree if process.state != "Z"]
    return None if any(share is None for share in shares) else sum(share for share in shares if share is not None)


def _minutes(seconds: float) -> str:
    """Coarse on purpose: a reason that changes every second would be drawn every second."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 7200:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h"


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
