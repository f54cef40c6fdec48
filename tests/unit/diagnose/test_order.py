"""In which order findings are put right, and which of them belong into one plan."""

from __future__ import annotations

from opsconsole.diagnose.order import restarted_with
from opsconsole.model.finding import Finding, Remedy, Verb, found
from opsconsole.model.snapshot import Snapshot
from tests.makers import instance, process, process_table, worker
from tests.unit.diagnose.scenes import scene


def restart(*names: str, action: Verb = "restart", rule: str = "worker-silent") -> Finding:
    remedy = Remedy(action, names, True, ("do it",))
    return found(rule, "low", names[0], "t", evidence=(), root_cause="", impact="", remedy=remedy, verify="v")


def supervised(parent: int) -> Snapshot:
    """7 is the supervisor, 8 what it minds when it is its parent, 9 a worker of nobody's."""
    made = (worker("supervisor", (instance(7),)), worker("minded", (instance(8),)), worker("own", (instance(9),)))
    table = process_table([process(7, "supervisor"), process(8, "w", ppid=parent), process(9, "x")])
    return scene(workers=made, processes=table)


def test_a_supervisor_and_what_it_minds_are_restarted_together_whichever_comes_first() -> None:
    minded, minder, own = restart("minded"), restart("supervisor"), restart("own")
    assert restarted_with(minded, (own, minder, minded), supervised(7)) == (minder,)
    assert restarted_with(minder, (own, minder, minded), supervised(7)) == (minded,)


def test_what_has_nothing_to_do_with_a_supervisor_has_a_plan_of_its_own() -> None:
    minded, minder, own = restart("minded"), restart("supervisor"), restart("own")
    assert restarted_with(minded, (own, minder), supervised(1)) == ()
    assert restarted_with(own, (minded, minder), supervised(7)) == ()
    ending = restart("supervisor", action="kill-duplicates", rule="worker-duplicates")
    assert restarted_with(minded, (ending,), supervised(7)) == ()


def test_a_finding_on_several_brings_all_that_hangs_on_them() -> None:
    both, minded = restart("own", "supervisor", rule="worker-failing"), restart("minded")
    other = restart("own", rule="worker-limits")
    assert restarted_with(minded, (both, other), supervised(7)) == (both,)
