"""The state of a service from its port and its health URL, probed for real."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from opsconsole.collect.misses import Misses
from opsconsole.collect.probes import ProbeSource, targets_of
from opsconsole.collect.services import assemble_services
from opsconsole.collect.sites import assemble_sites
from opsconsole.config.types import Config, ServiceTable, SiteTable
from opsconsole.model.clock import SystemClock
from opsconsole.model.listener import Listener, Owner, Port
from opsconsole.model.process import ProcessTable
from opsconsole.model.reading import Reading, ok, unknown
from opsconsole.model.service import Probe, Service, Site
from tests.makers import process
from tests.unit.collect.web import closed_port, web

NOW = 1_000.0
NO_PROCESSES = ok(ProcessTable(at=NOW, boot_id="boot", processes={}), NOW)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with web() as url:
        yield url


def listening(number: int) -> Reading[tuple[Port, ...]]:
    listener = Listener(address="127.0.0.1", port=number, family=4, inode=1, uid=0, owners=(), owners_known=True)
    return ok((Port(port=number, listeners=(listener,), sharing=""),), NOW)


def probed(config: Config) -> Reading[dict[str, Probe]]:
    return ProbeSource(targets_of(config)).read(SystemClock())


def service(url: str, components: tuple[str, ...] = ()) -> Service:
    table = ServiceTable(name="a", port=urlsplit(url).port or 0, url=url, components=components)
    reading = assemble_services(
        (table,), listening(table.port), NO_PROCESSES, probed(Config(service=(table,))), NOW, Misses()
    )
    assert reading.value is not None
    return reading.value[0]


def test_healthy_is_up(base: str) -> None:
    found = service(f"{base}/healthy", ("orchestrator",))
    assert (found.state, found.reason, found.http_status, found.stopped) == ("up", "", 200, ())


def test_a_200_with_a_stopped_component_is_degraded(base: str) -> None:
    found = service(f"{base}/stopped")
    assert (found.state, found.http_status, found.stopped) == ("degraded", 200, ("orchestrator",))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("broken", "HTTP 500"),
        ("missing", "HTTP 404"),
        ("html", "HTML"),
        ("empty", "empty"),
        ("list", "list"),
        ("healthy-not", "HTTP 404"),
        ("far", "another host"),
    ],
)
def test_a_wrong_answer_is_degraded_with_what_came(base: str, path: str, words: str) -> None:
    found = service(f"{base}/{path}", ("orchestrator",))
    assert found.state == "degraded"
    assert words in found.reason


@pytest.mark.parametrize(
    ("path", "state", "words"),
    [
        ("health", "degraded", "the body is HTML, not JSON; came: <!doctype"),
        ("ready", "degraded", "not JSON; came: {"),
        ("status", "degraded", "reports itself DOWN"),
        ("healthz", "up", ""),
        ("html", "up", ""),
        ("empty", "up", ""),
    ],
)
def test_without_components_only_what_no_health_url_answers_is_degraded(
    base: str, path: str, state: str, words: str
) -> None:
    found = service(f"{base}/{path}")
    assert found.state == state
    assert words in found.reason


def test_a_service_that_is_down_keeps_nothing_of_its_last_answer(base: str) -> None:
    table = ServiceTable(name="a", port=1, url=f"{base}/healthy")
    probes, misses = probed(Config(service=(table,))), Misses()
    for _ in range(2):
        reading = assemble_services((table,), ok((), NOW), NO_PROCESSES, probes, NOW, misses)
    assert reading.value is not None
    (found,) = reading.value
    assert (found.state, found.http_status, found.latency_ms, found.components) == ("down", None, None, {})
    assert found.owners_known


@pytest.mark.parametrize(("started_before_now", "state"), [(5.0, "unknown"), (50.0, "up")])
def test_a_probe_from_before_the_owners_start_does_not_count(base: str, started_before_now: float, state: str) -> None:
    url = f"{base}/healthy"
    table = ServiceTable(name="a", port=urlsplit(url).port or 0, url=url)
    probes = probed(Config(service=(table,)))
    owner = process(77, "app", started_at=NOW - started_before_now)
    listener = Listener(
        address="127.0.0.1",
        port=table.port,
        family=4,
        inode=1,
        uid=0,
        owners=(Owner(owner.id, "a"),),
        owners_known=True,
    )
    reading = assemble_services(
        (table,),
        ok((Port(table.port, (listener,), ""),), NOW),
        ok(ProcessTable(at=NOW, boot_id="boot", processes={77: owner}), NOW),
        probes,
        NOW,
        Misses(),
        monotonic=SystemClock().monotonic() + 20.0,
    )
    assert reading.value is not None
    (found,) = reading.value
    assert (found.state, found.http_status) == (state, 200 if state == "up" else None)


def test_an_expected_component_that_is_not_in_the_answer_is_named(base: str) -> None:
    assert "not in the answer: nonesuch" in service(f"{base}/healthy", ("nonesuch",)).reason


def test_a_port_is_down_from_the_second_miss_on() -> None:
    table, misses = ServiceTable(name="a", port=1), Misses()
    nobody: Reading[tuple[Port, ...]] = ok((), NOW)
    states = []
    for _ in range(3):
        reading = assemble_services((table,), nobody, NO_PROCESSES, ok({}, NOW), NOW, misses)
        assert reading.value is not None
        states.append(reading.value[0].state)
    assert states == ["unknown", "down", "down"]


def test_what_was_only_found_listening_goes_away_instead_of_being_down() -> None:
    table, misses = ServiceTable(name="a", port=80), Misses()
    states = []
    for ports in (listening(80), ok((), NOW), ok((), NOW)):
        reading = assemble_services((table,), ports, NO_PROCESSES, ok({}, NOW), NOW, misses, discovered=True)
        states.append([one.state for one in reading.value or ()])
    assert states == [["up"], ["unknown"], []]


def test_unreadable_sockets_make_it_unknown_not_down() -> None:
    table = ServiceTable(name="a", port=1)
    unread: Reading[tuple[Port, ...]] = unknown("no netlink", NOW)
    for _ in range(3):
        reading = assemble_services((table,), unread, NO_PROCESSES, ok({}, NOW), NOW, Misses())
        assert reading.value is not None
        assert (reading.value[0].state, "no netlink" in reading.value[0].reason) == ("unknown", True)


def test_without_tables_the_hint_says_what_to_add() -> None:
    reading = assemble_services((), ok((), NOW), NO_PROCESSES, ok({}, NOW), NOW, Misses())
    assert (reading.state, "[[service]]" in reading.hint) == ("unconfigured", True)


def site(url: str, expect: int = 200) -> Site:
    table = SiteTable(name="s", url=url, expect=expect)
    reading = assemble_sites((table,), probed(Config(site=(table,))), NOW)
    assert reading.value is not None
    return reading.value[0]


def test_sites_are_up_unexpected_or_down(base: str) -> None:
    assert site(f"{base}/healthy").state == "up"
    assert site(f"{base}/missing", expect=404).state == "up"
    assert site(f"{base}/missing").reason == "HTTP 404 instead of 200"
    assert site(f"http://127.0.0.1:{closed_port()}/").state == "down"


def test_a_target_is_probed_on_its_own_cadence_and_at_once_when_asked(base: str) -> None:
    table = SiteTable(name="s", url=f"{base}/healthy")
    source = ProbeSource(targets_of(Config(site=(table,))))

    def probed_at() -> float:
        probes = source.read(SystemClock()).value
        assert probes is not None
        return probes["site:s"].at

    first = probed_at()
    assert probed_at() == first
    source.probe_now()
    assert probed_at() > first
