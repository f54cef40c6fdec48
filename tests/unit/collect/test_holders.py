"""Who holds a service's port: identity beats name, and an impostor is claimed only where nothing is left to doubt."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opsconsole.collect.holders import ServiceMemory
from opsconsole.collect.misses import Misses
from opsconsole.collect.processes import process_source
from opsconsole.collect.services import assemble_services
from opsconsole.config.types import ServiceTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import Process, ProcessTable
from opsconsole.model.reading import ok
from opsconsole.model.service import Probe, Service
from tests.makers import AT, process, process_table

URL = "http://127.0.0.1:3000/health"
INIT = process(1, "/sbin/init", ppid=0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "home"
    folder.mkdir()
    for name in ("app.py", "start.sh", "other.py"):
        (folder / name).write_text("")
    return folder


def seen(
    table: ServiceTable,
    processes: ProcessTable,
    owners: tuple[Process, ...],
    memory: Misses | None = None,
    **answer: Any,
) -> Service:
    listener = Listener(
        address="127.0.0.1",
        port=table.port,
        family=4,
        inode=1,
        uid=1000,
        owners=tuple(Owner(each.id, each.command) for each in owners),
        owners_known=True,
    )
    fields: dict[str, Any] = {"url": table.url, "at": AT, "http_status": 500, "latency_ms": 3.0, **answer}
    reading = assemble_services(
        (table,),
        ok((Port(table.port, (listener,), ""),), AT),
        ok(processes, AT),
        ok({f"service:{table.name}": Probe(**fields)}, AT),
        AT,
        memory or ServiceMemory(),
    )
    assert reading.value is not None
    return reading.value[0]


def service(home: Path, *command: str, **changes: Any) -> ServiceTable:
    return ServiceTable(**{"name": "web", "port": 3000, "url": URL, "command": command, "cwd": home, **changes})


def holder(table: ServiceTable, *line: Process, **answer: Any) -> str:
    """Of a port held by the last of these, each the child of the one before."""
    return seen(table, process_table([INIT, *line]), line[-1:], **answer).holder


ELSEWHERE: dict[str, Any] = {"cwd": "/srv/else"}


@pytest.mark.parametrize(
    ("command", "argv", "exe"),
    [
        (("gunicorn", "app:app"), ("gunicorn: master [app:app]",), "/usr/bin/python3.11"),
        (("python3", "app.py"), ("mailer",), "/usr/bin/python3.11"),
        (("redis-server", "/etc/redis.conf"), ("redis-server *:3000",), "/usr/bin/redis-check-rdb"),
        (("npm", "start"), ("npm start",), "/usr/bin/node"),
        (("npm", "start"), ("node", "server.js"), "/usr/bin/node"),
        (("bash", "start.sh"), ("python3", "app.py"), "/usr/bin/python3.11"),
        (("pg_ctl", "start"), ("/usr/lib/postgresql/bin/postgres", "-D", "/data"), "/usr/lib/postgresql/bin/postgres"),
        (("python3", "app.py"), ("nc", "-lk", "3000"), None),
    ],
)
def test_what_may_be_the_service_under_another_name_is_not_accused(
    home: Path, command: tuple[str, ...], argv: tuple[str, ...], exe: str | None
) -> None:
    held = process(500, "x", argv=argv, exe=exe, **ELSEWHERE)
    assert holder(service(home, *command), held) == ""


@pytest.mark.parametrize(
    "command",
    [
        ("env", "PORT=3000", "python3", "app.py"),
        ("nohup", "python3", "app.py"),
        ("python3", "-u", "-X", "dev", "-W", "ignore", "app.py"),
    ],
)
def test_launchers_and_options_do_not_hide_the_service(home: Path, command: tuple[str, ...]) -> None:
    held = process(500, "python3 -u -X dev -W ignore app.py", cwd=str(home))
    assert holder(service(home, *command), held) == "own"


def test_a_child_of_the_service_is_the_service(home: Path) -> None:
    parent = process(500, "python3 app.py", cwd=str(home))
    assert holder(service(home, "python3", "app.py"), parent, process(501, "nc -lk 3000", ppid=500)) == "own"


def test_who_held_the_port_while_it_was_well_is_the_service(home: Path) -> None:
    table, memory = service(home, "python3", "app.py"), ServiceMemory()
    held = process(500, "nc -lk 3000", exe="/usr/bin/nc", **ELSEWHERE)
    processes = process_table([INIT, held])
    assert seen(table, processes, (held,), memory, http_status=200).state == "up"
    assert seen(table, processes, (held,), memory).holder == "own"
    other = process(600, "nc -lk 3000", exe="/usr/bin/nc", **ELSEWHERE)
    assert seen(table, process_table([INIT, other]), (other,), memory).holder == "other"


def test_who_answers_with_the_components_of_the_service_is_the_service(home: Path) -> None:
    table = service(home, "python3", "app.py", components=("db",))
    held = process(500, "nc -lk 3000", exe="/usr/bin/nc", **ELSEWHERE)
    assert holder(table, held, http_status=200, components={"db": "stopped"}) == "own"
    assert holder(table, held, http_status=200, components={"turtle": "stopped"}) == "other"


@pytest.mark.parametrize(
    ("command", "exe"),
    [("nc -lk 3000", "/usr/bin/nc"), ("python3 -m http.server 3000", "/usr/bin/python3.11")],
)
def test_another_program_from_elsewhere_is_told_and_one_from_the_services_directory_is_not(
    home: Path, command: str, exe: str
) -> None:
    table = service(home, "python3", "app.py")
    assert holder(table, process(500, command, exe=exe, **ELSEWHERE)) == "other"
    assert holder(table, process(500, command, exe=exe, cwd=str(home))) == ""


@contextmanager
def running(argv: list[str], cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(argv, cwd=cwd)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def real_holder(table: ServiceTable, argv: list[str], cwd: Path, shown_as: str) -> str:
    """Of a port held by a real process, read from the real process table."""
    with running(argv, cwd) as child:
        source = process_source()
        source.attend([child.pid])
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                processes = source.read(SystemClock()).value
                found = processes.get(child.pid) if processes is not None else None
                if processes is not None and found is not None and shown_as in found.command and found.exe:
                    return seen(table, processes, (found,)).holder
                time.sleep(0.02)
        finally:
            source.close()
    pytest.fail(f"{argv} was not seen as {shown_as!r}")


def test_real_processes_are_told_apart(home: Path, tmp_path: Path) -> None:
    (home / "app.py").write_text("import time; time.sleep(60)")
    table = service(home, sys.executable, "app.py")
    assert real_holder(table, [sys.executable, "-u", "app.py"], home, "app.py") == "own"
    stranger = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"]
    elsewhere = tmp_path / "else"
    elsewhere.mkdir()
    # Started by the test runner: nothing of its ancestors names the service.
    assert real_holder(table, stranger, elsewhere, "http.server") == "other"


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl sets a title without any library")
def test_a_real_process_that_set_a_title_is_not_accused(home: Path, tmp_path: Path) -> None:
    table = service(home, "gunicorn", "app:app")
    code = '$0 = "gunicorn: master [app:app]"; sleep 60'
    assert real_holder(table, ["perl", "-e", code], tmp_path, "gunicorn: master") == ""
    assert real_holder(service(home, "python3", "app.py"), ["perl", "-e", code], tmp_path, "gunicorn: master") == ""
