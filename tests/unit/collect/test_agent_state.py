"""Verdicts on agents: what all evidence agrees on, else unknown with both sides."""

from __future__ import annotations

import itertools
import json
from typing import Any, get_args

import pytest

from opsconsole.collect.agent_screen import read_screen
from opsconsole.collect.agent_state import HUNG_AFTER_S, Case, Verdict, judge
from opsconsole.collect.agents import builtin_agents
from opsconsole.model.agent import AgentEvidence, AgentScreen, RegistryEntry, ScreenKind, TranscriptTail
from opsconsole.model.process import Process
from opsconsole.model.session import Pane
from tests.makers import AT, pane, process
from tests.unit.collect.test_agent_screen import CAPTURES, LABELS

CLAUDE = builtin_agents().profiles["claude-code"]
AGENT = process(11, "claude", cpu_percent=0.0)
FINISHED = TranscriptTail(path="t", size=1, moved_at=AT - 3600, ends="finished")


def verdict(
    status: str | None = "idle",
    screen: ScreenKind | AgentScreen = "rest",
    ago: float = 3600.0,
    agent: Process = AGENT,
    output_ago: float | None = None,
    tool_shells: tuple[int, ...] = (),
    entry: dict[str, Any] | None = None,
    **evidence: Any,
) -> Verdict:
    """Of an agent whose status and screen last moved so many seconds ago."""
    shown = screen if isinstance(screen, AgentScreen) else AgentScreen(screen, at=AT)
    told = {"session_id": "abc", "version": "2.1.330", "entrypoint": "cli", "status_at": AT - ago, **(entry or {})}
    where: Pane = pane(0, "work", 1, activity_at=AT - (ago if output_ago is None else output_ago))
    fields: dict[str, Any] = {
        "version": "2.1.330",
        "entry": None if status is None else RegistryEntry(**{"status": status, **told}),
        "screen": shown,
        "transcript": FINISHED,
        **evidence,
    }
    seen = AgentEvidence(pane=where.id, process=agent.id, agent="claude-code", **fields)
    return judge(Case(seen, agent, (agent,), tool_shells, where, AT, CLAUDE.registry))


def test_idle_is_what_nothing_contradicts() -> None:
    assert verdict().state == "idle"
    assert verdict(screen="quiet").state == "idle"
    assert "idle for 60 min" in verdict().reason


def test_a_draft_does_not_end_idleness_but_is_told() -> None:
    told = verdict(screen=AgentScreen("draft", draft="and also", at=AT))
    assert (told.state, told.draft) == ("idle", "and also")
    assert "draft: and also" in told.reason


IDLE_NEEDS = {"rest", "quiet", "draft"}


@pytest.mark.parametrize("kind", [kind for kind in get_args(ScreenKind) if kind not in IDLE_NEEDS])
def test_a_registry_that_says_idle_is_not_believed_against_its_screen(kind: ScreenKind) -> None:
    told = verdict("idle", kind)
    assert told.state == ("logged-out" if kind == "logged-out" else "unknown")
    if told.state == "unknown":
        assert "its registry says idle" in told.reason
        assert "screen" in told.reason


def test_busy_against_a_box_at_rest_is_unknown_unless_it_has_only_just_changed() -> None:
    told = verdict("busy", "rest", ago=60)
    assert told.state == "unknown"
    assert "says busy" in told.reason
    assert "at rest" in told.reason
    assert verdict("busy", "rest", ago=1).state == "working"


def test_waiting_says_for_what() -> None:
    told = verdict("waiting", AgentScreen("question", "permission", at=AT), entry={"waiting_for": "permission prompt"})
    assert (told.state, told.waiting_for) == ("waiting", "permission")
    assert verdict("waiting", "no-box", entry={"waiting_for": "dialog open"}).waiting_for == "dialog open"
    assert verdict("waiting", "rest").state == "unknown"


def test_a_shell_in_the_background_is_its_own_state() -> None:
    assert verdict("shell", "background").state == "shell"
    assert verdict("shell", "working").state == "unknown"
    assert verdict("idle", "rest", tool_shells=(77,)).state == "unknown"


def test_one_that_will_wake_itself_is_not_idle() -> None:
    for evidence in (
        {"schedule": "holds .claude/scheduled_tasks.lock"},
        {"transcript": TranscriptTail("t", 1, AT - 3600, "finished", wakes_itself="CronCreate")},
    ):
        told = verdict("idle", "rest", **evidence)
        assert told.state == "shell"
        assert "wake itself" in told.reason
    unread = TranscriptTail("t", 1, AT - 3600, "finished", searched=False)
    assert verdict("idle", "rest", transcript=unread).state == "unknown"


def test_a_transcript_that_ends_in_an_unanswered_tool_contradicts_idle() -> None:
    assert verdict(transcript=TranscriptTail("t", 1, AT - 3600, "tool")).state == "unknown"


