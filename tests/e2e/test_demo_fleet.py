"""The sandbox of the incident, seen with ps, ss, tmux, SQLite and HTTP: what it says it built is there."""

from __future__ import annotations

import contextlib
import re
import socket
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.demo.expected import ExpectedSession, ExpectedWorker
from opsconsole.demo.processes import identity
from opsconsole.demo.sandbox import Sandbox
from tests.e2e.demo_ground import argv, eventually, exists, http, registry, screen, tmux


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.build() as built:
        yield built


def session(sandbox: Sandbox, name: str) -> ExpectedSession:
    return next(one for one in sandbox.expected.sessions if one.name == name)


def worker(sandbox: Sandbox, name: str) -> ExpectedWorker:
    return next(one for one in sandbox.expected.workers if one.name == name)


def listeners(port: int) -> list[str]:
    command = ["ss", "-Hltnp", f"sport = :{port}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_services_are_held_by_the_processes_it_names(sandbox: Sandbox) -> None:
    for service in sandbox.expected.services:
        found = [int(pid) for line in listeners(service.port) for pid in re.findall(r"pid=(\d+)", line)]
        assert sorted(found) == sorted(service.pids), service.name


def test_two_processes_share_the_dashboards_port(sandbox: Sandbox) -> None:
    dashboard = sandbox.expected.services[0]
    assert len(listeners(dashboard.port)) == len(dashboard.pids) == 2


def test_the_second_on_a_port_is_told_from_the_first_by_its_age(sandbox: Sandbox) -> None:
    """Of twins it would have to be asked which one stays, and the remedy would be none for one key."""
    first, second = (identity(pid).start_ticks for pid in sandbox.expected.services[0].pids)
    assert second > first


def test_everything_listens_on_loopback_only(sandbox: Sandbox) -> None:
    pids = {process.pid for process in sandbox.pids()}
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout.splitlines()
    ours = [line.split()[3] for line in lines if pids & {int(pid) for pid in re.findall(r"pid=(\d+)", line)}]
    assert len(ours) >= 8
    assert [address for address in ours if not address.startswith("127.0.0.1:")] == []


def test_health_is_200_and_says_the_orchestrator_stopped(sandbox: Sandbox) -> None:
    told = http(sandbox.expected.services[0].url)
    assert (told["status"], told["orchestrator"], told["auto_confirm"]) == ("healthy", "stopped", "running")


def test_the_reading_app_speaks_tls_with_a_certificate_nobody_signed(sandbox: Sandbox) -> None:
    port = sandbox.expected.services[2].port
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")
    trusting = ssl.create_default_context(cafile=str(sandbox.layout.architect / "localhost.pem"))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        trusting.wrap_socket(raw, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /reading/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert secured.recv(15) == b"HTTP/1.1 200 OK"


def test_the_pharmacy_accepts_and_never_answers(sandbox: Sandbox) -> None:
    url = next(site.url for site in sandbox.expected.sites if site.name == "Selam Pharmacy")
    port = int(url.rsplit(":", 1)[1].strip("/"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("assigner", ["assigner_worker.py"]),
        ("auto_confirm", ["auto_confirm_worker_v2.py", "auto_confirm_worker.py"]),
        ("process_supervisor", ["process_supervisor.py"]),
        ("site_health_monitor", ["site_health_monitor.py"]),
        ("orchestrator", []),
    ],
)
def test_workers_run_under_the_names_of_the_report(sandbox: Sandbox, name: str, scripts: list[str]) -> None:
    assert [argv(pid) for pid in worker(sandbox, name).pids] == [
        ["python3", f"workers/{script}", "--daemon"] for script in scripts
    ]


def test_a_shell_loop_holds_the_first_auto_confirm(sandbox: Sandbox) -> None:
    (wrapper,) = worker(sandbox, "auto_confirm").wrappers
    assert argv(wrapper)[1:] == ["workers/auto_confirm_keepalive.sh"]
    parent = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(worker(sandbox, "auto_confirm").pids[1])], capture_output=True, check=True
    )
    assert int(parent.stdout) == wrapper


def test_of_all_pid_files_only_a_stale_one_is_there(sandbox: Sandbox) -> None:
    (only,) = sandbox.layout.tmp.glob("*.pid")
    assert only.name == "project_orchestrator.pid"
    assert not exists(int(only.read_text()))
    assert {one.name for one in sandbox.expected.workers if one.pid_file == "stale"} == {"orchestrator"}


def test_the_queue_has_the_reports_numbers(sandbox: Sandbox) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{sandbox.layout.queue}?mode=ro", uri=True)) as database:
        counts = dict(database.execute("select status, count(*) from prompts group by status"))
        (recent,) = database.execute(
            "select count(*) from prompts where status = 'failed' and completed_at > datetime('now', '-1 day')"
        ).fetchone()
        (mode,) = database.execute("pragma journal_mode").fetchone()
    assert (counts, recent, mode) == ({"completed": 37, "failed": 85}, 40, "wal")
    assert sandbox.expected.queue.total == 122


def test_environments_fill_the_pool(sandbox: Sandbox) -> None:
    listed = http(sandbox.expected.services[0].url.replace("/health", "/api/environments"))["environments"]
    assert [(one["id"], one["name"], one["port"], one["pid"]) for one in listed] == [
        (one.id, one.name, one.port, one.pid) for one in sandbox.expected.environments
    ]
    pool = sandbox.expected.pool
    assert pool.used == tuple(range(pool.first, pool.last + 1))
    for one in sandbox.expected.environments:
        assert [f"pid={one.pid}," in line for line in listeners(one.port)] == ([] if one.pid is None else [True])


