"""Hibernating and waking the sandbox's sessions: one plan frees the idle ones, another brings them back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from opsconsole.act.agent_look import AgentLooker
from opsconsole.act.job import Job, TargetChanged
from opsconsole.act.journal import Journal
from opsconsole.act.journal_reader import JournalReader, truth_now
from opsconsole.act.looking import Looker
from opsconsole.act.policy import bounds_of
from opsconsole.act.verbs import hibernate
from opsconsole.collect.system import SystemSource
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.demo.expected import ExpectedSession
from opsconsole.demo.layout import Layout
from opsconsole.demo.sandbox import Sandbox
from opsconsole.model.clock import SystemClock
from opsconsole.model.plan import Plan, Refused
from opsconsole.present.plan import plan_text
from tests.e2e.acting import aged, carried_out, done, planned, sessions
from tests.e2e.demo_ground import argv, eventually, exists, screen, tmux

IDLE = ("claude_comet", "foundation", "qa_tester2")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build(weight_mb=20) as built:
        yield built


@pytest.fixture(scope="module")
def loaded(sandbox: Sandbox) -> LoadedConfig:
    config = load(sandbox.config_path)
    youngest = max(one.agent_pid for one in sandbox.expected.sessions)
    # An agent that was only just started is left alone.
    eventually("their age", lambda: _age(youngest) > 15.5, within_s=30)
    return config


def _age(pid: int) -> float:
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def expected(sandbox: Sandbox, name: str) -> ExpectedSession:
    return next(one for one in sandbox.expected.sessions if one.name == name)


def test_without_names_what_is_idle_and_clean_is_proposed_and_all_else_says_why(
    sandbox: Sandbox, loaded: LoadedConfig
) -> None:
    plan = planned("hibernate", (), loaded)
    assert isinstance(plan, Plan), plan
    assert sorted(part.subject for part in plan.subplans) == sorted(IDLE)
    assert [target.process.pid for target in plan.targets if target.process] == [
        expected(sandbox, target.name).agent_pid for target in plan.targets
    ]
    text = plan_text(plan)
    assert "These 3: frees about" in text
    for name in IDLE:
        assert re.search(rf"{name}: \S+ of memory, \S+ of swap, idle ", text), text
        assert f"conversation {expected(sandbox, name).session_id} is known" in text
    for word in ("transcript is there", "days at the earliest", "directory is there", "git: not in a repository"):
        assert text.count(word) == 3, (word, text)
    assert text.count("no unsent text, nothing runs in the background, nobody is attached") == 3
    left = {refusal.subject: refusal.reason for refusal in plan.left_out}
    assert left.keys() == {one.name for one in sandbox.expected.sessions} - {*IDLE}
    for name, word in {
        "arch_dev": "protected",
        "dev_worker1": "working",
        "dev_worker2": "unsent text",
        "dev_worker3": "no output and no progress",
        "qa_tester1": "waiting",
        "claude_edu_worker1": "background",
    }.items():
        assert word in left[name], left[name]


@pytest.mark.parametrize("name", ["arch_dev", "dev_worker1", "dev_worker3", "qa_tester1", "claude_edu_worker1"])
def test_named_ones_that_are_not_at_rest_are_refused(loaded: LoadedConfig, name: str) -> None:
    refused = planned("hibernate", (name,), loaded)
    assert isinstance(refused, Refused)
    assert refused.outcome == "refused"
    assert refused.refusals[0].subject == name


def test_one_that_moves_between_plan_and_act_is_left_as_it_is(sandbox: Sandbox, loaded: LoadedConfig) -> None:
    """Somebody types into it after the plan was made: nothing is sent, and typing goes on."""
    one = expected(sandbox, "dev_worker2")
    plan = planned("hibernate", (one.name,), loaded)
    tmux(sandbox, "send-keys", "-t", f"={one.name}:", "-l", " parser")
    eventually("the text", lambda: "parser" in screen(sandbox, one.name) or None)
    entry = carried_out(plan, sandbox.state_dir)
    assert entry.result is not None
    assert entry.result.result == "refused"
    assert "nothing was done" in entry.result.reason
    assert exists(one.agent_pid)
    assert tmux(sandbox, "display-message", "-p", "-t", f"={one.name}:", "#{pane_input_off}") == "0\n"
    assert not list((sandbox.state_dir / "sleeping").glob("*")) if (sandbox.state_dir / "sleeping").exists() else True


def eased(sandbox: Sandbox) -> bool:
    """Whether the readings of the sandbox are no longer those of the incident."""
    value = SystemSource(Layout(sandbox.directory, sandbox.tmux_socket).proc).read(SystemClock()).value
    if value is None or value.load1 is None or value.memory_available_bytes is None:
        return False
    told = sandbox.expected.system
    return value.load1 < told.load1 / 2 and value.memory_available_bytes > 10 * told.memory_available_bytes


def test_the_idle_ones_are_freed_and_brought_back(sandbox: Sandbox, loaded: LoadedConfig) -> None:
    before = {name: tmux(sandbox, "display-message", "-p", "-t", f"={name}:", "#{pane_id}") for name in IDLE}
    entry = done("hibernate", (), loaded, sandbox.state_dir)
    assert entry.result is not None
    for part in entry.result.subresults:
        assert any("freed" in line for line in part.evidence), part.evidence
        assert not exists(expected(sandbox, part.subject).agent_pid)
    eventually("load and memory to ease", lambda: eased(sandbox), 30.0)
    asleep = sessions(loaded)
    for name in IDLE:
        one = expected(sandbox, name)
        assert (asleep[name].state, asleep[name].session_id) == ("hibernated", one.session_id)
        # Being put to sleep is no movement.
        assert (asleep[name].idle_s or 0.0) >= one.idle_s
        assert one.session_id in screen(sandbox, name)
        kept = sandbox.state_dir / "sleeping" / f"{one.session_id}.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert json.loads(kept.read_text())["cwd"] == one.cwd
    again = planned("hibernate", IDLE, loaded)
    assert isinstance(again, Refused)
    assert again.outcome == "nothing-to-do"

    done("wake", IDLE, loaded, sandbox.state_dir)
    awake = sessions(loaded)
    for name in IDLE:
        one = expected(sandbox, name)
        assert (awake[name].state, awake[name].session_id, awake[name].cwd) == ("idle", one.session_id, one.cwd)
        process = awake[name].panes[0].agent_process
        assert process is not None
        kept = ["claude", "--model", "opus", "--permission-mode", "default"]
        assert argv(process.pid) == [*kept, "--resume", one.session_id]
        assert "● Two of them need a database." in screen(sandbox, name)
        assert tmux(sandbox, "display-message", "-p", "-t", f"={name}:", "#{pane_id}") == before[name]
    assert not list((sandbox.state_dir / "sleeping").glob("*"))


def test_a_sleeping_one_wakes_by_hand_and_a_spoilt_one_says_why_and_sleeps_on(
    sandbox: Sandbox, loaded: LoadedConfig
) -> None:
    """Both in panes whose own process the agent was. Its transcript is gone: the wake fails, the card stays."""
    spoilt, by_hand = expected(sandbox, "foundation"), expected(sandbox, "claude_comet")
    both = [_agent(loaded, one.name) for one in (spoilt, by_hand)]
    eventually("their age", lambda: all(_age(pid) > 15.5 for pid in both), 40)
    done("hibernate", (spoilt.name, by_hand.name), later(sandbox), sandbox.state_dir)

    (transcript,) = (sandbox.home / ".claude" / "projects").glob(f"*/{spoilt.session_id}.jsonl")
    hidden = transcript.with_suffix(".away")
    transcript.rename(hidden)
    entry = carried_out(planned("wake", (spoilt.name,), loaded), sandbox.state_dir)
    assert entry.result is not None
    assert entry.result.result == "failed"
    assert "no such file" in entry.result.reason
    assert sessions(loaded)[spoilt.name].state == "hibernated"
    assert spoilt.session_id in screen(sandbox, spoilt.name)
    hidden.rename(transcript)

    away = Path(spoilt.cwd).with_suffix(".away")
    Path(spoilt.cwd).rename(away)
    tmux(sandbox, "send-keys", "-t", f"={spoilt.name}:", "Enter")
    eventually("why it sleeps on", lambda: "cannot wake this session" in screen(sandbox, spoilt.name) or None)
    assert sessions(loaded)[spoilt.name].state == "hibernated"
    away.rename(spoilt.cwd)

    for key in ("C-c", "C-d", "C-\\", "C-z"):
        tmux(sandbox, "send-keys", "-t", f"={by_hand.name}:", key)
    assert sessions(loaded)[by_hand.name].state == "hibernated"
    tmux(sandbox, "send-keys", "-t", f"={by_hand.name}:", "Enter")
    eventually("the woken one", lambda: sessions(loaded)[by_hand.name].state == "idle" or None)
    assert sessions(loaded)[by_hand.name].session_id == by_hand.session_id
    mark = ("show-options", "-p", "-q", "-v", "-t", f"={by_hand.name}:", "@opsconsole_sleeps")
    eventually("the end of its mark", lambda: not tmux(sandbox, *mark).strip() or None)
    eventually(
        "the end of its record", lambda: not (sandbox.state_dir / "sleeping" / f"{by_hand.session_id}.json").exists()
    )
    refused = planned("wake", (by_hand.name,), loaded)
    assert isinstance(refused, Refused)
    assert refused.outcome == "nothing-to-do"
    done("wake", (spoilt.name,), loaded, sandbox.state_dir)


def later(sandbox: Sandbox) -> LoadedConfig:
    """The same config an hour later: what has moved until now is long ago, for those that are at rest."""
    text = sandbox.config_path.read_text()
    older = sandbox.directory / "later.toml"
    older.write_text(re.sub(r"^built_at = .*$", f"built_at = {time.time()}", text, flags=re.MULTILINE))
    aged(sandbox.home, 3600.0)
    return load(older)


def _agent(loaded: LoadedConfig, name: str) -> int:
    process = sessions(loaded)[name].panes[0].agent_process
    assert process is not None
    return process.pid


def test_what_is_half_typed_in_its_shell_is_neither_erased_nor_run(sandbox: Sandbox) -> None:
    loaded = later(sandbox)
    pid = _agent(loaded, "qa_tester2")
    eventually("its age", lambda: _age(pid) > 15.5, 40)
    done("hibernate", ("qa_tester2",), loaded, sandbox.state_dir)
    tmux(sandbox, "send-keys", "-t", "=qa_tester2:", "-l", "rm -r buil")
    eventually("the text", lambda: "rm -r buil" in screen(sandbox, "qa_tester2") or None)
    entry = carried_out(planned("wake", ("qa_tester2",), loaded), sandbox.state_dir)
    assert entry.result is not None
    assert entry.result.result == "failed"
    assert "rm -r buil" in entry.result.reason
    assert screen(sandbox, "qa_tester2").rstrip().endswith("rm -r buil")
    tmux(sandbox, "send-keys", "-t", "=qa_tester2:", "C-u", "Enter")
    eventually("the prompt", lambda: not screen(sandbox, "qa_tester2").rstrip().endswith("buil") or None)
    # Unsent text whose last key takes one away again: it does not come back as it was, and that is said.
    (kept,) = (sandbox.state_dir / "sleeping").glob(f"{expected(sandbox, 'qa_tester2').session_id}.json")
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "draft": "a thought\x7f"}))
    woken = carried_out(planned("wake", ("qa_tester2",), loaded), sandbox.state_dir).result
    assert woken is not None
    assert (woken.result, woken.verified) == ("done", False)
    assert "not in its box again (it holds 'a though')" in woken.reason


def test_one_stopped_after_the_plan_was_made_gets_no_signal(sandbox: Sandbox) -> None:
    """One that its shell started: a pane's own process is continued by tmux at once."""
    loaded = later(sandbox)
    pid = _agent(loaded, "qa_tester2")
    eventually("its age", lambda: _age(pid) > 15.5, 40)
    plan = planned("hibernate", ("qa_tester2",), loaded)
    assert isinstance(plan, Plan), plan
    os.kill(pid, signal.SIGSTOP)
    entry = carried_out(plan, sandbox.state_dir)
    os.kill(pid, signal.SIGCONT)
    assert entry.result is not None
    assert entry.result.result == "refused"
    assert not [step for step in entry.steps if "SIGTERM" in step.text]
    assert exists(pid)


