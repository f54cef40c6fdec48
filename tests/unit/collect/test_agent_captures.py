"""The verdict on the real CLI: screens with the registry files found at the same moment, of five versions.

How they were captured: ``tests/data/claude-captures/README.md``. What each truly was is what it had been led into.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opsconsole.collect.agent_registry import EntryUnreadable, read_entry
from opsconsole.collect.agent_screen import read_screen
from opsconsole.collect.agent_state import Case, Verdict, judge
from opsconsole.collect.agents import builtin_agents
from opsconsole.model.agent import AgentEvidence, RegistryEntry, TranscriptTail
from opsconsole.model.identity import ProcessId
from opsconsole.model.session import SessionState
from tests import makers

CAPTURES = Path(__file__).parents[2] / "data" / "claude-captures"
LABELS: dict[tuple[str, str], dict[str, Any]] = {
    (folder.parent.name, name): label
    for folder in sorted(CAPTURES.glob("*/labels.json"))
    for name, label in json.loads(folder.read_text()).items()
}
MAY_BE: dict[str, set[SessionState]] = {
    "idle": {"idle", "unknown"},
    "draft": {"idle", "unknown"},
    "in-use": {"waiting", "working", "shell", "unknown"},
    "working": {"working", "unknown"},
    "waiting": {"waiting", "unknown"},
    "shell": {"shell", "working", "unknown"},
    "scheduled": {"shell", "unknown"},
    "logged-out": {"logged-out", "working", "unknown"},
}
"""By what it truly was; unknown is never wrong."""
AGENTS = builtin_agents()
PROFILE = AGENTS.profiles["claude-code"]
BEFORE_REGISTRY = ("2.0.76",)


def entry_of(version: str, name: str) -> tuple[RegistryEntry | None, ProcessId]:
    """The registry file as found, believed under the same conditions as on a machine."""
    path = CAPTURES / version / f"{name}.registry.json"
    if not path.exists():
        return None, ProcessId(makers.BOOT, 4711, 1)
    told = json.loads(path.read_text())
    process = ProcessId(makers.BOOT, told["pid"], int(told.get("procStart", 1)))
    try:
        return read_entry(path, process, told["startedAt"] / 1000.0), process
    except EntryUnreadable as failure:
        raise AssertionError(f"{version} {name}: {failure}") from None


def verdict(version: str, name: str, *, registry: bool = True, version_known: bool = True) -> Verdict:
    """What the console says of this capture a minute after it; ``registry``: whether its registry file is seen."""
    label = LABELS[version, name]
    entry, process = entry_of(version, name)
    entry = entry if registry else None
    told_version = version if version_known else ""
    at = (entry.status_at if entry is not None and entry.status_at else makers.AT) + 60.0
    screen = read_screen((CAPTURES / version / f"{name}.screen").read_text(), PROFILE.screen, told_version, at)
    pane = makers.pane(process.pid, name, activity_at=at - 50.0, title=label["title"])
    ends = label["transcript"]
    transcript = TranscriptTail("", 100, at - 50.0, ends, label.get("wakes", ""), True) if ends != "none" else None
    evidence = AgentEvidence(
        pane=pane.id,
        process=process,
        agent="claude-code",
        version=told_version,
        entry=entry,
        entry_missing="" if entry is not None else "it has no entry in its registry",
        screen=screen,
        transcript=transcript,
        title_works=AGENTS.title_works("claude-code", label["title"]),
        at=at,
    )
    running = makers.process(process.pid, "claude", id=process)
    return judge(Case(evidence, running, (running,), (), pane, at, PROFILE.registry))


@pytest.mark.parametrize("version", sorted({version for version, _ in LABELS}))
def test_each_capture_with_its_registry_file_is_told_as_what_it_was_or_as_unknown(version: str) -> None:
    wrong = {}
    for (of, name), label in LABELS.items():
        told = verdict(version, name) if of == version else None
        if told is not None and told.state not in MAY_BE[label["truth"]]:
            wrong[name] = (label["truth"], told)
    assert not wrong


@pytest.mark.parametrize("registry", [True, False])
@pytest.mark.parametrize("version_known", [True, False])
def test_none_but_one_at_rest_is_ever_idle_whatever_is_missing(registry: bool, version_known: bool) -> None:
    """Without its registry file, without its version, without both."""
    idle = {
        (version, name): label["truth"]
        for (version, name), label in LABELS.items()
        if verdict(version, name, registry=registry, version_known=version_known).state == "idle"
    }
    assert set(idle.values()) <= {"idle", "draft"}, idle


def test_with_its_registry_file_one_at_rest_is_known_to_be() -> None:
    """Not everything may be unknown: of what truly rests, nearly all is told to."""
    resting = [key for key, label in LABELS.items() if label["truth"] == "idle" and key[0] not in BEFORE_REGISTRY]
    told = [key for key in resting if verdict(*key).state == "idle"]
    assert len(told) > 0.9 * len([key for key in resting if key[0] != "2.1.100"])


def test_a_registry_file_of_another_process_is_not_believed() -> None:
    path = CAPTURES / "2.1.330" / "answered.registry.json"
    told = json.loads(path.read_text())
    for pid, start in ((told["pid"] + 1, int(told["procStart"])), (told["pid"], int(told["procStart"]) + 1)):
        with pytest.raises(EntryUnreadable):
            read_entry(path, ProcessId(makers.BOOT, pid, start), None)
