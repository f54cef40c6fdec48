"""What has the pane when an agent ends: only its own shell may, for whatever else waits would go on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

import pytest

from opsconsole.act.agent_look import SessionsView
from opsconsole.act.living import Living
from opsconsole.act.request import WhyNot
from opsconsole.act.sleep_preflight import _only_place, _under_shell
from opsconsole.model.reading import ok
from tests import makers
from tests.unit.collect.cast import Cast


class _Alive(NamedTuple):
    pid: int


NOBODY = 5_000_000
"""A pid beyond what the kernel gives: whoever looks for it in /proc finds nobody."""
AGENT = cast("Living", _Alive(NOBODY))


def view(cast_: Cast, *sessions: str) -> SessionsView:
    named = tuple(makers.session(name, number) for number, name in enumerate(sessions, start=1))
    return SessionsView(ok((), 0.0), ok(cast_.table(), 0.0), ok(named, 0.0), {})


def has_shell(cast_: Cast, root: int) -> bool:
    return _under_shell(view(cast_), makers.pane(root), AGENT)


@pytest.fixture
def people(tmp_path: Path) -> Cast:
    made = Cast(tmp_path)
    made.put(NOBODY, "claude", ppid=11, exe="/usr/bin/claude", comm="claude")
    return made


@pytest.mark.parametrize("argv", [("bash",), ("-bash",), ("zsh", "-il"), ("bash", "--rcfile", "x")])
def test_an_interactive_shell_must_have_the_agent_as_its_foreground_job(people: Cast, argv: tuple[str, ...]) -> None:
    """The agent of this made-up table is nobody's job; end to end it is shown with a real one."""
    people.shell(11, argv)
    with pytest.raises(WhyNot, match="no job of its own of the shell 11"):
        has_shell(people, 11)


@pytest.mark.parametrize("argv", [("sh", "-c", "claude"), ("bash", "-ic", "claude --model opus")])
def test_a_shell_that_runs_nothing_but_the_agent_ends_with_it(people: Cast, argv: tuple[str, ...]) -> None:
    people.shell(11, argv)
    assert has_shell(people, 11) is False


def test_the_panes_own_process_has_no_shell(people: Cast) -> None:
    assert has_shell(people, NOBODY) is False


@pytest.mark.parametrize(
    "argv", [("sh", "-c", "claude; echo bye"), ("bash", "launch.sh"), ("bash", "-ic", "claude && ls")]
)
def test_a_shell_that_has_more_to_do_is_refused(people: Cast, argv: tuple[str, ...]) -> None:
    people.shell(11, argv)
    with pytest.raises(WhyNot, match="waits for its end"):
        has_shell(people, 11)


def test_whatever_stands_between_shell_and_agent_is_refused(people: Cast) -> None:
    people.shell(10, ("bash",))
    people.shell(11, ("bash", "launch.sh"), ppid=10)
    with pytest.raises(WhyNot, match=r"11 \(bash launch.sh\) waits for its end"):
        has_shell(people, 10)


def test_another_program_as_the_panes_own_is_refused(people: Cast) -> None:
    people.put(11, "npx claude", exe="/usr/bin/node", comm="node")
    with pytest.raises(WhyNot, match="npx claude"):
        has_shell(people, 11)


def test_a_pane_that_is_in_two_sessions_is_refused(people: Cast) -> None:
    one = makers.session("work", 1)
    twin = makers.session("work2", 2, panes=one.panes)
    seen = SessionsView(ok((), 0.0), ok(people.table(), 0.0), ok((one, twin), 0.0), {})
    with pytest.raises(WhyNot, match="in session work2 too"):
        _only_place(seen, one, one.panes[0])
    _only_place(view(people, "work", "other"), one, one.panes[0])
