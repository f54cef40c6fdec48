"""What is told inside what: on evidence, never because two things are called alike or happen at once."""

from __future__ import annotations

import msgspec
import pytest

from opsconsole.config.types import ServiceTable, WorkerTable
from opsconsole.diagnose import diagnose
from opsconsole.model.listener import Owner
from opsconsole.model.log_pattern import LogPattern
from opsconsole.model.worker import Helper, Log, Worker
from tests.makers import AT, GB, process_id, service, session, site, system, worker
from tests.unit.diagnose.scenes import config, found_by, ids, scene
from tests.unit.diagnose.test_diagnosis import by_id, incident


def test_a_certificate_that_expired_is_not_laid_on_a_stopped_component() -> None:
    snapshot = scene(
        services=(service(state="degraded", reason="stopped: mailer", stopped=("mailer",)),),
        sites=(site(url="http://127.0.0.1:8080/", state="down", tls_error=True, reason="certificate has expired"),),
    )
    diagnosis = diagnose(snapshot, config())
    assert ids(diagnosis.findings) == ["service-degraded:Dashboard", "site-tls:Selam Pharmacy"]


def test_a_worker_explains_no_component_that_is_merely_called_alike() -> None:
    tables = tuple(ServiceTable(name=name, port=port) for name, port in (("A", 1), ("B", 2)))
    scheduler = WorkerTable(name="scheduler", command=("python3", "s.py"))
    snapshot = scene(
        services=tuple(
            service(table.name, table.port, state="degraded", reason="stopped: scheduler", stopped=("scheduler",))
            for table in tables
        ),
        workers=(worker("scheduler", (), state="missing", pid_file=None, log=None),),
    )
    diagnosis = diagnose(snapshot, config(service=tables, worker=(scheduler,)))
    assert set(ids(diagnosis.findings)) == {"service-degraded:A", "service-degraded:B", "worker-missing:scheduler"}
    told = msgspec.structs.replace(scheduler, component="A:scheduler")
    assert ids(diagnose(snapshot, config(service=tables, worker=(told,))).muted) == ["service-degraded:A"]


@pytest.mark.parametrize(
    ("cpu_percent", "available", "blamed"),
    [(0.0, 50 * GB, False), (40.0, 50 * GB, True), (0.0, GB, True)],
    ids=["a build loads it", "the session loads it", "memory is gone"],
)
def test_a_session_is_blamed_for_a_load_that_it_has_a_part_in(cpu_percent: float, available: int, blamed: bool) -> None:
    snapshot = scene(
        system=system(
            load1=17.0,
            load5=16.0,
            load15=15.0,
            cores=8,
            cpu_idle=50.0,
            memory_total_bytes=64 * GB,
            memory_available_bytes=available,
            swap_in_per_s=0.0,
            swap_out_per_s=0.0,
        ),
        sessions=(session("notes", 1, state="idle", idle_s=8000.0, cpu_percent=cpu_percent),),
    )
    load = by_id(diagnose(snapshot, config()))["system-load:machine"]
    assert load.remedy.automatic is blamed
    assert ("notes" in load.root_cause) is blamed


@pytest.mark.parametrize(
    ("socket", "command"),
    [
        ("/tmp/tmux-1000/default", "tmux attach -t =a"),
        ("/private/tmp/tmux-501/default", "tmux attach -t =a"),
        ("/srv/sockets/default", "tmux -S /srv/sockets/default attach -t =a"),
    ],
)
def test_commands_for_a_session_reach_its_own_server(socket: str, command: str) -> None:
    (hung,) = found_by("session-hung", scene(sessions=(session("a", state="hung", idle_s=60.0, socket=socket),)))
    assert hung.remedy.steps[0].replace("'", "").endswith(command)


def test_errors_of_others_are_not_laid_on_the_port_pool() -> None:
    def logging(name: str, line: str) -> Worker:
        pattern = LogPattern(template=line, count=9, first=None, last=AT - 2.0, every_s=(60.0, 60.0), sample=line)
        log = Log(path=f"/tmp/{name}.log", state="ok", age_s=1.0, patterns=(pattern,))
        return worker(name, log=log, pid_file=None)

    workers = (
        logging("mailer", "no free ports on the router"),
        logging("maker", "no free port for a new environment"),
    )
    diagnosis = diagnose(incident(workers=workers), config())
    assert "log-errors:mailer" in ids(diagnosis.findings)
    assert "log-errors:maker" in ids(diagnosis.muted)


def test_sessions_of_one_name_on_two_servers_are_two_findings() -> None:
    here = session("main", 1, state="idle", idle_s=9000.0)
    there = session(
        "main", 2, state="hung", idle_s=50.0, socket="/tmp/tmux-1000/other", id="/tmp/tmux-1000/other:1:1:$2"
    )
    both = by_id(diagnose(scene(sessions=(here, there)), config()))
    assert set(both) == {"session-idle:main on /tmp/tmux-1000/default", "session-hung:main on /tmp/tmux-1000/other"}
    assert both["session-idle:main on /tmp/tmux-1000/default"].remedy.targets == (here.id,)
    assert "tmux -S /tmp/tmux-1000/other attach" in both["session-hung:main on /tmp/tmux-1000/other"].remedy.steps[0]
    assert set(by_id(diagnose(scene(sessions=(here,)), config()))) == {"session-idle:main"}


def test_a_port_held_by_several_remnants_is_one_finding() -> None:
    left = tuple(Helper(id=process_id(pid), pid=pid, start=AT, command="old", reason="orphan") for pid in (500, 501))
    held = service(state="degraded", holder="other", owners=tuple(Owner(one.id, one.command) for one in left))
    snapshot = scene(services=(held,), workers=(worker(remnants=left),))
    (finding,) = found_by("port-held", snapshot)
    assert [one.fact for one in finding.evidence] == ["pid 500 holds 8080: old", "pid 501 holds 8080: old"]