def test_an_executor_that_ends_right_after_the_signal_leaves_what_wake_knows(sandbox: Sandbox) -> None:
    """And one that sends none leaves the pane as it was: no mark, no record, the pane's own setting."""
    loaded = later(sandbox)
    pid = _agent(loaded, "foundation")
    eventually("its age", lambda: _age(pid) > 15.5, 40)
    plan = planned("hibernate", ("foundation",), loaded)
    assert isinstance(plan, Plan), plan
    (part,) = plan.subplans
    bounds = bounds_of(loaded.config, ())
    # A journal of its own: in the sandbox's, a plan that nobody concludes would be told as left unfinished.
    journal = Journal(sandbox.directory / "elsewhere")
    journal.intend(plan)
    job = Job(plan, part, loaded, bounds, journal, lambda: Looker(loaded.config), sandbox.state_dir, {})
    target = part.targets[0]
    assert target.process is not None
    options = ("show-options", "-p", "-t", "=foundation:")
    before = tmux(sandbox, *options)
    saved = hibernate._save(job, hibernate._same(job, AgentLooker(loaded.config)))
    other = replace(target.process, id=replace(target.process.id, start_ticks=1))
    with pytest.raises(TargetChanged):
        hibernate._end(job, other, (), saved)
    assert tmux(sandbox, *options) == before
    assert not list((sandbox.state_dir / "sleeping").glob(f"{saved.conversation}*"))

    hibernate._save(job, hibernate._same(job, AgentLooker(loaded.config)))
    hibernate._end(job, target.process, target.tree, saved)
    journal.close()
    assert not exists(target.process.pid)
    assert sessions(loaded)["foundation"].state == "hibernated"
    done("wake", ("foundation",), loaded, sandbox.state_dir)
    assert tmux(sandbox, *options) == before


