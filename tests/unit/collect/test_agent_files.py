"""What an agent leaves on disk: its registry entry, its schedule lock, its transcript; read without trusting any."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from opsconsole.collect.agent_registry import EntryUnreadable, agent_home, read_entry, read_schedule
from opsconsole.collect.agent_transcript import Transcript, ending, find_transcript
from opsconsole.collect.agents import builtin_agents
from opsconsole.collect.files import FileUnreadable
from opsconsole.model.identity import ProcessId
from tests.makers import process_id

REGISTRY = builtin_agents().profiles["claude-code"].registry
assert REGISTRY is not None
TOOLS = ("CronCreate", "ScheduleWakeup")
STARTED_AT = 1_770_000_000.0
ID = "0b9f1d2e-0000-4000-8000-000000000001"


def entry(process: ProcessId, **changes: Any) -> dict[str, Any]:
    plain = {
        "pid": process.pid,
        "procStart": str(process.start_ticks),
        "sessionId": ID,
        "cwd": "/srv/project",
        "version": "2.1.330",
        "entrypoint": "cli",
        "status": "waiting",
        "waitingFor": "permission prompt",
        "statusUpdatedAt": 1_770_571_140_250,
    }
    return {**plain, **changes}


def refusal(path: Path, process: ProcessId) -> str:
    with pytest.raises(EntryUnreadable) as refused:
        read_entry(path, process, STARTED_AT)
    return str(refused.value)


def test_an_entry_is_read_when_it_is_of_this_very_process(tmp_path: Path) -> None:
    path, process = tmp_path / "42.json", process_id(42)
    path.write_text(json.dumps(entry(process)))
    told = read_entry(path, process, STARTED_AT)
    assert (told.session_id, told.status, told.waiting_for) == (ID, "waiting", "permission prompt")
    assert told.status_at == 1_770_571_140.25
    path.write_text(json.dumps(entry(process, procStart=process.start_ticks)))
    assert read_entry(path, process, STARTED_AT).version == "2.1.330"


def test_a_leftover_of_an_earlier_process_with_the_same_pid_is_not_believed(tmp_path: Path) -> None:
    path, process = tmp_path / "42.json", process_id(42)
    for changes in ({"procStart": "1"}, {"procStart": None}, {"pid": 43}):
        path.write_text(json.dumps(entry(process, **changes)))
        assert "of another process" in refusal(path, process)


def test_a_version_that_writes_no_start_ticks_is_known_by_when_it_wrote(tmp_path: Path) -> None:
    """As 2.1.100 does: an entry from before this process's start was left by an earlier one with its pid."""
    path, process = tmp_path / "42.json", process_id(42)
    told = {"pid": 42, "sessionId": ID, "cwd": "/srv", "kind": "interactive", "entrypoint": "cli"}
    path.write_text(json.dumps({**told, "startedAt": int((STARTED_AT + 1.2) * 1000)}))
    assert read_entry(path, process, STARTED_AT).session_id == ID
    for written in (int((STARTED_AT - 30) * 1000), "soon", None, True):
        path.write_text(json.dumps({**told, "startedAt": written}))
        assert "of another process" in refusal(path, process)


def test_what_is_no_entry_is_told_as_what_it_is(tmp_path: Path) -> None:
    path, process = tmp_path / "42.json", process_id(42)
    assert refusal(path, process) == "it has no entry in its registry"
    path.write_text('{"pid": 42')
    assert "not JSON" in refusal(path, process)
    path.write_text("[]")
    assert "no JSON object" in refusal(path, process)
    path.write_text(" " * 70_000)
    assert "more than the" in refusal(path, process)
    path.unlink()
    os.mkfifo(path)
    assert "FIFO" in refusal(path, process)
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert "symbolic link" in refusal(path, process)


def test_hostile_words_in_an_entry_are_made_inert(tmp_path: Path) -> None:
    path, process = tmp_path / "42.json", process_id(42)
    path.write_text(json.dumps(entry(process, status="idle\x1b]0;x\x07", sessionId=7, statusUpdatedAt="soon")))
    told = read_entry(path, process, STARTED_AT)
    assert (told.status, told.session_id, told.status_at) == ("idle]0;x", "", None)


