"""Without a config, what listens is a service and what has long run as a daemon is a worker; nothing else is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.collect.discovery import discover, merely_found, recognised, with_missed
from opsconsole.config.load import load
from opsconsole.config.types import Config, WorkerTable
from opsconsole.config.write import render_config, write_config
from opsconsole.model.identity import ProcessId
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import Process, ProcessTable
from tests.makers import service, worker

NOW = 1_000_000.0


def process(
    pid: int, argv: tuple[str, ...], *, ppid: int = 1, tty: int = 0, age_s: float = 3600, uid: int = 1000
) -> Process:
    return Process(
        id=ProcessId("boot", pid, pid * 10),
        ppid=ppid,
        comm=argv[0].rsplit("/", 1)[-1][:15] if argv else "kworker",
        state="S",
        started_at=NOW - age_s,
        session=pid,
        process_group=pid,
        tty=tty,
        threads=1,
        rss_bytes=1,
        cpu_percent=0.0,
        uid=uid,
        argv=argv,
        command=" ".join(argv),
        cwd="/srv",
    )


def table(*processes: Process) -> ProcessTable:
    everything = (process(1, ("/sbin/init",), ppid=0, uid=0), *processes)
    return ProcessTable(at=NOW, boot_id="boot", processes={each.pid: each for each in everything})


def port(number: int, owner: Process, uid: int = 1000) -> Port:
    holder = Owner(id=owner.id, command=owner.command)
    listener = Listener(
        address="0.0.0.0", port=number, family=4, inode=number, uid=uid, owners=(holder,), owners_known=True
    )
    return Port(port=number, listeners=(listener,), sharing="")


def workers(*processes: Process) -> list[str]:
    return [worker.name for worker in discover(table(*processes), (), 1000).worker]


DAEMON = ("python3", "workers/assigner_worker.py", "--daemon")


def test_a_listener_is_a_service_named_after_its_script() -> None:
    app = process(50, ("python3", "app.py", "--port", "8080"))
    found = discover(table(app), (port(8080, app),), 1000)
    assert [(service.name, service.port) for service in found.service] == [("app.py", 8080)]
    assert found.worker == ()


def test_a_listener_that_one_scan_misses_is_kept_for_a_second_look() -> None:
    app = process(50, ("python3", "app.py"))
    there, gone = discover(table(app), (port(8080, app),), 1000), discover(table(app), (), 1000)
    up, missed = (service("app.py", 8080, state=state) for state in ("up", "unknown"))
    assert with_missed(gone, there, (up,)).service == there.service
    assert with_missed(gone, there, (missed,)).service == ()
    assert with_missed(there, there, (up,)).service == there.service


def test_names_are_told_apart_by_port() -> None:
    app, other = process(50, ("node", "app.js")), process(51, ("node", "app.js"))
    found = discover(table(app, other), (port(81, other), port(80, app)), 1000)
    assert [service.name for service in found.service] == ["app.js", "app.js :81"]


def test_other_users_listeners_are_not_ours_but_root_sees_all() -> None:
    app = process(50, ("nginx:",), uid=33)
    assert discover(table(app), (port(80, app, uid=33),), 1000).service == ()
    assert len(discover(table(app), (port(80, app, uid=33),), 0).service) == 1


def test_a_long_lived_daemon_is_a_worker() -> None:
    assert workers(process(50, DAEMON)) == ["assigner_worker"]


def test_copies_are_one_worker_wanted_as_often_as_seen() -> None:
    (worker,) = discover(table(process(50, DAEMON), process(51, DAEMON)), (), 1000).worker
    assert (worker.name, worker.instances, worker.command) == ("assigner_worker", 2, DAEMON)


def test_what_is_no_daemon_of_ours_is_no_worker() -> None:
    assert workers(process(50, DAEMON, tty=5)) == []
    assert workers(process(50, DAEMON, age_s=5)) == []
    assert workers(process(50, DAEMON, uid=0)) == []
    assert workers(process(50, ("/usr/sbin/sshd", "-D"))) == []
    assert workers(process(50, ("python3", "-c", "pass"))) == []
    assert workers(process(50, ("/bin/bash",)), process(51, DAEMON, ppid=50)) == []


def test_shells_one_liners_and_commands_somebody_gave_once_are_no_workers() -> None:
    for argv in (
        ("bash", "/dev/fd/3"),
        ("bash", "/proc/self/fd/63"),
        ("/usr/bin/python3", "/dev/stdin"),
        ("-bash",),
        ("bash", "-i"),
        ("bash", "-lc", "cd /srv && make"),
        ("sh", "-xc", "while true; do date; done"),
        ("python3", "-uc", "pass"),
        ("sleep", "86400"),
        ("/usr/bin/tail", "-f", "/var/log/syslog"),
    ):
        assert workers(process(50, argv)) == [], argv
    assert workers(process(50, ("bash", "keepalive.sh"))) == ["keepalive"]


def test_agents_and_their_tool_servers_are_no_workers() -> None:
    for argv in (
        ("node", "/usr/lib/node_modules/@playwright/mcp/cli.js"),
        ("python3", "-m", "mcp_server_fetch"),
        ("uvx", "mcp-server-git"),
        ("claude", "--resume"),
    ):
        assert workers(process(50, argv)) == [], argv
    assert workers(process(50, ("python3", "mcpherson.py"))) == ["mcpherson"]


def test_what_is_merely_found_is_neither_missing_nor_too_many_and_no_pid_is_in_two() -> None:
    one, *_ = worker("a").instances
    two = msgspec.structs.replace(one, pid=one.pid + 1)
    found = merely_found(
        (
            worker("a", instances=(one, two), state="duplicates", reason="2 instances, 1 wanted", starts=(NOW, NOW)),
            worker("a 2", instances=(one, two), state="duplicates"),
            worker("gone", instances=(), state="missing"),
        )
    )
    assert [(each.name, each.wanted, each.state, each.reason, each.starts) for each in found] == [
        ("a", 2, "running", "", ())
    ]
    assert found[0].discovered


def test_trees_that_are_something_else_already_are_left_out() -> None:
    pane = process(50, DAEMON)
    assert discover(table(pane), (), 1000, exclude=(50,)).worker == ()


ARGV = st.lists(st.binary(max_size=12).map(lambda raw: os.fsdecode(raw.replace(b"\0", b""))), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(ARGV, max_size=4), st.lists(ARGV, max_size=4))
def test_whatever_runs_here_makes_a_config_that_is_right(listening: list[list[str]], running: list[list[str]]) -> None:
    """Names from bytes that are no text, empty ones, the same ones for a service and a worker."""
    listeners = [process(100 + place, tuple(argv)) for place, argv in enumerate(listening)]
    daemons = [process(200 + place, tuple(argv)) for place, argv in enumerate([*running, *listening])]
    ports = [port(1000 + place, owner) for place, owner in enumerate(listeners)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        write_config(path, render_config(discover(table(*listeners, *daemons), ports, 1000)))
        loaded = load(path)
    assert loaded.warnings == ()
    assert len(loaded.config.service) == len(listening)


def test_a_config_of_what_is_seen_begins_with_nothing_missing() -> None:
    found = Config(
        worker=tuple(WorkerTable(name=name, command=(name,), instances=8) for name in ("pool", "renamed", "same"))
    )
    one = worker("pool").instances[0]
    told = [worker("pool", instances=(one, one)), worker("renamed", instances=())]
    assert [(each.name, each.instances) for each in recognised(found, told).worker] == [("pool", 2)]
