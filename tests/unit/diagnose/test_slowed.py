"""What hangs on a loaded machine is the load's work only where it began under it; and the story stays as told."""

from __future__ import annotations

from typing import Any

import pytest

from opsconsole.diagnose import diagnose
from opsconsole.model.finding import Diagnosis
from opsconsole.model.session import Session
from opsconsole.model.system import System
from tests.makers import AT, port_of, session, site, system
from tests.unit.diagnose.scenes import config, ids, scene
from tests.unit.diagnose.test_watch import Days

CALM = system(load1=1.0, load5=1.0, load15=1.0, swap_in_per_s=0.0, swap_out_per_s=0.0)
MB = 1024.0**2
HUNG = "session-hung:a"
LOAD = "system-load:machine"
SWAP = "swap-thrash:machine"


def loaded(*averages: float, **changes: Any) -> System:
    """Over 1, 5 and 15 minutes, on 8 cores."""
    told: dict[str, Any] = dict(zip(("load1", "load5", "load15"), averages, strict=True))
    return system(**{"cores": 8, "cpu_idle": 50.0, "swap_in_per_s": 0.0, "swap_out_per_s": 0.0, **told, **changes})


CHRONIC, RISEN, SPIKE = loaded(17.0, 16.0, 17.5), loaded(20.0, 18.0, 14.0), loaded(20.0, 6.0, 2.0)
SWAPPING = loaded(1.0, 1.0, 1.0, swap_in_per_s=99 * MB, swap_out_per_s=99 * MB)


def hung(for_s: float) -> tuple[Session, ...]:
    return (session("a", state="hung", idle_s=for_s),)


@pytest.mark.parametrize(
    ("pressure", "for_s", "explained"),
    [
        (CHRONIC, 2_700.0, True),
        (RISEN, 600.0, True),
        (RISEN, 2_700.0, False),
        (SPIKE, 100.0, True),
        (SPIKE, 600.0, False),
        (SWAPPING, 600.0, False),
    ],
    ids=[
        "no rise to be seen",
        "since the rise",
        "before the rise",
        "in the spike",
        "before the spike",
        "a moment's look",
    ],
)
def test_a_hang_is_laid_on_a_load_that_is_older(pressure: System, for_s: float, explained: bool) -> None:
    made = diagnose(scene(system=pressure, sessions=hung(for_s)), config())
    assert (HUNG in ids(made.muted), HUNG in ids(made.findings)) == (explained, not explained)


class Hours(Days):
    """A session that hangs on and on, while the machine is now loaded and now not."""

    def __init__(self, hung_for_s: float) -> None:
        super().__init__()
        self.since = AT - hung_for_s

    def under(self, pressure: System, looks: int = 12) -> list[Diagnosis]:
        return [self.look(system=pressure, sessions=hung(self.wall + 2.0 - self.since)) for _ in range(looks)]


def stands(looks: list[Diagnosis]) -> set[bool]:
    return {HUNG in ids(made.findings) for made in looks}


def test_what_outlived_its_load_stands_by_itself_whatever_comes_later() -> None:
    hours = Hours(2_400.0)
    assert stands(hours.under(CHRONIC)[2:]) == {False}
    assert HUNG in ids(hours.under(CALM)[-1].findings)
    for later in (SWAPPING, CALM, CHRONIC, SWAPPING):
        looks = hours.under(later)
        assert stands(looks) == {True}
    assert SWAP in ids(looks[-1].findings)


def test_while_both_hold_the_link_stays_as_it_was_first_told() -> None:
    hours = Hours(2_400.0)
    hours.under(CHRONIC, 3)
    assert stands(hours.under(RISEN)) == {False}, "averages move, the story does not"
    other = Hours(2_400.0)
    other.under(RISEN, 3)
    assert stands(other.under(CHRONIC)) == {True}


def test_a_session_that_hangs_again_is_judged_anew() -> None:
    hours = Hours(2_400.0)
    hours.under(RISEN)
    for _ in range(4):
        moved = hours.look(system=RISEN, sessions=(session("a"),))
    assert HUNG not in ids((*moved.findings, *moved.muted))
    hours.since = hours.wall
    assert stands(hours.under(RISEN)) == {False}


def test_a_site_that_was_down_before_the_load_is_not_muted_by_it() -> None:
    def dead(failures: int) -> dict[str, Any]:
        seen = site(url="http://127.0.0.1:7085/", state="down", reason="timed out", failures=failures)
        return {"sites": (seen,), "ports": (port_of(7085, (42, "python3 pharmacy.py")),)}

    days = Days()
    for count in range(200):
        days.look(**dead(count + 3))
    for _ in range(5):
        last = days.look(system=SPIKE, **dead(300))
    assert {"site-down:Selam Pharmacy", LOAD} <= set(ids(last.findings))
    fresh = Days()
    for _ in range(5):
        both = fresh.look(system=CHRONIC, **dead(3))
    assert ids(both.muted) == ["site-down:Selam Pharmacy"]