def test_the_assigner_goes_on_failing_in_three_ways(sandbox: Sandbox) -> None:
    log = Path(worker(sandbox, "assigner").log)
    before = log.stat().st_size

    def fresh() -> str | None:
        with log.open() as lines:
            lines.seek(before)
            text = lines.read()
        wanted = ("RuntimeError: No available ports", "already exists", "Expecting value: line 1 column 1 (char 0)")
        return text if all(part in text for part in wanted) else None

    text = eventually("errors of all three classes", fresh, within_s=30)
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ERROR Failed to ", line) for line in text.splitlines())


def test_eleven_sessions_and_one_human(sandbox: Sandbox) -> None:
    listed = dict(
        line.split(" ")
        for line in tmux(sandbox, "list-sessions", "-F", "#{session_name} #{session_attached}").splitlines()
    )
    assert listed == {one.name: str(one.attached) for one in sandbox.expected.sessions}
    assert (len(listed), listed["architect"]) == (11, "1")
    assert int(tmux(sandbox, "display-message", "-p", "#{pid}")) == sandbox.expected.tmux_pid


def test_an_agent_looks_like_a_native_one_to_ps(sandbox: Sandbox) -> None:
    for one in sandbox.expected.sessions:
        assert Path(f"/proc/{one.agent_pid}/comm").read_text().strip() == "claude"
        assert argv(one.agent_pid) == ["claude", "--model", "opus"]
        assert Path(f"/proc/{one.agent_pid}/cwd").readlink() == Path(one.cwd)


def test_the_registry_says_what_each_agent_does(sandbox: Sandbox) -> None:
    status = {"idle": "idle", "working": "busy", "hung": "busy", "waiting": "waiting", "shell": "shell"}
    for one in sandbox.expected.sessions:
        entry = registry(sandbox, one.agent_pid)
        start = Path(f"/proc/{one.agent_pid}/stat").read_text().rpartition(")")[2].split()[19]
        assert (entry["sessionId"], entry["procStart"], entry["version"]) == (one.session_id, start, "2.1.330")
        assert (entry["status"], entry.get("waitingFor", "")) == (status[one.state], one.waiting_for)
        assert entry["statusUpdatedAt"] / 1000 <= sandbox.expected.built_at - one.idle_s


def test_screens_show_box_footer_and_question_as_the_real_one_does(sandbox: Sandbox) -> None:
    idle = screen(sandbox, "foundation").rstrip("\n").splitlines()
    assert idle[-3:-1] == ["❯\u00a0", "─" * 120]
    assert idle[-1] == "  ⏸ manual mode on · ? for shortcuts"
    assert "❯\u00a0and then also look at the" in screen(sandbox, "dev_worker2")
    assert "esc to interrupt" in screen(sandbox, "dev_worker1")
    assert re.search(r"[✢✳✶✻✽] \w+… \(\d+s · ↓ \d+ tokens\)", screen(sandbox, "dev_worker1"))
    assert "esc to interrupt" in screen(sandbox, "dev_worker3")
    assert "1 shell" in screen(sandbox, "claude_edu_worker1").splitlines()[-1]
    question = screen(sandbox, "qa_tester1")
    assert "Do you want to proceed?" in question
    assert "Esc to cancel · Tab to amend" in question


def test_what_works_shows_output_and_what_rests_does_not(sandbox: Sandbox) -> None:
    def activity() -> dict[str, int]:
        lines = tmux(sandbox, "list-windows", "-a", "-F", "#{session_name} #{window_activity}").splitlines()
        return {name: int(moved) for name, moved in (line.split(" ") for line in lines)}

    first = activity()
    moving = {one.name for one in sandbox.expected.sessions if one.state in ("working", "waiting")}
    eventually("output of all that work", lambda: all(activity()[name] > first[name] + 1 for name in moving) or None)
    resting = first.keys() - moving - {"architect"}
    assert {name: activity()[name] for name in resting} == {name: first[name] for name in resting}


def test_a_transcript_ends_as_its_agents_state_demands(sandbox: Sandbox) -> None:
    tails = {"idle": "turn_duration", "shell": "turn_duration", "working": '"user"', "waiting": "tool_use"}
    for one in sandbox.expected.sessions:
        (transcript,) = (sandbox.home / ".claude" / "projects").glob(f"*/{one.session_id}.jsonl")
        assert tails.get(one.state, '"user"') in transcript.read_text().splitlines()[-1]
        assert transcript.stat().st_mtime <= sandbox.expected.built_at - one.idle_s


def test_a_background_shell_is_a_child_in_a_session_of_its_own(sandbox: Sandbox) -> None:
    pid = session(sandbox, "claude_edu_worker1").agent_pid
    line = subprocess.run(
        ["ps", "-ww", "-o", "sid=,pid=,tty=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert line[0] == line[1]
    assert line[2] == "?"
    assert "/shell-snapshots/snapshot-" in " ".join(line)


def test_injected_counters_move_and_keep_their_split(sandbox: Sandbox) -> None:
    def ticks() -> list[int]:
        return [int(field) for field in (sandbox.layout.proc / "stat").read_text().split("\n")[0].split()[1:]]

    first = ticks()
    later = eventually("counters to move", lambda: None if (now := ticks()) == first else now)
    spent = [after - before for after, before in zip(later, first, strict=True)]
    told = sandbox.expected.system
    assert [round(100 * part / sum(spent), 2) for part in (spent[0], spent[2], spent[3])] == [
        told.cpu_user,
        told.cpu_system,
        told.cpu_idle,
    ]
    assert (told.load1, told.load5, told.load15, told.cpu_idle) == (8.13, 7.77, 8.60, 6.41)
