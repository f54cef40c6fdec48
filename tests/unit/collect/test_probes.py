"""Probes against real servers, on a clock the test moves."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

from opsconsole.collect.probes import AT_ONCE, ProbeSource, ProbeTarget, targets_of
from opsconsole.config.types import Config, Duration, ServiceTable, SiteTable
from tests.e2e.ground import until
from tests.makers import AT
from tests.unit.collect.web import closed_port
from tests.unit.collect.web_server import Handler, reply, serving


class StillClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return AT + self.now

    def monotonic(self) -> float:
        return self.now


def target(key: str, url: str, every_s: float = 10.0) -> ProbeTarget:
    return ProbeTarget(key, url, every_s, 5.0, None, key.startswith("service:"))


def patient(targets: tuple[ProbeTarget, ...]) -> ProbeSource:
    source = ProbeSource(targets)
    source.patient = True
    return source


def counting(asked: list[str]) -> Handler:
    def handle(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        reply(b'{"status": "healthy", "worker": "running"}')(request)

    return handle


def test_targets_are_services_with_a_url_and_sites() -> None:
    config = Config(
        service=(ServiceTable(name="a", port=1, url="http://127.0.0.1:1/health"), ServiceTable(name="b", port=2)),
        site=(SiteTable(name="c", url="http://127.0.0.1:3/", timeout=Duration(7)),),
    )
    assert [(each.key, each.timeout_s) for each in targets_of(config)] == [("service:a", 3.0), ("site:c", 7.0)]


def test_the_first_read_probes_all_and_reads_health_of_services_only() -> None:
    asked: list[str] = []
    with serving(counting(asked)) as url:
        probes = ProbeSource((target("service:a", f"{url}/a"), target("site:b", f"{url}/b"))).read(StillClock()).value
    assert probes is not None
    assert sorted(asked) == ["/a", "/b"]
    assert probes["service:a"].components == {"worker": "running"}
    assert probes["service:a"].reported_status == "healthy"
    assert probes["site:b"].components is None
    assert probes["site:b"].http_status == 200


def test_a_target_is_left_alone_until_its_turn_and_its_probe_is_kept() -> None:
    asked: list[str] = []
    clock = StillClock()
    with serving(counting(asked)) as url:
        source = ProbeSource((target("site:a", url, every_s=10.0),))
        source.read(clock)
        clock.now += 1.0
        assert source.read(clock).value is not None
        assert "site:a" in (source.read(clock).value or {})
        assert len(asked) == 1
        clock.now += 15.0
        source.read(clock)
    assert len(asked) == 2


def test_probe_now_makes_the_named_ones_due_and_without_names_all() -> None:
    asked: list[str] = []
    clock = StillClock()
    with serving(counting(asked)) as url:
        source = ProbeSource((target("site:a", f"{url}/a"), target("site:b", f"{url}/b")))
        source.read(clock)
        asked.clear()
        source.probe_now(("site:b", "site:nobody"))
        source.read(clock)
        assert asked == ["/b"]
        source.probe_now()
        source.read(clock)
    assert sorted(asked) == ["/a", "/b", "/b"]


def test_no_more_than_the_limit_are_asked_at_once() -> None:
    lock, under_way, most = threading.Lock(), [0], [0]
    full = threading.Event()

    def handle(request: BaseHTTPRequestHandler) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            if under_way[0] >= AT_ONCE:
                full.set()
        full.wait(3.0)
        with lock:
            under_way[0] -= 1
        reply()(request)

    with serving(handle) as url:
        targets = tuple(target(f"site:{number}", url) for number in range(AT_ONCE * 2))
        probes = patient(targets).read(StillClock()).value or {}
    assert len(probes) == AT_ONCE * 2
    assert all(probe.http_status == 200 for probe in probes.values())
    assert most[0] == AT_ONCE


def test_a_site_that_hangs_keeps_no_other_from_being_told() -> None:
    let_go = threading.Event()

    def handle(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/hangs":
            let_go.wait(30.0)
        reply()(request)

    with serving(handle) as url:
        source = ProbeSource((target("site:slow", f"{url}/hangs"), target("site:quick", f"{url}/quick")))
        assert set(source.read(StillClock()).value or {}) == {"site:quick"}
        let_go.set()
        until(lambda: "site:slow" in (source.read(StillClock()).value or {}), "the slow one's answer")
        source.close()


def test_a_refused_probe_is_a_probe_with_its_error_and_a_masked_url() -> None:
    url = f"http://op:hunter22@127.0.0.1:{closed_port()}/"
    probe = (ProbeSource((target("site:a", url),)).read(StillClock()).value or {})["site:a"]
    assert (probe.http_status, probe.error) == (None, "connection refused")
    assert "hunter22" not in probe.url