def test_hung_says_busy_and_nothing_moves() -> None:
    told = verdict("busy", "working", ago=2400)
    assert told.state == "hung"
    for part in ("busy for 40 min", "no output and no progress for 40 min", "0.0 % CPU"):
        assert part in told.reason


def test_output_progress_or_cpu_speak_against_hung() -> None:
    assert verdict("busy", "working", ago=2400, output_ago=1).state == "working"
    assert verdict("busy", "working", ago=HUNG_AFTER_S - 1).state == "working"
    growing = TranscriptTail("t", 1, AT - 2, "asked")
    assert verdict("busy", "working", ago=2400, transcript=growing).state == "working"
    assert verdict("busy", "working", ago=2400, agent=process(11, "claude", cpu_percent=80.0)).state == "unknown"
    assert verdict("busy", "working", ago=2400, agent=process(11, "claude", cpu_percent=None)).state == "unknown"


def test_a_stopped_process_is_nothing_that_it_says() -> None:
    for status, screen in itertools.product(("idle", "busy", "waiting", "shell", None), ("rest", "working")):
        told = verdict(status, screen, agent=process(11, "claude", state="T"))  # type: ignore[arg-type]
        assert told.state == "unknown"
        assert "stopped by a signal" in told.reason


def test_one_driven_by_a_program_is_never_idle() -> None:
    assert verdict("idle", "rest", entry={"entrypoint": "sdk-cli"}).state == "working"


def test_without_a_word_of_its_own_the_screen_and_the_title_tell() -> None:
    old: dict[str, Any] = {"version": "2.0.76", "transcript": None, "entry_missing": "no entry"}
    assert verdict(None, "rest", **old).state == "idle"
    assert verdict(None, "working", ago=1, **old).state == "working"
    assert verdict(None, "rest", ago=1, title_works=True, **old).state == "working"
    assert verdict(None, AgentScreen("question", "permission", at=AT), **old).waiting_for == "permission"
    assert verdict(None, "rest", tool_shells=(77,), **old).state == "shell"
    for kind in ("quiet", "draft", "in-use", "odd", "no-box", "unread"):
        assert verdict(None, kind, **old).state == "unknown", kind
    assert verdict(None, "rest", output_ago=1, **old).state == "unknown"


def test_a_version_that_should_have_an_entry_and_has_none_is_unknown() -> None:
    for version in ("2.1.330", ""):
        told = verdict(None, "rest", version=version, entry_missing="it has no entry in its registry")
        assert told.state == "unknown"
        assert "no entry in its registry" in told.reason


def test_a_spinner_in_the_title_contradicts_idle() -> None:
    assert verdict("idle", "rest", title_works=True).state == "unknown"
    assert builtin_agents().title_works("claude-code", "⠂ fixing") is True
    assert builtin_agents().title_works("claude-code", "◐ fixing") is True
    assert builtin_agents().title_works("claude-code", "✳ fixing") is False


REST = {"idle-candidate", "draft"}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("status", ["idle", "busy", "shell", "waiting", "", None])
def test_no_false_idle_whatever_the_registry_says(name: str, status: str | None) -> None:
    """Every labelled capture with every word a registry may hold, its own version known or not.

    A capture of a scheduled session says nothing of the schedule: that is in the transcript and the lock file.
    """
    label = LABELS[name]
    schedule = "holds its schedule lock" if label["truth"] == "scheduled" else ""
    agent = process(11, "claude", state="T" if label["truth"] == "suspended" else "S", cpu_percent=0.0)
    for version in (label["version"], ""):
        screen = read_screen((CAPTURES / name).read_text(), CLAUDE.screen, version, AT)
        told = verdict(status, screen, version=version, schedule=schedule, agent=agent)
        if told.state == "idle":
            assert label["truth"] in REST
            assert (told.draft != "") == (label["truth"] == "draft")


def test_with_the_registry_that_belongs_to_it_most_captures_are_told_right() -> None:
    """Unknown is a right answer, but not for most."""
    words = {"idle-candidate": "idle", "draft": "idle", "waiting": "waiting", "working": "busy", "shell": "shell"}
    right = 0
    of_these = [name for name, label in LABELS.items() if label["truth"] in words]
    for name in of_these:
        label = LABELS[name]
        status = words[label["truth"]] if label["version"] == "2.1.330" else None
        screen = read_screen((CAPTURES / name).read_text(), CLAUDE.screen, label["version"], AT)
        version = label["version"] if status else "2.0.76"
        ago = 1.0 if label["truth"] == "working" else 3600.0
        state = {"busy": "working"}.get(words[label["truth"]], words[label["truth"]])
        right += verdict(status, screen, ago=ago, version=version, transcript=None).state == state
    assert right >= len(of_these) - 2, f"{right} of {len(of_these)}"


def test_the_labels_cover_every_capture() -> None:
    assert sorted(LABELS) == sorted(path.name for path in CAPTURES.glob("*.txt"))
    assert json.dumps(LABELS)