def test_what_is_left_of_one_that_was_broken_off_before_the_signal_goes_with_wake_and_with_the_next(
    sandbox: Sandbox,
) -> None:
    """As an executor leaves it that is killed between marking the pane and asking the agent to end."""
    loaded = later(sandbox)
    pid = _agent(loaded, "foundation")
    eventually("its age", lambda: _age(pid) > 15.5, 40)
    plan = planned("hibernate", ("foundation",), loaded)
    assert isinstance(plan, Plan), plan
    journal = Journal(sandbox.directory / "elsewhere")
    journal.intend(plan)
    job = Job(
        plan, plan.subplans[0], loaded, bounds_of(loaded.config, ()), journal, lambda: Looker(loaded.config),
        sandbox.state_dir, {},
    )  # fmt: skip
    options = ("show-options", "-p", "-t", "=foundation:")
    before = tmux(sandbox, *options)

    def break_off() -> None:
        with job.step("mark the pane as the place where it sleeps"):
            hibernate._mark(hibernate._save(job, hibernate._same(job, AgentLooker(loaded.config))))
        assert "@opsconsole_sleeps" in tmux(sandbox, *options)
        assert sessions(loaded)["foundation"].state == "idle"

    break_off()
    left = JournalReader(sandbox.directory / "elsewhere").entry(plan.id).value
    assert left is not None
    assert any("`opsconsole wake foundation` takes that back" in line for line in truth_now(left))
    done("wake", ("foundation",), loaded, sandbox.state_dir)
    assert tmux(sandbox, *options) == before
    assert not list((sandbox.state_dir / "sleeping").glob(f"{expected(sandbox, 'foundation').session_id}*"))
    assert exists(pid)

    break_off()
    journal.close()
    entry = done("hibernate", ("foundation",), loaded, sandbox.state_dir)
    assert entry.steps[0].text.startswith("take back what a hibernation has left in it")
    done("wake", ("foundation",), loaded, sandbox.state_dir)
    assert tmux(sandbox, *options) == before


def test_the_commands_say_what_they_would_do_and_did(sandbox: Sandbox) -> None:
    """Through the command line: a dry run, a refusal with its status, and a name that does not exist."""
    dry = opsconsole(sandbox, "hibernate", "--dry-run", "--idle", "10h")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert "arch_dev: it has not been idle for long enough" in dry.stdout
    held = opsconsole(sandbox, "hibernate", "qa_tester1", "--yes", "--json")
    assert (held.returncode, json.loads(held.stdout)["result"]) == (4, "refused")
    assert opsconsole(sandbox, "wake", "nobody", "--yes").returncode == 2
    assert opsconsole(sandbox, "hibernate", "--idle", "soon").returncode == 2


def opsconsole(sandbox: Sandbox, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("opsconsole")), "--config", str(sandbox.config_path)]
    command += ["--state-dir", str(sandbox.state_dir), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