def test_the_home_of_an_agent_is_that_of_its_own_environment(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    environ = tmp_path / "42" / "environ"
    environ.write_bytes(b"PATH=/bin\0HOME=/home/op\0")
    assert REGISTRY is not None
    assert agent_home(42, REGISTRY, str(tmp_path)) == Path("/home/op/.claude")
    environ.write_bytes(b"HOME=/home/op\0CLAUDE_CONFIG_DIR=/srv/claude\0")
    assert agent_home(42, REGISTRY, str(tmp_path)) == Path("/srv/claude")
    environ.write_bytes(b"PATH=/bin\0")
    assert agent_home(42, REGISTRY, str(tmp_path)) is None
    assert agent_home(43, REGISTRY, str(tmp_path)) is None


def test_a_schedule_lock_counts_when_it_is_this_agents(tmp_path: Path) -> None:
    assert REGISTRY is not None
    assert read_schedule(str(tmp_path), REGISTRY, process_id(42), ID) == ""
    lock = tmp_path / ".claude" / "scheduled_tasks.lock"
    lock.parent.mkdir()
    lock.write_text(json.dumps({"sessionId": "other", "pid": 7, "procStart": "1"}))
    assert read_schedule(str(tmp_path), REGISTRY, process_id(42), ID) == ""
    lock.write_text(json.dumps({"sessionId": ID, "pid": 7, "procStart": "1"}))
    assert "scheduled_tasks.lock" in read_schedule(str(tmp_path), REGISTRY, process_id(42), ID)
    lock.write_text("{")
    assert "not JSON" in read_schedule(str(tmp_path), REGISTRY, process_id(42), ID)


def record(kind: str, content: Any = None, **more: Any) -> bytes:
    message = {} if content is None else {"message": {"role": kind, "content": content, **more.pop("message", {})}}
    return json.dumps({"type": kind, **message, **more}, separators=(",", ":")).encode() + b"\n"


ASKED = record("user", "mend the tests")
TOOL = record(
    "assistant", [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}], message={"stop_reason": "tool_use"}
)
ANSWERED = record("assistant", [{"type": "text", "text": "done"}], message={"stop_reason": "end_turn"})
RESULT = record("user", [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}])
INTERRUPTED = record("user", [{"type": "text", "text": "[Request interrupted by user for tool use]"}])
DURATION = record("system", subtype="turn_duration", durationMs=5)
CLOSED = record("cost-state") + record("last-prompt")


@pytest.mark.parametrize(
    ("tail", "ends"),
    [
        (ASKED, "asked"),
        (ASKED + record("api-request"), "asked"),
        (ASKED + TOOL, "tool"),
        (ASKED + TOOL + RESULT, "asked"),
        (ASKED + ANSWERED, "finished"),
        (ASKED + ANSWERED + DURATION + CLOSED, "finished"),
        (ASKED + TOOL + RESULT + INTERRUPTED, "finished"),
        (ASKED + ANSWERED + record("user", "<command-name>/model</command-name>"), "finished"),
        (ASKED + ANSWERED + record("user", "caveat", isMeta=True), "finished"),
        (ASKED + ANSWERED + b'{"type":"user","mess', "unknown"),
        (CLOSED, "empty"),
        (b"", "empty"),
    ],
)
def test_how_a_conversation_ends(tail: bytes, ends: str) -> None:
    assert ending(tail) == ends


def test_a_tail_without_a_whole_record_tells_nothing() -> None:
    assert ending(b'xxxx"}\n' + CLOSED, whole=False) == "unknown"


def test_a_transcript_is_found_by_its_id_only(tmp_path: Path) -> None:
    folder = tmp_path / "-srv-project"
    folder.mkdir()
    (folder / f"{ID}.jsonl").write_bytes(ASKED)
    assert find_transcript(tmp_path, ID) == folder / f"{ID}.jsonl"
    assert find_transcript(tmp_path, "../../etc/passwd") is None
    assert find_transcript(tmp_path, "") is None
    assert find_transcript(tmp_path / "missing", ID) is None


def test_tools_that_wake_it_later_are_found_in_all_of_it_a_part_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.jsonl"
    cron = record("assistant", [{"type": "tool_use", "id": "c", "name": "CronCreate", "input": {}}])
    path.write_bytes(cron + ASKED * 40_000 + ANSWERED)
    transcript = Transcript(path, TOOLS)
    tail = transcript.read(1000)
    assert (tail.wakes_itself, tail.ends) == ("CronCreate", "finished")
    while not tail.searched:
        tail = transcript.read(1_000_000)
        assert transcript.searched_now <= 2_100_000
    assert tail.wakes_itself == "CronCreate"
    with path.open("ab") as stream:
        stream.write(ASKED)
    tail = transcript.read(1_000_000)
    assert (tail.ends, tail.searched, tail.wakes_itself) == ("asked", True, "CronCreate")
    assert transcript.searched_now < 2000


def test_what_was_only_spoken_of_wakes_nobody(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.jsonl"
    path.write_bytes(record("user", 'CALL:{"name":"CronCreate"}') + ANSWERED)
    assert Transcript(path, TOOLS).read(1_000_000).wakes_itself == ""


def test_a_tool_that_is_only_offered_wakes_nobody(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.jsonl"
    offered = record("api-request-shape", shape={"tools": [{"name": "CronCreate", "description": "d"}]})
    listed = record("attachment", attachment={"type": "deferred_tools_delta", "addedNames": ["CronCreate"]})
    path.write_bytes(offered + listed + ANSWERED)
    assert Transcript(path, TOOLS).read(1_000_000).wakes_itself == ""
    with path.open("ab") as stream:
        stream.write(record("tools-used", tools=["Bash", "CronCreate"]))
    assert Transcript(path, TOOLS).read(1_000_000).wakes_itself == "CronCreate"


def test_a_transcript_that_began_anew_is_searched_anew(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.jsonl"
    path.write_bytes(record("assistant", [{"type": "tool_use", "name": "ScheduleWakeup"}]) * 50)
    transcript = Transcript(path, TOOLS)
    assert transcript.read(1_000_000).wakes_itself == "ScheduleWakeup"
    path.write_bytes(ASKED + ANSWERED)
    assert transcript.read(1_000_000).wakes_itself == ""
    path.unlink()
    with pytest.raises(FileUnreadable):
        transcript.read(1_000_000)
